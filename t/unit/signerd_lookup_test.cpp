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
        return ask(signerd::crl_by_issuer, wire::IssuerCrlRequest{profile, name});
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
    void publish(const char* ca_name, const std::string& bytes) {
        signerd::Decided decided;
        decided.audit = unit::audit_record(0);
        decided.audit.decision = wire::Decision::allow;
        decided.audit.operation = wire::Operation::crl;
        signerd::CrlRecord record;
        record.ca = ca_name;
        record.number = 3;
        record.this_update = kNow - 60;
        record.next_update = kNow + 60;
        record.size = bytes.size();
        record.sha256 = pki::ossl::sha256(pki::as_bytes(bytes));
        decided.crls = {record};
        assert_ok(files.prepare({}));
        std::ofstream(files.path(record), std::ios::binary) << bytes;
        assert_ok(unit::commit(*store, {decided}));
        assert_ok(crls.load());
    }

    signerd::CrlFiles files{folder.file()};
    signerd::Reports reports{clock, committer, replies};
    signerd::Revoker revoker{clock, *store, committer, replies, [] {}};
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
    signerd::Services services{clock, *store, issuer,     reports, revoker, crls, idle.watchers,
                               ocsp,  ras,    challenges, replies, kNow,    {},   {}};
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
    assert_error(Errc::malformed, desk.crl({}));
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
        cmocka_unit_test(test_the_next_ca),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
