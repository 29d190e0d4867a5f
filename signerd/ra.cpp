#include "signerd/ra.h"

#include "libpki/base/base64.h"
#include "libpki/x509/tbs.h"
#include "signerd/audit.h"
#include "signerd/crl_schedule.h"
#include "signerd/issue_revoked.h"
#include "signerd/issue_tbs.h"
#include "signerd/log.h"
#include "signerd/peer.h"
#include "signerd/ra_rules.h"
#include "signerd/reply.h"
#include "signerd/signature_check.h"

namespace signerd {

namespace wire = pki::wire;
namespace x509 = pki::x509;
using pki::Errc;
using pki::fail;

struct RaJob {
    std::shared_ptr<const Generation> generation;
    ReplyTo to;
    Occasion occasion;  // its views look into the generation

    pki::Buffer fields;  // what the views of request and csr look into
    wire::Frame frame;
    x509::Csr csr;
    pki::ossl::Sha256 csr_sha256{};
    const Ca* ca = nullptr;
    Serial serial{};
    UnsignedCertificate draft;
    Decided decided;  // the writer reads it until it has committed

    AuditRecord& record() { return decided.audit; }
    std::int64_t now() const { return occasion.time / kMicroseconds; }
};

namespace {

// Also what the audit record needs, so that a request that fails further on is recorded with
// all that is known of it.
pki::Result<wire::RaIssueRequest> decode(RaJob& job) {
    const auto asked = wire::decode<wire::RaIssueRequest>(job.frame);
    job.csr_sha256 = pki::ossl::sha256(asked ? asked->csr : pki::Bytes());
    wire::IssueRequest described;
    described.profile = kRaProfile;
    described.operation = wire::Operation::ra;
    job.record() = record_request(job.occasion, described, job.csr_sha256);
    if (!asked) return asked.error();
    PKI_TRY(job.ca, ra_issuer(*job.generation->config, asked->ca));
    job.record().tenant = job.ca->tenant;
    PKI_TRY(job.csr, x509::parse_csr(asked->csr));
    describe_csr(job.record(), job.csr);
    return *asked;
}

// Without the store nobody can say that nothing is revoked.
pki::Status check_not_blocked(Store& store, const x509::Spki& key) {
    const auto objection = object_to_key(store, key);
    if (!objection) return fail(Errc::unavailable, objection.error().text);
    if (*objection) return **objection;
    return {};
}

pki::Result<pki::Buffer> finish_certificate(const RaJob& job, pki::Bytes signature) {
    EVP_PKEY* const key = job.generation->ca_keys.at(job.ca->name).get();
    PKI_CHECK(check_signature(key, job.ca->scheme, job.draft.tbs, signature, job.ca->name));
    return x509::assemble_certificate(job.draft.tbs, job.ca->scheme, signature);
}

CertificateRecord certificate_record(RaJob& job, pki::Buffer der) {
    CertificateRecord record;
    record.ca = job.ca->name;
    record.tenant = job.ca->tenant;
    record.profile = kRaProfile;
    record.serial = pki::hex_encode(job.serial);
    record.der = std::move(der);
    record.subject = job.record().subject;
    record.not_before = job.draft.not_before;
    record.not_after = job.draft.not_after;
    record.issued = job.now();
    record.csr_sha256 = job.csr_sha256;
    record.partition = partition_of(*job.ca, job.serial);
    return record;
}

}  // namespace

void RaIssuer::issue(const Request& request) {
    const RaJobPtr job = begin(request);
    if (const auto status = examine(*job); !status) return refuse(job, status.error());
    signer_.sign_ra(job->generation->number, job->ca->name, job->draft.tbs,
                    [this, job](const auto& signature) { on_signature(job, signature); });
}

RaJobPtr RaIssuer::begin(const Request& request) const {
    auto job = std::make_shared<RaJob>();
    job->generation = request.generation;
    job->to = request.to;
    job->occasion = {clock_.now(), request.generation->config->id, {}, request.peer->name};
    job->fields = pki::to_buffer(request.frame.fields);
    job->frame = {request.frame.header, job->fields};
    return job;
}

// Whoever may ask, possession is verified here.
pki::Status RaIssuer::examine(RaJob& job) const {
    PKI_TRY(const wire::RaIssueRequest asked, decode(job));
    PKI_CHECK(x509::verify_possession(job.csr));
    PKI_TRY(const x509::Profile profile, ra_profile(asked, job.csr.spki));
    PKI_CHECK(check_ra_request(profile, job.csr, *job.generation->config));
    PKI_CHECK(check_not_blocked(store_, job.csr.spki));
    PKI_TRY(job.serial, new_serial(job.occasion.time));
    PKI_TRY(job.draft, make_tbs(*job.ca, profile, job.csr, job.serial, job.now()));
    return {};
}

// What becomes durable in one transaction.
void RaIssuer::on_signature(const RaJobPtr& job, const pki::Result<pki::Buffer>& signature) {
    if (!signature) return refuse(job, signature.error());
    auto der = finish_certificate(*job, *signature);
    if (!der) return refuse(job, der.error());
    job->decided.certificate = certificate_record(*job, *std::move(der));
    record_allow(job->record(), job->decided.certificate->serial);
    committer_.commit(job->decided,
                      [this, job](const pki::Status& status) { on_committed(job, status); });
}

void RaIssuer::on_committed(const RaJobPtr& job, const pki::Status& status) {
    if (!status)
        return replies_.send(job->to,
                             error_frame(fail(Errc::unavailable, "not recorded"), job->to.id));
    wire::IssueReply reply;
    reply.certificate = job->decided.certificate->der;
    reply.chain = {job->ca->chain.begin(), job->ca->chain.end()};
    replies_.send(job->to, reply_frame(reply, job->to.id));
}

void RaIssuer::refuse(const RaJobPtr& job, const pki::Error& error) {
    if (error.code == Errc::internal) log(Level::error, "RA: %s", error.message().c_str());
    record_refusal(job->record(), error);
    committer_.commit(job->decided, [this, job, error](const pki::Status& status) {
        const pki::Error told = status ? error : fail(Errc::unavailable, "not recorded");
        replies_.send(job->to, error_frame(told, job->to.id));
    });
}

}  // namespace signerd
