#include "libpki/x509/extension.h"

#include <algorithm>

#include "libpki/base/limits.h"
#include "libpki/x509/oids.h"

namespace pki::x509 {

namespace {

// BOOLEAN DEFAULT FALSE. DER leaves FALSE out (X.690 11.5); encoders that write it are many
// and it means the same, so it is accepted.
Result<bool> default_false(der::Reader& fields) {
    if (!fields.next_is(der::kBoolean)) return false;
    return fields.boolean();
}

// Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
Result<Extension> parse_extension(der::Reader& list) {
    PKI_TRY(der::Reader fields, list.enter(der::kSequence));
    Extension extension;
    PKI_TRY(extension.id, fields.oid());
    PKI_TRY(extension.critical, default_false(fields));
    PKI_TRY(extension.value, fields.content(der::kOctetString));
    PKI_CHECK(fields.finish());
    return extension;
}

}  // namespace

const Extension* Extensions::find(Bytes id) const {
    const auto found =
        std::ranges::find_if(list, [&](const Extension& e) { return equal(e.id, id); });
    return found == list.end() ? nullptr : &*found;
}

Result<Extensions> parse_extensions(Bytes encoding) {
    der::Reader input(encoding);
    PKI_TRY(der::Reader items, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    Extensions extensions;
    while (!items.at_end()) {
        const std::size_t offset = items.offset();
        if (extensions.list.size() == limits::kExtensions)
            return fail(Errc::malformed, "extensions: too many", offset);
        PKI_TRY(const Extension extension, parse_extension(items));
        if (extensions.find(extension.id) != nullptr)
            return Error{Errc::malformed, "extensions: one of them twice", offset,
                         oid_to_text(extension.id)};
        extensions.list.push_back(extension);
    }
    return extensions;
}

// A named BIT STRING. X.690 11.2.2 removes trailing zero bits, but older releases of mbed TLS
// keep them in their requests, so they are accepted; bits declared unused must be zero.
Result<std::uint16_t> parse_key_usage(Bytes value) {
    PKI_TRY(const der::Element bits, der::only(value, der::kBitString));
    if (bits.content.size() < 2 || bits.content.size() > 3)
        return fail(Errc::malformed, "keyUsage: length");
    const unsigned unused = bits.content[0];
    if (unused > 7 || (bits.content.back() & ((1u << unused) - 1)) != 0)
        return fail(Errc::malformed, "keyUsage: unused bits");
    std::uint16_t usage = 0;
    for (std::size_t bit = 0; bit < 8 * (bits.content.size() - 1); bit++)
        if (bits.content[1 + bit / 8] & (0x80 >> bit % 8))
            usage = static_cast<std::uint16_t>(usage | 1u << bit);
    if (usage == 0) return fail(Errc::malformed, "keyUsage: no bit set");
    if (usage > (kDecipherOnly | (kDecipherOnly - 1)))
        return fail(Errc::malformed, "keyUsage: unknown bit");
    return usage;
}

// ExtKeyUsageSyntax ::= SEQUENCE SIZE (1..MAX) OF KeyPurposeId (RFC 5280 4.2.1.12)
Result<std::vector<Bytes>> parse_extended_key_usage(Bytes value) {
    der::Reader input(value);
    PKI_TRY(der::Reader items, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    if (items.at_end()) return fail(Errc::malformed, "extendedKeyUsage: empty");
    std::vector<Bytes> purposes;
    while (!items.at_end()) {
        PKI_TRY(const Bytes purpose, items.oid());
        purposes.push_back(purpose);
    }
    return purposes;
}

// BasicConstraints (RFC 5280 4.2.1.9): a path length is only for a CA.
Result<BasicConstraints> parse_basic_constraints(Bytes value) {
    der::Reader input(value);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    BasicConstraints constraints;
    PKI_TRY(constraints.ca, default_false(fields));
    if (!fields.at_end()) {
        PKI_TRY(constraints.path_length, fields.small_integer());
    }
    PKI_CHECK(fields.finish());
    if (constraints.path_length && !constraints.ca)
        return fail(Errc::malformed, "basicConstraints: a path length without cA");
    return constraints;
}

// RFC 5280 4.2.1.1: issuer and serial number are both there or both absent.
Result<Bytes> parse_authority_key_identifier(Bytes value) {
    der::Reader input(value);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    Bytes identifier;
    if (fields.next_is(der::context(0))) {
        PKI_TRY(identifier, fields.content(der::context(0)));
    }
    if (!fields.at_end()) {
        PKI_CHECK(fields.element(der::constructed(1)));
        PKI_CHECK(fields.element(der::context(2)));
    }
    PKI_CHECK(fields.finish());
    return identifier;
}

Result<Bytes> parse_subject_key_identifier(Bytes value) {
    PKI_TRY(const der::Element identifier, der::only(value, der::kOctetString));
    return identifier.content;
}

}  // namespace pki::x509
