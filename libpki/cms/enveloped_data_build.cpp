#include <bit>

#include "libpki/cms/algorithm.h"
#include "libpki/cms/content_info.h"
#include "libpki/cms/enveloped_data.h"
#include "libpki/cms/kek_recipient.h"
#include "libpki/cms/key_agreement.h"
#include "libpki/cms/key_transport.h"
#include "libpki/cms/password_recipient.h"
#include "libpki/ossl/digest.h"
#include "libpki/x509/cert.h"

namespace pki::cms {

namespace {

using ossl::Cipher;
namespace oid = x509::oid;

// DES does not look at the lowest bit of an octet, but some implementations want odd parity.
void set_parity(std::span<std::uint8_t> key) {
    for (std::uint8_t& octet : key)
        if (std::popcount(octet) % 2 == 0) octet ^= 1;
}

Result<Secret> fresh_key(Cipher cipher) {
    Secret key(ossl::key_size(cipher));
    PKI_CHECK(ossl::random_bytes(key.data()));
    if (cipher == Cipher::des || cipher == Cipher::des3) set_parity(key.data());
    return key;
}

Result<ossl::PkeyPtr> recipient_key(const SealingSpec& spec) {
    if (spec.recipient_key != nullptr) return ossl::make_public_key(spec.recipient_key->key);
    PKI_TRY(const x509::Certificate certificate,
            x509::parse_certificate(spec.recipient_certificate));
    return ossl::make_public_key(certificate.tbs.spki.key);
}

// RFC 5652 6.2.1: version 0 with issuer and serial number, 2 with a key identifier.
Status write_rsa_recipient(der::Writer& w, const SealingSpec& spec, EVP_PKEY* own, Bytes key) {
    PKI_TRY(const SignerId id, recipient_id(spec));
    PKI_TRY(const Buffer encrypted, ossl::rsa_encrypt(own, spec.padding, key));
    w.sequence([&] {
        w.integer(id.key_identifier.empty() ? 0 : 2);
        if (id.key_identifier.empty())
            write_issuer_and_serial(w, id);
        else
            w.primitive(der::context(0), id.key_identifier);
        write_key_transport(w, spec.padding);
        w.octet_string(encrypted);
    });
    return {};
}

bool for_public_key(const SealingSpec& spec) {
    return !spec.recipient_certificate.empty() ||
           (spec.recipient_key != nullptr && !spec.key_identifier.empty());
}

bool for_kek(const SealingSpec& spec) {
    return !for_public_key(spec) && !spec.key_encryption_key.empty();
}

Status write_recipient(der::Writer& w, const SealingSpec& spec, Bytes key) {
    if (for_kek(spec))
        return write_kek_recipient(w, {spec.key_identifier, spec.key_encryption_key}, key);
    if (!for_public_key(spec))
        return write_password_recipient(w, spec.cipher, spec.password, key);
    PKI_TRY(const ossl::PkeyPtr own, recipient_key(spec));
    if (spec.key_agreement && EVP_PKEY_is_a(own.get(), "EC") == 1)
        return write_agreement_recipient(w, spec, own.get(), key);
    return write_rsa_recipient(w, spec, own.get(), key);
}

// RFC 5652 6.1: 3 with a password; 0 when all recipients are of version 0; else 2.
std::uint64_t version_of(const SealingSpec& spec, Bytes recipient) {
    if (for_kek(spec)) return 2;
    if (!for_public_key(spec)) return 3;
    der::Reader input(recipient);
    const auto one = input.any();
    if (!one) return 2;
    der::Reader fields(one->content);
    const auto version = fields.small_integer();
    return version && *version == 0 ? 0 : 2;
}

Result<Bytes> key_identifier(const SealingSpec& spec) {
    PKI_TRY(const x509::Certificate certificate,
            x509::parse_certificate(spec.recipient_certificate));
    const auto* extension = certificate.tbs.extensions.find(oid::kSubjectKeyIdentifier);
    if (extension == nullptr) return Bytes();
    return x509::parse_subject_key_identifier(extension->value);
}

}  // namespace

Result<Buffer> build_enveloped_data(const SealingSpec& spec) {
    if (!for_public_key(spec) && !for_kek(spec) && spec.password.empty())
        return fail(Errc::unsupported, "CMS: nobody to encrypt for");
    PKI_TRY(const Secret key, fresh_key(spec.cipher));
    Buffer iv(ossl::iv_size(spec.cipher));
    PKI_CHECK(ossl::random_bytes(iv));
    der::Writer recipient;
    PKI_CHECK(write_recipient(recipient, spec, key.view()));
    PKI_TRY(const Buffer encrypted,
            ossl::encrypt_cbc(spec.cipher, key.view(), iv, spec.content));
    const std::size_t reserve = encrypted.size() + recipient.view().size() + 256;
    return build_content_info(oid::kEnvelopedData, reserve, [&](der::Writer& w) {
        w.integer(version_of(spec, recipient.view()));
        w.set([&] { w.raw(recipient.view()); });
        w.sequence([&] {
            w.oid(spec.content_type.empty() ? oid::kData : spec.content_type);
            write_cipher(w, spec.cipher, iv);
            w.primitive(der::context(0), encrypted);
        });
    });
}

Result<Buffer> build_bare_enveloped_data(const SealingSpec& spec) {
    PKI_TRY(const Buffer message, build_enveloped_data(spec));
    return to_buffer(bare_content(message));
}

Result<SignerId> recipient_id(const SealingSpec& spec) {
    SignerId id;
    if (spec.recipient_certificate.empty()) {
        id.key_identifier = spec.key_identifier;
        return id;
    }
    if (spec.by_key_identifier) {
        PKI_TRY(id.key_identifier, key_identifier(spec));
    }
    if (!id.key_identifier.empty()) return id;
    return issuer_and_serial(spec.recipient_certificate);
}

}  // namespace pki::cms
