// certConf and pkiconf (RFC 9810 5.3.17, 5.3.18).
#include "libpki/cmp/cert_req_id.h"
#include "libpki/cmp/certificate.h"
#include "libpki/cms/algorithm.h"
#include "libpki/x509/nested.h"

namespace pki::cmp {

namespace {

constexpr std::size_t kMaxStatuses = 4;

// hashAlg [0] AlgorithmIdentifier OPTIONAL
Status read_hash(CertStatus& status, Bytes whole, der::Reader& fields) {
    if (!fields.next_is(der::constructed(0))) return {};
    PKI_TRY(der::Reader inner, fields.enter(der::constructed(0)));
    PKI_TRY(const der::Element algorithm, inner.element(der::kSequence));
    PKI_CHECK(inner.finish());
    const auto hash = x509::nested(whole, algorithm.encoding,
                                   cms::parse_digest_algorithm(algorithm.encoding));
    if (!hash && hash.error().code != Errc::unsupported) return hash.error();
    const bool strong = hash && *hash != ossl::Hash::sha1 && *hash != ossl::Hash::md5;
    status.hash = strong ? *hash : ossl::Hash::none;
    return {};
}

// CertStatus ::= SEQUENCE { certHash, certReqId, statusInfo OPTIONAL, hashAlg [0] OPTIONAL }
constexpr std::size_t kMaxHash = 64;  // SHA-512

Result<CertStatus> read_status(Bytes whole, der::Reader& list) {
    PKI_TRY(der::Reader fields, list.enter(der::kSequence));
    CertStatus status;
    PKI_TRY(status.cert_hash, fields.content(der::kOctetString));
    if (status.cert_hash.size() > kMaxHash)
        return fail(Errc::malformed, Reason::bad_cert_id, "certConf: certHash is no hash");
    PKI_TRY(status.id, read_cert_req_id(fields));
    if (fields.next_is(der::kSequence)) {
        PKI_TRY(status.status, read_status_info(fields));
    }
    PKI_CHECK(read_hash(status, whole, fields));
    PKI_CHECK(fields.finish());
    return status;
}

void write_status(der::Writer& w, const CertStatus& status) {
    w.sequence([&] {
        w.octet_string(status.cert_hash);
        write_cert_req_id(w, status.id);
        if (status.status) write_status_info(w, *status.status);
        if (status.hash)
            w.tlv(der::constructed(0), [&] { cms::write_digest_algorithm(w, *status.hash); });
    });
}

}  // namespace

// CertConfirmContent ::= SEQUENCE OF CertStatus
Result<std::vector<CertStatus>> parse_cert_conf(Bytes body) {
    der::Reader input(body);
    PKI_TRY(der::Reader list, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    std::vector<CertStatus> statuses;
    while (!list.at_end()) {
        if (statuses.size() == kMaxStatuses)
            return fail(Errc::malformed, "CMP: too many CertStatus", list.offset());
        PKI_TRY(CertStatus status, read_status(body, list));
        statuses.push_back(std::move(status));
    }
    return statuses;
}

Buffer build_cert_conf(const std::vector<CertStatus>& statuses) {
    der::Writer w;
    w.sequence([&] {
        for (const CertStatus& status : statuses) write_status(w, status);
    });
    return std::move(w).take();
}

Result<ossl::Hash> confirmation_hash(const ossl::SignatureScheme& scheme) {
    switch (scheme.type) {
        case ossl::KeyType::ed25519: return ossl::Hash::sha512;
        case ossl::KeyType::ed448:
            return fail(Errc::unsupported, "CMP: confirmation of an Ed448 signature");
        case ossl::KeyType::rsa:
        case ossl::KeyType::ec: break;
    }
    return scheme.hash;
}

Buffer build_pki_conf() {
    der::Writer w;
    w.null();
    return std::move(w).take();
}

}  // namespace pki::cmp
