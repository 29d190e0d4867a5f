#include <algorithm>

#include "libpki/base/der_writer.h"
#include "libpki/base/limits.h"
#include "libpki/x509/extension.h"
#include "libpki/x509/nested.h"
#include "libpki/x509/ocsp.h"
#include "libpki/x509/oids.h"

namespace pki::x509 {

namespace {

// Version ::= INTEGER { v1(0) }, [0] EXPLICIT DEFAULT v1. DER leaves the default out, but
// clients that write it mean the same.
Status parse_version(der::Reader& fields) {
    if (!fields.next_is(der::constructed(0))) return {};
    PKI_TRY(der::Reader explicit_version, fields.enter(der::constructed(0)));
    PKI_TRY(const std::uint64_t version, explicit_version.small_integer());
    PKI_CHECK(explicit_version.finish());
    if (version != 0) return fail(Errc::malformed, "OCSP request: version", fields.offset());
    return {};
}

// GeneralName, which says who asks. Without a signature it is a claim; nobody looks at it.
Status skip_requestor_name(der::Reader& fields) {
    if (!fields.next_is(der::constructed(1))) return {};
    PKI_TRY(der::Reader name, fields.enter(der::constructed(1)));
    PKI_CHECK(name.any());
    return name.finish();
}

// Signature ::= SEQUENCE { signatureAlgorithm, signature, certs [0] EXPLICIT OPTIONAL }
Status skip_signature(der::Reader& message) {
    if (!message.next_is(der::constructed(0))) return {};
    PKI_TRY(der::Reader explicit_signature, message.enter(der::constructed(0)));
    PKI_TRY(der::Reader fields, explicit_signature.enter(der::kSequence));
    PKI_CHECK(explicit_signature.finish());
    PKI_CHECK(fields.element(der::kSequence));
    PKI_CHECK(fields.bit_string_octets());
    if (fields.next_is(der::constructed(0))) {
        PKI_TRY(der::Reader certificates, fields.enter(der::constructed(0)));
        PKI_CHECK(certificates.element(der::kSequence));
        PKI_CHECK(certificates.finish());
    }
    return fields.finish();
}

// [n] EXPLICIT Extensions OPTIONAL; none when it is not there.
Result<Extensions> explicit_extensions(Bytes whole, der::Reader& fields, int n) {
    if (!fields.next_is(der::constructed(n))) return Extensions();
    PKI_TRY(der::Reader inner, fields.enter(der::constructed(n)));
    PKI_TRY(const der::Element list, inner.element(der::kSequence));
    PKI_CHECK(inner.finish());
    return nested(whole, list.encoding, parse_extensions(list.encoding));
}

// RFC 5280 4.2, which RFC 6960 4.4 refers to. The nonce is all that is known here.
Status check_critical(const Extensions& extensions) {
    const auto foreign = std::ranges::find_if(extensions.list, [](const Extension& extension) {
        return extension.critical && !equal(extension.id, oid::kOcspNonce);
    });
    if (foreign == extensions.list.end()) return {};
    return fail(Errc::malformed, "OCSP request: critical extension", oid_to_text(foreign->id));
}

// Request ::= SEQUENCE { reqCert CertID, singleRequestExtensions [0] EXPLICIT OPTIONAL }
Result<OcspCertId> parse_single(Bytes whole, der::Reader& list) {
    PKI_TRY(der::Reader fields, list.enter(der::kSequence));
    PKI_TRY(const der::Element id, fields.element(der::kSequence));
    PKI_TRY(const OcspCertId parsed,
            nested(whole, id.encoding, parse_ocsp_cert_id(id.encoding)));
    PKI_TRY(const Extensions extensions, explicit_extensions(whole, fields, 0));
    PKI_CHECK(check_critical(extensions));
    PKI_CHECK(fields.finish());
    return parsed;
}

Status parse_list(OcspRequest& request, Bytes whole, der::Reader& fields) {
    PKI_TRY(der::Reader list, fields.enter(der::kSequence));
    while (!list.at_end()) {
        if (request.requests.size() == limits::kOcspSingle)
            return fail(Errc::malformed, "OCSP request: too many certificates", list.offset());
        PKI_TRY(const OcspCertId id, parse_single(whole, list));
        request.requests.push_back(id);
    }
    if (request.requests.empty())
        return fail(Errc::malformed, "OCSP request: no certificate", fields.offset());
    return {};
}

// RFC 9654 2.1: 1 to 128 octets. What is no OCTET STRING is the bare nonce of an older client.
Status check_nonce(Bytes value) {
    const auto wrapped = der::only(value, der::kOctetString);
    const std::size_t size = wrapped ? wrapped->content.size() : value.size();
    if (size == 0 || size > limits::kOcspNonce)
        return fail(Errc::malformed, "OCSP request: length of the nonce");
    return {};
}

Status parse_request_extensions(OcspRequest& request, Bytes whole, der::Reader& fields) {
    PKI_TRY(const Extensions extensions, explicit_extensions(whole, fields, 2));
    PKI_CHECK(check_critical(extensions));
    const Extension* const nonce = extensions.find(oid::kOcspNonce);
    if (nonce == nullptr) return {};
    PKI_CHECK(nested(whole, nonce->value, check_nonce(nonce->value)));
    request.nonce = nonce->value;
    request.nonce_critical = nonce->critical;
    return {};
}

}  // namespace

// OCSPRequest ::= SEQUENCE { tbsRequest, optionalSignature [0] EXPLICIT OPTIONAL }
// TBSRequest ::= SEQUENCE { version [0], requestorName [1], requestList, requestExtensions [2]
// }
Result<OcspRequest> parse_ocsp_request(Bytes der) {
    if (der.size() > limits::kOcspRequest)
        return fail(Errc::malformed, "OCSP request: too large");
    der::Reader input(der);
    PKI_TRY(der::Reader message, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    PKI_TRY(der::Reader fields, message.enter(der::kSequence));
    OcspRequest request;
    PKI_CHECK(parse_version(fields));
    PKI_CHECK(skip_requestor_name(fields));
    PKI_CHECK(parse_list(request, der, fields));
    PKI_CHECK(parse_request_extensions(request, der, fields));
    PKI_CHECK(fields.finish());
    PKI_CHECK(skip_signature(message));
    PKI_CHECK(message.finish());
    return request;
}

Buffer build_ocsp_request(const std::vector<Bytes>& cert_ids, Bytes nonce) {
    der::Writer w;
    const auto write_nonce = [&] {
        w.sequence([&] {
            w.sequence([&] {
                w.oid(oid::kOcspNonce);
                w.octet_string(nonce);
            });
        });
    };
    w.sequence([&] {
        w.sequence([&] {
            w.sequence([&] {
                for (const Bytes id : cert_ids) w.sequence([&] { w.raw(id); });
            });
            if (!nonce.empty()) w.tlv(der::constructed(2), write_nonce);
        });
    });
    return std::move(w).take();
}

}  // namespace pki::x509
