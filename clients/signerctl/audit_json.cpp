#include "clients/signerctl/audit_json.h"

#include <array>
#include <cstdio>

#include "libpki/base/base64.h"
#include "libpki/base/time.h"

namespace signerctl {

using pki::Bytes;
using pki::Errc;
using pki::fail;

namespace {

void set(const JsonPtr& object, const char* name, std::string_view value) {
    // jansson takes no null pointer, which an empty view may hold.
    const char* data = value.empty() ? "" : value.data();
    json_object_set_new(object.get(), name, json_stringn(data, value.size()));
}

}  // namespace

std::string iso8601_micros(std::int64_t microseconds) {
    constexpr std::int64_t kSecond = 1'000'000;
    std::int64_t seconds = microseconds / kSecond;
    std::int64_t rest = microseconds % kSecond;
    if (rest < 0) {
        rest += kSecond;
        seconds--;
    }
    std::array<char, 16> fraction{};
    std::snprintf(fraction.data(), fraction.size(), ".%06dZ", static_cast<int>(rest));
    std::string text = pki::format_iso8601(seconds);
    text.pop_back();
    return text + fraction.data();
}

std::string reason_text(std::uint8_t reason) {
    return reason == 0 ? "" : pki::name(static_cast<Errc>(reason));
}

JsonPtr audit_json(const pki::wire::AuditRow& row, Bytes canonical, Bytes hash) {
    JsonPtr object(json_object());
    json_object_set_new(object.get(), "sequence",
                        json_integer(static_cast<json_int_t>(row.sequence)));
    set(object, "time", iso8601_micros(row.time));
    set(object, "signerd", row.signerd);
    set(object, "tenant", row.tenant);
    set(object, "profile", row.profile);
    set(object, "protocol", name(row.protocol));
    set(object, "operation", name(row.operation));
    set(object, "decision", name(row.decision));
    set(object, "reason", reason_text(row.reason));
    set(object, "detail", row.detail);
    set(object, "subject", row.subject);
    set(object, "sans", row.sans);
    set(object, "serial", row.serial);
    set(object, "csr_sha256", pki::hex_encode(row.csr_sha256));
    set(object, "client_address", row.client_address);
    set(object, "credential", name(row.credential));
    set(object, "credential_name", row.credential_name);
    set(object, "transaction", row.transaction);
    set(object, "peer", row.peer);
    // Rows of signerd's own decisions have none; neither had any when there were no others.
    if (row.http_status != 0)
        json_object_set_new(object.get(), "http_status", json_integer(row.http_status));
    set(object, "canonical", pki::base64_encode(canonical));
    set(object, "hash", pki::hex_encode(hash));
    return object;
}

pki::Result<ExportedRow> parse_audit_json(Bytes line) {
    PKI_TRY(const JsonPtr object, parse_json_object(line));
    ExportedRow exported;
    const std::string canonical = member_text(object.get(), "canonical");
    PKI_TRY(exported.canonical, pki::base64_decode(pki::as_bytes(canonical)));
    PKI_TRY(exported.hash, pki::hex_decode(member_text(object.get(), "hash")));
    PKI_TRY(const auto row, pki::wire::parse_canonical(exported.canonical));
    const JsonPtr expected = audit_json(row, exported.canonical, exported.hash);
    if (!json_equal(object.get(), expected.get()))
        return fail(Errc::malformed, "fields differ from the canonical bytes",
                    "sequence " + std::to_string(row.sequence));
    return exported;
}

}  // namespace signerctl
