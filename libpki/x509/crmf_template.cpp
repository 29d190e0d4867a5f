// CertTemplate (RFC 4211 5). The module of CRMF tags implicitly, but for the CHOICEs Name and
// Time, whose tags are explicit.
#include "libpki/base/limits.h"
#include "libpki/base/time.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/crmf_parts.h"
#include "libpki/x509/nested.h"
#include "libpki/x509/oids.h"

namespace pki::x509 {

namespace {

constexpr std::uint8_t kEmptyName[] = {der::kSequence, 0};

Error not_in_a_request(const der::Reader& fields, const char* text) {
    return Error{Errc::malformed, text, fields.offset(), {}, Reason::bad_cert_template};
}

// version [0] INTEGER: that of extensions.
Status read_version(TemplateUse use, der::Reader& fields) {
    if (!fields.next_is(der::context(0))) return {};
    const der::Reader before = fields;
    PKI_TRY(const Bytes version, fields.content(der::context(0)));
    const bool is_v3 = version.size() == 1 && version[0] == 2;
    if (use == TemplateUse::request && !is_v3)
        return not_in_a_request(before, "CRMF: version is not 2");
    return {};
}

// serialNumber [1] INTEGER, signingAlg [2] AlgorithmIdentifier: both are the CA's.
Status read_serial_and_algorithm(CertRequest& request, TemplateUse use, der::Reader& fields) {
    const bool serial = fields.next_is(der::context(1));
    if (serial && use == TemplateUse::request)
        return not_in_a_request(fields, "CRMF: a serial number is asked for");
    if (serial) {
        PKI_TRY(request.serial, fields.content(der::context(1)));
        PKI_CHECK(check_serial(request.serial));
    }
    if (!fields.next_is(der::constructed(2))) return {};
    if (use == TemplateUse::request)
        return not_in_a_request(fields, "CRMF: a signature algorithm is asked for");
    PKI_CHECK(fields.any());
    return {};
}

// [n] EXPLICIT Name OPTIONAL; the empty one when it is not there.
Result<Name> explicit_name(Bytes whole, der::Reader& fields, int n) {
    if (!fields.next_is(der::constructed(n))) return Name{kEmptyName, {}};
    PKI_TRY(der::Reader inner, fields.enter(der::constructed(n)));
    PKI_TRY(const der::Element name, inner.element(der::kSequence));
    PKI_CHECK(inner.finish());
    return nested(whole, name.encoding, parse_name(name.encoding));
}

// [n] EXPLICIT Time OPTIONAL; 0 when it is not there.
Result<std::int64_t> explicit_time(der::Reader& validity, int n) {
    if (!validity.next_is(der::constructed(n))) return std::int64_t{0};
    PKI_TRY(der::Reader inner, validity.enter(der::constructed(n)));
    const std::size_t offset = inner.offset();
    PKI_TRY(const der::Element time, inner.any());
    PKI_CHECK(inner.finish());
    auto seconds = parse_time(time.tag, time.content);
    if (!seconds) seconds.error().offset = offset;
    return seconds;
}

// OptionalValidity ::= SEQUENCE { notBefore [0] Time OPTIONAL, notAfter [1] Time OPTIONAL }.
// One without both asks for nothing and is let pass.
Status read_validity(CertRequest& request, der::Reader& fields) {
    if (!fields.next_is(der::constructed(4))) return {};
    PKI_TRY(der::Reader validity, fields.enter(der::constructed(4)));
    PKI_TRY(request.not_before, explicit_time(validity, 0));
    PKI_TRY(request.not_after, explicit_time(validity, 1));
    return validity.finish();
}

// RFC 9483 4.1.6: an algorithm with an empty BIT STRING asks for a key of that kind.
Status read_wanted_algorithm(CertRequest& request, Bytes whole, Bytes algorithm) {
    PKI_CHECK(nested(whole, algorithm, parse_algorithm(algorithm)));
    request.wanted_algorithm = algorithm;
    return {};
}

// publicKey [6] SubjectPublicKeyInfo
Status read_public_key(CertRequest& request, Bytes whole, der::Reader& fields) {
    if (!fields.next_is(der::constructed(6))) return {};
    PKI_TRY(der::Reader parts, der::Reader(fields).enter(der::constructed(6)));
    PKI_TRY(const der::Element key, fields.element(der::constructed(6)));
    PKI_TRY(const der::Element algorithm, parts.element(der::kSequence));
    PKI_TRY(const Bytes bits, parts.bit_string_octets());
    PKI_CHECK(parts.finish());
    if (bits.empty()) return read_wanted_algorithm(request, whole, algorithm.encoding);
    request.spki_der = as_sequence(key.encoding);
    PKI_TRY(request.csr.spki, nested(whole, key.encoding, parse_spki(request.spki_der)));
    return {};
}

// issuerUID [7], subjectUID [8]: nobody has them any longer.
Status skip_unique_identifiers(TemplateUse use, der::Reader& fields) {
    for (const int n : {7, 8}) {
        if (!fields.next_is(der::context(n))) continue;
        if (use == TemplateUse::request)
            return not_in_a_request(fields, "CRMF: a unique identifier is asked for");
        PKI_CHECK(fields.any());
    }
    return {};
}

// extensions [9] Extensions
Status read_extensions(CertRequest& request, Bytes whole, der::Reader& fields) {
    if (!fields.next_is(der::constructed(9))) return {};
    PKI_TRY(const der::Element list, fields.element(der::constructed(9)));
    const Buffer& copy = request.extensions_der = as_sequence(list.encoding);
    Csr& csr = request.csr;
    PKI_TRY(csr.extensions, nested(whole, list.encoding, parse_extensions(copy)));
    const Extension* const san = csr.extensions.find(oid::kSubjectAltName);
    if (san == nullptr) return {};
    const auto at = static_cast<std::size_t>(san->value.data() - copy.data());
    PKI_TRY(csr.san, nested(whole, list.encoding.subspan(at), parse_san(san->value)));
    return {};
}

}  // namespace

Buffer as_sequence(Bytes encoding) {
    Buffer copy = to_buffer(encoding);
    copy[0] = der::kSequence;
    return copy;
}

Status read_cert_template(CertRequest& request, TemplateUse use, Bytes encoding) {
    der::Reader input(encoding);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    PKI_CHECK(read_version(use, fields));
    PKI_CHECK(read_serial_and_algorithm(request, use, fields));
    PKI_TRY(const Name issuer, explicit_name(encoding, fields, 3));
    if (!issuer.empty()) request.issuer = issuer.encoding;
    PKI_CHECK(read_validity(request, fields));
    PKI_TRY(request.csr.subject, explicit_name(encoding, fields, 5));
    PKI_CHECK(read_public_key(request, encoding, fields));
    PKI_CHECK(skip_unique_identifiers(use, fields));
    PKI_CHECK(read_extensions(request, encoding, fields));
    return fields.finish();
}

Result<CertRequest> parse_cert_template(Bytes cert_template) {
    if (cert_template.size() > limits::kCsr)
        return fail(Errc::malformed, "CRMF: template too large");
    CertRequest request;
    request.encoding = request.csr.encoding = cert_template;
    PKI_CHECK(read_cert_template(request, TemplateUse::description, cert_template));
    return request;
}

}  // namespace pki::x509
