// What clients may ask about certificates beside their own enrolment: of which CAs, under which
// profiles, and what is no answer.
#include "signerd/lookup.h"

#include <fstream>

#include "libpki/wire/lookup.h"
#include "libpki/wire/revocation.h"
#include "t/unit/idle_crls.h"
#include "t/unit/ocsp_fixture.h"
#include "t/unit/unit.h"

namespace {

namespace wire = pki::wire;
namespace x509 = pki::x509;
using pki::Buffer;
using pki::Errc;
using pki::Result;
using unit::kNow;

using Handler = Result<Buffer> (*)(signerd::Services&, const signerd::Request&);

class Desk : public unit::IssueFixture {
   public:
    template <class M>
    Result<Buffer> ask(Handler handler, const M& message) {
        const Buffer frame = *wire::encode(message, 7);
        if (!generation) generation = *signerd::make_generation(1, config);
        return handler(services, {generation, &peer, *wire::parse_frame(frame), {7, 7}});
    }
    Result<Buffer> certificate(const Buffer& name, pki::Bytes serial,
                               const char* profile = "device") {
        return ask(signerd::certificate_by_serial,
                   wire::CertificateRequest{profile, name, serial});
    }
    Result<Buffer> crl(const Buffer& name, const char* profile = "device") {
        return ask(signerd::crl_by_issuer, wire::IssuerCrlRequest{profile, name, {}});
    }
    Result<Buffer> crl_at(const char* url) {
        return ask(signerd::crl_by_issuer, wire::IssuerCrlRequest{"device", {}, url});
    }
    Result<Buffer> root_update(pki::Bytes root = {}) {
        return ask(signerd::root_update, wire::RootUpdateRequest{"device", root});
    }
    Result<Buffer> next_ca(const char* profile = "device") {
        return ask(signerd::next_ca_certs, wire::NextCaRequest{profile});
    }
    // A copy of the CA and the profile "device" with it, for a tenant.
    void add_ca(const char* name, const unit::TestCa& made, const char* tenant) {
        signerd::Ca entry = config->cas.at("issuing");
        entry.name = name;
        entry.tenant = tenant;
        entry.chain = {made.certificate};
        entry.subject = made.name;
        config->cas[name] = std::move(entry);
        signerd::Profile profile = config->profiles.at("device");
        profile.ca = name;
        config->profiles[name] = std::move(profile);
    }
    // Of a CA, with these bytes in the place of a list.
    void publish(const char* ca_name, const std::string& bytes, signerd::CrlKind kind = {}) {
        signerd::Decided decided;
        decided.audit = unit::audit_record(0);
        decided.audit.decision = wire::Decision::allow;
        decided.audit.operation = wire::Operation::crl;
        signerd::CrlRecord record;
        record.ca = ca_name;
        record.partition = kind.partition;
        record.delta = kind.delta;
        record.number = 3;
        record.this_update = kNow - 60;
        record.next_update = kNow + 60;
        record.size = bytes.size();
        record.sha256 = pki::ossl::sha256(pki::as_bytes(bytes));
        decided.crls = {record};
        assert_ok(files.prepare(*store->crls()));
        std::ofstream(files.path(record), std::ios::binary) << bytes;
        assert_ok(unit::commit(*store, {decided}));
        assert_ok(crls.load());
    }

    signerd::CrlFiles files{folder.file()};
    signerd::Reports reports{clock, committer, replies};
    signerd::Revoker revoker{clock, *store, committer, replies, [] {}};
    signerd::CmpRevoker cmp_revoker{clock,   *store,  committer,
                                    replies, revoker, issuer.transactions()};
    signerd::Confirmer confirmer{clock,  *store, committer, replies, issuer.transactions(),
                                 revoker};
    unit::IdleCrls idle{clock, *store, committer, replies};
    class NoSigner : public signerd::CrlSigner {
        void sign_crl(std::uint64_t, const std::string&, std::uint64_t, Read, Done) override {}
    } crl_signer;
    signerd::CrlPublisher crls{
        clock, *store, crl_signer, committer, [](auto, auto) {}, [](auto, auto) {},
        files, [] {}};
    unit::FakeOcspSigner ocsp_signer{clock, ca.key.get()};
    signerd::OcspResponder ocsp{clock, *store, ocsp_signer, committer, replies};
    signerd::RaIssuer ras{clock, *store, signer, committer, replies};
    signerd::ChallengeMaker challenges{clock, committer, replies};
    signerd::TokenMaker tokens{clock, *store, committer, replies};
    signerd::Services services{clock,     *store,  issuer,        reports, revoker, cmp_revoker,
                               confirmer, crls,    idle.watchers, ocsp,    ras,     challenges,
                               tokens,    replies, kNow,          {},      {}};
};

wire::IssueReply certificate_in(const Result<Buffer>& frame) {
    assert_ok(frame);
    const auto reply = wire::decode<wire::IssueReply>(*wire::parse_frame(*frame));
    assert_ok(reply);
    return *reply;
}

Buffer name_of(const char* text) { return *x509::name_from_text(text); }

void test_a_certificate(void**) {
    Desk desk;
    const auto issued = *desk.replies.issued(desk.issue(unit::make_csr()));
    const auto certificate = *x509::parse_certificate(issued.certificate);
    const Buffer serial = *pki::hex_decode(x509::serial_text(certificate.tbs));
    const auto found = desk.certificate(desk.ca.name, serial);
    assert_hex(certificate_in(found).certificate, pki::hex_encode(issued.certificate));
    assert_int_equal(certificate_in(found).chain.size(), 0);
    // The name as somebody else writes it, and a sign octet too many.
    assert_ok(desk.certificate(name_of("CN=TEST  issuing"), serial));
    Buffer with_zero{0};
    pki::append(with_zero, serial);
    assert_ok(desk.certificate(desk.ca.name, with_zero));

    assert_error(Errc::not_found, desk.certificate(name_of("CN=Other"), serial));
    Buffer other = serial;
    other.back() ^= 1;
    assert_error(Errc::not_found, desk.certificate(desk.ca.name, other));
    assert_error(Errc::not_found, desk.certificate(desk.ca.name, {}));
    assert_error(Errc::malformed, desk.certificate({0x30, 0x01}, serial));
    desk.remove();
}

void test_profiles_of_the_peer(void**) {
    Desk desk;
    desk.publish("issuing", "a list");
    const auto issued = *desk.replies.issued(desk.issue(unit::make_csr()));
    const auto certificate = *x509::parse_certificate(issued.certificate);
    const Buffer serial = *pki::hex_decode(x509::serial_text(certificate.tbs));
    assert_error(Errc::not_found, desk.certificate(desk.ca.name, serial, "none"));
    desk.peer.all_profiles = false;
    desk.peer.profiles = {"another"};
    for (const auto& refused :
         {desk.certificate(desk.ca.name, serial), desk.crl(desk.ca.name), desk.next_ca()}) {
        assert_error(Errc::not_found, refused);
        assert_text(refused.error().message(), "no such profile");
    }
    desk.peer.profiles = {"device"};
    assert_ok(desk.certificate(desk.ca.name, serial));
    assert_ok(desk.crl(desk.ca.name));
    desk.remove();
}

// What belongs to somebody else does not exist.
void test_tenants(void**) {
    Desk desk;
    desk.add_ca("sibling", unit::make_ca({.name = "CN=Sibling"}), "demo");
    desk.add_ca("foreign", unit::make_ca({.name = "CN=Foreign"}), "other");
    desk.publish("issuing", "a list");
    const auto issued = *desk.replies.issued(desk.issue(unit::make_csr()));
    const auto certificate = *x509::parse_certificate(issued.certificate);
    const Buffer serial = *pki::hex_decode(x509::serial_text(certificate.tbs));
    assert_ok(desk.certificate(desk.ca.name, serial, "sibling"));
    assert_ok(desk.crl(desk.ca.name, "sibling"));
    assert_error(Errc::not_found, desk.certificate(desk.ca.name, serial, "foreign"));
    assert_error(Errc::not_found, desk.crl(desk.ca.name, "foreign"));
    assert_error(Errc::not_found, desk.crl(name_of("CN=Sibling")));
    // Issued when the CA was another tenant's.
    desk.config->cas.at("issuing").tenant = "other";
    desk.generation = *signerd::make_generation(2, desk.config);
    assert_error(Errc::not_found, desk.certificate(desk.ca.name, serial));
    desk.remove();
}

// Two CAs of one name: the serial tells which one is meant.
void test_a_name_that_two_cas_share(void**) {
    Desk desk;
    desk.add_ca("again", desk.ca, "demo");
    auto request = Desk::request({});
    const Buffer csr = unit::make_csr();
    request.csr = csr;
    request.profile = "again";
    const auto issued = *desk.replies.issued(desk.issue(request));
    const auto certificate = *x509::parse_certificate(issued.certificate);
    const Buffer serial = *pki::hex_decode(x509::serial_text(certificate.tbs));
    assert_hex(certificate_in(desk.certificate(desk.ca.name, serial)).certificate,
               pki::hex_encode(issued.certificate));
    desk.remove();
}

// A CA of the configuration with another certificate than the one that issued.
void test_a_ca_that_was_exchanged(void**) {
    Desk desk;
    const auto issued = *desk.replies.issued(desk.issue(unit::make_csr()));
    const auto certificate = *x509::parse_certificate(issued.certificate);
    const Buffer serial = *pki::hex_decode(x509::serial_text(certificate.tbs));
    const unit::TestCa other = unit::make_ca({.name = "CN=Other"});
    desk.config->cas["issuing"].subject = other.name;
    desk.config->cas["issuing"].chain = {other.certificate};
    desk.generation = *signerd::make_generation(2, desk.config);
    assert_error(Errc::not_found, desk.certificate(other.name, serial));
    assert_error(Errc::not_found, desk.certificate(desk.ca.name, serial));
    desk.remove();
}

void test_a_crl(void**) {
    Desk desk;
    assert_error(Errc::not_found, desk.crl(desk.ca.name));
    desk.publish("issuing", "a list");
    const auto frame = desk.crl(desk.ca.name);
    assert_ok(frame);
    const auto reply = wire::decode<wire::CrlReply>(*wire::parse_frame(*frame));
    assert_ok(reply);
    assert_int_equal(reply->number, 3);
    assert_int_equal(reply->size, 6);
    assert_text(pki::as_text(reply->data), "a list");
    assert_error(Errc::malformed, desk.crl({0x30, 0x01}));
    desk.remove();
}

std::string list_in(const Result<Buffer>& frame) {
    if (!frame) return std::string(name(frame.error().code));
    const auto reply = wire::decode<wire::CrlReply>(*wire::parse_frame(*frame));
    assert_ok(reply);
    return std::string(pki::as_text(reply->data));
}

void test_the_crl_of_the_ca_that_issues(void**) {
    Desk desk;
    assert_text(list_in(desk.crl({})), "not_found");
    desk.add_ca("next", unit::make_ca({.name = "CN=Next"}), "demo");
    desk.publish("issuing", "a list");
    desk.publish("next", "of the next");
    assert_text(list_in(desk.crl({})), "a list");
    desk.config->cas["issuing"].successor = signerd::Successor{"next", kNow + 1, {}};
    desk.clock.seconds++;
    assert_text(list_in(desk.crl({})), "of the next");
    desk.remove();
}

void test_the_crl_of_a_distribution_point(void**) {
    Desk desk;
    desk.add_ca("split", unit::make_ca({.name = "CN=Split"}), "demo");
    desk.add_ca("foreign", unit::make_ca({.name = "CN=Foreign"}), "other");
    desk.config->cas["split"].crl_urls = {"http://a.example/{partition}/{partition}.crl"};
    desk.config->cas["split"].crl.partitions = 12;
    desk.config->cas["foreign"].crl_urls = {"http://f.example/f.crl"};
    desk.config->cas["issuing"].crl.delta_urls = {"http://a.example/delta.crl"};
    desk.publish("issuing", "complete");
    desk.publish("issuing", "delta", {0, true});
    desk.publish("split", "second", {2, false});
    desk.publish("split", "twelfth", {12, false});
    desk.publish("foreign", "foreign");
    assert_text(list_in(desk.crl_at("http://pki.example.com/issuing.crl")), "complete");
    assert_text(list_in(desk.crl_at("http://a.example/delta.crl")), "delta");
    assert_text(list_in(desk.crl_at("http://a.example/2/2.crl")), "second");
    assert_text(list_in(desk.crl_at("http://a.example/12/12.crl")), "twelfth");
    for (const char* url :
         {"http://a.example/1/1.crl", "http://a.example/2/12.crl", "http://a.example/02/02.crl",
          "http://a.example/0/0.crl", "http://a.example/13/13.crl", "http://a.example/2",
          "http://a.example/", "http://f.example/f.crl", "HTTP://pki.example.com/issuing.crl",
          "x"})
        assert_text(list_in(desk.crl_at(url)), "not_found");
    desk.remove();
}

void test_a_template(void**) {
    Desk desk;
    const auto ask = [&](const char* profile) {
        return desk.ask(signerd::request_template, wire::TemplateRequest{profile});
    };
    assert_error(Errc::denied, ask("device"));
    desk.config->profiles["device"].cmp.emplace();
    const auto frame = ask("device");
    assert_ok(frame);
    const auto reply = wire::decode<wire::TemplateReply>(*wire::parse_frame(*frame));
    assert_ok(reply);
    assert_true(reply->cert_req_template.size() > 2);
    assert_int_equal(reply->cert_req_template[0], pki::der::kSequence);
    assert_int_equal(reply->signing_keys.size(), 2);
    assert_true(!reply->encryption_keys.empty());
    assert_error(Errc::not_found, ask("other"));
    desk.peer.all_profiles = false;
    assert_error(Errc::not_found, ask("device"));
    desk.remove();
}

// A root and the issuing CA below it, in the place of the CA `name`.
unit::TestCa add_root(Desk& desk, const char* ca_name, const char* root_name) {
    auto root = unit::make_ca({.name = root_name});
    const auto issuing = unit::make_ca({.name = std::string("CN=") + ca_name}, &root);
    if (!desk.config->cas.contains(ca_name)) desk.add_ca(ca_name, issuing, "demo");
    desk.config->cas[ca_name].chain = {issuing.certificate, root.certificate};
    desk.config->cas[ca_name].subject = issuing.name;
    return root;
}

// A root's key and name, signed by another root.
Buffer cross(const unit::TestCa& subject, const unit::TestCa& by) {
    EVP_PKEY_up_ref(subject.key.get());
    const std::string text = x509::name_text(*x509::parse_name(subject.name));
    return unit::make_ca_with(pki::ossl::PkeyPtr(subject.key.get()), {.name = text}, &by)
        .certificate;
}

std::string hex_of(pki::Bytes bytes) { return pki::hex_encode(bytes); }

wire::RootUpdateReply update_in(const Result<Buffer>& frame) {
    assert_ok(frame);
    const auto reply = wire::decode<wire::RootUpdateReply>(*wire::parse_frame(*frame));
    assert_ok(reply);
    return *reply;
}

void test_a_new_root(void**) {
    Desk desk;
    const auto before = add_root(desk, "issuing", "CN=Root");
    assert_error(Errc::not_found, desk.root_update());
    const auto after = add_root(desk, "next", "CN=Root G2");
    auto& successor = desk.config->cas["issuing"].successor;
    successor = signerd::Successor{"next", {}, {}};
    const Buffer old_with_new = cross(before, after);
    const Buffer new_with_old = cross(after, before);
    const auto bare = desk.root_update();
    assert_hex(update_in(bare).new_with_new, hex_of(after.certificate));
    assert_true(update_in(bare).new_with_old.empty() && update_in(bare).old_with_new.empty());
    successor->cross = {old_with_new, new_with_old};
    const auto whole = desk.root_update(before.certificate);
    assert_hex(update_in(whole).new_with_new, hex_of(after.certificate));
    assert_hex(update_in(whole).new_with_old, hex_of(new_with_old));
    assert_hex(update_in(whole).old_with_new, hex_of(old_with_new));
    // The newest one, and what is no root of ours.
    assert_error(Errc::not_found, desk.root_update(after.certificate));
    const auto other = unit::make_ca({.name = "CN=Root"});
    assert_error(Errc::not_found, desk.root_update(other.certificate));
    const Buffer garbage{1, 2, 3};
    assert_error(Errc::not_found, desk.root_update(garbage));
    // A client may come late.
    successor->from = kNow - 1;
    assert_ok(desk.root_update());
    desk.remove();
}

// Two CAs below one root, then one below another; and CAs without a root in the file.
void test_a_line_of_cas(void**) {
    Desk desk;
    const auto before = add_root(desk, "issuing", "CN=Root");
    add_root(desk, "second", "CN=Other");
    desk.config->cas["second"].chain.back() = before.certificate;
    const auto after = add_root(desk, "third", "CN=Root G2");
    desk.config->cas["issuing"].successor = signerd::Successor{"second", {}, {}};
    assert_error(Errc::not_found, desk.root_update());
    desk.config->cas["second"].successor = signerd::Successor{"third", {}, {}};
    const auto found = desk.root_update();
    assert_hex(update_in(found).new_with_new, hex_of(after.certificate));
    desk.config->cas["third"].chain.pop_back();
    assert_error(Errc::not_found, desk.root_update());
    desk.config->cas["issuing"].chain.pop_back();
    assert_error(Errc::not_found, desk.root_update());
    desk.remove();
}

// Of another CA of the tenant, and not of one of another tenant.
void test_roots_of_tenants(void**) {
    Desk desk;
    const auto before = add_root(desk, "other", "CN=Root");
    const auto after = add_root(desk, "next", "CN=Root G2");
    desk.config->cas["other"].successor = signerd::Successor{"next", {}, {}};
    const auto found = desk.root_update(before.certificate);
    assert_hex(update_in(found).new_with_new, hex_of(after.certificate));
    for (const char* ca : {"other", "next"}) desk.config->cas[ca].tenant = "foreign";
    assert_error(Errc::not_found, desk.root_update(before.certificate));
    desk.remove();
}

void test_a_crl_that_is_too_large(void**) {
    Desk desk;
    desk.publish("issuing", std::string(pki::limits::kCrlChunk, 'x'));
    assert_ok(desk.crl(desk.ca.name));
    desk.remove();
    Desk large;
    large.publish("issuing", std::string(pki::limits::kCrlChunk + 1, 'x'));
    const auto refused = large.crl(large.ca.name);
    assert_error(Errc::denied, refused);
    assert_text(refused.error().message(),
                "the CRL is too large for a message, get it from its distribution point: "
                "131073 bytes");
    large.remove();
}

void test_the_next_ca(void**) {
    Desk desk;
    assert_error(Errc::not_found, desk.next_ca());
    const unit::TestCa next = unit::make_ca({.name = "CN=Next"});
    const unit::TestCa third = unit::make_ca({.name = "CN=Third"});
    desk.add_ca("next", next, "demo");
    desk.add_ca("third", third, "demo");
    const auto told = [&] {
        desk.generation = *signerd::make_generation(2, desk.config);
        const auto frame = desk.next_ca();
        if (!frame) return std::string(name(frame.error().code));
        const auto reply = wire::decode<wire::CaCertsReply>(*wire::parse_frame(*frame));
        assert_ok(reply);
        assert_int_equal(reply->certificates.size(), 1);
        const auto certificate = *x509::parse_certificate(reply->certificates[0]);
        return x509::name_text(certificate.tbs.subject);
    };
    auto& issuing = desk.config->cas["issuing"];
    issuing.successor = signerd::Successor{"next", {}, {}};
    assert_text(told(), "CN=Next");
    issuing.successor = signerd::Successor{"next", kNow + 1, {}};
    assert_text(told(), "CN=Next");
    desk.clock.seconds++;
    assert_text(told(), "not_found");
    issuing.successor = signerd::Successor{"next", signerd::kFromNow, {}};
    assert_text(told(), "not_found");
    // The successor issues, and has one itself.
    desk.config->cas["next"].successor = signerd::Successor{"third", {}, {}};
    assert_text(told(), "CN=Third");
    desk.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_a_certificate),
        cmocka_unit_test(test_profiles_of_the_peer),
        cmocka_unit_test(test_tenants),
        cmocka_unit_test(test_a_name_that_two_cas_share),
        cmocka_unit_test(test_a_ca_that_was_exchanged),
        cmocka_unit_test(test_a_crl),
        cmocka_unit_test(test_a_crl_that_is_too_large),
        cmocka_unit_test(test_the_crl_of_the_ca_that_issues),
        cmocka_unit_test(test_the_crl_of_a_distribution_point),
        cmocka_unit_test(test_a_template),
        cmocka_unit_test(test_a_new_root),
        cmocka_unit_test(test_a_line_of_cas),
        cmocka_unit_test(test_roots_of_tenants),
        cmocka_unit_test(test_the_next_ca),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
