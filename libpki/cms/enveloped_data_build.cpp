#include <bit>

#include "libpki/cms/algorithm.h"
#include "libpki/cms/content_info.h"
#include "libpki/cms/enveloped_data.h"
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

Status write_rsa_recipient(der::Writer& w, const SealingSpec& spec, Bytes key) {
    PKI_TRY(const SignerId id, issuer_and_serial(spec.recipient_certificate));
    PKI_TRY(const ossl::PkeyPtr own, recipient_key(spec));
    PKI_TRY(const Buffer encrypted, ossl::rsa_encrypt(own.get(), spec.padding, key));
    w.sequence([&] {
        w.integer(0);  // RFC 5652 6.2.1: with issuer and serial number
        write_issuer_and_serial(w, id);
        write_key_transport(w, spec.padding);
        w.octet_string(encrypted);
    });
    return {};
}

Result<Buffer> build_recipient(const SealingSpec& spec, Bytes key) {
    der::Writer w;
    if (spec.recipient_certificate.empty())
        PKI_CHECK(write_password_recipient(w, spec.cipher, spec.password, key));
    else
        PKI_CHECK(write_rsa_recipient(w, spec, key));
    return std::move(w).take();
}

}  // namespace

Result<Buffer> build_enveloped_data(const SealingSpec& spec) {
    if (spec.recipient_certificate.empty() && spec.password.empty())
        return fail(Errc::unsupported, "CMS: nobody to encrypt for");
    PKI_TRY(const Secret key, fresh_key(spec.cipher));
    Buffer iv(ossl::iv_size(spec.cipher));
    PKI_CHECK(ossl::random_bytes(iv));
    PKI_TRY(const Buffer recipient, build_recipient(spec, key.view()));
    PKI_TRY(const Buffer encrypted,
            ossl::encrypt_cbc(spec.cipher, key.view(), iv, spec.content));
    const std::size_t reserve = encrypted.size() + recipient.size() + 256;
    return build_content_info(oid::kEnvelopedData, reserve, [&](der::Writer& w) {
        w.integer(spec.recipient_certificate.empty() ? 3 : 0);  // RFC 5652 6.1
        w.set([&] { w.raw(recipient); });
        w.sequence([&] {
            w.oid(oid::kData);
            write_cipher(w, spec.cipher, iv);
            w.primitive(der::context(0), encrypted);
        });
    });
}

}  // namespace pki::cms
