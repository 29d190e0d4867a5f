#include "clients/common/certificates.h"
#include "clients/common/output.h"
#include "clients/enroll/commands.h"
#include "clients/enroll/est_options.h"
#include "clients/enroll/est_wishes.h"
#include "clients/enroll/verify.h"

namespace enroll {

using pki::Buffer;
using pki::Errc;
using pki::fail;
using pki::Result;
using pki::Status;

namespace {

// A server looked at from outside: what it answers to who has no credentials.
struct Examination {
    EstServer& server;
    const Context& context;
    const EstTalk& talk;
    Table table{{"WHAT", "VERDICT", "DETAIL"}};
    std::size_t faults = 0;

    void row(const char* what, bool good, const std::string& detail) {
        const char* verdict = good ? "ok" : "fault";
        faults += good ? 0 : 1;
        table.add({what, verdict, detail});
        clients::JsonPtr one(json_pack("{s:s, s:s, s:s}", "what", what, "verdict", verdict,
                                       "detail", terminal_safe(detail).c_str()));
        context.report.add("tests", std::move(one));
    }
};

std::string http_text(const HttpAnswer& answer) {
    return "HTTP status " + std::to_string(answer.status);
}

// One of them must lead to what is trusted, or be a root itself.
Status check_cacerts(const Examination& on, const std::vector<Buffer>& certificates) {
    const std::vector<Buffer> roots =
        on.talk.anchors.empty() ? self_issued(certificates) : on.talk.anchors;
    for (const Buffer& one : certificates)
        if (find_chain(one, certificates, roots, on.context.clock.now())) return {};
    return fail(Errc::denied, "none of the certificates leads to a trusted root");
}

Result<std::string> cacerts_detail(const Examination& on, const HttpAnswer& answer) {
    if (answer.status != 200) return fail(Errc::malformed, "no answer", http_text(answer));
    PKI_TRY(const std::vector<Buffer> certificates, read_certs_answer(answer));
    PKI_CHECK(check_cacerts(on, certificates));
    std::string text = std::to_string(certificates.size()) + " certificates";
    for (const Buffer& root : self_issued(certificates)) text += ", " + facts_of(root).subject;
    return text;
}

template <class T>
void put(Examination& on, const char* what, const Result<T>& detail) {
    on.row(what, detail.has_value(), detail ? *detail : detail.error().message());
}

// The first request also tells of the connection.
Status examine_cacerts(Examination& on) {
    HttpRequest request;
    request.url = on.server.url + "/cacerts";
    request.anonymous = true;
    PKI_TRY(const HttpAnswer answer, on.server.transport.send(request));
    on.row("tls", true, answer.tls);
    on.row("channel binding", true,
           answer.binding.empty() ? "none" : "possible on this connection");
    put(on, "cacerts", cacerts_detail(on, answer));
    return {};
}

Result<std::string> csrattrs_detail(const HttpAnswer& answer) {
    if (answer.status == 204) return std::string("nothing is asked for");
    if (answer.status == 404) return std::string("not there");
    if (answer.status == 401) return std::string("asks for credentials");
    if (answer.status != 200) return fail(Errc::malformed, "no answer", http_text(answer));
    PKI_TRY(const Buffer der, read_csrattrs_answer(answer));
    PKI_TRY(const auto demands, pki::est::parse_csr_attributes(der));
    return demand_text(demands);
}

Status examine_csrattrs(Examination& on) {
    HttpRequest request;
    request.url = on.server.url + "/csrattrs";
    request.anonymous = true;
    PKI_TRY(const HttpAnswer answer, on.server.transport.send(request));
    put(on, "csrattrs", csrattrs_detail(answer));
    return {};
}

// An empty body is no request: nothing can come of it, whoever is let in.
Result<std::string> operation_detail(const HttpAnswer& answer, bool optional) {
    std::string schemes;
    for (const std::string& challenge : answer.challenges)
        schemes += " " + challenge.substr(0, challenge.find(' '));
    switch (answer.status) {
        case 401:
            return "asks for credentials:" +
                   (schemes.empty() ? std::string(" a client certificate") : schemes);
        case 403: return std::string("refused to who shows nothing");
        case 404:
        case 405:
            if (optional) return std::string("not there");
            return fail(Errc::not_found, "not there", http_text(answer));
        case 429: return std::string("refused for now: too many requests");
        default: break;
    }
    if (answer.status >= 400 && answer.status < 500)
        return "open to everybody, or asks later: " + http_text(answer);
    return fail(Errc::malformed, "no answer to expect", http_text(answer));
}

struct Operation {
    const char* name;
    const char* content_type;
    bool optional;
};
constexpr Operation kOperations[] = {
    {"simpleenroll", "application/pkcs10", false},
    {"simplereenroll", "application/pkcs10", false},
    {"serverkeygen", "application/pkcs10", true},
    {"fullcmc", "application/pkcs7-mime; smime-type=CMC-request", true},
};

Status examine_operation(Examination& on, const Operation& operation) {
    HttpRequest request;
    request.post = true;
    request.url = on.server.url + "/" + operation.name;
    request.content_type = operation.content_type;
    request.anonymous = true;
    PKI_TRY(const HttpAnswer answer, on.server.transport.send(request));
    put(on, operation.name, operation_detail(answer, operation.optional));
    return {};
}

Status examine(Examination& on) {
    PKI_CHECK(examine_cacerts(on));
    PKI_CHECK(examine_csrattrs(on));
    for (const Operation& operation : kOperations) PKI_CHECK(examine_operation(on, operation));
    return {};
}

Status run(const Context& context, const Arguments& arguments) {
    PKI_TRY(EstTalk talk, begin_est(context, arguments));
    EstServer server = server_of(talk, context, arguments);
    Examination on{server, context, talk};
    const Status status = examine(on);
    // What is known when the connection breaks is told all the same.
    context.report.raw(on.table.take());
    PKI_CHECK(status);
    if (on.faults == 0) return {};
    context.report.errors_mean(Exit::bad_answer);
    return fail(Errc::malformed, "the server is faulty",
                std::to_string(on.faults) + (on.faults == 1 ? " fault" : " faults"));
}

constexpr Option kOptions[] = {
    option::kEstUrl, option::kCacert, option::kTlsCert, option::kTlsKey, option::kTimeout,
};

}  // namespace

const Command kEstTest{
    .name = "est test",
    .operand = {},
    .summary = "look at a server from outside: what it has and asks for",
    .options = kOptions,
    .run = run,
    .check = check_est,
};

}  // namespace enroll
