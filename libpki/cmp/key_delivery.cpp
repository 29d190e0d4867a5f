#include "libpki/cmp/key_delivery.h"

#include "libpki/base/der_writer.h"
#include "libpki/cms/signed_data.h"
#include "libpki/x509/oids.h"

namespace pki::cmp {

namespace {

using ossl::Cipher;
using ossl::Hash;
using ossl::KeyType;
namespace oid = x509::oid;

// AsymmetricKeyPackage ::= SEQUENCE SIZE (1..MAX) OF OneAsymmetricKey (RFC 5958 2), of one.
Secret key_package(Bytes private_key) {
    der::Writer w(private_key.size() + 16);
    w.sequence([&] { w.raw(private_key); });
    Buffer package = std::move(w).take();
    Secret secret{Bytes(package)};
    OPENSSL_cleanse(package.data(), package.size());
    return secret;
}

// OneAsymmetricKey ::= SEQUENCE { version, privateKeyAlgorithm, privateKey, … }: what is in it
// is read where the key is used.
Status check_private_key(Bytes encoding) {
    PKI_TRY(const der::Element key, der::only(encoding, der::kSequence));
    der::Reader fields(key.content);
    PKI_TRY(const std::uint64_t version, fields.small_integer());
    if (version > 1) return fail(Errc::unsupported, "CMP: version of a private key");
    PKI_CHECK(fields.element(der::kSequence));
    PKI_CHECK(fields.element(der::kOctetString));
    return {};
}

Result<Secret> only_key(Bytes package) {
    der::Reader input(package);
    PKI_TRY(der::Reader keys, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    PKI_TRY(const der::Element key, keys.element(der::kSequence));
    if (!keys.at_end()) return fail(Errc::malformed, "CMP: several private keys");
    PKI_CHECK(check_private_key(key.encoding));
    return Secret(key.encoding);
}

// RFC 8419 3: Ed25519 goes with SHA-512.
Result<Hash> digest_for(EVP_PKEY* key) {
    PKI_TRY(const ossl::SignatureScheme scheme, ossl::default_scheme(key));
    return scheme.hash == Hash::none ? Hash::sha512 : scheme.hash;
}

Result<Secret> sign_package(Bytes package, const KeyGenerator& generator) {
    cms::SigningSpec spec;
    spec.key = generator.key;
    spec.certificate = generator.certificate;
    PKI_TRY(spec.digest, digest_for(generator.key));
    spec.rsa_encryption_oid = false;
    spec.content_type = oid::kKeyPackage;
    spec.content = package;
    spec.certificates = {generator.certificate};
    spec.certificates.insert(spec.certificates.end(), generator.chain.begin(),
                             generator.chain.end());
    return cms::build_bare_signed_data(spec);
}

Result<DeliveredKey> open_signed(Bytes signed_data) {
    PKI_TRY(const cms::SignedData data, cms::parse_bare_signed_data(signed_data));
    if (!equal(data.content_type, oid::kKeyPackage) || !data.content)
        return fail(Errc::unsupported, "CMP: no package of private keys");
    PKI_TRY(const Bytes signer, cms::signer_certificate(data));
    PKI_TRY(const x509::Certificate certificate, x509::parse_certificate(signer));
    PKI_CHECK(cms::verify_signed_data(data, certificate.tbs.spki, {}));
    PKI_TRY(Secret key, only_key(*data.content));
    DeliveredKey delivered{std::move(key), to_buffer(signer), {}};
    for (const Bytes one : data.certificates) delivered.certificates.push_back(to_buffer(one));
    return delivered;
}

}  // namespace

Result<Buffer> seal_private_key(Bytes private_key, const KeyGenerator& generator,
                                const KeyRecipient& recipient) {
    PKI_CHECK(check_private_key(private_key));
    const Secret package = key_package(private_key);
    PKI_TRY(const Secret signed_package, sign_package(package.view(), generator));
    cms::SealingSpec spec;
    spec.cipher = Cipher::aes256;
    spec.content = signed_package.view();
    spec.content_type = oid::kSignedData;
    spec.recipient_certificate = recipient.certificate;
    spec.key_agreement = true;
    spec.by_key_identifier = true;  // RFC 9483 4.1.6.1, 4.1.6.2: as senderKID has it
    // PKCS#1 v1.5 has oracles; what opens CMS opens OAEP.
    spec.padding = {true, Hash::sha256, Hash::sha256, {}};
    spec.password = recipient.password;
    return cms::build_bare_enveloped_data(spec);
}

Result<DeliveredKey> open_private_key(Bytes enveloped_data, const KeyOpener& opener) {
    PKI_TRY(const cms::EnvelopedData envelope,
            cms::parse_bare_enveloped_data(enveloped_data, {true, true}));
    PKI_CHECK(cms::check_cipher(envelope, {}));
    std::vector<cms::RecipientKey> keys;
    if (opener.key != nullptr) keys.push_back({opener.certificate, opener.key});
    std::vector<Secret> passwords;
    if (!opener.password.empty()) passwords.emplace_back(opener.password);
    PKI_TRY(const cms::Opened opened, cms::open_enveloped_data(envelope, keys, passwords));
    if (!equal(envelope.content_type, oid::kSignedData))
        return fail(Errc::unsupported, "CMP: the private key is not signed");
    return open_signed(opened.content.view());
}

}  // namespace pki::cmp
