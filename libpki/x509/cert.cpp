#include "libpki/x509/cert.h"

#include "libpki/base/base64.h"
#include "libpki/base/limits.h"
#include "libpki/base/time.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/nested.h"
#include "libpki/x509/oids.h"

namespace pki::x509 {

namespace {

constexpr std::size_t kSerialOctets = 20;  // RFC 5280 4.1.2.2

enum class Version { v1, v3 };

// Version ::= INTEGER { v1(0), v2(1), v3(2) }, [0] EXPLICIT DEFAULT v1. Version 2 has nothing
// that anybody uses; DER leaves the default out.
Result<Version> parse_version(der::Reader& fields) {
    if (!fields.next_is(der::constructed(0))) return Version::v1;
    PKI_TRY(der::Reader explicit_version, fields.enter(der::constructed(0)));
    PKI_TRY(const std::uint64_t version, explicit_version.small_integer());
    PKI_CHECK(explicit_version.finish());
    if (version == 1) return fail(Errc::unsupported, "certificate: version 2", fields.offset());
    if (version != 2) return fail(Errc::malformed, "certificate: version", fields.offset());
    return Version::v3;
}

// RFC 5280 4.1.2.2: a positive INTEGER of at most 20 octets, by which some CAs mean those
// without the sign octet.
Result<Bytes> parse_serial(der::Reader& fields) {
    const std::size_t offset = fields.offset();
    PKI_TRY(const Bytes content, der::Reader(fields).content(der::kInteger));
    PKI_TRY(const Bytes magnitude, fields.unsigned_integer());
    if (magnitude.size() > kSerialOctets)
        return fail(Errc::malformed, "certificate: serial number too long", offset);
    if (magnitude.size() == 1 && magnitude[0] == 0)
        return fail(Errc::malformed, "certificate: serial number 0", offset);
    return content;
}

Result<std::int64_t> parse_time_of(der::Reader& validity) {
    const std::size_t offset = validity.offset();
    PKI_TRY(const der::Element time, validity.any());
    auto seconds = parse_time(time.tag, time.content);
    if (!seconds) seconds.error().offset = offset;
    return seconds;
}

// Validity ::= SEQUENCE { notBefore Time, notAfter Time }
Status parse_validity(Tbs& tbs, der::Reader& fields) {
    PKI_TRY(der::Reader validity, fields.enter(der::kSequence));
    PKI_TRY(tbs.not_before, parse_time_of(validity));
    PKI_TRY(tbs.not_after, parse_time_of(validity));
    PKI_CHECK(validity.finish());
    if (tbs.not_before > tbs.not_after)
        return fail(Errc::malformed, "certificate: ends before it begins", fields.offset());
    return {};
}

Status parse_algorithm_of(Tbs& tbs, der::Reader& fields) {
    PKI_TRY(const der::Element algorithm, fields.element(der::kSequence));
    tbs.signature_algorithm = algorithm.encoding;
    PKI_CHECK(nested(tbs.encoding, algorithm.encoding, parse_algorithm(algorithm.encoding)));
    return {};
}

Result<Name> parse_name_of(const Tbs& tbs, der::Reader& fields) {
    PKI_TRY(const der::Element name, fields.element(der::kSequence));
    return nested(tbs.encoding, name.encoding, parse_name(name.encoding));
}

Status parse_spki_of(Tbs& tbs, der::Reader& fields) {
    PKI_TRY(const der::Element spki, fields.element(der::kSequence));
    PKI_TRY(tbs.spki, nested(tbs.encoding, spki.encoding, parse_spki(spki.encoding)));
    return {};
}

// extensions [3] EXPLICIT SEQUENCE SIZE (1..MAX), only in version 3 (RFC 5280 4.1.2.9).
// RFC 5280 4.1.2.8: nobody writes unique identifiers.
Status parse_extensions_of(Tbs& tbs, Version version, der::Reader& fields) {
    if (fields.next_is(der::context(1)) || fields.next_is(der::context(2)))
        return fail(Errc::unsupported, "certificate: unique identifier", fields.offset());
    if (version == Version::v1 || fields.at_end()) return fields.finish();
    PKI_TRY(der::Reader explicit_list, fields.enter(der::constructed(3)));
    PKI_TRY(const der::Element list, explicit_list.element(der::kSequence));
    PKI_CHECK(explicit_list.finish());
    PKI_TRY(tbs.extensions,
            nested(tbs.encoding, list.encoding, parse_extensions(list.encoding)));
    if (tbs.extensions.list.empty())
        return fail(Errc::malformed, "certificate: empty extensions", fields.offset());
    return fields.finish();
}

}  // namespace

Result<Tbs> parse_tbs(Bytes encoding) {
    if (encoding.size() > limits::kCertificate)
        return fail(Errc::malformed, "certificate: too large");
    der::Reader input(encoding);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    Tbs tbs;
    tbs.encoding = encoding;
    PKI_TRY(const Version version, parse_version(fields));
    PKI_TRY(tbs.serial, parse_serial(fields));
    PKI_CHECK(parse_algorithm_of(tbs, fields));
    PKI_TRY(tbs.issuer, parse_name_of(tbs, fields));
    PKI_CHECK(parse_validity(tbs, fields));
    PKI_TRY(tbs.subject, parse_name_of(tbs, fields));
    PKI_CHECK(parse_spki_of(tbs, fields));
    PKI_CHECK(parse_extensions_of(tbs, version, fields));
    return tbs;
}

// Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }
Result<Certificate> parse_certificate(Bytes der) {
    if (der.size() > limits::kCertificate)
        return fail(Errc::malformed, "certificate: too large");
    der::Reader input(der);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    Certificate certificate;
    certificate.encoding = der;
    PKI_TRY(const der::Element tbs, fields.element(der::kSequence));
    PKI_TRY(certificate.tbs, nested(der, tbs.encoding, parse_tbs(tbs.encoding)));
    PKI_TRY(const der::Element algorithm, fields.element(der::kSequence));
    certificate.signature_algorithm = algorithm.encoding;
    PKI_TRY(certificate.signature, fields.bit_string_octets());
    PKI_CHECK(fields.finish());
    // RFC 5280 4.1.1.2: or the signature would not cover the algorithm it is verified with.
    if (!equal(certificate.signature_algorithm, certificate.tbs.signature_algorithm))
        return fail(Errc::malformed, "certificate: two signature algorithms");
    return certificate;
}

Result<std::optional<San>> certificate_san(const Certificate& certificate) {
    const Extension* const san = certificate.tbs.extensions.find(oid::kSubjectAltName);
    if (san == nullptr) return std::optional<San>();
    PKI_TRY(San names, nested(certificate.encoding, san->value, parse_san(san->value)));
    return std::optional<San>(std::move(names));
}

std::string serial_text(const Tbs& tbs) {
    const bool sign_octet = tbs.serial.size() > 1 && tbs.serial[0] == 0;
    return hex_encode(tbs.serial.subspan(sign_octet ? 1 : 0));
}

Status verify_signature(const Certificate& certificate, const Spki& issuer) {
    PKI_TRY(const ossl::SignatureScheme scheme,
            parse_signature_algorithm(certificate.signature_algorithm));
    if (scheme.hash == ossl::Hash::sha1)
        return fail(Errc::unsupported, "certificate: SHA-1 signature");
    PKI_TRY(const ossl::PkeyPtr key, ossl::make_public_key(issuer.key));
    return ossl::verify(key.get(), scheme, certificate.tbs.encoding, certificate.signature);
}

}  // namespace pki::x509
