// CertRepMessage (RFC 9810 5.3.4). The module of CMP tags explicitly; what it takes from CRMF,
// such as EncryptedKey, is tagged implicitly.
#include "libpki/cmp/certificate.h"

#include "libpki/base/limits.h"
#include "libpki/cmp/cert_req_id.h"

namespace pki::cmp {

namespace {

constexpr std::size_t kMaxResponses = 4;

// EncryptedKey ::= CHOICE { EncryptedValue, envelopedData [0] EnvelopedData }
void write_private_key(der::Writer& w, Bytes enveloped_data) {
    Buffer retagged = to_buffer(enveloped_data);
    retagged[0] = der::constructed(0);
    w.tlv(der::constructed(0), [&] { w.raw(retagged); });
}

// CertifiedKeyPair ::= SEQUENCE { certOrEncCert, privateKey [0], publicationInfo [1] }
void write_key_pair(der::Writer& w, const CertResponse& response) {
    w.sequence([&] {
        w.tlv(der::constructed(0), [&] { w.raw(response.certificate); });
        if (!response.private_key.empty()) write_private_key(w, response.private_key);
    });
}

void write_response(der::Writer& w, const CertResponse& response) {
    w.sequence([&] {
        write_cert_req_id(w, response.id);
        write_status_info(w, response.status);
        if (!response.certificate.empty()) write_key_pair(w, response);
    });
}

Status read_private_key(CertRep& rep, CertResponse& response, der::Reader& fields) {
    if (!fields.next_is(der::constructed(0))) return {};
    PKI_TRY(der::Reader encrypted, fields.enter(der::constructed(0)));
    if (encrypted.next_is(der::kSequence))
        return fail(Errc::unsupported, "CMP: key in an EncryptedValue", encrypted.offset());
    PKI_TRY(const der::Element enveloped, encrypted.element(der::constructed(0)));
    PKI_CHECK(encrypted.finish());
    Buffer copy = to_buffer(enveloped.encoding);
    copy[0] = der::kSequence;
    rep.private_keys.push_back(std::move(copy));
    response.private_key = rep.private_keys.back();
    return {};
}

Status read_key_pair(CertRep& rep, CertResponse& response, der::Reader fields) {
    if (fields.next_is(der::constructed(1)))
        return fail(Errc::unsupported, "CMP: encrypted certificate", fields.offset());
    PKI_TRY(der::Reader choice, fields.enter(der::constructed(0)));
    PKI_TRY(const der::Element certificate, choice.element(der::kSequence));
    PKI_CHECK(choice.finish());
    response.certificate = certificate.encoding;
    PKI_CHECK(read_private_key(rep, response, fields));
    if (fields.next_is(der::constructed(1))) PKI_CHECK(fields.any());  // publicationInfo
    return fields.finish();
}

// CertResponse ::= SEQUENCE { certReqId, status, certifiedKeyPair OPTIONAL, rspInfo OPTIONAL }
Result<CertResponse> read_response(CertRep& rep, der::Reader& list) {
    PKI_TRY(der::Reader fields, list.enter(der::kSequence));
    CertResponse response;
    PKI_TRY(response.id, read_cert_req_id(fields));
    PKI_TRY(response.status, read_status_info(fields));
    if (fields.next_is(der::kSequence)) {
        PKI_TRY(const der::Reader pair, fields.enter(der::kSequence));
        PKI_CHECK(read_key_pair(rep, response, pair));
    }
    if (fields.next_is(der::kOctetString)) PKI_CHECK(fields.any());  // rspInfo
    PKI_CHECK(fields.finish());
    return response;
}

// caPubs [1] SEQUENCE SIZE (1..MAX) OF CMPCertificate OPTIONAL
Status read_ca_pubs(CertRep& rep, der::Reader& fields) {
    if (!fields.next_is(der::constructed(1))) return {};
    PKI_TRY(der::Reader inner, fields.enter(der::constructed(1)));
    PKI_TRY(der::Reader list, inner.enter(der::kSequence));
    PKI_CHECK(inner.finish());
    while (!list.at_end()) {
        if (rep.ca_pubs.size() == limits::kChain)
            return fail(Errc::malformed, "CMP: too many caPubs", list.offset());
        PKI_TRY(const der::Element certificate, list.element(der::kSequence));
        rep.ca_pubs.push_back(certificate.encoding);
    }
    return {};
}

}  // namespace

Buffer build_cert_rep(const CertResponse& response, const std::vector<Bytes>& ca_pubs) {
    der::Writer w;
    const auto write_ca_pubs = [&] {
        w.sequence([&] {
            for (const Bytes certificate : ca_pubs) w.raw(certificate);
        });
    };
    w.sequence([&] {
        if (!ca_pubs.empty()) w.tlv(der::constructed(1), write_ca_pubs);
        w.sequence([&] { write_response(w, response); });
    });
    return std::move(w).take();
}

Result<CertRep> parse_cert_rep(Bytes body) {
    der::Reader input(body);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    CertRep rep;
    PKI_CHECK(read_ca_pubs(rep, fields));
    PKI_TRY(der::Reader list, fields.enter(der::kSequence));
    PKI_CHECK(fields.finish());
    do {
        if (rep.responses.size() == kMaxResponses)
            return fail(Errc::malformed, "CMP: too many responses", list.offset());
        PKI_TRY(CertResponse response, read_response(rep, list));
        rep.responses.push_back(std::move(response));
    } while (!list.at_end());
    return rep;
}

}  // namespace pki::cmp
