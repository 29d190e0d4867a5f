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

std::optional<der::Element> find_attribute(const cms::SignerInfo& signer, Bytes type) {
    const cms::Attribute* const found = signer.find(type);
    if (found == nullptr) return std::nullopt;
    auto value = der::Reader(found->value).any();
    return value ? std::optional(*value) : std::nullopt;
}

Result<der::Element> attribute(const cms::SignerInfo& signer, Bytes type) {
    const std::optional<der::Element> found = find_attribute(signer, type);
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
    der::Writer value(content.size() + 8);
    value.primitive(tag, content);
    return cms::build_attribute(type, value.view());
}

Buffer build_number(Bytes type, unsigned value) {
    return build_attribute(type, der::kPrintableString, as_bytes(std::to_string(value)));
}

}  // namespace pki::scep
