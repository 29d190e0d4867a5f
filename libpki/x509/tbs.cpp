#include "libpki/x509/tbs.h"

#include "libpki/x509/algorithm.h"
#include "libpki/x509/extension_write.h"
#include "libpki/x509/oids.h"

namespace pki::x509 {

namespace {

constexpr std::uint64_t kStatusRequest = 5;  // the TLS extension that must-staple names

// Critical and empty for end entities too: a certificate that says "not a CA" aloud.
void write_basic_constraints(der::Writer& w, const TbsSpec& spec) {
    write_extension(w, oid::kBasicConstraints, true, [&] {
        w.sequence([&] {
            if (spec.ca) w.boolean(true);
            if (spec.ca && spec.path_length) w.integer(*spec.path_length);
        });
    });
}

void write_usages(der::Writer& w, const TbsSpec& spec) {
    if (spec.key_usage != 0)
        write_extension(w, oid::kKeyUsage, true, [&] { w.named_bits(spec.key_usage); });
    if (spec.extended_key_usage.empty()) return;
    write_extension(w, oid::kExtendedKeyUsage, false, [&] {
        w.sequence([&] {
            for (const Bytes purpose : spec.extended_key_usage) w.oid(purpose);
        });
    });
}

// RFC 5280 4.2.1.6: critical when the subject names nobody.
void write_san(der::Writer& w, const TbsSpec& spec) {
    if (spec.san.empty()) return;
    constexpr std::uint8_t kEmptyName[] = {der::kSequence, 0};
    write_extension(w, oid::kSubjectAltName, equal(spec.subject, kEmptyName),
                    [&] { w.raw(spec.san); });
}

void write_key_identifiers(der::Writer& w, const TbsSpec& spec) {
    if (!spec.subject_key_identifier.empty())
        write_extension(w, oid::kSubjectKeyIdentifier, false,
                        [&] { w.octet_string(spec.subject_key_identifier); });
    if (spec.authority_key_identifier.empty()) return;
    write_extension(w, oid::kAuthorityKeyIdentifier, false, [&] {
        w.sequence([&] { w.primitive(der::context(0), spec.authority_key_identifier); });
    });
}

// RFC 5280 4.2.1.13.
void write_crl_urls(der::Writer& w, const TbsSpec& spec) {
    if (spec.crl_urls.empty()) return;
    write_extension(w, oid::kCrlDistributionPoints, false,
                    [&] { write_distribution_point(w, spec.crl_urls); });
}

// AccessDescription ::= SEQUENCE { accessMethod, accessLocation GeneralName }
void write_access(der::Writer& w, Bytes method, const std::vector<std::string>& urls) {
    for (const std::string& url : urls)
        w.sequence([&] {
            w.oid(method);
            w.primitive(kUri, as_bytes(url));
        });
}

void write_authority_info_access(der::Writer& w, const TbsSpec& spec) {
    if (spec.ocsp_urls.empty() && spec.ca_issuers_urls.empty()) return;
    write_extension(w, oid::kAuthorityInfoAccess, false, [&] {
        w.sequence([&] {
            write_access(w, oid::kAdOcsp, spec.ocsp_urls);
            write_access(w, oid::kAdCaIssuers, spec.ca_issuers_urls);
        });
    });
}

void write_tls_feature(der::Writer& w, const TbsSpec& spec) {
    if (!spec.must_staple) return;
    write_extension(w, oid::kTlsFeature, false,
                    [&] { w.sequence([&] { w.integer(kStatusRequest); }); });
}

// Nobody can ask a responder whether its own certificate is revoked and believe the answer.
void write_ocsp_no_check(der::Writer& w, const TbsSpec& spec) {
    if (spec.ocsp_no_check) write_extension(w, oid::kOcspNoCheck, false, [&] { w.null(); });
}

void write_extensions(der::Writer& w, const TbsSpec& spec) {
    w.sequence([&] {
        write_basic_constraints(w, spec);
        write_usages(w, spec);
        write_san(w, spec);
        write_key_identifiers(w, spec);
        write_crl_urls(w, spec);
        write_authority_info_access(w, spec);
        write_tls_feature(w, spec);
        write_ocsp_no_check(w, spec);
    });
}

}  // namespace

Buffer build_tbs(const TbsSpec& spec) {
    der::Writer w;
    w.sequence([&] {
        w.tlv(der::constructed(0), [&] { w.integer(2); });  // v3
        w.integer(spec.serial);
        write_signature_algorithm(w, spec.scheme);
        w.raw(spec.issuer);
        w.sequence([&] {
            w.time(spec.not_before);
            w.time(spec.not_after);
        });
        w.raw(spec.subject);
        w.raw(spec.spki);
        w.tlv(der::constructed(3), [&] { write_extensions(w, spec); });
    });
    return std::move(w).take();
}

Buffer assemble_certificate(Bytes tbs, const ossl::SignatureScheme& scheme, Bytes signature) {
    der::Writer w(tbs.size() + signature.size() + 128);
    w.sequence([&] {
        w.raw(tbs);
        write_signature_algorithm(w, scheme);
        w.bit_string(signature);
    });
    return std::move(w).take();
}

}  // namespace pki::x509
