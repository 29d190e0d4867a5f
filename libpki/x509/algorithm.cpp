#include "libpki/x509/algorithm.h"

#include <algorithm>

#include "libpki/x509/nested.h"
#include "libpki/x509/oids.h"

namespace pki::x509 {

namespace {

using ossl::Hash;
using ossl::KeyType;
using ossl::SignatureScheme;

struct SignatureRow {
    Bytes id;
    SignatureScheme scheme;
};

// RFC 4055, RFC 5758, RFC 8410. RSA-PSS names its hash in the parameters.
constexpr SignatureRow kSignatures[] = {
    {oid::kSha256WithRsa, {KeyType::rsa, Hash::sha256, false}},
    {oid::kSha384WithRsa, {KeyType::rsa, Hash::sha384, false}},
    {oid::kSha512WithRsa, {KeyType::rsa, Hash::sha512, false}},
    {oid::kSha1WithRsa, {KeyType::rsa, Hash::sha1, false}},
    {oid::kEcdsaSha256, {KeyType::ec, Hash::sha256, false}},
    {oid::kEcdsaSha384, {KeyType::ec, Hash::sha384, false}},
    {oid::kEcdsaSha512, {KeyType::ec, Hash::sha512, false}},
    {oid::kEcdsaSha1, {KeyType::ec, Hash::sha1, false}},
    {oid::kEd25519, {KeyType::ed25519, Hash::none, false}},
    {oid::kEd448, {KeyType::ed448, Hash::none, false}},
};

struct HashRow {
    Bytes id;
    Hash hash;
    std::uint64_t octets;
};

constexpr HashRow kHashes[] = {
    {oid::kSha256, Hash::sha256, 32},
    {oid::kSha384, Hash::sha384, 48},
    {oid::kSha512, Hash::sha512, 64},
};

Result<HashRow> parse_hash(Bytes encoding) {
    PKI_TRY(const Algorithm algorithm, parse_algorithm(encoding));
    const auto row = std::ranges::find_if(
        kHashes, [&](const HashRow& r) { return equal(r.id, algorithm.id); });
    if (row == std::end(kHashes) || !no_parameters(algorithm))
        return fail(Errc::unsupported, "RSA-PSS: hash", oid_to_text(algorithm.id));
    return *row;
}

// MaskGenAlgorithm: id-mgf1 whose parameters name the hash (RFC 4055 2.2).
Result<HashRow> parse_mask(Bytes encoding) {
    PKI_TRY(const Algorithm algorithm, parse_algorithm(encoding));
    if (!equal(algorithm.id, oid::kMgf1))
        return fail(Errc::unsupported, "RSA-PSS: mask generation", oid_to_text(algorithm.id));
    return parse_hash(algorithm.parameters);
}

// [n] EXPLICIT AlgorithmIdentifier. Both default to SHA-1 when left out, which is refused.
Result<Bytes> explicit_algorithm(der::Reader& params, int n) {
    if (!params.next_is(der::constructed(n)))
        return fail(Errc::unsupported, "RSA-PSS: hash SHA-1");
    PKI_TRY(der::Reader inner, params.enter(der::constructed(n)));
    PKI_TRY(const der::Element algorithm, inner.element(der::kSequence));
    PKI_CHECK(inner.finish());
    return algorithm.encoding;
}

Result<std::uint64_t> explicit_integer(der::Reader& params, int n, std::uint64_t otherwise) {
    if (!params.next_is(der::constructed(n))) return otherwise;
    PKI_TRY(der::Reader inner, params.enter(der::constructed(n)));
    PKI_TRY(const std::uint64_t value, inner.small_integer());
    PKI_CHECK(inner.finish());
    return value;
}

// RSASSA-PSS-params (RFC 4055 3.1).
Result<SignatureScheme> parse_pss(Bytes parameters) {
    der::Reader input(parameters);
    PKI_TRY(der::Reader params, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    PKI_TRY(const Bytes hash_encoding, explicit_algorithm(params, 0));
    PKI_TRY(const HashRow hash, parse_hash(hash_encoding));
    PKI_TRY(const Bytes mask_encoding, explicit_algorithm(params, 1));
    PKI_TRY(const HashRow mask, parse_mask(mask_encoding));
    PKI_TRY(const std::uint64_t salt, explicit_integer(params, 2, 20));
    PKI_TRY(const std::uint64_t trailer, explicit_integer(params, 3, 1));
    PKI_CHECK(params.finish());
    if (mask.hash != hash.hash) return fail(Errc::unsupported, "RSA-PSS: two hashes");
    if (salt != hash.octets) return fail(Errc::unsupported, "RSA-PSS: salt length");
    if (trailer != 1) return fail(Errc::unsupported, "RSA-PSS: trailer");
    return SignatureScheme{KeyType::rsa, hash.hash, true};
}

void write_pss(der::Writer& w, Hash hash) {
    const auto row =
        std::ranges::find_if(kHashes, [&](const HashRow& r) { return r.hash == hash; });
    const auto write_hash = [&] {
        w.sequence([&] {
            w.oid(row->id);
            w.null();
        });
    };
    w.sequence([&] {
        w.oid(oid::kRsaPss);
        w.sequence([&] {
            w.tlv(der::constructed(0), write_hash);
            w.tlv(der::constructed(1), [&] {
                w.sequence([&] {
                    w.oid(oid::kMgf1);
                    write_hash();
                });
            });
            w.tlv(der::constructed(2), [&] { w.integer(row->octets); });
        });
    });
}

}  // namespace

Result<Algorithm> parse_algorithm(Bytes encoding) {
    der::Reader input(encoding);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    Algorithm algorithm;
    PKI_TRY(algorithm.id, fields.oid());
    algorithm.parameters = fields.rest();
    if (!fields.at_end()) PKI_CHECK(fields.any());
    PKI_CHECK(fields.finish());
    return algorithm;
}

bool no_parameters(const Algorithm& algorithm) {
    constexpr std::uint8_t kDerNull[] = {der::kNull, 0};
    return algorithm.parameters.empty() || equal(algorithm.parameters, kDerNull);
}

Result<SignatureScheme> parse_signature_algorithm(Bytes encoding) {
    PKI_TRY(const Algorithm algorithm, parse_algorithm(encoding));
    if (equal(algorithm.id, oid::kRsaPss))
        return nested(encoding, algorithm.parameters, parse_pss(algorithm.parameters));
    const auto row = std::ranges::find_if(
        kSignatures, [&](const SignatureRow& r) { return equal(r.id, algorithm.id); });
    if (row == std::end(kSignatures))
        return fail(Errc::unsupported, "signature algorithm", oid_to_text(algorithm.id));
    // RFC 5758 3.2 and RFC 8410 3 leave no choice; RFC 4055 5 wants NULL.
    const bool fine = row->scheme.type == KeyType::rsa ? no_parameters(algorithm)
                                                       : algorithm.parameters.empty();
    if (!fine) return fail(Errc::malformed, "signature algorithm: parameters");
    return row->scheme;
}

void write_signature_algorithm(der::Writer& writer, const SignatureScheme& scheme) {
    if (scheme.pss) return write_pss(writer, scheme.hash);
    const auto row = std::ranges::find_if(
        kSignatures, [&](const SignatureRow& r) { return r.scheme == scheme; });
    writer.sequence([&] {
        writer.oid(row->id);
        if (scheme.type == KeyType::rsa) writer.null();
    });
}

}  // namespace pki::x509
