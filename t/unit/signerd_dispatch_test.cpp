// Who may do what: the table of operations, the peers of a socket, and what the operations
// that answer at once say.
#include "signerd/dispatch.h"

#include <jansson.h>

#include "signerd/peer.h"
#include "signerd/version.h"
#include "t/unit/idle_crls.h"
#include "t/unit/ocsp_fixture.h"

#include "t/unit/unit.h"

namespace {

namespace wire = pki::wire;
using pki::Errc;
using signerd::Role;
using unit::IssueFixture;
using wire::Kind;

struct Permission {
    Kind kind;
    bool frontend, reader, admin;
};

constexpr Permission kPermissions[] = {
    {Kind::issue_request, true, false, false},
    {Kind::poll_request, true, false, false},
    {Kind::confirm_request, true, false, false},
    {Kind::request_list_request, false, false, true},
    {Kind::request_decide_request, false, false, true},
    {Kind::ca_certs_request, true, true, true},
    {Kind::report_request, true, false, false},
    {Kind::status_request, false, true, true},
    {Kind::cert_list_request, false, false, true},
    {Kind::cert_show_request, false, false, true},
    {Kind::audit_page_request, false, false, true},
    {Kind::revoke_request, false, false, true},
    {Kind::revoke_many_request, false, false, true},
    {Kind::crl_request, true, true, true},
    {Kind::watch_request, true, true, true},
    {Kind::crl_publish_request, false, false, true},
    {Kind::ocsp_request, true, true, true},
    {Kind::certificate_request, true, false, false},
    {Kind::issuer_crl_request, true, false, false},
    {Kind::next_ca_request, true, false, false},
    {Kind::template_request, true, false, false},
    {Kind::root_update_request, true, false, false},
    {Kind::cmp_revoke_request, true, false, false},
    {Kind::ra_issue_request, false, false, true},
    {Kind::challenge_create_request, false, false, true},
    {Kind::token_create_request, false, false, true},
    {Kind::token_list_request, false, false, true},
    {Kind::token_revoke_request, false, false, true},
    {Kind::csr_attributes_request, true, false, false},
};

void test_roles(void**) {
    for (const Permission& expected : kPermissions) {
        const signerd::Operation* operation = signerd::find_operation(expected.kind);
        assert_non_null(operation);
        assert_int_equal(permitted(*operation, Role::frontend), expected.frontend);
        assert_int_equal(permitted(*operation, Role::reader), expected.reader);
        assert_int_equal(permitted(*operation, Role::admin), expected.admin);
    }
}

// No other kind is a request: what nobody listed nobody may do.
void test_no_other_operation(void**) {
    std::size_t operations = 0;
    for (int kind = 0; kind < 256; kind++)
        operations += signerd::find_operation(Kind{static_cast<std::uint8_t>(kind)}) != nullptr;
    assert_int_equal(operations, std::size(kPermissions));
}

signerd::Peer peer(std::optional<uid_t> user, std::optional<gid_t> group, const char* name) {
    signerd::Peer made;
    made.name = name;
    made.user = user;
    made.group = group;
    return made;
}

void test_peers(void**) {
    signerd::Listen listen;
    listen.peers = {peer(33, 33, "both"), peer(33, {}, "user"), peer({}, 50, "group"),
                    peer({}, {}, "nobody")};
    const auto matched = [&](uid_t user, gid_t group) {
        const signerd::Peer* found = signerd::match_peer(listen, {1, user, group});
        return std::string(found != nullptr ? found->name : "");
    };
    assert_text(matched(33, 33), "both");
    assert_text(matched(33, 50), "user");
    assert_text(matched(34, 50), "group");
    assert_text(matched(34, 33), "");
    assert_text(matched(0, 0), "");
}

void test_profiles_of_a_peer(void**) {
    signerd::Peer frontend = peer(33, {}, "nginx");
    frontend.role = Role::frontend;
    assert_false(signerd::may_use(frontend, "device"));
    frontend.profiles = {"device"};
    assert_true(signerd::may_use(frontend, "device"));
    assert_false(signerd::may_use(frontend, "user"));
    frontend.all_profiles = true;
    assert_true(signerd::may_use(frontend, "user"));
    signerd::Peer reader = peer(34, {}, "monitoring");
    reader.role = Role::reader;
    assert_true(signerd::may_use(reader, "device"));
}

// The dispatcher around the issue path of IssueFixture.
class Desk : public IssueFixture {
   public:
    Desk()
        : dispatcher({clock, *store, issuer, reports, revoker, cmp_revoker, confirmer,
                      crls.publisher, crls.watchers, ocsp, ras, challenges, tokens, replies,
                      unit::kNow - 60,
                      [] { return signerd::Gauges{3, 7, 2, 1, 4711, "ready"}; },
                      [this](const signerd::Request&, const pki::Error& error) {
                          refused.push_back(error.message());
                      }}) {}

    template <class M>
    std::uint64_t ask(Role role, const M& message) {
        const std::uint64_t id = ++last_;
        const pki::Buffer frame = *wire::encode(message, id);
        if (!generation) generation = *signerd::make_generation(1, config);
        peer.role = role;
        dispatcher.dispatch({generation, &peer, *wire::parse_frame(frame), {7, id}});
        return id;
    }
    // The JSON of an answer; the caller gives it back.
    json_t* json(std::uint64_t id) const {
        const auto reply =
            wire::decode<wire::JsonReply>(*wire::parse_frame(replies.frames.at(id)));
        assert_ok(reply);
        return json_loadb(reinterpret_cast<const char*>(reply->json.data()), reply->json.size(),
                          JSON_REJECT_DUPLICATES, nullptr);
    }

    std::vector<std::string> refused;
    signerd::Reports reports{clock, committer, replies};
    signerd::Revoker revoker{clock, *store, committer, replies, [] {}};
    signerd::Confirmer confirmer{clock,  *store, committer, replies, issuer.transactions(),
                                 revoker};
    signerd::CmpRevoker cmp_revoker{clock,   *store,  committer,
                                    replies, revoker, issuer.transactions()};
    unit::IdleCrls crls{clock, *store, committer, replies};
    unit::FakeOcspSigner ocsp_signer{clock, ca.key.get()};
    signerd::OcspResponder ocsp{clock, *store, ocsp_signer, committer, replies};
    signerd::RaIssuer ras{clock, *store, signer, committer, replies};
    signerd::ChallengeMaker challenges{clock, committer, replies};
    signerd::TokenMaker tokens{clock, *store, committer, replies};
    signerd::Dispatcher dispatcher;

   private:
    std::uint64_t last_ = 1000;  // apart from those of IssueFixture
};

const char* text(const json_t* object, const char* key) {
    return json_string_value(json_object_get(object, key));
}

void test_not_permitted(void**) {
    Desk desk;
    const pki::Buffer csr = unit::make_csr();
    const std::uint64_t issue = desk.ask(Role::admin, IssueFixture::request(csr));
    assert_true(desk.replies.error(issue)->code == Errc::denied);
    const std::uint64_t status = desk.ask(Role::frontend, wire::StatusRequest{});
    assert_true(desk.replies.error(status)->code == Errc::denied);
    const std::uint64_t reply = desk.ask(Role::admin, wire::CaCertsReply{});
    assert_true(desk.replies.error(reply)->code == Errc::denied);
    desk.finish();
    assert_int_equal(desk.certificates(), 0);
    assert_int_equal(desk.refused.size(), 3);
    assert_text(desk.refused[0], "not permitted: issue");
    assert_text(desk.refused[2], "not permitted: no request");
    desk.remove();
}

void test_issue_is_handed_on(void**) {
    Desk desk;
    const pki::Buffer csr = unit::make_csr();
    const std::uint64_t id = desk.ask(Role::frontend, IssueFixture::request(csr));
    desk.finish();
    assert_ok(desk.replies.issued(id));
    desk.remove();
}

void test_ca_certs(void**) {
    Desk desk;
    desk.peer.all_profiles = false;
    desk.peer.profiles = {"device"};
    const std::uint64_t id = desk.ask(Role::frontend, wire::CaCertsRequest{"device"});
    const auto reply =
        wire::decode<wire::CaCertsReply>(*wire::parse_frame(desk.replies.frames.at(id)));
    assert_ok(reply);
    assert_int_equal(reply->certificates.size(), 1);
    assert_hex(reply->certificates[0], pki::hex_encode(desk.ca.certificate));

    desk.peer.profiles = {"other"};
    const std::uint64_t foreign = desk.ask(Role::frontend, wire::CaCertsRequest{"device"});
    const std::uint64_t unknown = desk.ask(Role::frontend, wire::CaCertsRequest{"other"});
    assert_true(desk.replies.error(foreign)->code == Errc::not_found);
    assert_text(desk.replies.error(foreign)->text, desk.replies.error(unknown)->text);
    desk.remove();
}

// The CA that issues first, then what a client needs before and after.
void test_ca_certs_of_a_rollover(void**) {
    Desk desk;
    const unit::TestCa next = unit::make_ca({.name = "CN=Next"});
    auto entry = desk.config->cas.at("issuing");
    entry.name = "next";
    entry.chain = {next.certificate};
    desk.config->cas["next"] = std::move(entry);
    desk.config->cas["issuing"].successor =
        signerd::Successor{"next", unit::kNow + 1, {{0x30, 0x01}, {0x30, 0x02}}};
    const auto told = [&] {
        const std::uint64_t id = desk.ask(Role::frontend, wire::CaCertsRequest{"device"});
        const auto reply =
            wire::decode<wire::CaCertsReply>(*wire::parse_frame(desk.replies.frames.at(id)));
        assert_ok(reply);
        std::vector<std::string> texts;
        for (const pki::Bytes der : reply->certificates) texts.push_back(pki::hex_encode(der));
        return texts;
    };
    const std::string before = pki::hex_encode(desk.ca.certificate);
    const std::string after = pki::hex_encode(next.certificate);
    assert_true(told() == std::vector<std::string>({before, after, "3001", "3002"}));
    desk.clock.seconds++;
    assert_true(told() == std::vector<std::string>({after, before, "3001", "3002"}));
    desk.remove();
}

void test_status_of_a_rollover(void**) {
    Desk desk;
    auto& cas = desk.config->cas;
    for (const char* name : {"later", "next", "now"}) cas[name] = cas.at("issuing");
    cas["issuing"].successor = signerd::Successor{"next", {}, {}};
    cas["later"].successor = signerd::Successor{"next", 1'795'194'000, {}};
    cas["now"].successor = signerd::Successor{"next", signerd::kFromNow, {}};
    json_t* status = desk.json(desk.ask(Role::reader, wire::StatusRequest{}));
    const json_t* list = json_object_get(status, "cas");
    const json_t* announced = json_array_get(list, 0);
    assert_string_equal(text(announced, "successor"), "next");
    assert_null(json_object_get(announced, "successor_from"));
    assert_string_equal(text(json_array_get(list, 1), "successor_from"),
                        "2026-11-20T17:00:00Z");
    assert_null(json_object_get(json_array_get(list, 2), "successor"));
    assert_string_equal(text(json_array_get(list, 3), "successor_from"), "now");
    json_decref(status);
    desk.remove();
}

void test_status(void**) {
    Desk desk;
    desk.issue(unit::make_csr());
    json_t* status = desk.json(desk.ask(Role::reader, wire::StatusRequest{}));
    assert_non_null(status);
    assert_string_equal(text(status, "version"), signerd::kVersion);
    assert_string_equal(text(status, "id"), "signerd-1");
    assert_int_equal(json_integer_value(json_object_get(status, "uptime_seconds")), 60);
    assert_int_equal(json_integer_value(json_object_get(status, "certificates")), 1);
    assert_int_equal(json_integer_value(json_object_get(status, "audit_records")), 1);
    assert_int_equal(json_integer_value(json_object_get(status, "queue")), 3);
    assert_int_equal(json_integer_value(json_object_get(status, "transactions")), 7);
    const json_t* ca = json_array_get(json_object_get(status, "cas"), 0);
    assert_string_equal(text(ca, "name"), "issuing");
    assert_string_equal(text(ca, "tenant"), "demo");
    assert_string_equal(text(ca, "subject"), "CN=Test Issuing");
    assert_string_equal(text(json_object_get(status, "key_child"), "state"), "ready");
    const json_t* profile = json_array_get(json_object_get(status, "profiles"), 0);
    assert_string_equal(json_string_value(profile), "device");
    json_decref(status);
    desk.remove();
}

// What does not fit an answer is counted only.
void test_status_of_a_large_configuration(void**) {
    Desk desk;
    const pki::Buffer subject = *pki::x509::name_from_text("CN=" + std::string(500, 'x'));
    for (int i = 0; i < 1000; i++) {
        const std::string name = std::string(58, 'n') + std::to_string(1000 + i);
        signerd::Ca& ca = desk.config->cas[name] = desk.config->cas["issuing"];
        ca.subject = subject;
        desk.config->profiles[name] = desk.config->profiles["device"];
    }
    json_t* status = desk.json(desk.ask(Role::reader, wire::StatusRequest{}));
    assert_non_null(status);
    assert_in_range(json_array_size(json_object_get(status, "cas")), 10, 100);
    assert_int_equal(json_array_size(json_object_get(status, "profiles")), 100);
    assert_int_equal(json_integer_value(json_object_get(status, "cas_total")), 1001);
    assert_int_equal(json_integer_value(json_object_get(status, "profiles_total")), 1001);
    json_decref(status);
    desk.remove();
}

void test_cert_list(void**) {
    Desk desk;
    for (int i = 0; i < 5; i++) desk.issue(unit::make_csr("CN=device-" + std::to_string(i)));
    wire::CertListRequest request;
    request.limit = 3;
    json_t* first = desk.json(desk.ask(Role::admin, request));
    const json_t* page = json_object_get(first, "certificates");
    assert_int_equal(json_array_size(page), 3);
    assert_true(json_is_true(json_object_get(first, "more")));
    assert_string_equal(text(json_array_get(page, 0), "subject"), "CN=device-0");
    request.after = static_cast<std::uint64_t>(
        json_integer_value(json_object_get(json_array_get(page, 2), "row")));
    json_t* second = desk.json(desk.ask(Role::admin, request));
    page = json_object_get(second, "certificates");
    assert_int_equal(json_array_size(page), 2);
    assert_true(json_is_false(json_object_get(second, "more")));
    assert_string_equal(text(json_array_get(page, 1), "subject"), "CN=device-4");
    json_decref(first);
    json_decref(second);
    desk.remove();
}

void test_cert_show(void**) {
    Desk desk;
    const auto issued = *desk.replies.issued(desk.issue(unit::make_csr()));
    const std::string serial(desk.audit()[0].serial);
    json_t* shown = desk.json(desk.ask(Role::admin, wire::CertShowRequest{serial}));
    const json_t* certificate = json_array_get(json_object_get(shown, "certificates"), 0);
    assert_string_equal(text(certificate, "serial"), serial.c_str());
    assert_text(text(certificate, "pem"), pki::x509::certificate_to_pem(issued.certificate));
    json_decref(shown);
    const std::uint64_t id = desk.ask(Role::admin, wire::CertShowRequest{"4a00"});
    assert_true(desk.replies.error(id)->code == Errc::not_found);
    desk.remove();
}

void test_revoke(void**) {
    Desk desk;
    desk.issue(unit::make_csr());
    const std::string serial(desk.audit()[0].serial);
    wire::RevokeRequest one;
    one.serial = serial;
    wire::RevokeManyRequest many;
    many.profile = "device";
    for (const Role role : {Role::frontend, Role::reader}) {
        assert_true(desk.replies.error(desk.ask(role, one))->code == Errc::denied);
        assert_true(desk.replies.error(desk.ask(role, many))->code == Errc::denied);
    }
    many.reason = 9;
    const std::uint64_t done = desk.ask(Role::admin, many);
    desk.committer.run();
    json_t* shown = desk.json(done);
    const json_t* certificate = json_array_get(json_object_get(shown, "certificates"), 0);
    assert_string_equal(text(certificate, "status"), "revoked");
    assert_string_equal(text(certificate, "reason"), "privilegeWithdrawn");
    json_decref(shown);
    const std::uint64_t again = desk.ask(Role::admin, one);
    desk.committer.run();
    assert_true(desk.replies.error(again)->code == Errc::conflict);
    desk.remove();
}

void test_status_of_certificates(void**) {
    Desk desk;
    for (int i = 0; i < 4; i++) desk.issue(unit::make_csr());
    using pki::x509::CrlReason;
    for (const auto& [row, reason] :
         {std::pair(0, CrlReason::superseded), std::pair(1, CrlReason::certificate_hold)})
        assert_ok(unit::commit(*desk.store,
                               {unit::change_of({unit::revocation_of(
                                   desk.store->list_certificates({})->at(row), reason)})}));
    const auto states = [&] {
        json_t* listed = desk.json(desk.ask(Role::admin, wire::CertListRequest{}));
        std::string all;
        for (std::size_t i = 0; i < 4; i++) {
            const json_t* member = json_array_get(json_object_get(listed, "certificates"), i);
            all += std::string(text(member, "status")) + " ";
            assert_int_equal(json_object_get(member, "revoked") != nullptr, i < 2);
        }
        json_decref(listed);
        return all;
    };
    assert_text(states(), "revoked hold good good ");
    desk.clock.seconds += 90 * unit::kDay;
    assert_text(states(), "revoked hold good good ");
    desk.clock.seconds += 1;
    assert_text(states(), "revoked hold expired expired ");
    json_t* shown = desk.json(desk.ask(
        Role::admin, wire::CertShowRequest{desk.store->list_certificates({})->at(1).serial}));
    const json_t* held = json_array_get(json_object_get(shown, "certificates"), 0);
    assert_string_equal(text(held, "reason"), "certificateHold");
    assert_string_equal(text(held, "revoked"), "2026-11-18T11:06:40Z");
    json_decref(shown);
    desk.remove();
}

// A page is cut to one frame, however many rows were asked for.
void test_audit_page(void**) {
    Desk desk;
    for (std::uint64_t i = 0; i < 1000; i++) {
        signerd::Decided decided = unit::denial(i);
        decided.audit.subject = std::string(1000, 'x');
        assert_ok(unit::commit(*desk.store, {decided}));
    }
    const auto page = [&](std::uint64_t after, std::uint32_t limit) {
        return desk.ask(Role::admin, wire::AuditPageRequest{after, limit});
    };
    const auto read = [&](std::uint64_t id) {
        return wire::decode<wire::AuditPageReply>(
            *wire::parse_frame(desk.replies.frames.at(id)));
    };
    const auto few = read(page(0, 2));
    assert_ok(few);
    assert_int_equal(few->rows.size(), 2);
    const auto many = read(page(2, 0));
    assert_ok(many);
    assert_in_range(many->rows.size(), 100, 300);
    assert_int_equal(many->rows.size(), many->hashes.size());
    assert_int_equal(pki::wire::parse_canonical(many->rows[0])->sequence, 3);
    desk.remove();
}

void test_drain(void**) {
    Desk desk;
    desk.dispatcher.drain();
    const std::uint64_t status = desk.ask(Role::admin, wire::StatusRequest{});
    assert_true(desk.replies.error(status)->code == Errc::unavailable);
    const pki::Buffer csr = unit::make_csr();
    const std::uint64_t issue = desk.ask(Role::frontend, IssueFixture::request(csr));
    desk.finish();
    assert_true(desk.replies.error(issue)->code == Errc::unavailable);
    assert_true(desk.audit()[0].decision == wire::Decision::shed);
    desk.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_no_other_operation),
        cmocka_unit_test(test_peers),
        cmocka_unit_test(test_profiles_of_a_peer),
        cmocka_unit_test(test_not_permitted),
        cmocka_unit_test(test_issue_is_handed_on),
        cmocka_unit_test(test_ca_certs),
        cmocka_unit_test(test_ca_certs_of_a_rollover),
        cmocka_unit_test(test_status_of_a_rollover),
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_status_of_a_large_configuration),
        cmocka_unit_test(test_cert_list),
        cmocka_unit_test(test_cert_show),
        cmocka_unit_test(test_revoke),
        cmocka_unit_test(test_status_of_certificates),
        cmocka_unit_test(test_audit_page),
        cmocka_unit_test(test_drain),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
