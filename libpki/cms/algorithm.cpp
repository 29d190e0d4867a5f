#include "libpki/cms/algorithm.h"

#include <algorithm>

#include "libpki/x509/algorithm.h"
#include "libpki/x509/oids.h"

namespace pki::cms {

namespace {

using ossl::Cipher;
using ossl::Hash;
using ossl::KeyType;
using ossl::SignatureScheme;
namespace oid = x509::oid;

struct HashRow {
    Bytes id;
    Hash hash;
};

constexpr HashRow kDigests[] = {
    {oid::kSha256, Hash::sha256}, {oid::kSha384, Hash::sha384}, {oid::kSha512, Hash::sha512},
    {oid::kSha1, Hash::sha1},     {oid::kMd5, Hash::md5},
};

constexpr HashRow kHmacs[] = {
    {oid::kHmacSha1, Hash::sha1},
    {oid::kHmacSha256, Hash::sha256},
    {oid::kHmacSha384, Hash::sha384},
    {oid::kHmacSha512, Hash::sha512},
};

struct CipherRow {
    Bytes id;
    Cipher cipher;
};

constexpr CipherRow kCiphers[] = {
    {oid::kAes128Cbc, Cipher::aes128}, {oid::kAes192Cbc, Cipher::aes192},
    {oid::kAes256Cbc, Cipher::aes256}, {oid::kDes3Cbc, Cipher::des3},
    {oid::kDesCbc, Cipher::des},
};

constexpr CipherRow kKeyWraps[] = {
    {oid::kAes128Wrap, Cipher::aes128},
    {oid::kAes192Wrap, Cipher::aes192},
    {oid::kAes256Wrap, Cipher::aes256},
};

Result<Hash> parse_hash(Bytes encoding, std::span<const HashRow> rows, const char* what) {
    PKI_TRY(const x509::Algorithm algorithm, x509::parse_algorithm(encoding));
    const auto row =
        std::ranges::find_if(rows, [&](const HashRow& r) { return equal(r.id, algorithm.id); });
    if (row == rows.end())
        return fail(Errc::unsupported, what, x509::oid_to_text(algorithm.id));
    if (!x509::no_parameters(algorithm))
        return fail(Errc::malformed, "CMS: parameters of a hash");
    return row->hash;
}

void write_hash(der::Writer& writer, Hash hash, std::span<const HashRow> rows) {
    const auto row =
        std::ranges::find_if(rows, [&](const HashRow& r) { return r.hash == hash; });
    writer.sequence([&] {
        writer.oid(row->id);
        writer.null();
    });
}

// Those that leave the hash to SignerInfo.digestAlgorithm; the curve of a key (parameters of
// id-ecPublicKey) says nothing that the key does not.
std::optional<SignatureScheme> without_hash(const x509::Algorithm& algorithm, Hash digest) {
    if (equal(algorithm.id, oid::kRsaEncryption) && x509::no_parameters(algorithm))
        return SignatureScheme{KeyType::rsa, digest, false};
    if (equal(algorithm.id, oid::kEcPublicKey))
        return SignatureScheme{KeyType::ec, digest, false};
    return std::nullopt;
}

}  // namespace

Result<Hash> parse_digest_algorithm(Bytes encoding) {
    return parse_hash(encoding, kDigests, "CMS: digest algorithm");
}

void write_digest_algorithm(der::Writer& writer, Hash hash) {
    write_hash(writer, hash, kDigests);
}

Result<SignatureScheme> parse_signer_algorithm(Bytes encoding, Hash digest) {
    PKI_TRY(const x509::Algorithm algorithm, x509::parse_algorithm(encoding));
    if (const auto scheme = without_hash(algorithm, digest)) return *scheme;
    SignatureScheme scheme{KeyType::rsa, Hash::md5, false};
    if (!equal(algorithm.id, oid::kMd5WithRsa)) {
        PKI_TRY(scheme, x509::parse_signature_algorithm(encoding));
    }
    if (scheme.hash != Hash::none && scheme.hash != digest)
        return fail(Errc::bad_signature, "CMS: digest and signature use two hashes");
    return scheme;
}

Result<CipherChoice> parse_cipher(Bytes encoding) {
    PKI_TRY(const x509::Algorithm algorithm, x509::parse_algorithm(encoding));
    const auto row = std::ranges::find_if(
        kCiphers, [&](const CipherRow& r) { return equal(r.id, algorithm.id); });
    if (row == std::end(kCiphers))
        return fail(Errc::unsupported, "CMS: cipher", x509::oid_to_text(algorithm.id));
    PKI_TRY(const der::Element iv, der::only(algorithm.parameters, der::kOctetString));
    if (iv.content.size() != ossl::iv_size(row->cipher))
        return fail(Errc::malformed, "CMS: length of the IV");
    return CipherChoice{row->cipher, iv.content};
}

void write_cipher(der::Writer& writer, Cipher cipher, Bytes iv) {
    const auto row =
        std::ranges::find_if(kCiphers, [&](const CipherRow& r) { return r.cipher == cipher; });
    writer.sequence([&] {
        writer.oid(row->id);
        writer.octet_string(iv);
    });
}

Result<Cipher> parse_key_wrap(Bytes encoding) {
    PKI_TRY(const x509::Algorithm algorithm, x509::parse_algorithm(encoding));
    const auto row = std::ranges::find_if(
        kKeyWraps, [&](const CipherRow& r) { return equal(r.id, algorithm.id); });
    if (row == std::end(kKeyWraps))
        return fail(Errc::unsupported, "CMS: key wrapping", x509::oid_to_text(algorithm.id));
    if (!x509::no_parameters(algorithm))
        return fail(Errc::malformed, "CMS: parameters of key wrap");
    return row->cipher;
}

void write_key_wrap(der::Writer& writer, Cipher cipher) {
    const auto row =
        std::ranges::find_if(kKeyWraps, [&](const CipherRow& r) { return r.cipher == cipher; });
    writer.sequence([&] { writer.oid(row->id); });
}

Result<Hash> parse_hmac(Bytes encoding) { return parse_hash(encoding, kHmacs, "CMS: HMAC"); }

void write_hmac(der::Writer& writer, Hash hash) { write_hash(writer, hash, kHmacs); }

}  // namespace pki::cms
