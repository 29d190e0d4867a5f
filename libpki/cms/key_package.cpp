#include "libpki/cms/key_package.h"

#include "libpki/base/der_writer.h"
#include "libpki/cms/content_info.h"
#include "libpki/cms/signed_data.h"
#include "libpki/x509/oids.h"

namespace pki::cms {

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
    if (version > 1) return fail(Errc::unsupported, "key package: version of a private key");
    PKI_CHECK(fields.element(der::kSequence));
    PKI_CHECK(fields.element(der::kOctetString));
    return {};
}

Result<Secret> only_key(Bytes package) {
    der::Reader input(package);
    PKI_TRY(der::Reader keys, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    PKI_TRY(const der::Element key, keys.element(der::kSequence));
    if (!keys.at_end()) return fail(Errc::malformed, "key package: several private keys");
    PKI_CHECK(check_private_key(key.encoding));
    return Secret(key.encoding);
}

// RFC 8419 3: Ed25519 goes with SHA-512.
Result<Hash> digest_for(EVP_PKEY* key) {
    PKI_TRY(const ossl::SignatureScheme scheme, ossl::default_scheme(key));
    return scheme.hash == Hash::none ? Hash::sha512 : scheme.hash;
}

Result<Secret> sign_package(Bytes package, const KeyGenerator& generator) {
    SigningSpec spec;
    spec.key = generator.key;
    spec.certificate = generator.certificate;
    PKI_TRY(spec.digest, digest_for(generator.key));
    spec.rsa_encryption_oid = false;
    spec.content_type = oid::kKeyPackage;
    spec.content = package;
    spec.certificates = {generator.certificate};
    spec.certificates.insert(spec.certificates.end(), generator.chain.begin(),
                             generator.chain.end());
    return build_bare_signed_data(spec);
}

Result<DeliveredKey> open_signed(Bytes signed_data) {
    PKI_TRY(const SignedData data, parse_bare_signed_data(signed_data));
    if (!equal(data.content_type, oid::kKeyPackage) || !data.content)
        return fail(Errc::unsupported, "key package: no package of private keys");
    PKI_TRY(const Bytes signer, signer_certificate(data));
    PKI_TRY(const x509::Certificate certificate, x509::parse_certificate(signer));
    PKI_CHECK(verify_signed_data(data, certificate.tbs.spki, {}));
    PKI_TRY(Secret key, only_key(*data.content));
    DeliveredKey delivered{std::move(key), to_buffer(signer), {}};
    for (const Bytes one : data.certificates) delivered.certificates.push_back(to_buffer(one));
    return delivered;
}

SealingSpec sealing_spec(Bytes signed_package, const KeyRecipient& recipient,
                         const KeyCiphers& ciphers) {
    SealingSpec spec;
    spec.cipher = ciphers.content;
    spec.wrap = ciphers.wrap;
    spec.content = signed_package;
    spec.content_type = oid::kSignedData;
    spec.recipient_certificate = recipient.certificate;
    spec.key_agreement = true;
    // RFC 9483 4.1.6.1, 4.1.6.2: as senderKID has it. RFC 7030 4.4.2: as the request has it.
    spec.by_key_identifier = true;
    spec.padding = ciphers.padding;
    spec.password = recipient.password;
    if (!recipient.certificate.empty() || !recipient.password.empty()) return spec;
    spec.recipient_key = recipient.key;
    spec.key_encryption_key = recipient.key_encryption_key;
    spec.key_identifier = recipient.key_identifier;
    return spec;
}

}  // namespace

Result<Buffer> seal_key_message(Bytes private_key, const KeyGenerator& generator,
                                const KeyRecipient& recipient, const KeyCiphers& ciphers) {
    PKI_CHECK(check_private_key(private_key));
    const Secret package = key_package(private_key);
    PKI_TRY(const Secret signed_package, sign_package(package.view(), generator));
    return build_enveloped_data(sealing_spec(signed_package.view(), recipient, ciphers));
}

Result<Buffer> seal_private_key(Bytes private_key, const KeyGenerator& generator,
                                const KeyRecipient& recipient, const KeyCiphers& ciphers) {
    PKI_TRY(const Buffer message, seal_key_message(private_key, generator, recipient, ciphers));
    return to_buffer(bare_content(message));
}

Result<DeliveredKey> open_private_key(Bytes enveloped_data, const KeyOpener& opener) {
    PKI_TRY(const EnvelopedData envelope,
            parse_bare_enveloped_data(enveloped_data, {true, true, true}));
    PKI_CHECK(check_cipher(envelope, {}));
    std::vector<RecipientKey> keys;
    if (opener.key != nullptr)
        keys.push_back({opener.certificate, opener.key, opener.key_identifier});
    std::vector<Secret> passwords;
    if (!opener.password.empty()) passwords.emplace_back(opener.password);
    std::vector<KeyEncryptionKey> wrapping;
    if (!opener.key_encryption_key.empty())
        wrapping.push_back({opener.key_identifier, opener.key_encryption_key});
    PKI_TRY(const Opened opened, open_enveloped_data(envelope, keys, passwords, wrapping));
    if (!equal(envelope.content_type, oid::kSignedData))
        return fail(Errc::unsupported, "key package: it is not signed");
    return open_signed(opened.content.view());
}

Result<DeliveredKey> open_key_message(Bytes content_info, const KeyOpener& opener) {
    PKI_TRY(const der::Element content, parse_content_info(content_info, oid::kEnvelopedData));
    return open_private_key(content.encoding, opener);
}

}  // namespace pki::cms
