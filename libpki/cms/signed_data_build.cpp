#include "libpki/cms/algorithm.h"
#include "libpki/cms/content_info.h"
#include "libpki/cms/set_of.h"
#include "libpki/cms/signed_data.h"
#include "libpki/x509/algorithm.h"

namespace pki::cms {

namespace {

using ossl::Hash;
using ossl::KeyType;
using ossl::SignatureScheme;
namespace oid = x509::oid;

// RFC 8419 3: Ed25519 goes with SHA-512; the key hashes by itself.
Result<SignatureScheme> scheme_of(const SigningSpec& spec) {
    PKI_TRY(SignatureScheme scheme, ossl::default_scheme(spec.key));
    if (scheme.type == KeyType::ed448 ||
        (scheme.type == KeyType::ed25519 && spec.digest != Hash::sha512) ||
        (scheme.type == KeyType::ec && spec.digest == Hash::md5) || spec.digest == Hash::none)
        return fail(Errc::unsupported, "CMS: this key does not sign with this digest");
    if (scheme.hash != Hash::none) scheme.hash = spec.digest;
    return scheme;
}

Buffer element(std::uint8_t tag, Bytes content) {
    der::Writer w(content.size() + 8);
    w.primitive(tag, content);
    return std::move(w).take();
}

// RFC 5652 5.3: contentType and messageDigest go with any others.
Result<Buffer> signed_attributes(const SigningSpec& spec) {
    PKI_TRY(const Buffer digest, ossl::digest(spec.digest, spec.content.value_or(Bytes())));
    const Buffer type =
        build_attribute(oid::kContentType, element(der::kOid, spec.content_type));
    const Buffer message_digest =
        build_attribute(oid::kMessageDigest, element(der::kOctetString, digest));
    std::vector<Bytes> all(spec.attributes.begin(), spec.attributes.end());
    all.insert(all.end(), {type, message_digest});
    return join_sorted(std::move(all));
}

void write_signature_algorithm(der::Writer& w, const SigningSpec& spec,
                               const SignatureScheme& scheme) {
    const bool md5 = scheme.hash == Hash::md5;
    if (scheme.type != KeyType::rsa || !(spec.rsa_encryption_oid || md5))
        return x509::write_signature_algorithm(w, scheme);
    w.sequence([&] {
        w.oid(spec.rsa_encryption_oid ? oid::kRsaEncryption : oid::kMd5WithRsa);
        w.null();
    });
}

struct Parts {
    SignerId id;
    SignatureScheme scheme;
    Buffer attributes;  // content of the SET OF
    Buffer signature;
};

void write_signer(der::Writer& w, const SigningSpec& spec, const Parts& parts) {
    w.sequence([&] {
        w.integer(1);  // RFC 5652 5.3: with issuer and serial number
        write_issuer_and_serial(w, parts.id);
        write_digest_algorithm(w, spec.digest);
        w.primitive(der::constructed(0), parts.attributes);
        write_signature_algorithm(w, spec, parts.scheme);
        w.octet_string(parts.signature);
    });
}

void write_content(der::Writer& w, const SigningSpec& spec) {
    w.sequence([&] {
        w.oid(spec.content_type);
        if (spec.content) w.tlv(der::constructed(0), [&] { w.octet_string(*spec.content); });
    });
}

void write_set(der::Writer& w, int number, const std::vector<Bytes>& elements) {
    if (elements.empty()) return;
    w.tlv(der::constructed(number), [&] {
        for (const Bytes one : elements) w.raw(one);
    });
}

std::size_t size_of(const SigningSpec& spec) {
    std::size_t size = 2048 + spec.content.value_or(Bytes()).size();
    for (const auto* set : {&spec.certificates, &spec.crls})
        for (const Bytes one : *set) size += one.size();
    return size;
}

}  // namespace

Result<Buffer> build_signed_data(const SigningSpec& spec) {
    Parts parts;
    PKI_TRY(parts.id, issuer_and_serial(spec.certificate));
    PKI_TRY(parts.scheme, scheme_of(spec));
    PKI_TRY(parts.attributes, signed_attributes(spec));
    PKI_TRY(parts.signature,
            ossl::sign(spec.key, parts.scheme, element(der::kSet, parts.attributes)));
    return build_content_info(oid::kSignedData, size_of(spec), [&](der::Writer& w) {
        w.integer(equal(spec.content_type, oid::kData) ? 1 : 3);  // RFC 5652 5.1
        w.set([&] { write_digest_algorithm(w, spec.digest); });
        write_content(w, spec);
        write_set(w, 0, spec.certificates);
        write_set(w, 1, spec.crls);
        w.set([&] { write_signer(w, spec, parts); });
    });
}

Result<Secret> build_bare_signed_data(const SigningSpec& spec) {
    PKI_TRY(Buffer message, build_signed_data(spec));
    Secret bare(bare_content(message));
    OPENSSL_cleanse(message.data(), message.size());
    return bare;
}

Buffer build_attribute(Bytes type, Bytes value) {
    der::Writer w(value.size() + 32);
    w.sequence([&] {
        w.oid(type);
        w.set([&] { w.raw(value); });
    });
    return std::move(w).take();
}

}  // namespace pki::cms
