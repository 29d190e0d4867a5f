#include "libpki/cms/password_recipient.h"

#include "libpki/base/limits.h"
#include "libpki/cms/algorithm.h"
#include "libpki/ossl/digest.h"
#include "libpki/ossl/key_wrap.h"
#include "libpki/ossl/pbkdf2.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/oids.h"

namespace pki::cms {

namespace {

using ossl::Cipher;
using ossl::Hash;
namespace oid = x509::oid;

constexpr std::uint64_t kIterations = 10'000;  // of ours
constexpr std::size_t kSaltOctets = 16;
constexpr std::size_t kWrapHeader = 4;  // length and three check octets (RFC 3211 2.3.1)

// PBKDF2-params ::= SEQUENCE { salt, iterationCount, keyLength OPTIONAL, prf DEFAULT SHA-1 }
Status parse_pbkdf2(PasswordKey& key, der::Reader params, std::uint64_t& key_length) {
    if (params.next_is(der::kSequence))
        return fail(Errc::unsupported, "PBKDF2: source of the salt");
    PKI_TRY(key.salt, params.content(der::kOctetString));
    PKI_TRY(key.iterations, params.small_integer());
    if (key.iterations == 0) return fail(Errc::malformed, "PBKDF2: no iterations");
    if (key.iterations > limits::kPasswordIterations)
        return fail(Errc::unsupported, "PBKDF2: too many iterations");
    if (params.next_is(der::kInteger)) {
        PKI_TRY(key_length, params.small_integer());
    }
    if (params.at_end()) return {};
    PKI_TRY(const der::Element prf, params.element(der::kSequence));
    PKI_CHECK(params.finish());
    PKI_TRY(key.prf, parse_hmac(prf.encoding));
    return {};
}

// keyDerivationAlgorithm [0] IMPLICIT AlgorithmIdentifier. Without it the key comes from
// elsewhere.
Status parse_derivation(PasswordKey& key, der::Reader& fields, std::uint64_t& key_length) {
    if (!fields.next_is(der::constructed(0)))
        return fail(Errc::unsupported, "CMS: no key derivation");
    PKI_TRY(der::Reader algorithm, fields.enter(der::constructed(0)));
    PKI_TRY(const Bytes id, algorithm.oid());
    if (!equal(id, oid::kPbkdf2))
        return fail(Errc::unsupported, "CMS: key derivation", x509::oid_to_text(id));
    PKI_TRY(const der::Reader params, algorithm.enter(der::kSequence));
    PKI_CHECK(algorithm.finish());
    return parse_pbkdf2(key, params, key_length);
}

Status parse_wrapping(PasswordKey& key, der::Reader& fields, bool key_wrap) {
    PKI_TRY(const der::Element encoding, fields.element(der::kSequence));
    PKI_TRY(const x509::Algorithm algorithm, x509::parse_algorithm(encoding.encoding));
    if (key_wrap && !equal(algorithm.id, oid::kPwriKek)) {
        PKI_TRY(key.cipher, parse_key_wrap(encoding.encoding));
        key.key_wrap = true;
        return {};
    }
    if (!equal(algorithm.id, oid::kPwriKek))
        return fail(Errc::unsupported, "CMS: key wrapping", x509::oid_to_text(algorithm.id));
    PKI_TRY(const CipherChoice choice, parse_cipher(algorithm.parameters));
    key.cipher = choice.cipher;
    key.iv = choice.iv;
    return {};
}

// RFC 3211 2.3.2. The second pass of wrapping had the last block of the first as its IV, so
// that one comes first.
Result<Secret> decrypt_twice(const PasswordKey& with, Bytes kek, Bytes wrapped) {
    const std::size_t block = ossl::iv_size(with.cipher);
    const Bytes last = wrapped.last(block);
    const Bytes before = wrapped.last(2 * block).first(block);
    PKI_TRY(const Secret iv, ossl::decrypt_blocks(with.cipher, kek, before, last));
    PKI_TRY(const Secret once, ossl::decrypt_blocks(with.cipher, kek, iv.view(), wrapped));
    return ossl::decrypt_blocks(with.cipher, kek, with.iv, once.view());
}

// Length, complement of the first three octets, key, padding.
std::optional<Secret> checked_key(Bytes block, std::size_t size) {
    if (block.size() < kWrapHeader + size) return std::nullopt;
    const Bytes key = block.subspan(kWrapHeader, size);
    int wrong = block[0] ^ static_cast<std::uint8_t>(size);
    for (std::size_t i = 0; i < 3; i++) wrong |= (block[1 + i] ^ key[i]) ^ 0xff;
    if (wrong != 0) return std::nullopt;
    return Secret(key);
}

// RFC 3211 2.3.1: at least two blocks, padded with random octets.
Result<Secret> wrap_key(const PasswordKey& with, Bytes kek, Bytes key) {
    const std::size_t block = ossl::iv_size(with.cipher);
    const std::size_t blocks =
        std::max<std::size_t>(2, (kWrapHeader + key.size() + block - 1) / block);
    Secret plain(blocks * block);
    PKI_CHECK(ossl::random_bytes(plain.data()));
    plain.data()[0] = static_cast<std::uint8_t>(key.size());
    for (std::size_t i = 0; i < 3; i++)
        plain.data()[1 + i] = static_cast<std::uint8_t>(~key[i]);
    std::ranges::copy(key, plain.data().begin() + kWrapHeader);
    PKI_TRY(const Secret once, ossl::encrypt_blocks(with.cipher, kek, with.iv, plain.view()));
    return ossl::encrypt_blocks(with.cipher, kek, once.view().last(block), once.view());
}

Result<Secret> derive(const PasswordKey& key, Bytes password) {
    return ossl::pbkdf2(key.prf, password, key.salt, key.iterations,
                        ossl::key_size(key.cipher));
}

Result<std::optional<Secret>> unwrap_aes(const Recipient& recipient, Bytes password,
                                         std::size_t size) {
    const PasswordKey& with = recipient.password;
    PKI_TRY(const Secret kek, derive(with, password));
    auto key = ossl::unwrap_key(with.cipher, kek.view(), recipient.encrypted_key);
    if (!key || key->size() != size) return std::optional<Secret>();
    return std::optional(*std::move(key));
}

void write_derivation(der::Writer& w, const PasswordKey& key) {
    w.tlv(der::constructed(0), [&] {
        w.oid(oid::kPbkdf2);
        w.sequence([&] {
            w.octet_string(key.salt);
            w.integer(key.iterations);
            write_hmac(w, key.prf);
        });
    });
}

void write_recipient(der::Writer& w, const PasswordKey& key, Bytes wrapped) {
    w.tlv(der::constructed(3), [&] {
        w.integer(0);
        write_derivation(w, key);
        w.sequence([&] {
            w.oid(oid::kPwriKek);
            write_cipher(w, key.cipher, key.iv);
        });
        w.octet_string(wrapped);
    });
}

}  // namespace

// SEQUENCE { version 0, keyDerivationAlgorithm, keyEncryptionAlgorithm, encryptedKey }
Result<Recipient> parse_password_recipient(der::Reader fields, bool key_wrap) {
    PKI_TRY(const std::uint64_t version, fields.small_integer());
    if (version != 0) return fail(Errc::unsupported, "CMS: version of a recipient");
    Recipient recipient;
    recipient.kind = Recipient::Kind::password;
    std::uint64_t key_length = 0;
    PKI_CHECK(parse_derivation(recipient.password, fields, key_length));
    PKI_CHECK(parse_wrapping(recipient.password, fields, key_wrap));
    PKI_TRY(recipient.encrypted_key, fields.content(der::kOctetString));
    PKI_CHECK(fields.finish());
    if (key_length != 0 && key_length != ossl::key_size(recipient.password.cipher))
        return fail(Errc::malformed, "PBKDF2: length of the key");
    return recipient;
}

Result<std::optional<Secret>> unwrap_key(const Recipient& recipient, Bytes password,
                                         std::size_t size) {
    const PasswordKey& with = recipient.password;
    if (with.key_wrap) return unwrap_aes(recipient, password, size);
    const std::size_t block = ossl::iv_size(with.cipher);
    const Bytes wrapped = recipient.encrypted_key;
    if (wrapped.size() % block != 0 || wrapped.size() < 2 * block || size < 3)
        return std::optional<Secret>();
    PKI_TRY(const Secret kek, derive(with, password));
    PKI_TRY(const Secret plain, decrypt_twice(with, kek.view(), wrapped));
    return checked_key(plain.view(), size);
}

Status write_password_recipient(der::Writer& writer, Cipher cipher, Bytes password, Bytes key) {
    Buffer salt(kSaltOctets), iv(ossl::iv_size(cipher));
    PKI_CHECK(ossl::random_bytes(salt));
    PKI_CHECK(ossl::random_bytes(iv));
    const PasswordKey with{salt, kIterations, Hash::sha256, cipher, iv};
    PKI_TRY(const Secret kek, derive(with, password));
    PKI_TRY(const Secret wrapped, wrap_key(with, kek.view(), key));
    write_recipient(writer, with, wrapped.view());
    return {};
}

}  // namespace pki::cms
