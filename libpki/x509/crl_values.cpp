#include "libpki/x509/crl_values.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "libpki/base/limits.h"
#include "libpki/base/time.h"
#include "libpki/x509/extension.h"
#include "libpki/x509/extension_write.h"
#include "libpki/x509/nested.h"
#include "libpki/x509/oids.h"

namespace pki::x509 {

namespace {

constexpr std::int64_t kYear2050 = 2524608000;

// As DER has it: a DEFAULT is left out (X.690 11.5).
Result<Extension> parse_der_extension(der::Reader& list) {
    PKI_TRY(der::Reader fields, list.enter(der::kSequence));
    Extension extension;
    PKI_TRY(extension.id, fields.oid());
    if (fields.next_is(der::kBoolean)) {
        PKI_TRY(extension.critical, fields.boolean());
        if (!extension.critical)
            return fail(Errc::malformed, "CRL: FALSE is not left out", fields.offset());
    }
    PKI_TRY(extension.value, fields.content(der::kOctetString));
    PKI_CHECK(fields.finish());
    return extension;
}

// RFC 5280 4.1.2.2: positive, 20 octets at most.
Result<Bytes> parse_serial(der::Reader& fields) {
    const std::size_t offset = fields.offset();
    PKI_TRY(const Bytes serial, fields.unsigned_integer());
    if (serial.size() > limits::kSerial)
        return fail(Errc::malformed, "CRL: serial number too long", offset);
    if (serial.size() == 1 && serial[0] == 0)
        return fail(Errc::malformed, "CRL: serial number 0", offset);
    return serial;
}

// CRLReason ::= ENUMERATED; unspecified is left out (RFC 5280 5.3.1).
Result<CrlReason> parse_reason(Bytes value) {
    PKI_TRY(const der::Element code, der::only(value, der::kEnumerated));
    if (code.content.size() != 1) return fail(Errc::malformed, "CRL: reason");
    const auto reason = crl_reason_from_number(code.content[0]);
    if (!reason || *reason == CrlReason::unspecified)
        return fail(Errc::malformed, "CRL: reason");
    return *reason;
}

// crlEntryExtensions: the reason code, not critical, and nothing else.
Result<CrlReason> parse_entry_extensions(der::Reader& fields) {
    PKI_TRY(der::Reader list, fields.enter(der::kSequence));
    PKI_TRY(const Extension extension, parse_der_extension(list));
    if (!equal(extension.id, oid::kReasonCode) || extension.critical)
        return Error{Errc::unsupported, "CRL: foreign extension of an entry", list.offset(),
                     oid_to_text(extension.id)};
    PKI_CHECK(list.finish());
    return parse_reason(extension.value);
}

// distributionPoint [0]: fullName, of URLs alone.
Result<std::vector<std::string>> parse_point_name(der::Reader& fields) {
    PKI_TRY(der::Reader point, fields.enter(der::constructed(0)));
    PKI_TRY(der::Reader names, point.enter(der::constructed(0)));
    PKI_CHECK(point.finish());
    std::vector<std::string> urls;
    while (!names.at_end()) {
        if (urls.size() == limits::kGeneralNames)
            return fail(Errc::malformed, "CRL: too many names", names.offset());
        PKI_TRY(const Bytes url, names.content(kUri));
        const auto visible = [](std::uint8_t c) { return c > ' ' && c < 0x7f; };
        if (url.empty() || !std::ranges::all_of(url, visible))
            return fail(Errc::malformed, "CRL: URL", names.offset());
        urls.emplace_back(as_text(url));
    }
    if (urls.empty()) return fail(Errc::malformed, "CRL: no name", fields.offset());
    return urls;
}

// RFC 5280 5.2.1: by the key identifier.
Status read_authority_key_identifier(Bytes value, TbsCrlFacts& facts) {
    PKI_TRY(const der::Element identifier, der::only(value, der::kSequence));
    PKI_TRY(const der::Element id, der::only(identifier.content, der::context(0)));
    if (id.content.empty()) return fail(Errc::malformed, "CRL: empty key identifier");
    facts.authority_key_identifier = to_buffer(id.content);
    return {};
}

Result<std::uint64_t> parse_number(Bytes value) {
    der::Reader input(value);
    PKI_TRY(const std::uint64_t number, input.small_integer());
    PKI_CHECK(input.finish());
    return number;
}

Status read_number(Bytes value, TbsCrlFacts& facts) {
    PKI_TRY(facts.number, parse_number(value));
    return {};
}

Status read_base(Bytes value, TbsCrlFacts& facts) {
    PKI_TRY(facts.base, parse_number(value));
    return {};
}

// RFC 5280 5.2.5: not an empty SEQUENCE; onlyContainsUserCerts [1] DEFAULT FALSE.
Status read_issuing_distribution_point(Bytes value, TbsCrlFacts& facts) {
    PKI_TRY(const der::Element point, der::only(value, der::kSequence));
    if (point.content.empty())
        return fail(Errc::malformed, "CRL: empty issuing distribution point");
    der::Reader fields(point.content);
    if (fields.next_is(der::constructed(0))) {
        PKI_TRY(facts.distribution_points, parse_point_name(fields));
    }
    if (fields.next_is(der::context(1))) {
        PKI_TRY(const Bytes only_user_certs, fields.content(der::context(1)));
        if (only_user_certs.size() != 1 || only_user_certs[0] != 0xff)
            return fail(Errc::malformed, "CRL: onlyContainsUserCerts");
        facts.only_user_certs = true;
    }
    if (!fields.at_end())
        return fail(Errc::unsupported, "CRL: scope of the issuing distribution point");
    return {};
}

// RFC 5280 5.2.6: CRLDistributionPoints, of which we write one.
Status read_freshest(Bytes value, TbsCrlFacts& facts) {
    PKI_TRY(const der::Element points, der::only(value, der::kSequence));
    PKI_TRY(const der::Element point, der::only(points.content, der::kSequence));
    der::Reader fields(point.content);
    PKI_TRY(facts.freshest, parse_point_name(fields));
    return fields.finish();
}

struct Row {
    Bytes id;
    bool critical;
    bool required;
    Status (*read)(Bytes value, TbsCrlFacts& facts);
};

constexpr Row kRows[] = {
    {oid::kAuthorityKeyIdentifier, false, true, read_authority_key_identifier},
    {oid::kCrlNumber, false, true, read_number},
    {oid::kDeltaCrlIndicator, true, false, read_base},
    {oid::kIssuingDistributionPoint, true, false, read_issuing_distribution_point},
    {oid::kFreshestCrl, false, false, read_freshest},
};
constexpr std::size_t kRowCount = std::size(kRows);

Result<std::size_t> row_of(const Extension& extension) {
    const auto row =
        std::ranges::find_if(kRows, [&](const Row& r) { return equal(r.id, extension.id); });
    if (row == std::end(kRows))
        return fail(Errc::unsupported, "CRL: foreign extension", oid_to_text(extension.id));
    if (row->critical != extension.critical)
        return fail(Errc::malformed, "CRL: criticality", oid_to_text(extension.id));
    return static_cast<std::size_t>(row - std::begin(kRows));
}

Status read_extension(Bytes encoding, der::Reader& list, std::array<bool, kRowCount>& seen,
                      TbsCrlFacts& facts) {
    const std::size_t offset = list.offset();
    PKI_TRY(const Extension extension, parse_der_extension(list));
    auto row = row_of(extension);
    if (row && std::exchange(seen[*row], true))
        row = fail(Errc::malformed, "CRL: extension twice", oid_to_text(extension.id));
    if (!row) {
        row.error().offset = offset;
        return std::move(row).error();
    }
    return nested(encoding, extension.value, kRows[*row].read(extension.value, facts));
}

}  // namespace

Result<std::int64_t> parse_crl_time(const der::Element& time) {
    PKI_TRY(const std::int64_t seconds, parse_time(time.tag, time.content));
    if (time.tag == der::kGeneralizedTime && seconds < kYear2050)
        return fail(Errc::malformed, "CRL: GeneralizedTime before 2050");
    return seconds;
}

Result<CrlEntry> parse_crl_entry(Bytes encoding) {
    der::Reader input(encoding);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    CrlEntry entry;
    PKI_TRY(entry.serial, parse_serial(fields));
    PKI_TRY(const der::Element time, fields.any());
    PKI_TRY(entry.revoked, nested(encoding, time.encoding, parse_crl_time(time)));
    if (!fields.at_end()) {
        PKI_TRY(entry.reason, parse_entry_extensions(fields));
    }
    PKI_CHECK(fields.finish());
    return entry;
}

Status parse_crl_extensions(Bytes encoding, TbsCrlFacts& facts) {
    der::Reader input(encoding);
    PKI_TRY(der::Reader explicit_list, input.enter(der::constructed(0)));
    PKI_CHECK(input.finish());
    PKI_TRY(der::Reader list, explicit_list.enter(der::kSequence));
    PKI_CHECK(explicit_list.finish());
    std::array<bool, kRowCount> seen{};
    while (!list.at_end()) PKI_CHECK(read_extension(encoding, list, seen, facts));
    for (std::size_t i = 0; i < kRowCount; i++)
        if (kRows[i].required && !seen[i])
            return fail(Errc::malformed, "CRL: extension missing", oid_to_text(kRows[i].id));
    // RFC 5280 5.2.6
    if (facts.base && !facts.freshest.empty())
        return fail(Errc::malformed, "CRL: freshestCRL in a delta CRL");
    return {};
}

}  // namespace pki::x509
