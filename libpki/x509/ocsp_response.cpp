#include "libpki/base/der_writer.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/ocsp.h"
#include "libpki/x509/oids.h"

namespace pki::x509 {

namespace {

constexpr std::uint8_t kSuccessful = 0;

// CRLReason and OCSPResponseStatus have numbers below 128.
void write_enumerated(der::Writer& w, std::uint8_t number) {
    w.primitive(der::kEnumerated, {&number, 1});
}

// RFC 5280 5.3.1: a reason that says nothing is left out.
void write_revoked(der::Writer& w, const OcspSingle& single) {
    w.tlv(der::constructed(1), [&] {
        w.generalized_time(single.revoked);
        if (single.reason == CrlReason::unspecified) return;
        w.tlv(der::constructed(0),
              [&] { write_enumerated(w, static_cast<std::uint8_t>(single.reason)); });
    });
}

// CertStatus ::= CHOICE { good [0], revoked [1], unknown [2] }, IMPLICIT
void write_status(der::Writer& w, const OcspSingle& single) {
    switch (single.status) {
        case OcspStatus::good: return w.primitive(der::context(0), {});
        case OcspStatus::revoked: return write_revoked(w, single);
        case OcspStatus::unknown: return w.primitive(der::context(2), {});
    }
}

void write_single(der::Writer& w, const OcspSingle& single) {
    w.sequence([&] {
        w.raw(single.cert_id);
        write_status(w, single);
        w.generalized_time(single.this_update);
        if (single.next_update != 0)
            w.tlv(der::constructed(0), [&] { w.generalized_time(single.next_update); });
    });
}

void write_nonce(der::Writer& w, Bytes nonce) {
    w.tlv(der::constructed(1), [&] {
        w.sequence([&] {
            w.sequence([&] {
                w.oid(oid::kOcspNonce);
                w.octet_string(nonce);
            });
        });
    });
}

// BasicOCSPResponse ::= SEQUENCE { tbsResponseData, signatureAlgorithm, signature,
//                                  certs [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL }
void write_basic(der::Writer& w, Bytes response_data, const ossl::SignatureScheme& scheme,
                 Bytes signature, Bytes certificate) {
    w.sequence([&] {
        w.raw(response_data);
        write_signature_algorithm(w, scheme);
        w.bit_string(signature);
        w.tlv(der::constructed(0), [&] { w.sequence([&] { w.raw(certificate); }); });
    });
}

}  // namespace

// ResponseData ::= SEQUENCE { version [0] DEFAULT v1, responderID, producedAt, responses,
//                             responseExtensions [1] EXPLICIT OPTIONAL }
Buffer build_ocsp_response_data(const OcspResponseSpec& spec) {
    der::Writer w;
    w.sequence([&] {
        w.tlv(der::constructed(2), [&] { w.octet_string(spec.responder_key_hash); });
        w.generalized_time(spec.produced_at);
        w.sequence([&] {
            for (const OcspSingle& single : spec.responses) write_single(w, single);
        });
        if (!spec.nonce.empty()) write_nonce(w, spec.nonce);
    });
    return std::move(w).take();
}

// OCSPResponse ::= SEQUENCE { responseStatus, responseBytes [0] EXPLICIT OPTIONAL }
// ResponseBytes ::= SEQUENCE { responseType OBJECT IDENTIFIER, response OCTET STRING }
Buffer assemble_ocsp_response(Bytes response_data, const ossl::SignatureScheme& scheme,
                              Bytes signature, Bytes responder_certificate) {
    der::Writer w(response_data.size() + signature.size() + responder_certificate.size() + 128);
    w.sequence([&] {
        write_enumerated(w, kSuccessful);
        w.tlv(der::constructed(0), [&] {
            w.sequence([&] {
                w.oid(oid::kOcspBasic);
                w.tlv(der::kOctetString, [&] {
                    write_basic(w, response_data, scheme, signature, responder_certificate);
                });
            });
        });
    });
    return std::move(w).take();
}

Buffer build_ocsp_error(OcspError error) {
    der::Writer w;
    w.sequence([&] { write_enumerated(w, static_cast<std::uint8_t>(error)); });
    return std::move(w).take();
}

}  // namespace pki::x509
