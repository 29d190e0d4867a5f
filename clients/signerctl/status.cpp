#include "clients/signerctl/status.h"

#include "clients/common/output.h"
#include "clients/signerctl/commands.h"

namespace signerctl {

namespace {

std::string joined(const json_t* texts) {
    std::string all;
    std::size_t index;
    json_t* text;
    json_array_foreach(texts, index, text) {
        if (!json_is_string(text)) continue;
        all += (all.empty() ? "" : ", ");
        all += json_string_value(text);
    }
    return all;
}

// The largest unit of which there are two.
std::string uptime(json_int_t seconds) {
    constexpr json_int_t kMinute = 60, kHour = 60 * kMinute, kDay = 24 * kHour;
    if (seconds < 2 * kMinute) return std::to_string(seconds) + " seconds";
    if (seconds < 2 * kHour) return std::to_string(seconds / kMinute) + " minutes";
    if (seconds < 2 * kDay) return std::to_string(seconds / kHour) + " hours";
    return std::to_string(seconds / kDay) + " days";
}

std::string key_child_text(const json_t* child) {
    return member_text(child, "state") + ", pid " + member_text(child, "pid");
}

std::string ca_table(const json_t* cas) {
    Table table({"CA", "TENANT", "NOT AFTER", "SUBJECT"});
    std::size_t index;
    json_t* ca;
    json_array_foreach(cas, index, ca) {
        table.add({member_text(ca, "name"), member_text(ca, "tenant"),
                   member_text(ca, "not_after"), member_text(ca, "subject")});
    }
    return table.take();
}

// Empty where no CA makes any.
std::string crls_of(const json_t* cas) {
    const JsonPtr crls(json_array());
    std::size_t index;
    json_t* ca;
    json_array_foreach(cas, index, ca)
        json_array_append(crls.get(), json_object_get(ca, "crl"));
    return json_array_size(crls.get()) == 0 ? std::string() : "\n" + crl_table(crls.get());
}

// Empty where no CA has one.
std::string successor_table(const json_t* cas) {
    Table table({"CA", "SUCCESSOR", "FROM"});
    bool any = false;
    std::size_t index;
    json_t* ca;
    json_array_foreach(cas, index, ca) {
        if (json_object_get(ca, "successor") == nullptr) continue;
        const std::string from = member_text(ca, "successor_from");
        table.add({member_text(ca, "name"), member_text(ca, "successor"),
                   from.empty() ? "announced" : from});
        any = true;
    }
    return any ? "\n" + table.take() : std::string();
}

pki::Status run_status(const Context& context, const Arguments&) {
    PKI_TRY(Connection connection, Connection::open(context.socket));
    PKI_TRY(const JsonPtr status, fetch_status(connection));
    print(context.json ? json_indented(status.get()) + "\n" : status_text(status.get()));
    return {};
}

}  // namespace

pki::Result<JsonPtr> fetch_status(Connection& connection) {
    PKI_TRY(const auto reply,
            connection.call<pki::wire::JsonReply>(pki::wire::StatusRequest{}));
    return parse_json_object(reply.json);
}

std::string crl_table(const json_t* crls) {
    Table table({"CA", "NUMBER", "THIS UPDATE", "NEXT UPDATE", "ENTRIES"});
    std::size_t index;
    json_t* crl;
    json_array_foreach(crls, index, crl) {
        table.add({member_text(crl, "ca"), member_text(crl, "number"),
                   member_text(crl, "this_update"), member_text(crl, "next_update"),
                   member_text(crl, "entries")});
    }
    return table.take();
}

std::string status_text(const json_t* status) {
    const std::string head = fields({
        {"Version", member_text(status, "version")},
        {"Id", member_text(status, "id")},
        {"Up", uptime(json_integer_value(json_object_get(status, "uptime_seconds")))},
        {"Configuration", member_text(status, "config")},
        {"Generation", member_text(status, "generation")},
        {"Key child", key_child_text(json_object_get(status, "key_child"))},
        {"Queue", member_text(status, "queue")},
        {"Certificates", member_text(status, "certificates")},
        {"Revoked", member_text(status, "revoked")},
        {"Waiting", member_text(status, "waiting")},
        {"Audit records", member_text(status, "audit_records")},
        {"Profiles", joined(json_object_get(status, "profiles"))},
    });
    const json_t* cas = json_object_get(status, "cas");
    return head + "\n" + ca_table(cas) + crls_of(cas) + successor_table(cas);
}

const Command kStatus{
    .name = "status",
    .operand = {},
    .summary = "how signerd is doing: version, CAs, profiles, counts",
    .options = {},
    .run = run_status,
};

}  // namespace signerctl
