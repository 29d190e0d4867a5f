#include "t/tools/envelope.h"

#include <openssl/rsa.h>

#include <map>

#include "libpki/base/der_writer.h"
#include "libpki/cms/algorithm.h"
#include "libpki/cms/content_info.h"
#include "libpki/cms/signer_id.h"
#include "libpki/ossl/digest.h"
#include "libpki/ossl/key.h"
#include "libpki/scep/contents.h"
#include "libpki/x509/cert.h"

namespace forge {

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::ossl::Cipher;
namespace x509 = pki::x509;

Buffer random(std::size_t size) {
    Buffer octets(size);
    if (!pki::ossl::random_bytes(octets)) die("no random octets");
    return octets;
}

Cipher cipher_of(const Options& options) {
    const std::map<std::string, Cipher> names{{"aes128", Cipher::aes128},
                                              {"aes192", Cipher::aes192},
                                              {"aes256", Cipher::aes256},
                                              {"des3", Cipher::des3},
                                              {"des", Cipher::des}};
    const auto found = names.find(options.text("cipher", "aes128"));
    if (found == names.end()) die("no cipher: " + options.text("cipher"));
    return found->second;
}

// RFC 8017 7.2.1: 00 02, octets that are not zero, 00, the key.
Buffer padded_key(const Buffer& key, std::size_t size, const std::string& probe) {
    Buffer block = random(size);
    for (std::uint8_t& octet : block)
        if (octet == 0) octet = 1;
    block[0] = probe == "first_octet" ? 1 : 0;
    block[1] = probe == "block_type" ? 1 : 2;
    if (probe == "early_zero") block[5] = 0;
    if (probe == "no_zero") return block;
    block[size - key.size() - 1] = 0;
    std::copy(key.begin(), key.end(), block.end() - static_cast<std::ptrdiff_t>(key.size()));
    return block;
}

Buffer raw_rsa(EVP_PKEY* key, const Buffer& block) {
    const pki::ossl::PkeyCtxPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
    Buffer out(block.size());
    std::size_t size = out.size();
    if (!context || EVP_PKEY_encrypt_init(context.get()) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_NO_PADDING) != 1 ||
        EVP_PKEY_encrypt(context.get(), out.data(), &size, block.data(), block.size()) != 1)
        die("RSA");
    return out;
}

Buffer encrypted_key(const x509::Certificate& ra, Buffer key, const std::string& probe) {
    const auto own = pki::ossl::make_public_key(ra.tbs.spki.key);
    if (!own) die("the RA has no key to encrypt for");
    const auto size = static_cast<std::size_t>(EVP_PKEY_get_size(own->get()));
    if (probe == "random_octets") return random(size - 1);
    if (probe == "zero") return Buffer(size);
    if (probe == "too_large") return Buffer(size, 0xff);
    if (probe == "empty") return {};
    if (probe == "short_key") key.resize(key.size() - 1);
    if (probe == "long_key") key.resize(key.size() + 1);
    if (probe == "no_key") key.clear();
    if (probe == "wrong_key") key[0] ^= 1;
    Buffer out = raw_rsa(own->get(), padded_key(key, size, probe));
    if (probe == "cut") out.pop_back();
    if (probe == "longer") out.insert(out.begin(), 0);
    return out;
}

Buffer encrypted_content(Cipher cipher, const Buffer& key, const Buffer& iv, Buffer content,
                         const std::string& probe) {
    if (probe == "garbage") content = random(content.size());
    if (probe == "half_content") content.resize(content.size() / 2);
    if (probe == "no_content") content.clear();
    if (probe == "padding_zero" || probe == "padding_long") {
        content.resize(content.size() / 16 * 16 + 16);
        content.back() = probe == "padding_zero" ? 0 : 0xff;
        return pki::to_buffer(pki::ossl::encrypt_blocks(cipher, key, iv, content)->view());
    }
    Buffer out = *pki::ossl::encrypt_cbc(cipher, key, iv, content);
    if (probe == "half_block") out.resize(out.size() - 1);
    if (probe == "no_block") out.clear();
    if (probe == "flipped") out.back() ^= 1;
    return out;
}

void write_recipient(pki::der::Writer& w, const Buffer& certificate, const Buffer& encrypted) {
    const auto id = pki::cms::issuer_and_serial(certificate);
    if (!id) die("the RA's certificate");
    w.sequence([&] {
        w.integer(0);
        pki::cms::write_issuer_and_serial(w, *id);
        w.sequence([&] {
            w.oid(x509::oid::kRsaEncryption);
            w.null();
        });
        w.octet_string(encrypted);
    });
}

}  // namespace

Buffer build_envelope(const Options& options) {
    const Buffer ra = options.certificate("ra");
    const auto certificate = x509::parse_certificate(ra);
    if (!certificate) die("the RA's certificate");
    const std::string probe = options.text("probe");
    const Cipher cipher = cipher_of(options);
    const Buffer key = random(pki::ossl::key_size(cipher));
    const Buffer iv = random(pki::ossl::iv_size(cipher));
    const Buffer sealed = encrypted_key(*certificate, key, probe);
    const Buffer content = encrypted_content(cipher, key, iv, request_content(options), probe);
    return pki::cms::build_content_info(
        x509::oid::kEnvelopedData, content.size() + 1024, [&](pki::der::Writer& w) {
            w.integer(0);
            w.set([&] {
                for (std::size_t i = options.number("recipients", 1); i > 0; i--)
                    write_recipient(w, ra, sealed);
            });
            w.sequence([&] {
                w.oid(x509::oid::kData);
                pki::cms::write_cipher(w, cipher, iv);
                w.primitive(pki::der::context(0), content);
            });
        });
}

Buffer request_content(const Options& options) {
    if (options.has("serial_of")) {
        const Buffer der = options.certificate("serial_of");
        const auto certificate = x509::parse_certificate(der);
        if (!certificate) die("serial_of");
        return pki::scep::build_issuer_and_serial(certificate->tbs.issuer.encoding,
                                                  certificate->tbs.serial);
    }
    if (options.has("poll_issuer")) {
        const Buffer issuer_der = options.certificate("poll_issuer");
        const Buffer subject_der = options.certificate("poll_subject");
        const auto issuer = x509::parse_certificate(issuer_der);
        const auto subject = x509::parse_certificate(subject_der);
        if (!issuer || !subject) die("poll_issuer, poll_subject");
        return pki::scep::build_issuer_and_subject(issuer->tbs.subject.encoding,
                                                   subject->tbs.subject.encoding);
    }
    return options.file("content");
}

}  // namespace forge
