// Every reader of a body of CMP, and of a value in general messages, gets the same input. What
// it finds is written again and must read the same; where nothing is left out on the way, the
// octets are the same.
#include <openssl/err.h>

#include "libpki/base/limits.h"
#include "libpki/cmp/certificate.h"
#include "libpki/cmp/general.h"
#include "libpki/cmp/revocation.h"
#include "t/fuzz/fuzz.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::equal;
namespace cmp = pki::cmp;
namespace limits = pki::limits;
namespace x509 = pki::x509;

// An error lies in the input.
template <class T>
bool accepted(const pki::Result<T>& result, Bytes input) {
    PROPERTY(ERR_peek_error() == 0);
    if (!result) PROPERTY(result.error().offset <= input.size());
    return result.has_value();
}

void check_status(const cmp::PkiStatusInfo& a, const cmp::PkiStatusInfo& b) {
    PROPERTY(a.status == b.status && a.text == b.text && a.fail_info == b.fail_info);
}

void check_cert_rep(Bytes body) {
    const auto rep = cmp::parse_cert_rep(body);
    if (!accepted(rep, body)) return;
    PROPERTY(rep->ca_pubs.size() <= limits::kChain && !rep->responses.empty());
    for (const cmp::CertResponse& response : rep->responses) {
        const Buffer built = cmp::build_cert_rep(response, rep->ca_pubs);
        const auto again = cmp::parse_cert_rep(built);
        PROPERTY(again && again->responses.size() == 1);
        const cmp::CertResponse& other = again->responses[0];
        PROPERTY(other.id == response.id && again->ca_pubs.size() == rep->ca_pubs.size());
        check_status(other.status, response.status);
        PROPERTY(equal(other.certificate, response.certificate));
        PROPERTY(equal(other.private_key, response.private_key));
    }
}

void check_cert_conf(Bytes body) {
    auto statuses = cmp::parse_cert_conf(body);
    if (!accepted(statuses, body)) return;
    for (cmp::CertStatus& status : *statuses)
        if (status.hash == pki::ossl::Hash::none) status.hash.reset();
    const Buffer built = cmp::build_cert_conf(*statuses);
    const auto again = cmp::parse_cert_conf(built);
    PROPERTY(again && again->size() == statuses->size());
    for (std::size_t i = 0; i < again->size(); i++) {
        const cmp::CertStatus &a = (*again)[i], &b = (*statuses)[i];
        PROPERTY(a.id == b.id && equal(a.cert_hash, b.cert_hash) && a.hash == b.hash);
        PROPERTY(a.status.has_value() == b.status.has_value());
        if (a.status) check_status(*a.status, *b.status);
    }
}

void check_polling(Bytes body) {
    const auto id = cmp::parse_poll_req(body);
    if (accepted(id, body)) PROPERTY(equal(cmp::build_poll_req(*id), body));
    const auto reply = cmp::parse_poll_rep(body);
    if (!accepted(reply, body)) return;
    const Buffer built = cmp::build_poll_rep(*reply);
    const auto again = cmp::parse_poll_rep(built);
    PROPERTY(again && again->id == reply->id && again->check_after == reply->check_after);
    PROPERTY(again->reason == reply->reason);
}

void check_revocation(Bytes body) {
    const auto details = cmp::parse_rev_req(body);
    if (accepted(details, body)) {
        const Buffer built = cmp::build_rev_req(*details);
        const auto again = cmp::parse_rev_req(built);
        PROPERTY(again && again->reason == details->reason);
        PROPERTY(equal(again->issuer, details->issuer));
        PROPERTY(equal(again->serial, details->serial));
    }
    const auto reply = cmp::parse_rev_rep(body);
    if (!accepted(reply, body)) return;
    if (reply->certificate && reply->certificate->issuer.empty()) return;
    const Buffer built = cmp::build_rev_rep(*reply);
    const auto again = cmp::parse_rev_rep(built);
    PROPERTY(again && again->certificate.has_value() == reply->certificate.has_value());
    check_status(again->status, reply->status);
    if (reply->certificate)
        PROPERTY(equal(again->certificate->serial, reply->certificate->serial));
}

void check_general(Bytes body) {
    const auto infos = cmp::parse_general(body);
    if (accepted(infos, body)) PROPERTY(equal(cmp::build_general(*infos), body));
    const auto certificates = cmp::parse_ca_certs(body);
    if (accepted(certificates, body)) PROPERTY(equal(cmp::ca_certs_value(*certificates), body));
    const auto crls = cmp::parse_crls(body);
    if (accepted(crls, body)) PROPERTY(equal(cmp::crls_value(*crls), body));
    const auto update = cmp::parse_root_update(body);
    if (accepted(update, body)) PROPERTY(equal(cmp::root_update_value(*update), body));
    const auto messages = cmp::parse_nested(body);
    if (accepted(messages, body)) PROPERTY(equal(cmp::build_nested(*messages), body));
}

void check_crl_status_list(Bytes value) {
    const auto wanted = cmp::parse_crl_status_list(value);
    if (!accepted(wanted, value)) return;
    const Buffer built = cmp::crl_status_list_value(*wanted);
    const auto again = cmp::parse_crl_status_list(built);
    PROPERTY(again && again->size() == wanted->size());
    for (std::size_t i = 0; i < again->size(); i++) {
        const cmp::CrlStatus &a = (*again)[i], &b = (*wanted)[i];
        PROPERTY(equal(a.issuer, b.issuer) && a.this_update == b.this_update);
        PROPERTY(a.urls == b.urls);
    }
}

void check_error(Bytes body) {
    const auto error = cmp::parse_error(body);
    if (!accepted(error, body)) return;
    const Buffer built = cmp::build_error(*error);
    const auto again = cmp::parse_error(built);
    PROPERTY(again && again->code == error->code && again->details == error->details);
    check_status(again->status, error->status);
}

void check_requests(Bytes body) {
    const auto requests = x509::parse_cert_requests(body, limits::kCmpNested);
    if (!accepted(requests, body)) return;
    std::vector<Bytes> messages;
    for (const x509::CertRequest& request : *requests) messages.push_back(request.encoding);
    PROPERTY(equal(x509::build_cert_requests(messages), body));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes body(data, size);
    check_requests(body);
    check_cert_rep(body);
    check_cert_conf(body);
    check_polling(body);
    check_revocation(body);
    check_general(body);
    check_crl_status_list(body);
    check_error(body);
    return 0;
}
