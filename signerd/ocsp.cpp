#include "signerd/ocsp.h"

#include <algorithm>

#include "libpki/wire/revocation.h"
#include "signerd/peer.h"
#include "signerd/reply.h"
#include "signerd/signature_check.h"

namespace signerd {

namespace wire = pki::wire;
namespace x509 = pki::x509;
using pki::Errc;
using pki::fail;

struct OcspJob {
    std::shared_ptr<const Generation> generation;
    const Peer* peer = nullptr;
    ReplyTo to;
    std::int64_t now = 0;  // seconds since 1970, when it was looked up

    pki::Buffer fields;  // what the views of request and ids look into
    wire::OcspRequest request;
    std::vector<x509::OcspCertId> ids;
    const Ca* ca = nullptr;    // that answers
    std::uint64_t change = 0;  // revocations up to here are in the answer
    std::vector<x509::OcspSingle> singles;
    ResponderPtr responder;
    bool again = false;  // the key child had lost the key
    pki::Buffer response_data;
};

namespace {

// Whatever ails the store, the client did nothing wrong and may come again.
pki::Error for_now(pki::Error error) {
    error.code = Errc::unavailable;
    return error;
}

// Sent by a program of ours, so what does not fit together is a fault there.
pki::Status decode(OcspJob& job) {
    PKI_TRY(job.request, wire::decode<wire::OcspRequest>(
                             {{wire::OcspRequest::kKind, job.to.id}, job.fields}));
    if (job.request.cert_ids.empty()) return fail(Errc::malformed, "OCSP: no certificate");
    for (const pki::Bytes encoding : job.request.cert_ids) {
        PKI_TRY(const x509::OcspCertId id, x509::parse_ocsp_cert_id(encoding));
        job.ids.push_back(id);
    }
    return {};
}

// Which of its CAs the peer may ask for; those that it may not do not exist for it.
std::vector<const Ca*> issuers_of(const OcspJob& job, const x509::OcspCertId& id) {
    std::vector<const Ca*> found;
    for (const Ca* ca : job.generation->ocsp_issuers.find(id))
        if (may_ask_about(*job.peer, *job.generation->config, ca->name)) found.push_back(ca);
    return found;
}

void set_status(x509::OcspSingle& single, const std::optional<SerialStatus>& known) {
    if (!known) return;
    single.status = x509::OcspStatus::good;
    if (!known->revocation) return;
    single.status = x509::OcspStatus::revoked;
    single.revoked = known->revocation->time;
    single.reason = known->revocation->reason;
}

bool is_known(const x509::OcspSingle& single) {
    return single.status != x509::OcspStatus::unknown;
}

// Nobody is to keep an `unknown`: the certificate may be on its way to the disk, and a serial
// that does not exist yet may be given tomorrow. The responder's certificate has to be valid as
// long as the answer is.
std::int64_t next_update(const OcspJob& job) {
    return std::min(job.now + job.ca->ocsp.validity, job.responder->not_after);
}

pki::Buffer response_data(OcspJob& job) {
    for (x509::OcspSingle& single : job.singles)
        single.next_update = is_known(single) ? next_update(job) : 0;
    x509::OcspResponseSpec spec;
    spec.responder_key_hash = job.responder->key_hash;
    spec.produced_at = job.now;
    spec.responses = job.singles;
    spec.nonce = job.request.nonce;
    return x509::build_ocsp_response_data(spec);
}

}  // namespace

void OcspResponder::answer(const Request& request) {
    const OcspJobPtr job = accept(request);
    if (const auto status = examine(*job); !status) return refuse(*job, status.error());
    ask_responder(job);
}

OcspJobPtr OcspResponder::accept(const Request& request) {
    in_flight_++;
    auto job = std::make_shared<OcspJob>();
    job->generation = request.generation;
    job->peer = request.peer;
    job->to = request.to;
    job->now = clock_.now() / kMicroseconds;
    job->fields = pki::to_buffer(request.frame.fields);
    return job;
}

pki::Status OcspResponder::examine(OcspJob& job) {
    PKI_CHECK(check_load(job));
    PKI_CHECK(decode(job));
    for (const x509::OcspCertId& id : job.ids) {
        const auto issuers = issuers_of(job, id);
        if (job.ca == nullptr && !issuers.empty()) job.ca = issuers.front();
    }
    if (job.ca == nullptr) return fail(Errc::not_found, "OCSP: no such CA");
    auto status = look_up(job);
    reading_.note(status);
    if (!status) return for_now(std::move(status).error());
    return {};
}

pki::Status OcspResponder::check_load(const OcspJob& job) const {
    if (draining_) return fail(Errc::unavailable, "shutting down");
    if (in_flight_ > job.generation->config->limits.queue)
        return fail(Errc::unavailable, "limits.queue reached");
    return {};
}

// The last change is read first: what is revoked in between is then in the answer and not said
// to be, and never the reverse.
//
// One signature is for all certificates of a request, and a responder speaks for the CA that
// has certified it and for no other (RFC 6960 4.2.2.2). Certificates of other issuers, ours or
// not, are `unknown` to it: an "unrecognized issuer that is not served by this responder"
// (2.2).
pki::Status OcspResponder::look_up(OcspJob& job) {
    PKI_TRY(job.change, store_.last_change());
    for (const x509::OcspCertId& id : job.ids) {
        x509::OcspSingle single;
        single.cert_id = id.encoding;
        single.this_update = job.now;
        const auto issuers = issuers_of(job, id);
        const bool ours =
            !id.serial.empty() && std::ranges::find(issuers, job.ca) != issuers.end();
        for (std::size_t i = 0; ours && i < issuers.size() && !is_known(single); i++) {
            PKI_TRY(const auto known, store_.find_status(issuers[i]->name, id.serial));
            set_status(single, known);
        }
        job.singles.push_back(single);
    }
    return {};
}

void OcspResponder::ask_responder(const OcspJobPtr& job) {
    responders_.get(job->generation, *job->ca,
                    [this, job](const auto& responder) { on_responder(job, responder); });
}

void OcspResponder::on_responder(const OcspJobPtr& job,
                                 const pki::Result<ResponderPtr>& responder) {
    if (!responder) return refuse(*job, responder.error());
    job->responder = *responder;
    job->response_data = response_data(*job);
    signer_.sign_ocsp(job->generation->number, job->ca->name, job->response_data,
                      [this, job](const auto& signature) { on_signature(job, signature); });
}

// A key child that was replaced has no key of a responder. Once more with another responder,
// and then no more: who asks has a time limit too.
void OcspResponder::on_signature(const OcspJobPtr& job,
                                 const pki::Result<pki::Buffer>& signature) {
    if (!signature && signature.error().code == Errc::not_found) {
        responders_.lost(*job->ca, job->responder);
        if (!std::exchange(job->again, true)) return ask_responder(job);
        return refuse(*job, for_now(signature.error()));
    }
    const auto status = signature
                            ? check_signature(job->responder->key.get(), job->responder->scheme,
                                              job->response_data, *signature, job->ca->name)
                            : pki::Status(signature.error());
    signing_.note(status);
    if (!status) return refuse(*job, status.error());
    reply(*job, *signature);
}

void OcspResponder::refuse(const OcspJob& job, const pki::Error& error) {
    in_flight_--;
    replies_.send(job.to, error_frame(error, job.to.id));
}

void OcspResponder::reply(const OcspJob& job, pki::Bytes signature) {
    in_flight_--;
    const pki::Buffer response = x509::assemble_ocsp_response(
        job.response_data, job.responder->scheme, signature, job.responder->certificate);
    wire::OcspReply reply;
    reply.response = response;
    reply.this_update = job.now;
    reply.next_update = std::ranges::all_of(job.singles, is_known) ? next_update(job) : 0;
    reply.change = job.change;
    replies_.send(job.to, reply_frame(reply, job.to.id));
}

}  // namespace signerd
