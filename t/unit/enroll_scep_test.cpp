// SCEP of the client: capabilities, whom it believes, and whole requests against an RA that
// stands in for the server.
#include <unistd.h>

#include "clients/enroll/scep_request.h"
#include "libpki/base/limits.h"
#include "libpki/ossl/digest.h"
#include "libpki/scep/contents.h"
#include "libpki/scep/operation.h"
#include "t/unit/enroll_fixture.h"
#include "t/unit/scep_fixture.h"

namespace {

using enroll::Capabilities;
using pki::Buffer;
using pki::Errc;
using unit::ScepRa;
namespace scep = pki::scep;

constexpr std::int64_t kNow = 1'800'000'000;
constexpr const char* kMessage = "application/x-pki-message";

const ScepRa& ra() {
    static const ScepRa only;
    return only;
}

std::string fingerprint(const Buffer& der) {
    return pki::hex_encode(pki::ossl::sha256(pki::Bytes(der)));
}

void capabilities(void**) {
    const Capabilities some = Capabilities::parse("aes\r\nSHA-256 \n\nRenewal");
    assert_int_equal(some.words().size(), 3);
    assert_true(some.has("AES"));
    assert_true(some.has("SHA-256"));
    assert_false(some.has("POSTPKIOperation"));
    const Capabilities standard = Capabilities::parse("SCEPStandard");
    assert_true(standard.has("AES"));
    assert_true(standard.has("POSTPKIOperation"));
    assert_false(standard.has("Renewal"));
}

void weak_algorithms_are_asked_for(void**) {
    const Capabilities old = Capabilities::parse("DES3\nSHA-1\n");
    assert_error(Errc::unsupported, enroll::choose_algorithms(old, "", "des3", false));
    assert_error(Errc::unsupported, enroll::choose_algorithms(old, "sha1", "", false));
    assert_error(Errc::malformed, enroll::choose_algorithms(old, "md5", "des3", false));
    assert_error(Errc::malformed, enroll::choose_algorithms(old, "sha1", "des", false));
    const auto weak = enroll::choose_algorithms(old, "sha1", "des3", false);
    assert_ok(weak);
    assert_false(weak->post);
    assert_true(weak->hashes.sha1 && weak->ciphers.des3);
    const Capabilities standard = Capabilities::parse("SCEPStandard");
    const auto strong = enroll::choose_algorithms(standard, "", "", false);
    assert_ok(strong);
    assert_true(strong->post);
    assert_false(strong->hashes.sha1 || strong->ciphers.des3);
    assert_false(enroll::choose_algorithms(standard, "", "", true)->post);
}

void queries_are_percent_encoded(void**) {
    assert_text(enroll::scep_query("http://h/scep", scep::Operation::get_ca_cert, ""),
                "http://h/scep?operation=GetCACert");
    assert_text(enroll::scep_query("http://h/scep", scep::Operation::pki_operation, "a+/=9"),
                "http://h/scep?operation=PKIOperation&message=a%2B%2F%3D9");
}

// Below the same CA, with this extendedKeyUsage.
Buffer with_purpose(pki::Bytes purpose) {
    const Buffer serial = {9};
    const Buffer subject = *pki::x509::name_from_text("CN=somebody");
    const Buffer spki = *pki::ossl::public_key_der(unit::scep_rsa_key(2));
    pki::x509::TbsSpec tbs;
    tbs.serial = serial;
    tbs.scheme = *pki::ossl::default_scheme(ra().ca.key.get());
    tbs.issuer = ra().ca.name;
    tbs.subject = subject;
    tbs.not_before = unit::kTestNotBefore;
    tbs.not_after = unit::kTestNotAfter;
    tbs.spki = spki;
    tbs.key_usage = pki::x509::kDigitalSignature | pki::x509::kKeyEncipherment;
    tbs.extended_key_usage = {purpose};
    return unit::sign_tbs(pki::x509::build_tbs(tbs), ra().ca.key.get());
}

void a_device_is_no_ra(void**) {
    const Buffer& ca = ra().ca.certificate;
    const Buffer device = with_purpose(pki::x509::oid::kClientAuth);
    const std::vector<Buffer> both = {device, ca};
    const auto plain = enroll::trusted_ca(both, {{}, {fingerprint(ca)}, false}, kNow);
    assert_ok(plain);
    assert_int_equal(plain->signers.size(), 1);
    assert_true(plain->signers[0] == ca);
    assert_int_equal(plain->all.size(), 1);
    assert_true(plain->recipient.empty());

    const auto pinned =
        enroll::trusted_ca(both, {{}, {fingerprint(ca), fingerprint(device)}, false}, kNow);
    assert_ok(pinned);
    assert_true(pinned->recipient == device);
    assert_int_equal(pinned->signers.size(), 2);
    const auto any = enroll::trusted_ca(both, {{ca}, {}, true}, kNow);
    assert_ok(any);
    assert_true(any->recipient == device);
}

void an_ra_is_one_for_nothing_else(void**) {
    const Buffer& ca = ra().ca.certificate;
    for (const Buffer& agent : {ra().ra.certificate, with_purpose(pki::x509::oid::kCmcRa)}) {
        const auto found =
            enroll::trusted_ca({agent, ca}, {{}, {fingerprint(ca)}, false}, kNow);
        assert_ok(found);
        assert_true(found->recipient == agent);
        assert_true(found->issuer == ca);
        assert_true(found->signers[0] == agent);
    }
}

void a_ca_that_nobody_knows_is_none(void**) {
    const std::vector<Buffer> both = {ra().ra.certificate, ra().ca.certificate};
    const unit::TestCa other = unit::make_ca({.name = "CN=SCEP CA"});
    assert_error(Errc::denied,
                 enroll::trusted_ca(both, {{}, {std::string(64, '0')}, true}, kNow));
    assert_error(Errc::denied, enroll::trusted_ca(both, {{other.certificate}, {}, true}, kNow));
    assert_error(Errc::denied, enroll::trusted_ca(both, {}, kNow));
}

// The server: an RA that reads the messages and answers them, one status after the other.
struct ScepTransport final : enroll::Transport {
    pki::Result<enroll::HttpAnswer> send(const enroll::HttpRequest& request) override {
        Buffer message = pki::to_buffer(request.body);
        if (!request.post) {
            const std::string mark = "&message=";
            message = *scep::decode_message(
                std::string_view(request.url).substr(request.url.find(mark) + mark.size()),
                pki::limits::kScepMessage);
        }
        const auto read = scep::parse_request(message);
        assert_ok(read);
        assert_ok(scep::verify_request(*read, {}));
        types.push_back(read->type);
        transactions.push_back(scep::transaction_text(*read));
        const auto opened = ra().open(*read, password);
        assert_ok(opened);
        contents.push_back(*opened);
        if (read->type == scep::MessageType::pkcs_req) issue(*opened);
        return answer(*read);
    }

    void issue(pki::Bytes csr) {
        const auto parsed = pki::x509::parse_csr(csr);
        assert_ok(parsed);
        const auto key = pki::ossl::make_public_key(parsed->spki.key);
        const Buffer subject = pki::to_buffer(parsed->subject.encoding);
        const Buffer serial = {7};
        pki::x509::TbsSpec tbs;
        tbs.serial = serial;
        tbs.scheme = *pki::ossl::default_scheme(ra().ca.key.get());
        tbs.issuer = ra().ca.name;
        tbs.subject = subject;
        tbs.not_before = unit::kTestNotBefore;
        tbs.not_after = unit::kTestNotAfter;
        tbs.spki = parsed->spki.encoding;
        certificate = unit::sign_tbs(pki::x509::build_tbs(tbs), ra().ca.key.get());
    }

    pki::Result<enroll::HttpAnswer> answer(const scep::Request& request) {
        scep::CertRep reply;
        reply.status = statuses.front();
        statuses.erase(statuses.begin());
        reply.fail_text = "not today";
        reply.password = pki::as_bytes(password);
        if (reply.status == scep::PkiStatus::success) reply.certificates = {certificate};
        PKI_TRY(Buffer body, scep::build_cert_rep(request, reply, ra().signing));
        return enroll::HttpAnswer{200, kMessage, 0, std::move(body)};
    }

    std::vector<scep::PkiStatus> statuses;
    std::string password;
    Buffer certificate;
    std::vector<scep::MessageType> types;
    std::vector<std::string> transactions;
    std::vector<Buffer> contents;
};

char folder[] = "/tmp/enroll-scep-XXXXXX";

int make_folder(void**) { return mkdtemp(folder) ? 0 : -1; }
int remove_folder(void**) { return rmdir(folder); }

std::string in_folder(const char* name) { return std::string(folder) + "/" + name; }
bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

// A whole client.
struct Client {
    explicit Client(unit::ScepClient who, std::uint64_t wait = 0)
        : device(std::move(who)), patience(clock, wait) {
        session.ca = *enroll::trusted_ca({ra().ra.certificate, ra().ca.certificate},
                                         {{ra().ca.certificate}, {}, false}, kNow);
        request.signer = {device.key.get(), device.certificate, nullptr};
        request.certified = device.key.get();
        request.state.url = "http://h/scep";
        request.state.transaction_id = "transaction-1";
        request.state.key = request.state.certified_key = "device.key";
        request.state.signer = device.certificate;
        request.state.subject = device.name;
        request.state.out = in_folder("out.pem");
        request.state_path = in_folder("state");
    }

    int run() {
        const std::string_view words[] = {"scep", "poll", "--state", "x", "--interval=10"};
        const enroll::Command* const commands[] = {&poll};
        const auto line = enroll::parse_command_line(commands, words);
        assert_ok(line);
        status = enroll::request_certificate(request, scep::MessageType::pkcs_req, device.csr,
                                             context, line->arguments);
        return static_cast<int>(report.finish(status));
    }

    static constexpr enroll::Option kOptions[] = {
        {.name = "state", .value = "FILE"},
        {.name = "interval", .value = "N", .least = 1, .most = 100}};
    const enroll::Command poll{"scep poll", {}, {}, kOptions, nullptr};
    unit::ScepClient device;
    ScepTransport transport;
    unit::FakeClock clock;
    enroll::Patience patience;
    enroll::Report report{false};
    enroll::Context context{report, clock, nullptr};
    enroll::ScepSession session{{transport, "http://h/scep", "", patience, report}, {}, {}};
    enroll::ScepRequest request{session, {}, nullptr, {}, {}};
    pki::Status status;
};

void a_certificate_comes_at_once(void**) {
    Client client(unit::rsa_client());
    client.transport.statuses = {scep::PkiStatus::success};
    assert_int_equal(client.run(), 0);
    assert_true(exists(in_folder("out.pem")));
    assert_false(exists(in_folder("state")));
    assert_true(client.transport.contents[0] == client.device.csr);
    unlink(in_folder("out.pem").c_str());
}

void a_get_carries_the_same(void**) {
    Client client(unit::rsa_client());
    client.session.algorithms.post = false;
    client.transport.statuses = {scep::PkiStatus::success};
    assert_int_equal(client.run(), 0);
    unlink(in_folder("out.pem").c_str());
}

void an_ec_key_needs_a_challenge(void**) {
    Client without(unit::ec_client());
    assert_int_equal(without.run(), 1);
    assert_true(without.transport.types.empty());

    Client client(unit::ec_client());
    const pki::Secret challenge(pki::as_bytes("long enough"));
    client.request.signer.challenge = &challenge;
    client.transport.password = "long enough";
    client.transport.statuses = {scep::PkiStatus::success};
    assert_int_equal(client.run(), 0);
    unlink(in_folder("out.pem").c_str());
}

void what_waits_is_polled_and_kept(void**) {
    Client client(unit::rsa_client(), 25);
    client.transport.statuses = {scep::PkiStatus::pending, scep::PkiStatus::pending,
                                 scep::PkiStatus::pending};
    assert_int_equal(client.run(), 4);
    assert_true(client.clock.slept == std::vector<std::uint64_t>({10, 10}));
    assert_true(client.transport.types[1] == scep::MessageType::cert_poll);
    assert_text(client.transport.transactions[2], "transaction-1");
    const auto names = scep::parse_issuer_and_subject(client.transport.contents[1]);
    assert_ok(names);
    assert_true(pki::equal(names->issuer, ra().ca.name));
    assert_true(pki::equal(names->subject, client.device.name));

    const auto state = enroll::load_state(in_folder("state"));
    assert_ok(state);
    assert_text(state->transaction_id, "transaction-1");
    assert_text(state->out, in_folder("out.pem"));
    assert_true(state->signer == client.device.certificate);
    unlink(in_folder("state").c_str());
}

void approval_within_the_wait_delivers(void**) {
    Client client(unit::rsa_client(), 25);
    client.transport.statuses = {scep::PkiStatus::pending, scep::PkiStatus::success};
    assert_int_equal(client.run(), 0);
    assert_true(exists(in_folder("out.pem")));
    assert_false(exists(in_folder("state")));
    unlink(in_folder("out.pem").c_str());
}

void a_refusal_says_why(void**) {
    Client client(unit::rsa_client());
    client.transport.statuses = {scep::PkiStatus::failure};
    assert_int_equal(client.run(), 1);
    assert_text(client.status.error().message(), "the CA refuses: badRequest, not today");
    assert_false(exists(in_folder("out.pem")));
}

void an_answer_by_anybody_else_is_none(void**) {
    Client client(unit::rsa_client());
    client.session.ca.signers = {ra().ca.certificate};
    client.transport.statuses = {scep::PkiStatus::success};
    assert_int_equal(client.run(), 5);
    assert_false(exists(in_folder("out.pem")));
}

void a_certificate_for_another_key_is_none(void**) {
    Client client(unit::rsa_client());
    client.request.certified = ra().ra.key.get();
    client.transport.statuses = {scep::PkiStatus::success};
    assert_int_equal(client.run(), 5);
    assert_false(exists(in_folder("out.pem")));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(capabilities),
        cmocka_unit_test(weak_algorithms_are_asked_for),
        cmocka_unit_test(queries_are_percent_encoded),
        cmocka_unit_test(a_device_is_no_ra),
        cmocka_unit_test(an_ra_is_one_for_nothing_else),
        cmocka_unit_test(a_ca_that_nobody_knows_is_none),
        cmocka_unit_test(a_certificate_comes_at_once),
        cmocka_unit_test(a_get_carries_the_same),
        cmocka_unit_test(an_ec_key_needs_a_challenge),
        cmocka_unit_test(what_waits_is_polled_and_kept),
        cmocka_unit_test(approval_within_the_wait_delivers),
        cmocka_unit_test(a_refusal_says_why),
        cmocka_unit_test(an_answer_by_anybody_else_is_none),
        cmocka_unit_test(a_certificate_for_another_key_is_none),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
