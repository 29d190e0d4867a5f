#include "libpki/cms/signed_data.h"

#include <algorithm>

#include "libpki/base/limits.h"
#include "libpki/cms/algorithm.h"
#include "libpki/cms/content_info.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/nested.h"

namespace pki::cms {

namespace {

namespace oid = x509::oid;

// RFC 5652 5.1 and 5.3: 1 to 5 say which forms are used, which the forms say themselves.
Status parse_version(der::Reader& fields) {
    const std::size_t offset = fields.offset();
    PKI_TRY(const std::uint64_t version, fields.small_integer());
    if (version < 1 || version > 5) return fail(Errc::unsupported, "CMS: version", offset);
    return {};
}

// EncapsulatedContentInfo ::= SEQUENCE { eContentType, [0] EXPLICIT OCTET STRING OPTIONAL }
Status parse_content(SignedData& data, der::Reader& fields) {
    PKI_TRY(der::Reader content, fields.enter(der::kSequence));
    PKI_TRY(data.content_type, content.oid());
    if (content.at_end()) return {};
    PKI_TRY(der::Reader inner, content.enter(der::constructed(0)));
    PKI_CHECK(content.finish());
    PKI_TRY(data.content, inner.content(der::kOctetString));
    return inner.finish();
}

// CertificateSet and RevocationInfoChoices: of all choices only the first, which are SEQUENCEs.
Result<std::vector<Bytes>> parse_set(der::Reader& fields, int number) {
    std::vector<Bytes> found;
    if (!fields.next_is(der::constructed(number))) return found;
    PKI_TRY(der::Reader set, fields.enter(der::constructed(number)));
    while (!set.at_end()) {
        if (found.size() == limits::kChain)
            return fail(Errc::malformed, "CMS: too many certificates", set.offset());
        PKI_TRY(const der::Element one, set.element(der::kSequence));
        found.push_back(one.encoding);
    }
    return found;
}

// Attribute ::= SEQUENCE { attrType, attrValues SET OF } with one value, as RFC 5652 11.1 and
// 11.2 and RFC 8894 3.2.1 want.
Result<Attribute> parse_attribute(der::Reader& set) {
    PKI_TRY(der::Reader fields, set.enter(der::kSequence));
    Attribute attribute;
    PKI_TRY(attribute.type, fields.oid());
    PKI_TRY(der::Reader values, fields.enter(der::kSet));
    PKI_CHECK(fields.finish());
    PKI_TRY(const der::Element value, values.any());
    PKI_CHECK(values.finish());
    attribute.value = value.encoding;
    return attribute;
}

// signedAttrs [0] IMPLICIT SET OF Attribute
Status parse_attributes(SignerInfo& signer, der::Reader& fields) {
    if (!fields.next_is(der::constructed(0))) return {};
    PKI_TRY(der::Reader set, fields.enter(der::constructed(0)));
    signer.attributes_encoding = set.rest();
    while (!set.at_end()) {
        const std::size_t offset = set.offset();
        if (signer.attributes.size() == limits::kCmsAttributes)
            return fail(Errc::malformed, "CMS: too many attributes", offset);
        PKI_TRY(const Attribute attribute, parse_attribute(set));
        if (signer.find(attribute.type) != nullptr)
            return fail(Errc::malformed, "CMS: attribute twice", offset);
        signer.attributes.push_back(attribute);
    }
    return {};
}

// An algorithm that we do not have is a matter of verify_signed_data().
Status parse_digest(SignerInfo& signer, der::Reader& fields) {
    PKI_TRY(const der::Element algorithm, fields.element(der::kSequence));
    auto hash = parse_digest_algorithm(algorithm.encoding);
    if (hash) signer.digest = *hash;
    if (!hash && hash.error().code != Errc::unsupported) return std::move(hash).error();
    return {};
}

Result<SignerInfo> parse_signer(der::Reader& set) {
    PKI_TRY(der::Reader fields, set.enter(der::kSequence));
    PKI_CHECK(parse_version(fields));
    SignerInfo signer;
    PKI_TRY(signer.id, parse_signer_id(fields));
    PKI_CHECK(parse_digest(signer, fields));
    PKI_CHECK(parse_attributes(signer, fields));
    PKI_TRY(const der::Element algorithm, fields.element(der::kSequence));
    PKI_CHECK(x509::parse_algorithm(algorithm.encoding));
    signer.signature_algorithm = algorithm.encoding;
    PKI_TRY(signer.signature, fields.content(der::kOctetString));
    if (fields.next_is(der::constructed(1))) PKI_CHECK(fields.any());
    PKI_CHECK(fields.finish());
    return signer;
}

Status parse_signers(SignedData& data, der::Reader& fields) {
    PKI_TRY(der::Reader set, fields.enter(der::kSet));
    if (set.at_end()) return {};
    PKI_TRY(data.signer, parse_signer(set));
    if (!set.at_end()) return fail(Errc::malformed, "CMS: two signers", set.offset());
    return {};
}

// SignedData ::= SEQUENCE { version, digestAlgorithms, encapContentInfo, certificates [0]
// IMPLICIT OPTIONAL, crls [1] IMPLICIT OPTIONAL, signerInfos }
Result<SignedData> parse_fields(Bytes encoding) {
    der::Reader input(encoding);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    SignedData data;
    PKI_CHECK(parse_version(fields));
    PKI_CHECK(fields.element(der::kSet));
    PKI_CHECK(parse_content(data, fields));
    PKI_TRY(data.certificates, parse_set(fields, 0));
    PKI_TRY(data.crls, parse_set(fields, 1));
    PKI_CHECK(parse_signers(data, fields));
    PKI_CHECK(fields.finish());
    return data;
}

}  // namespace

const Attribute* SignerInfo::find(Bytes type) const {
    const auto found = std::ranges::find_if(
        attributes, [&](const Attribute& a) { return equal(a.type, type); });
    return found == attributes.end() ? nullptr : &*found;
}

Result<SignedData> parse_signed_data(Bytes content_info) {
    PKI_TRY(const der::Element content, parse_content_info(content_info, oid::kSignedData));
    return x509::nested(content_info, content.encoding, parse_fields(content.encoding));
}

Result<SignedData> parse_bare_signed_data(Bytes signed_data) {
    return parse_fields(signed_data);
}

Result<Bytes> signer_certificate(const SignedData& data) {
    if (data.signer) {
        for (const Bytes certificate : data.certificates)
            if (names(data.signer->id, certificate)) return certificate;
    }
    return fail(Errc::not_found, "CMS: no certificate of the signer");
}

}  // namespace pki::cms
