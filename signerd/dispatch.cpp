#include "signerd/dispatch.h"

#include <algorithm>
#include <iterator>

#include "libpki/wire/pending.h"
#include "signerd/admin.h"
#include "signerd/crl_service.h"
#include "signerd/csr_attributes.h"
#include "signerd/log.h"
#include "signerd/lookup.h"
#include "signerd/peer.h"
#include "signerd/poll.h"
#include "signerd/reply.h"
#include "signerd/request_list.h"
#include "signerd/status.h"

namespace signerd {

namespace wire = pki::wire;
using wire::Kind;

namespace {

void issue(Services& services, const Request& request) { services.issuer.issue(request); }

void decide(Services& services, const Request& request) { services.issuer.decide(request); }

void confirm(Services& services, const Request& request) {
    services.confirmer.confirm(request);
}

void report(Services& services, const Request& request) {
    services.reports.record(request, services.issuer.in_flight());
}

void watch(Services& services, const Request& request) { services.watchers.watch(request); }
void revoke(Services& services, const Request& request) { services.revoker.revoke(request); }

void revoke_many(Services& services, const Request& request) {
    services.revoker.revoke_many(request);
}

void cmp_revoke(Services& services, const Request& request) {
    services.cmp_revoker.revoke(request);
}

void ocsp(Services& services, const Request& request) { services.ocsp.answer(request); }
void ra_issue(Services& services, const Request& request) { services.ras.issue(request); }

void challenge_create(Services& services, const Request& request) {
    services.challenges.create(request);
}

void token_create(Services& services, const Request& request) {
    services.tokens.create(request);
}

void token_revoke(Services& services, const Request& request) {
    services.tokens.revoke(request);
}

std::int64_t now(const Services& services) { return services.clock.now() / kMicroseconds; }

pki::Result<pki::Buffer> poll_at_once(Services& services, const Request& request) {
    return signerd::poll(services.store, now(services), request);
}
pki::Result<pki::Buffer> request_list(Services& services, const Request& request) {
    return signerd::request_list(services.store, now(services), request);
}

pki::Result<pki::Buffer> token_list(Services& services, const Request& request) {
    return signerd::token_list(services.store, now(services), request);
}

// An operation that has its answer at once.
template <pki::Result<pki::Buffer> (*Make)(Services&, const Request&)>
void at_once(Services& services, const Request& request) {
    auto frame = Make(services, request);
    services.replies.send(
        request.to, frame ? *std::move(frame) : error_frame(frame.error(), request.to.id));
}

// With CMP a poll is a message of a transaction, and its answer durable before it leaves.
void poll(Services& services, const Request& request) {
    const auto asked = wire::decode<wire::PollRequest>(request.frame);
    if (asked && asked->protocol == wire::Protocol::cmp)
        return services.confirmer.poll(request);
    at_once<poll_at_once>(services, request);
}

constexpr Roles kFrontend = only(Role::frontend);
constexpr Roles kReader = only(Role::reader);
constexpr Roles kAdmin = only(Role::admin);

constexpr Operation kOperations[] = {
    {Kind::issue_request, "issue", kFrontend, issue},
    {Kind::poll_request, "poll", kFrontend, poll},
    {Kind::confirm_request, "confirm", kFrontend, confirm},
    {Kind::ca_certs_request, "ca_certs", kFrontend | kReader | kAdmin, at_once<ca_certs>},
    {Kind::report_request, "report", kFrontend, report},
    {Kind::status_request, "status", kReader | kAdmin, at_once<status>},
    {Kind::cert_list_request, "cert_list", kAdmin, at_once<cert_list>},
    {Kind::cert_show_request, "cert_show", kAdmin, at_once<cert_show>},
    {Kind::request_list_request, "request_list", kAdmin, at_once<request_list>},
    {Kind::request_decide_request, "request_decide", kAdmin, decide},
    {Kind::audit_page_request, "audit_page", kAdmin, at_once<audit_page>},
    {Kind::revoke_request, "revoke", kAdmin, revoke},
    {Kind::revoke_many_request, "revoke_many", kAdmin, revoke_many},
    {Kind::crl_request, "crl", kFrontend | kReader | kAdmin, at_once<crl_piece>},
    {Kind::watch_request, "watch", kFrontend | kReader | kAdmin, watch},
    {Kind::crl_publish_request, "crl_publish", kAdmin, crl_publish},
    {Kind::ocsp_request, "ocsp", kFrontend | kReader | kAdmin, ocsp},
    {Kind::certificate_request, "certificate", kFrontend, at_once<certificate_by_serial>},
    {Kind::issuer_crl_request, "issuer_crl", kFrontend, at_once<crl_by_issuer>},
    {Kind::next_ca_request, "next_ca", kFrontend, at_once<next_ca_certs>},
    {Kind::template_request, "template", kFrontend, at_once<request_template>},
    {Kind::csr_attributes_request, "csr_attributes", kFrontend, at_once<csr_attributes>},
    {Kind::root_update_request, "root_update", kFrontend, at_once<root_update>},
    {Kind::cmp_revoke_request, "cmp_revoke", kFrontend, cmp_revoke},
    {Kind::ra_issue_request, "ra_issue", kAdmin, ra_issue},
    {Kind::challenge_create_request, "challenge_create", kAdmin, challenge_create},
    {Kind::token_create_request, "token_create", kAdmin, token_create},
    {Kind::token_list_request, "token_list", kAdmin, at_once<token_list>},
    {Kind::token_revoke_request, "token_revoke", kAdmin, token_revoke},
};

}  // namespace

const Operation* find_operation(Kind kind) {
    const auto found = std::ranges::find(kOperations, kind, &Operation::kind);
    return found == std::end(kOperations) ? nullptr : &*found;
}

bool permitted(const Operation& operation, Role role) {
    return (operation.roles & only(role)) != 0;
}

void Dispatcher::dispatch(const Request& request) {
    const Operation* operation = find_operation(request.frame.header.kind);
    if (operation == nullptr || !permitted(*operation, request.peer->role)) {
        const char* what = operation != nullptr ? operation->name : "no request";
        log(Level::warning, "peer %s (%s): refused: %s", request.peer->name.c_str(),
            name(request.peer->role), what);
        services_.refused(request, pki::fail(pki::Errc::denied, "not permitted", what));
        return refuse(request, pki::fail(pki::Errc::denied, "not permitted"));
    }
    // The issue path turns requests away itself: with an audit record.
    if (draining_ && operation->kind != Kind::issue_request)
        return refuse(request, pki::fail(pki::Errc::unavailable, "shutting down"));
    operation->run(services_, request);
}

void Dispatcher::drain() {
    draining_ = true;
    services_.issuer.drain();
    services_.crls.drain();
    services_.watchers.drain();
    services_.ocsp.drain();
}

void Dispatcher::refuse(const Request& request, const pki::Error& error) {
    services_.replies.send(request.to, error_frame(error, request.to.id));
}

}  // namespace signerd
