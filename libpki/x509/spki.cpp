#include "libpki/x509/spki.h"

#include <bit>

#include "libpki/base/limits.h"
#include "libpki/ossl/digest.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/nested.h"
#include "libpki/x509/oids.h"

namespace pki::x509 {

namespace {

using ossl::Curve;
using ossl::KeyType;
using ossl::PublicKeyParts;

std::size_t bit_length(Bytes magnitude) {
    if (magnitude.empty()) return 0;
    return (magnitude.size() - 1) * 8 + static_cast<std::size_t>(std::bit_width(magnitude[0]));
}

bool is_odd(Bytes magnitude) { return (magnitude.back() & 1) != 0; }

// RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER } (RFC 3279 2.3.1)
Result<PublicKeyParts> parse_rsa(const Algorithm& algorithm, Bytes key_bits) {
    if (!no_parameters(algorithm)) return fail(Errc::malformed, "SPKI: RSA parameters");
    der::Reader input(key_bits);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    PublicKeyParts key{KeyType::rsa, Curve::none, {}, {}, {}};
    PKI_TRY(key.modulus, fields.unsigned_integer());
    PKI_TRY(key.exponent, fields.unsigned_integer());
    PKI_CHECK(fields.finish());
    if (bit_length(key.modulus) > limits::kRsaMaxBits)
        return fail(Errc::weak_key, "SPKI: RSA modulus too large");
    if (!is_odd(key.modulus)) return fail(Errc::weak_key, "SPKI: RSA modulus even");
    const std::size_t exponent_bits = bit_length(key.exponent);
    if (exponent_bits < 2 || exponent_bits > limits::kRsaExponentBits || !is_odd(key.exponent))
        return fail(Errc::weak_key, "SPKI: RSA exponent");
    return key;
}

struct CurveRow {
    Bytes id;
    Curve curve;
    std::size_t field_octets;
};

constexpr CurveRow kCurves[] = {
    {oid::kP256, Curve::p256, 32},
    {oid::kP384, Curve::p384, 48},
    {oid::kP521, Curve::p521, 66},
};

// ECParameters: a named curve (RFC 5480 2.1.1). Explicit ones let the peer choose the group.
Result<CurveRow> parse_curve(Bytes parameters) {
    der::Reader input(parameters);
    if (input.next_is(der::kSequence) || input.next_is(der::kNull))
        return fail(Errc::unsupported, "SPKI: curve without a name");
    PKI_TRY(const Bytes id, input.oid());
    for (const CurveRow& row : kCurves)
        if (equal(row.id, id)) return row;
    return fail(Errc::unsupported, "SPKI: curve", oid_to_text(id));
}

// ECPoint (RFC 5480 2.2): 04, x, y. The compressed forms are optional to support.
Result<PublicKeyParts> parse_ec(const Algorithm& algorithm, Bytes key_bits) {
    PKI_TRY(const CurveRow row, parse_curve(algorithm.parameters));
    if (key_bits.empty()) return fail(Errc::malformed, "SPKI: EC point");
    if (key_bits[0] != 0x04) return fail(Errc::unsupported, "SPKI: EC point form");
    if (key_bits.size() != 1 + 2 * row.field_octets)
        return fail(Errc::malformed, "SPKI: EC point length");
    return PublicKeyParts{KeyType::ec, row.curve, key_bits, {}, {}};
}

// RFC 8410 3 and 4: no parameters, the raw key.
Result<PublicKeyParts> parse_eddsa(const Algorithm& algorithm, Bytes key_bits, KeyType type) {
    if (!algorithm.parameters.empty()) return fail(Errc::malformed, "SPKI: EdDSA parameters");
    const std::size_t octets = type == KeyType::ed25519 ? 32 : 57;
    if (key_bits.size() != octets) return fail(Errc::malformed, "SPKI: EdDSA key length");
    return PublicKeyParts{type, Curve::none, key_bits, {}, {}};
}

Result<PublicKeyParts> parse_key(const Algorithm& algorithm, Bytes key_bits) {
    if (equal(algorithm.id, oid::kRsaEncryption)) return parse_rsa(algorithm, key_bits);
    if (equal(algorithm.id, oid::kEcPublicKey)) return parse_ec(algorithm, key_bits);
    if (equal(algorithm.id, oid::kEd25519))
        return parse_eddsa(algorithm, key_bits, KeyType::ed25519);
    if (equal(algorithm.id, oid::kEd448))
        return parse_eddsa(algorithm, key_bits, KeyType::ed448);
    return fail(Errc::unsupported, "SPKI: key algorithm", oid_to_text(algorithm.id));
}

const char* curve_name(Curve curve) {
    switch (curve) {
        case Curve::p256: return "P-256";
        case Curve::p384: return "P-384";
        case Curve::p521: return "P-521";
        case Curve::none: break;
    }
    return "unknown";
}

}  // namespace

std::size_t Spki::rsa_bits() const { return bit_length(key.modulus); }

std::string Spki::describe() const {
    switch (key.type) {
        case KeyType::rsa: return "rsa:" + std::to_string(rsa_bits());
        case KeyType::ec: return std::string("ec:") + curve_name(key.curve);
        case KeyType::ed25519: return "ed25519";
        case KeyType::ed448: return "ed448";
    }
    return "unknown";
}

// SubjectPublicKeyInfo ::= SEQUENCE { algorithm, subjectPublicKey BIT STRING }
Result<Spki> parse_spki(Bytes encoding) {
    der::Reader input(encoding);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    PKI_TRY(const der::Element identifier, fields.element(der::kSequence));
    PKI_TRY(const Algorithm algorithm,
            nested(encoding, identifier.encoding, parse_algorithm(identifier.encoding)));
    Spki spki{encoding, {}, {}};
    PKI_TRY(spki.key_bits, fields.bit_string_octets());
    PKI_CHECK(fields.finish());
    PKI_TRY(spki.key, nested(encoding, spki.key_bits, parse_key(algorithm, spki.key_bits)));
    return spki;
}

Buffer key_identifier(const Spki& spki) { return to_buffer(ossl::sha1(spki.key_bits)); }

}  // namespace pki::x509
