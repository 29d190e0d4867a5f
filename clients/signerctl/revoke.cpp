#include "clients/signerctl/revoke.h"

#include <algorithm>

#include "clients/common/files.h"
#include "clients/signerctl/cert.h"
#include "clients/signerctl/commands.h"
#include "clients/signerctl/connection.h"
#include "libpki/base/der_reader.h"
#include "libpki/wire/revocation.h"
#include "libpki/x509/cert.h"

namespace signerctl {

using pki::Errc;
using pki::fail;
namespace wire = pki::wire;

namespace {

constexpr std::size_t kMostFile = 2 * pki::limits::kCertificate;  // of PEM

// Of which --ca is one, unless it narrows a serial.
constexpr std::string_view kConditions[] = {"profile", "tenant",      "protocol",
                                            "subject", "issued-from", "issued-to"};

bool has_condition(const Arguments& given) {
    return std::ranges::any_of(kConditions,
                               [&](std::string_view name) { return given.has(name); });
}

bool is_single(const Arguments& given) {
    return given.has_operand() || given.has("certificate");
}

// A variable of a script that was not set must not widen what is revoked.
pki::Status check_values(const Arguments& given) {
    for (const std::string_view name : {"ca", "profile", "tenant", "subject"})
        if (given.has(name) && given.text(name).empty())
            return fail(Errc::malformed, "the option's value is empty",
                        "--" + std::string(name));
    return {};
}

pki::Status check_revoke(const Arguments& given) {
    PKI_CHECK(parse_reason(given.text("reason")));
    if (given.has("protocol")) PKI_CHECK(parse_protocol(given.text("protocol")));
    if (given.has("issued-from"))
        PKI_CHECK(parse_utc(given.text("issued-from"), DayEnd::first));
    if (given.has("issued-to")) PKI_CHECK(parse_utc(given.text("issued-to"), DayEnd::last));
    PKI_CHECK(check_values(given));
    if (given.has_operand() && given.has("certificate"))
        return fail(Errc::malformed, "a serial and a certificate exclude each other");
    if (is_single(given) && (has_condition(given) || given.has("dry-run")))
        return fail(Errc::malformed, "one certificate and conditions exclude each other");
    if (!is_single(given) && !has_condition(given) && !given.has("ca"))
        return fail(Errc::malformed, "a serial, a certificate or a condition is missing");
    return {};
}

// The first of a PEM file, or the DER of one.
pki::Result<pki::Buffer> read_certificate(const std::string& path) {
    PKI_TRY(pki::Buffer content, read_file(path, kMostFile));
    if (!content.empty() && content[0] == pki::der::kSequence) return content;
    auto certificates = pki::x509::certificates_from_pem(pki::as_text(content));
    if (!certificates) return fail(Errc::malformed, certificates.error().text, path);
    return std::move(certificates->front());
}

pki::Status print_certificate(const wire::JsonReply& reply, bool json) {
    PKI_TRY(const JsonPtr answer, parse_json_object(reply.json));
    const json_t* certificate =
        json_array_get(json_object_get(answer.get(), "certificates"), 0);
    if (certificate == nullptr)
        return fail(Errc::malformed, "signerd does not say what it has changed");
    json_object_set_new(answer.get(), "dry_run", json_false());
    print(json ? json_indented(answer.get()) + "\n" : certificate_text(certificate));
    return {};
}

pki::Status revoke_one(const Context& context, const Arguments& given) {
    const std::string ca = given.text("ca");
    std::string serial;
    pki::Buffer certificate;
    if (given.has("certificate")) {
        PKI_TRY(certificate, read_certificate(given.text("certificate")));
    } else {
        PKI_TRY(serial, normalise_serial(given.operand()));
    }
    PKI_TRY(const auto reason, parse_reason(given.text("reason")));
    PKI_TRY(Connection connection, Connection::open(context.socket));
    wire::RevokeRequest request;
    request.ca = ca;
    request.serial = serial;
    request.certificate = certificate;
    request.reason = static_cast<std::uint8_t>(reason);
    PKI_TRY(const auto reply, connection.call<wire::JsonReply>(request));
    return print_certificate(reply, context.json);
}

// What a message about many looks into.
struct Conditions {
    std::string profile, tenant, ca, subject;
};

pki::Result<wire::RevokeManyRequest> request_of(const Arguments& given,
                                                const Conditions& conditions) {
    wire::RevokeManyRequest request;
    request.profile = conditions.profile;
    request.tenant = conditions.tenant;
    request.ca = conditions.ca;
    request.subject = conditions.subject;
    request.dry_run = given.has("dry-run");
    PKI_TRY(const auto reason, parse_reason(given.text("reason")));
    request.reason = static_cast<std::uint8_t>(reason);
    if (given.has("protocol")) {
        PKI_TRY(request.protocol, parse_protocol(given.text("protocol")));
    }
    if (given.has("issued-from")) {
        PKI_TRY(request.issued_from, parse_utc(given.text("issued-from"), DayEnd::first));
    }
    if (given.has("issued-to")) {
        PKI_TRY(request.issued_to, parse_utc(given.text("issued-to"), DayEnd::last));
    }
    return request;
}

// Prints a page and has the request ask for the next one; false when there is none.
pki::Result<bool> take_page(const wire::JsonReply& reply, CertificatePrinter& printer,
                            wire::RevokeManyRequest& request, std::size_t& hits) {
    PKI_TRY(const JsonPtr answer, parse_json_object(reply.json));
    const auto number = [&](const char* name) {
        return static_cast<std::uint64_t>(
            json_integer_value(json_object_get(answer.get(), name)));
    };
    std::size_t index;
    json_t* certificate;
    json_array_foreach(json_object_get(answer.get(), "certificates"), index, certificate) {
        printer.add(certificate);
        hits++;
    }
    printer.end_page();
    const bool more = json_is_true(json_object_get(answer.get(), "more"));
    if (more && number("after") <= request.after)
        return fail(Errc::malformed, "signerd repeats a page of certificates");
    request.after = number("after");
    request.until = number("until");
    return more;
}

std::string outcome(std::size_t hits, bool dry_run) {
    const std::string count =
        std::to_string(hits) + (hits == 1 ? " certificate" : " certificates");
    return count + (dry_run ? " would be revoked; nothing was changed\n" : " revoked\n");
}

pki::Status revoke_many(const Context& context, const Arguments& given) {
    const Conditions conditions{given.text("profile"), given.text("tenant"), given.text("ca"),
                                given.text("subject")};
    PKI_TRY(auto request, request_of(given, conditions));
    PKI_TRY(Connection connection, Connection::open(context.socket));
    CertificatePrinter printer(context.json,
                               request.dry_run ? ",\"dry_run\":true" : ",\"dry_run\":false");
    std::size_t hits = 0;
    for (bool more = true; more;) {
        PKI_TRY(const auto reply, connection.call<wire::JsonReply>(request));
        PKI_TRY(more, take_page(reply, printer, request, hits));
    }
    printer.finish();
    if (!context.json) print(outcome(hits, request.dry_run));
    return {};
}

pki::Status run_revoke(const Context& context, const Arguments& given) {
    return is_single(given) ? revoke_one(context, given) : revoke_many(context, given);
}

pki::Status run_release(const Context& context, const Arguments& given) {
    PKI_TRY(const std::string serial, normalise_serial(given.operand()));
    const std::string ca = given.text("ca");
    wire::RevokeRequest request;
    request.ca = ca;
    request.serial = serial;
    request.release = true;
    PKI_TRY(Connection connection, Connection::open(context.socket));
    PKI_TRY(const auto reply, connection.call<wire::JsonReply>(request));
    return print_certificate(reply, context.json);
}

constexpr Option kRevokeOptions[] = {
    {.name = "ca",
     .value = "NAME",
     .help = "of this CA; beside SERIAL: which one is meant",
     .excludes = "certificate"},
    {.name = "certificate", .value = "FILE", .help = "this one, PEM or DER"},
    {.name = "reason", .value = "NAME", .help = "as in RFC 5280", .fallback = "unspecified"},
    {.name = "profile", .value = "NAME", .help = "all of this profile"},
    {.name = "tenant", .value = "NAME", .help = "all of this tenant"},
    {.name = "protocol", .value = "NAME", .help = "all that came by est, scep, cmp, enroll"},
    {.name = "subject", .value = "PATTERN", .help = "all with such a subject"},
    {.name = "issued-from", .value = "TIME", .help = "all issued then or later"},
    {.name = "issued-to", .value = "TIME", .help = "all issued then or earlier"},
    {.name = "dry-run", .help = "only tell which ones"},
};

constexpr Option kReleaseOptions[] = {
    {.name = "ca", .value = "NAME", .help = "which one is meant, of several CAs"},
};

}  // namespace

const Command kRevoke{
    .name = "revoke",
    .operand = "[SERIAL]",
    .summary = "revoke a certificate, or all that fit every condition given",
    .options = kRevokeOptions,
    .run = run_revoke,
    .check = check_revoke,
};

const Command kRelease{
    .name = "release",
    .operand = "SERIAL",
    .summary = "take a certificate off hold (revoked with certificateHold)",
    .options = kReleaseOptions,
    .run = run_release,
};

}  // namespace signerctl
