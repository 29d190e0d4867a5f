#include <algorithm>

#include "libpki/base/limits.h"
#include "libpki/ossl/digest.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/nested.h"
#include "libpki/x509/ocsp.h"
#include "libpki/x509/oids.h"

namespace pki::x509 {

namespace {

using ossl::Hash;

struct HashRow {
    Bytes id;
    Hash hash;
    std::size_t octets;
};

constexpr HashRow kHashes[] = {
    {oid::kSha1, Hash::sha1, 20},
    {oid::kSha256, Hash::sha256, 32},
    {oid::kSha384, Hash::sha384, 48},
    {oid::kSha512, Hash::sha512, 64},
};

Buffer hash_of(Hash hash, Bytes bytes) {
    const auto copy = [](const auto& octets) { return Buffer(octets.begin(), octets.end()); };
    switch (hash) {
        case Hash::sha256: return copy(ossl::sha256(bytes));
        case Hash::sha384: return copy(ossl::sha384(bytes));
        case Hash::sha512: return copy(ossl::sha512(bytes));
        default: return copy(ossl::sha1(bytes));
    }
}

Result<HashRow> parse_hash(Bytes encoding) {
    PKI_TRY(const Algorithm algorithm, parse_algorithm(encoding));
    const auto row = std::ranges::find_if(
        kHashes, [&](const HashRow& r) { return equal(r.id, algorithm.id); });
    if (row == std::end(kHashes))
        return fail(Errc::unsupported, "CertID: hash", oid_to_text(algorithm.id));
    if (!no_parameters(algorithm)) return fail(Errc::malformed, "CertID: hash parameters");
    return *row;
}

// Any INTEGER may be asked for; empty where RFC 5280 4.1.2.2 lets no CA issue it: negative,
// zero, or longer than 20 octets.
Result<Bytes> parse_serial(der::Reader& fields) {
    der::Reader ahead = fields;
    PKI_TRY(const Bytes content, ahead.content(der::kInteger));
    if (!content.empty() && (content[0] & 0x80) != 0) {
        const bool minimal = content.size() == 1 || content[0] != 0xff || !(content[1] & 0x80);
        if (!minimal) return fail(Errc::malformed, "DER: INTEGER not minimal", fields.offset());
        fields = ahead;
        return Bytes();
    }
    PKI_TRY(const Bytes magnitude, fields.unsigned_integer());
    const bool zero = magnitude.size() == 1 && magnitude[0] == 0;
    return zero || magnitude.size() > limits::kSerial ? Bytes() : magnitude;
}

}  // namespace

// CertID ::= SEQUENCE { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }
Result<OcspCertId> parse_ocsp_cert_id(Bytes encoding) {
    der::Reader input(encoding);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    if (encoding.size() > limits::kCertId) return fail(Errc::malformed, "CertID: too large");
    PKI_TRY(const der::Element algorithm, fields.element(der::kSequence));
    PKI_TRY(const HashRow row,
            nested(encoding, algorithm.encoding, parse_hash(algorithm.encoding)));
    OcspCertId id;
    id.encoding = encoding;
    id.hash = row.hash;
    PKI_TRY(id.issuer_name_hash, fields.content(der::kOctetString));
    PKI_TRY(id.issuer_key_hash, fields.content(der::kOctetString));
    if (id.issuer_name_hash.size() != row.octets || id.issuer_key_hash.size() != row.octets)
        return fail(Errc::malformed, "CertID: length of a hash", fields.offset());
    PKI_TRY(id.serial, parse_serial(fields));
    PKI_CHECK(fields.finish());
    return id;
}

OcspIssuer ocsp_issuer(Hash hash, Bytes name, Bytes key_bits) {
    return {hash_of(hash, name), hash_of(hash, key_bits)};
}

Buffer build_ocsp_cert_id(Hash hash, Bytes issuer_name, Bytes issuer_key_bits, Bytes serial) {
    const auto row =
        std::ranges::find_if(kHashes, [&](const HashRow& r) { return r.hash == hash; });
    const OcspIssuer issuer = ocsp_issuer(hash, issuer_name, issuer_key_bits);
    der::Writer w(limits::kCertId);
    w.sequence([&] {
        w.sequence([&] {
            w.oid(row->id);
            w.null();
        });
        w.octet_string(issuer.name_hash);
        w.octet_string(issuer.key_hash);
        w.integer(serial);
    });
    return std::move(w).take();
}

}  // namespace pki::x509
