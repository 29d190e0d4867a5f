// Requests that wait for somebody to decide: "approval": "manual" in signerd.json.
#include <charconv>

#include "clients/common/json.h"
#include "clients/common/output.h"
#include "clients/signerctl/commands.h"
#include "clients/signerctl/connection.h"
#include "libpki/wire/pending.h"

namespace signerctl {

using pki::Errc;
using pki::fail;
namespace wire = pki::wire;

namespace {

pki::Result<std::uint64_t> parse_id(const std::string& text) {
    std::uint64_t id = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (problem != std::errc() || end != text.data() + text.size() || id == 0)
        return fail(Errc::malformed, "not the number of a request", text);
    return id;
}

pki::Status check_ids(const Arguments& given) {
    for (const std::string& text : given.operands()) PKI_CHECK(parse_id(text));
    return {};
}

// As they come, as a table or as the JSON of one answer.
class RequestPrinter {
   public:
    explicit RequestPrinter(bool json)
        : table_({"ID", "STATE", "CREATED", "EXPIRES", "PROFILE", "PROTOCOL", "ADDRESS",
                  "SUBJECT"}) {
        if (json) array_.emplace("{\"requests\":", "}");
    }

    // The requests of one answer; how many there were.
    std::size_t add(const json_t* answer) {
        std::size_t index;
        json_t* request;
        json_array_foreach(json_object_get(answer, "requests"), index, request)
            add_one(request);
        if (!array_) print(table_.take());
        return index;
    }
    void finish() {
        if (array_) array_->finish();
    }

   private:
    void add_one(const json_t* request) {
        if (array_) return array_->add(request);
        const auto text = [&](const char* name) { return member_text(request, name); };
        const std::string subject = text("subject");
        table_.add({text("id"), text("state"), text("created"), text("expires"),
                    text("profile"), text("protocol"), text("client_address"),
                    subject.empty() ? text("sans") : subject});
    }

    Table table_;
    std::optional<JsonArrayPrinter> array_;
};

pki::Status run_list(const Context& context, const Arguments& given) {
    const std::string profile = given.text("profile");
    wire::RequestListRequest request;
    request.profile = profile;
    request.all = given.has("all");
    PKI_TRY(Connection connection, Connection::open(context.socket));
    RequestPrinter printer(context.json);
    for (bool more = true; more;) {
        PKI_TRY(const auto reply, connection.call<wire::JsonReply>(request));
        PKI_TRY(const JsonPtr answer, parse_json_object(reply.json));
        printer.add(answer.get());
        const json_t* after = json_object_get(answer.get(), "after");
        more = after != nullptr;
        const auto last = static_cast<std::uint64_t>(json_integer_value(after));
        if (more && last <= request.after)
            return fail(Errc::malformed, "signerd repeats a page of requests");
        request.after = last;
    }
    printer.finish();
    return {};
}

pki::Status decide_one(Connection& connection, const std::string& text, bool approve,
                       const std::string& reason, RequestPrinter& printer) {
    wire::RequestDecideRequest request;
    PKI_TRY(request.request, parse_id(text));
    request.approve = approve;
    request.reason = reason;
    PKI_TRY(const auto reply, connection.call<wire::JsonReply>(request));
    PKI_TRY(const JsonPtr answer, parse_json_object(reply.json));
    if (printer.add(answer.get()) == 0)
        return fail(Errc::malformed, "signerd does not say what it has decided");
    return {};
}

// One that cannot be decided does not keep the others from it.
pki::Status decide(const Context& context, const Arguments& given, bool approve) {
    const std::string reason = approve ? std::string() : given.text("reason");
    PKI_TRY(Connection connection, Connection::open(context.socket));
    RequestPrinter printer(context.json);
    std::string problems;
    for (const std::string& id : given.operands()) {
        const auto done = decide_one(connection, id, approve, reason, printer);
        if (!done)
            problems += (problems.empty() ? "request " : "; request ") + id + ": " +
                        done.error().message();
    }
    printer.finish();
    if (problems.empty()) return {};
    return fail(Errc::conflict, "not every request was decided", problems);
}

pki::Status run_approve(const Context& context, const Arguments& given) {
    return decide(context, given, true);
}

pki::Status run_deny(const Context& context, const Arguments& given) {
    return decide(context, given, false);
}

constexpr Option kListOptions[] = {
    {.name = "all", .help = "those that are decided or have expired too"},
    {.name = "profile", .value = "NAME", .help = "only those of this profile"},
};

constexpr Option kDenyOptions[] = {
    {.name = "reason", .value = "TEXT", .help = "for the audit record, not for the client"},
};

}  // namespace

const Command kRequestList{
    .name = "request list",
    .operand = {},
    .summary = "list the requests that wait for approval, oldest first",
    .options = kListOptions,
    .run = run_list,
};

const Command kRequestApprove{
    .name = "request approve",
    .operand = "ID...",
    .summary = "issue the certificates that these requests ask for",
    .options = {},
    .run = run_approve,
    .check = check_ids,
};

const Command kRequestDeny{
    .name = "request deny",
    .operand = "ID...",
    .summary = "refuse these requests",
    .options = kDenyOptions,
    .run = run_deny,
    .check = check_ids,
};

}  // namespace signerctl
