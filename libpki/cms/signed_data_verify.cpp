#include "libpki/base/secret.h"
#include "libpki/cms/algorithm.h"
#include "libpki/cms/set_of.h"
#include "libpki/cms/signed_data.h"
#include "libpki/x509/oids.h"

namespace pki::cms {

namespace {

using ossl::Hash;
namespace oid = x509::oid;

Status check_hash(Hash hash, const HashRules& allowed) {
    if (hash == Hash::none) return fail(Errc::unsupported, "CMS: digest algorithm");
    if (hash == Hash::sha1 && !allowed.sha1) return fail(Errc::unsupported, "CMS: SHA-1");
    if (hash == Hash::md5 && !allowed.md5) return fail(Errc::unsupported, "CMS: MD5");
    return {};
}

// RFC 5652 11.1: the attribute keeps a signature from being used for content of another type.
Status check_content_type(const SignedData& data) {
    const Attribute* const attribute = data.signer->find(oid::kContentType);
    if (attribute == nullptr) return fail(Errc::bad_signature, "CMS: no contentType");
    const auto type = der::only(attribute->value, der::kOid);
    if (!type || !equal(type->content, data.content_type))
        return fail(Errc::bad_signature, "CMS: contentType is that of other content");
    return {};
}

// RFC 5652 5.6 and 11.2: without this the signature would be for any content.
Status check_message_digest(const SignedData& data) {
    const Attribute* const attribute = data.signer->find(oid::kMessageDigest);
    if (attribute == nullptr) return fail(Errc::bad_signature, "CMS: no messageDigest");
    const auto claimed = der::only(attribute->value, der::kOctetString);
    PKI_TRY(const Buffer actual,
            ossl::digest(data.signer->digest, data.content.value_or(Bytes())));
    if (!claimed || !equal_constant_time(claimed->content, actual))
        return fail(Errc::bad_signature, "CMS: messageDigest is that of other content");
    return {};
}

// RFC 5652 5.4: what is signed has the tag of a SET OF, not that of the field.
Buffer signed_attributes(Bytes content) {
    der::Writer w(content.size() + 8);
    w.primitive(der::kSet, content);
    return std::move(w).take();
}

Buffer sorted(Bytes attributes) {
    std::vector<Bytes> elements;
    der::Reader set(attributes);
    while (!set.at_end()) {
        const auto one = set.any();
        if (!one) break;  // they have been parsed already
        elements.push_back(one->encoding);
    }
    return join_sorted(std::move(elements));
}

Status check_signature(const SignerInfo& signer, EVP_PKEY* key,
                       const ossl::SignatureScheme& scheme) {
    const Bytes received = signer.attributes_encoding;
    Status status = ossl::verify(key, scheme, signed_attributes(received), signer.signature);
    if (status || status.error().code != Errc::bad_signature) return status;
    const Buffer in_order = sorted(received);
    if (equal(in_order, received)) return status;
    return ossl::verify(key, scheme, signed_attributes(in_order), signer.signature);
}

}  // namespace

Status verify_signed_data(const SignedData& data, const x509::Spki& signer,
                          const HashRules& allowed) {
    if (!data.signer) return fail(Errc::bad_signature, "CMS: not signed");
    const SignerInfo& info = *data.signer;
    PKI_CHECK(check_hash(info.digest, allowed));
    PKI_TRY(const ossl::SignatureScheme scheme,
            parse_signer_algorithm(info.signature_algorithm, info.digest));
    if (info.attributes.empty()) return fail(Errc::bad_signature, "CMS: no signed attributes");
    PKI_CHECK(check_content_type(data));
    PKI_CHECK(check_message_digest(data));
    PKI_TRY(const ossl::PkeyPtr key, ossl::make_public_key(signer.key));
    return check_signature(info, key.get(), scheme);
}

}  // namespace pki::cms
