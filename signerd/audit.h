// Audit records from requests, CSRs and decisions.
//
// Every text is made fit for the wire as it is filled in: cut at the bound that
// AuditRow::visit() gives it, valid UTF-8, no control characters. What a record never holds:
// challengePassword, Basic passwords, keys. Of a CSR only subject, SANs and hash get in.
#pragma once

#include "libpki/wire/registration.h"
#include "libpki/wire/report.h"
#include "libpki/x509/cert.h"
#include "libpki/x509/csr.h"
#include "signerd/store/store.h"

namespace signerd {

// Where and when a request was received.
struct Occasion {
    std::int64_t time = 0;     // microseconds since 1970 UTC
    std::string_view signerd;  // id of this daemon
    std::string_view tenant;   // empty when the profile is not known
    std::string_view peer;     // name of the peer of signerd that asked
};

// What is known before the CSR is read. The decision is a denial without a reason until
// record_allow() or record_refusal() says otherwise.
AuditRecord record_request(const Occasion& occasion, const pki::wire::IssueRequest& request,
                           const pki::ossl::Sha256& csr_sha256);

// A certificate that no peer has asked for: that of an OCSP responder, which is allowed.
AuditRecord record_responder(const Occasion& occasion, std::string_view profile,
                             std::string_view subject, std::string_view serial);

// A challenge that an admin asks for: a denial until record_allow() says otherwise.
AuditRecord record_challenge(const Occasion& occasion,
                             const pki::wire::ChallengeCreateRequest& asked);

// A token that an admin makes or revokes: a denial until record_allow() says otherwise.
AuditRecord record_token(const Occasion& occasion, const Token& token);

// Adds what the CSR asks for.
void describe_csr(AuditRecord& record, const pki::x509::Csr& csr);

// The client is who has this certificate.
void identify_by(AuditRecord& record, const pki::x509::Certificate& certificate);

// The client knew this challenge; `key` where it has several.
void identify_by(AuditRecord& record, std::string_view challenge, std::string_view key);

// The client has brought this token.
void identify_by(AuditRecord& record, const Token& token);

// What records call a token: "token 7" where its maker gave it no name; "token" before it has a
// number.
std::string token_name(const Token& token);

// `serial` in hex, of the certificate that is the answer; `detail` says what is not plain
// issuing, such as a stored answer given again.
void record_allow(AuditRecord& record, std::string_view serial, std::string_view detail = {});

// unavailable is load that was shed, every other code a denial. The cause is recorded in full,
// also where the peer is told less.
void record_refusal(AuditRecord& record, const pki::Error& error);

// Put before a person: neither allowed nor denied.
void record_pending(AuditRecord& record, std::string_view detail = {});

// What a frontend decided by itself and reports. A time that cannot be is replaced by that of
// the occasion, with a note. Not checked: whether the peer may name this profile.
AuditRecord record_report(const Occasion& occasion,
                          const pki::wire::ReportedDecision& reported);

// What becomes of a certificate, by somebody of ours: a denial until record_allow() says
// otherwise. The tenant is the certificate's.
AuditRecord record_change(const Occasion& occasion, pki::wire::Operation operation,
                          const CertificateRecord& certificate);

// In the place of `count` decisions that nobody kept, made between these times.
AuditRecord record_gap(const Occasion& occasion, std::uint64_t count, std::int64_t from,
                       std::int64_t to);

// For records that are filled in by other means: cuts and cleans every text. One that is not
// fit makes Store::commit() refuse its whole batch.
void make_fit(AuditRecord& record);

}  // namespace signerd
