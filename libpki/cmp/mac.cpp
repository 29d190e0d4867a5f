#include "libpki/cmp/mac.h"

#include <algorithm>

#include "libpki/base/limits.h"
#include "libpki/ossl/iterated_hash.h"
#include "libpki/ossl/pbkdf2.h"
#include "libpki/x509/oids.h"

namespace pki::cmp {

namespace {

using ossl::Hash;
namespace oid = x509::oid;

// Octets of the key of PBMAC1; RFC 2104 3 discourages fewer than those of the hash, and more
// than its block add nothing.
constexpr std::size_t kMinKey = 16;
constexpr std::size_t kMaxKey = 64;

struct HashRow {
    Bytes id;
    Hash hash;
};

constexpr HashRow kDigests[] = {
    {oid::kSha1, Hash::sha1},
    {oid::kSha256, Hash::sha256},
    {oid::kSha384, Hash::sha384},
    {oid::kSha512, Hash::sha512},
};

constexpr HashRow kHmacs[] = {
    {oid::kHmacSha1, Hash::sha1},      {oid::kHmacSha256, Hash::sha256},
    {oid::kHmacSha384, Hash::sha384},  {oid::kHmacSha512, Hash::sha512},
    {oid::kIpsecHmacSha1, Hash::sha1},
};

Error refuse(const char* text, std::string detail = {}) {
    return fail(Errc::unsupported, Reason::bad_alg, text, std::move(detail));
}

Result<Hash> parse_hash(der::Reader& fields, std::span<const HashRow> rows, const char* what) {
    PKI_TRY(const der::Element element, fields.element(der::kSequence));
    PKI_TRY(const x509::Algorithm algorithm, x509::parse_algorithm(element.encoding));
    const auto row =
        std::ranges::find_if(rows, [&](const HashRow& r) { return equal(r.id, algorithm.id); });
    if (row == rows.end()) return refuse(what, x509::oid_to_text(algorithm.id));
    if (!x509::no_parameters(algorithm))
        return fail(Errc::malformed, "CMP: parameters of a hash");
    return row->hash;
}

void write_algorithm(der::Writer& w, Bytes id) {
    w.sequence([&] {
        w.oid(id);
        w.null();
    });
}

void write_hash(der::Writer& w, Hash hash, std::span<const HashRow> rows) {
    write_algorithm(
        w, std::ranges::find_if(rows, [&](const HashRow& r) { return r.hash == hash; })->id);
}

Result<Bytes> parse_salt(der::Reader& fields) {
    PKI_TRY(const Bytes salt, fields.content(der::kOctetString));
    if (salt.size() > limits::kCmpSalt) return refuse("CMP: the salt is too long");
    return salt;
}

// PBMParameter ::= SEQUENCE { salt, owf, iterationCount, mac }
Result<MacParameters> parse_pbm(Bytes parameters) {
    der::Reader input(parameters);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    MacParameters mac;
    mac.kind = ProtectionKind::pbm;
    PKI_TRY(mac.salt, parse_salt(fields));
    PKI_TRY(mac.hash, parse_hash(fields, kDigests, "CMP: one-way function"));
    PKI_TRY(mac.iterations, fields.small_integer());
    PKI_TRY(mac.mac, parse_hash(fields, kHmacs, "CMP: MAC"));
    PKI_CHECK(fields.finish());
    return mac;
}

// keyLength: RFC 9481 6.1.2 wants it; without it the key is as long as the MAC.
Status parse_key_length(MacParameters& mac, der::Reader& fields) {
    if (!fields.next_is(der::kInteger)) return {};
    PKI_TRY(const std::uint64_t length, fields.small_integer());
    if (length < kMinKey || length > kMaxKey) return refuse("PBMAC1: length of the key");
    mac.key_length = length;
    return {};
}

// PBKDF2-params ::= SEQUENCE { salt CHOICE { OCTET STRING, … }, iterationCount,
//     keyLength OPTIONAL, prf DEFAULT HMAC-SHA-1 }
Status parse_pbkdf2(MacParameters& mac, Bytes parameters) {
    der::Reader input(parameters);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    if (fields.next_is(der::kSequence)) return refuse("PBMAC1: source of the salt");
    PKI_TRY(mac.salt, parse_salt(fields));
    PKI_TRY(mac.iterations, fields.small_integer());
    PKI_CHECK(parse_key_length(mac, fields));
    mac.hash = Hash::sha1;
    if (fields.at_end()) return {};
    PKI_TRY(mac.hash, parse_hash(fields, kHmacs, "PBMAC1: pseudorandom function"));
    return fields.finish();
}

// PBMAC1-params ::= SEQUENCE { keyDerivationFunc, messageAuthScheme }
Result<MacParameters> parse_pbmac1(Bytes parameters) {
    der::Reader input(parameters);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    PKI_TRY(const der::Element derivation, fields.element(der::kSequence));
    PKI_TRY(const x509::Algorithm function, x509::parse_algorithm(derivation.encoding));
    if (!equal(function.id, oid::kPbkdf2))
        return refuse("PBMAC1: key derivation", x509::oid_to_text(function.id));
    MacParameters mac;
    mac.kind = ProtectionKind::pbmac1;
    PKI_CHECK(parse_pbkdf2(mac, function.parameters));
    PKI_TRY(mac.mac, parse_hash(fields, kHmacs, "PBMAC1: MAC"));
    PKI_CHECK(fields.finish());
    if (mac.key_length == 0)
        mac.key_length = static_cast<std::size_t>(EVP_MD_get_size(ossl::evp_digest(mac.mac)));
    return mac;
}

// RFC 4211 4.4 calls HMAC-SHA-1 by its name in IPsec.
void write_pbm(der::Writer& w, const MacParameters& mac) {
    w.sequence([&] {
        w.oid(oid::kPasswordBasedMac);
        w.sequence([&] {
            w.octet_string(mac.salt);
            write_hash(w, mac.hash, kDigests);
            w.integer(mac.iterations);
            if (mac.mac == Hash::sha1) return write_algorithm(w, oid::kIpsecHmacSha1);
            write_hash(w, mac.mac, kHmacs);
        });
    });
}

// X.690 11.5: a prf of the default is left out.
void write_pbmac1(der::Writer& w, const MacParameters& mac) {
    w.sequence([&] {
        w.oid(oid::kPbmac1);
        w.sequence([&] {
            w.sequence([&] {
                w.oid(oid::kPbkdf2);
                w.sequence([&] {
                    w.octet_string(mac.salt);
                    w.integer(mac.iterations);
                    w.integer(mac.key_length);
                    if (mac.hash != Hash::sha1) write_hash(w, mac.hash, kHmacs);
                });
            });
            write_hash(w, mac.mac, kHmacs);
        });
    });
}

bool allows(const MacRules& rules, ProtectionKind kind) {
    return (kind == ProtectionKind::pbm && rules.pbm) ||
           (kind == ProtectionKind::pbmac1 && rules.pbmac1);
}

// PBKDF2 does them all again for each block of the key (RFC 8018 5.2).
std::uint64_t rounds(const MacParameters& mac) {
    if (mac.kind != ProtectionKind::pbmac1) return mac.iterations;
    const auto block = static_cast<std::size_t>(EVP_MD_get_size(ossl::evp_digest(mac.hash)));
    const std::uint64_t blocks = (mac.key_length + block - 1) / block;
    return mac.iterations > limits::kPasswordIterations ? mac.iterations
                                                        : mac.iterations * blocks;
}

}  // namespace

Result<std::optional<MacParameters>> parse_mac(const x509::Algorithm& algorithm) {
    const bool pbm = equal(algorithm.id, oid::kPasswordBasedMac);
    if (!pbm && !equal(algorithm.id, oid::kPbmac1)) return std::optional<MacParameters>();
    PKI_TRY(const MacParameters mac,
            pbm ? parse_pbm(algorithm.parameters) : parse_pbmac1(algorithm.parameters));
    return std::optional(mac);
}

void write_mac(der::Writer& writer, const MacParameters& mac) {
    if (mac.kind == ProtectionKind::pbm) return write_pbm(writer, mac);
    write_pbmac1(writer, mac);
}

Status check_mac(const MacParameters& mac, const MacRules& rules) {
    if (!allows(rules, mac.kind))
        return refuse("CMP: this way to protect with a secret is not allowed");
    if (mac.iterations < rules.min_iterations) return refuse("CMP: too few iterations");
    if (rounds(mac) > std::min(rules.max_iterations, limits::kPasswordIterations))
        return refuse("CMP: too many iterations");
    if (mac.salt.size() < rules.min_salt) return refuse("CMP: the salt is too short");
    return {};
}

// PBM: an HMAC takes all of what came out of the last iteration, whatever its length, so that
// the key is never expanded (RFC 9810 5.1.3.1, RFC 9045 4).
Result<Secret> derive_mac_key(const MacParameters& mac, Bytes secret) {
    if (mac.iterations == 0 || mac.iterations > limits::kPasswordIterations)
        return refuse("CMP: number of iterations");
    if (mac.kind == ProtectionKind::pbm)
        return ossl::iterated_hash(mac.hash, secret, mac.salt, mac.iterations);
    if (mac.kind != ProtectionKind::pbmac1) return refuse("CMP: no MAC");
    if (mac.key_length < kMinKey || mac.key_length > kMaxKey)
        return refuse("PBMAC1: length of the key");
    return ossl::pbkdf2(mac.hash, secret, mac.salt, mac.iterations, mac.key_length);
}

}  // namespace pki::cmp
