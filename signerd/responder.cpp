#include "signerd/responder.h"

#include <algorithm>

#include "libpki/base/base64.h"
#include "libpki/x509/tbs.h"
#include "signerd/audit.h"
#include "signerd/issue_tbs.h"
#include "signerd/responder_tbs.h"
#include "signerd/signature_check.h"

namespace signerd {

namespace x509 = pki::x509;
using pki::Errc;
using pki::fail;

struct ResponderJob {
    std::pair<std::string, pki::Buffer> slot;
    std::shared_ptr<const Generation> generation;
    const Ca* ca = nullptr;
    bool again = false;  // the key child was replaced in between
    Serial serial{};
    pki::Buffer tbs;
    std::shared_ptr<Responder> made;
    Decided decided;  // the writer reads it until it has committed
};

namespace {

// Between attempts that fail: each request would cause one.
constexpr std::int64_t kPause = 1;
// In the place of a profile's name; no profile can be called so.
constexpr char kProfile[] = "(ocsp)";

// Half of its time is over. One that ends with its CA has no better successor.
bool is_due(const Responder& responder, const Ca& ca, std::int64_t now) {
    const std::int64_t half = (responder.not_after - responder.not_before) / 2;
    return now >= responder.not_before + half && responder.not_after < ca.not_after;
}

pki::Result<std::shared_ptr<Responder>> responder_for(pki::Bytes encoding) {
    PKI_TRY(const x509::Spki spki, x509::parse_spki(encoding));
    auto made = std::make_shared<Responder>();
    PKI_TRY(made->key, pki::ossl::make_public_key(spki.key));
    PKI_TRY(made->scheme, pki::ossl::default_scheme(made->key.get()));
    made->key_hash = pki::ossl::sha1(spki.key_bits);
    return made;
}

pki::Status prepare(ResponderJob& job, pki::Bytes spki, std::int64_t now) {
    PKI_TRY(job.made, responder_for(spki));
    PKI_TRY(job.serial, new_serial(now));
    PKI_TRY(UnsignedCertificate draft,
            make_responder_tbs(*job.ca, spki, job.serial, now / kMicroseconds));
    job.made->not_before = draft.not_before;
    job.made->not_after = draft.not_after;
    job.tbs = std::move(draft.tbs);
    return {};
}

pki::Status assemble(ResponderJob& job, pki::Bytes signature) {
    EVP_PKEY* const key = job.generation->ca_keys.at(job.ca->name).get();
    PKI_CHECK(check_signature(key, job.ca->scheme, job.tbs, signature, job.ca->name));
    job.made->certificate = x509::assemble_certificate(job.tbs, job.ca->scheme, signature);
    return {};
}

CertificateRecord certificate_record(const ResponderJob& job, std::int64_t now) {
    CertificateRecord record;
    record.ca = job.ca->name;
    record.tenant = job.ca->tenant;
    record.profile = kProfile;
    record.serial = pki::hex_encode(job.serial);
    record.der = job.made->certificate;
    record.subject = "CN=" + responder_name(*job.ca);
    record.not_before = job.made->not_before;
    record.not_after = job.made->not_after;
    record.issued = now;
    return record;
}

// What becomes durable in one transaction.
void decide(ResponderJob& job, std::int64_t now) {
    const CertificateRecord& record =
        job.decided.certificate.emplace(certificate_record(job, now / kMicroseconds));
    const Occasion occasion{now, job.generation->config->id, job.ca->tenant, {}};
    job.decided.audit = record_responder(occasion, kProfile, record.subject, record.serial);
}

}  // namespace

void Responders::get(const std::shared_ptr<const Generation>& generation, const Ca& ca,
                     Ready ready) {
    const Id id(ca.name, ca.chain.front());
    Slot& slot = slots_[id];
    const bool usable = slot.current && now() < slot.current->not_after;
    const bool paused = now() < slot.pause;
    if (usable && (paused || slot.making || !is_due(*slot.current, ca, now())))
        return ready(slot.current);
    if (!usable && !slot.making && paused)
        return ready(fail(Errc::unavailable, "no OCSP responder", ca.name));
    const ResponderPtr current = usable ? slot.current : nullptr;
    if (!usable) slot.waiting.push_back(ready);
    if (!slot.making) make(id, generation, ca);
    if (current) ready(current);
}

void Responders::lost(const Ca& ca, const ResponderPtr& responder) {
    const auto slot = slots_.find(Id(ca.name, ca.chain.front()));
    if (slot != slots_.end() && slot->second.current == responder) slot->second.current = {};
}

void Responders::make(const Id& id, const std::shared_ptr<const Generation>& generation,
                      const Ca& ca) {
    slots_[id].making = true;
    const auto job = std::make_shared<ResponderJob>();
    job->slot = id;
    job->generation = generation;
    job->ca = &ca;
    ask_key(job, false);
}

void Responders::ask_key(const ResponderJobPtr& job, bool fresh) {
    signer_.responder_key(job->generation->number, job->ca->name, fresh,
                          [this, job, fresh](const auto& spki) { on_key(job, fresh, spki); });
}

// The key that certifies the responder in use stays with it. Another one is there already when
// an earlier attempt got no further, or when the key child is a new one: asking for one more
// would push out the one that is in use.
void Responders::on_key(const ResponderJobPtr& job, bool fresh,
                        const pki::Result<pki::Buffer>& spki) {
    if (!spki) return failed(job, spki.error());
    if (const auto status = prepare(*job, *spki, clock_.now()); !status)
        return failed(job, status.error());
    const ResponderPtr& current = slots_[job->slot].current;
    if (!fresh && current && current->key_hash == job->made->key_hash)
        return ask_key(job, true);
    signer_.sign_responder(
        job->generation->number, job->ca->name, job->tbs,
        [this, job](const auto& signature) { on_signature(job, signature); });
}

void Responders::on_signature(const ResponderJobPtr& job,
                              const pki::Result<pki::Buffer>& signature) {
    if (!signature && signature.error().code == Errc::not_found &&
        !std::exchange(job->again, true))
        return ask_key(job, false);
    if (!signature) return failed(job, signature.error());
    if (const auto status = assemble(*job, *signature); !status)
        return failed(job, status.error());
    decide(*job, clock_.now());
    committer_.commit(job->decided,
                      [this, job](const pki::Status& status) { on_committed(job, status); });
}

void Responders::on_committed(const ResponderJobPtr& job, const pki::Status& status) {
    if (!status) return failed(job, status.error());
    making_.note({});
    slots_[job->slot].current = job->made;
    finish(job, ResponderPtr(job->made));
    forget_expired();
}

// Whatever the cause, nobody who asks has done anything wrong.
void Responders::failed(const ResponderJobPtr& job, const pki::Error& error) {
    constexpr char kNone[] = "no OCSP responder";
    const std::string& ca = job->ca->name;
    making_.note(fail(error.code, kNone, ca + ": " + error.message()));
    slots_[job->slot].pause = now() + kPause;
    finish(job, fail(Errc::unavailable, kNone, ca));
}

void Responders::finish(const ResponderJobPtr& job, const pki::Result<ResponderPtr>& result) {
    Slot& slot = slots_[job->slot];
    slot.making = false;
    for (const Ready& ready : std::exchange(slot.waiting, {})) ready(result);
}

// Those of CAs that a reload has put out go when their time is over.
void Responders::forget_expired() {
    std::erase_if(slots_, [this](const auto& entry) {
        const Slot& slot = entry.second;
        return !slot.making && (!slot.current || slot.current->not_after <= now());
    });
}

}  // namespace signerd
