#include "libpki/scep/attributes.h"

#include <string>

#include "libpki/base/ascii.h"
#include "libpki/base/der_writer.h"
#include "libpki/base/limits.h"
#include "libpki/x509/oids.h"

namespace pki::scep {

namespace {

constexpr std::size_t kNonceOctets = 8;

bool is_string(std::uint8_t tag) {
    switch (tag) {
        case der::kUtf8String:
        case der::kPrintableString:
        case der::kTeletexString:
        case der::kIa5String:
        case der::kBmpString:
        case der::kUniversalString: return true;
        default: return false;
    }
}

}  // namespace

Result<std::optional<der::Element>> find_attribute(const cms::SignerInfo& signer, Bytes type) {
    std::optional<der::Element> found;
    for (const cms::Attribute& attribute : signer.attributes) {
        if (!equal(attribute.type, type)) continue;
        if (found)
            return fail(Errc::malformed, "SCEP: attribute twice", x509::oid_to_text(type));
        der::Reader value(attribute.value);
        PKI_TRY(found, value.any());
        PKI_CHECK(value.finish());
    }
    return found;
}

Result<der::Element> attribute(const cms::SignerInfo& signer, Bytes type) {
    PKI_TRY(const std::optional<der::Element> found, find_attribute(signer, type));
    if (!found)
        return fail(Errc::malformed, "SCEP: attribute missing", x509::oid_to_text(type));
    return *found;
}

Result<std::uint64_t> number(const der::Element& value) {
    const auto parsed = parse_decimal(as_text(value.content));
    if (value.tag != der::kPrintableString || !parsed)
        return fail(Errc::malformed, "SCEP: not a decimal number");
    return *parsed;
}

Result<Bytes> nonce(const der::Element& value) {
    if (value.tag != der::kOctetString)
        return fail(Errc::malformed, "SCEP: nonce that is no OCTET STRING");
    if (value.content.size() < kNonceOctets || value.content.size() > limits::kScepNonce)
        return fail(Errc::malformed, "SCEP: length of a nonce");
    return value.content;
}

Result<der::Element> transaction(const der::Element& value) {
    if (!is_string(value.tag))
        return fail(Errc::malformed, "SCEP: transactionID that is no string");
    if (value.content.empty() || value.content.size() > limits::kScepTransaction)
        return fail(Errc::malformed, "SCEP: length of the transactionID");
    return value;
}

Buffer build_attribute(Bytes type, std::uint8_t tag, Bytes content) {
    der::Writer w(content.size() + 32);
    w.sequence([&] {
        w.oid(type);
        w.set([&] { w.primitive(tag, content); });
    });
    return std::move(w).take();
}

Buffer build_number(Bytes type, unsigned value) {
    return build_attribute(type, der::kPrintableString, as_bytes(std::to_string(value)));
}

}  // namespace pki::scep
