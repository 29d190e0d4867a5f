#include "signerd/revoke.h"

#include <algorithm>

#include "libpki/base/base64.h"
#include "libpki/x509/cert.h"
#include "signerd/certificate_json.h"
#include "signerd/log.h"
#include "signerd/peer.h"
#include "signerd/reply.h"
#include "signerd/revocation_rules.h"
#include "signerd/revoke_job.h"

namespace signerd {

namespace wire = pki::wire;
using pki::Errc;
using pki::fail;

namespace {

// Names the certificate in one way, and a reason where there has to be one.
pki::Status check(const wire::RevokeRequest& asked) {
    const bool by_serial = !asked.serial.empty();
    if (by_serial == !asked.certificate.empty())
        return fail(Errc::malformed, "revoke: a serial or a certificate is needed, not both");
    if (!by_serial && !asked.ca.empty())
        return fail(Errc::malformed, "revoke: a certificate tells its CA by itself");
    if (!asked.release)
        PKI_CHECK(reason_to_revoke(asked.reason));
    else if (asked.reason != 0)
        return fail(Errc::malformed, "revoke: to release takes no reason");
    return {};
}

std::string names_of(const std::vector<CertificateRecord>& records) {
    std::string names;
    for (const CertificateRecord& record : records)
        names += (names.empty() ? "" : ", ") + record.ca;
    return names;
}

}  // namespace

void RevokeJob::add(RevocationChange change, CertificateRecord& certificate) {
    const bool release = !change.revocation;
    const auto& reason = release ? certificate.revocation : change.revocation;
    AuditRecord record = record_change(
        occasion, release ? wire::Operation::release : wire::Operation::revoke, certificate);
    record_allow(record, certificate.serial, name(reason->reason));
    certificate.revocation = change.revocation;
    if (decided.revocations.empty())
        decided.audit = std::move(record);
    else
        decided.more.push_back(std::move(record));
    decided.revocations.push_back(std::move(change));
}

void Revoker::revoke(const Request& request) {
    const auto asked = wire::decode<wire::RevokeRequest>(request.frame);
    if (!asked) return send_error(request.to, asked.error());
    const RevokeJobPtr job =
        begin(request, asked->release ? wire::Operation::release : wire::Operation::revoke);
    if (const auto status = prepare(*job, *asked); !status) return refuse(job, status.error());
    commit(job);
}

RevokeJobPtr Revoker::begin(const Request& request, wire::Operation operation) const {
    auto job = std::make_shared<RevokeJob>();
    job->generation = request.generation;
    job->occasion = {clock_.now(), request.generation->config->id, {}, request.peer->name};
    job->to = request.to;
    job->decided.audit = record_change(job->occasion, operation, {});
    return job;
}

pki::Status Revoker::prepare(RevokeJob& job, const wire::RevokeRequest& asked) const {
    PKI_CHECK(check(asked));
    PKI_TRY(CertificateRecord certificate, find(asked));
    job.decided.audit = record_change(job.occasion, job.decided.audit.operation, certificate);
    if (busy(certificate))
        return fail(Errc::conflict, "another change of this certificate is on its way");
    PKI_TRY(RevocationChange change,
            asked.release
                ? release(certificate)
                : signerd::revoke(certificate, *reason_to_revoke(asked.reason), job.now()));
    job.add(std::move(change), certificate);
    JsonList list;
    list.add(certificate_json(certificate, job.now()));
    PKI_TRY(job.answer, list.reply({}, job.to.id));
    return {};
}

pki::Result<CertificateRecord> Revoker::find(const wire::RevokeRequest& asked) const {
    std::string serial(asked.serial);
    if (serial.empty()) {
        PKI_TRY(const auto shown, pki::x509::parse_certificate(asked.certificate));
        serial = pki::x509::serial_text(shown.tbs);
    }
    PKI_TRY(auto records, store_.certificates_with_serial(serial));
    std::erase_if(records, [&](const CertificateRecord& record) {
        return asked.serial.empty() ? !pki::equal(record.der, asked.certificate)
                                    : !asked.ca.empty() && record.ca != asked.ca;
    });
    if (records.empty()) return fail(Errc::not_found, "no such certificate", serial);
    if (records.size() > 1)
        return fail(Errc::conflict, "several CAs have this serial, name one",
                    names_of(records));
    return std::move(records.front());
}

bool Revoker::busy(const CertificateRecord& record) const {
    return changing_.contains({record.ca, record.serial});
}

void Revoker::hold(const Decided& decided) {
    for (const RevocationChange& change : decided.revocations)
        changing_.emplace(change.ca, change.serial);
}

void Revoker::let_go(const Decided& decided, bool done) {
    for (const RevocationChange& change : decided.revocations)
        changing_.erase({change.ca, change.serial});
    if (done && !decided.revocations.empty()) changed_();
}

void Revoker::commit(const RevokeJobPtr& job) {
    hold(job->decided);
    committer_.commit(job->decided,
                      [this, job](const pki::Status& status) { on_committed(job, status); });
}

// Whatever ails the store, nothing has changed, and the same request may work later.
void Revoker::on_committed(const RevokeJobPtr& job, const pki::Status& status) {
    let_go(job->decided, status.has_value());
    if (!status) return send_error(job->to, fail(Errc::unavailable, "not recorded"));
    replies_.send(job->to, std::move(job->answer));
}

void Revoker::refuse(const RevokeJobPtr& job, const pki::Error& error) {
    if (error.code == Errc::internal) log(Level::error, "revoke: %s", error.message().c_str());
    record_refusal(job->decided.audit, error);
    job->decided.more.clear();
    job->decided.revocations.clear();
    committer_.commit(job->decided, [this, job, error](const pki::Status& status) {
        send_error(job->to, status ? error : fail(Errc::unavailable, "not recorded"));
    });
}

void Revoker::send_error(const ReplyTo& to, const pki::Error& error) {
    replies_.send(to, error_frame(error, to.id));
}

}  // namespace signerd
