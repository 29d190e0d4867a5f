// "cmp" of a profile: whose names a client may have, what nobody gets, and key updates.
#include "t/unit/cmp_issue_fixture.h"
#include "t/unit/request_fixture.h"
#include "t/unit/store_fixture.h"

#include "signerd/issue_template.h"
#include "signerd/originator_names.h"

#include "t/unit/unit.h"

namespace {

namespace oid = pki::x509::oid;
namespace wire = pki::wire;
namespace x509 = pki::x509;
using pki::Buffer;
using pki::Errc;
using pki::Reason;
using unit::kDay;
using unit::refused;
using unit::Sent;

// What a CertReqMsg asks for.
struct Asked {
    std::string subject = "CN=device-1";
    std::vector<std::string> san = {};
    const x509::CertId* old = nullptr;
    EVP_PKEY* key = nullptr;  // none: a new one
};

Buffer san_extension(const std::vector<std::string>& names) {
    if (names.empty()) return {};
    pki::der::Writer w;
    w.sequence([&] {
        w.sequence([&] {
            w.oid(oid::kSubjectAltName);
            w.octet_string(*x509::build_san(names));
        });
    });
    return std::move(w).take();
}

Buffer crmf(const Asked& asked) {
    const auto made_key = *pki::ossl::generate_key("ec:P-256");
    EVP_PKEY* const key = asked.key != nullptr ? asked.key : made_key.get();
    const Buffer subject = *x509::name_from_text(asked.subject);
    const Buffer public_key = *pki::ossl::public_key_der(key);
    const Buffer extensions = san_extension(asked.san);
    x509::CertRequestSpec spec;
    if (!asked.subject.empty()) spec.subject = subject;
    spec.public_key = public_key;
    spec.extensions = extensions;
    spec.old_cert_id = asked.old;
    spec.key = key;
    const auto made = x509::build_cert_request(spec);
    assert_ok(made);
    return *made;
}

class Rules : public unit::CmpFixture {
   public:
    std::uint64_t update(const Buffer& message, const Sent& sent,
                         const char* profile = "device") {
        const Buffer turn = sent.turn();
        const Buffer originator = sent.originator();
        wire::IssueRequest made = request(message);
        made.profile = profile;
        made.protocol = wire::Protocol::cmp;
        made.operation = wire::Operation::renew;
        made.form = wire::RequestForm::crmf;
        made.turn = turn;
        made.originator = originator;
        return issue(made);
    }
    // Of this certificate, each time in a transaction of its own.
    std::uint64_t update(const Asked& asked, const Buffer& old) {
        return update(crmf(asked), Sent{.transaction = fresh(), .certificate = old});
    }
    std::uint64_t enrol(const Asked& asked, Sent sent = {}) {
        sent.transaction = fresh();
        return send(crmf(asked), sent, wire::RequestForm::crmf);
    }
    Buffer enrolled(const Asked& asked = {}) { return certificate(enrol(asked)); }
    std::string cause() { return std::string(audit().back().detail); }

   private:
    std::string fresh() { return "transaction-" + std::to_string(++last_); }
    int last_ = 0;
};

std::string subject_of(const Buffer& der) {
    return x509::name_text(x509::parse_certificate(der)->tbs.subject);
}

std::string san_of(const Buffer& der) {
    const auto certificate = *x509::parse_certificate(der);
    const auto san = *x509::certificate_san(certificate);
    std::string text;
    if (san)
        for (const auto& name : san->names) text += x509::general_name_text(name) + ' ';
    return text;
}

const std::string kNotOwn = refused(Errc::denied, Reason::bad_cert_template);

void test_names_of_a_secret(void**) {
    Rules fixture;
    fixture.cmp().names = signerd::CmpNames::credential;
    const Sent sent{.reference = "device-1"};
    assert_ok(fixture.replies.issued(fixture.enrol({}, sent)));
    assert_text(fixture.refusal(fixture.enrol({.subject = "CN=device-2"}, sent)), kNotOwn);
    assert_text(fixture.cause(), "names: not the sender's own: CN: \"device-2\"");
    // Two secrets may have references that differ in case.
    assert_text(fixture.refusal(fixture.enrol({.subject = "CN=Device-1"}, sent)), kNotOwn);
    assert_text(fixture.refusal(fixture.enrol({.san = {"dns:b.example.com"}}, sent)), kNotOwn);
    const Asked host{.subject = "CN=a.example.com", .san = {"dns:a.example.com"}};
    assert_ok(fixture.replies.issued(fixture.enrol(host, {.reference = "a.example.com"})));
    fixture.remove();
}

// The RA's word counts where the profile has RAs, and only then.
void test_names_for_an_ra(void**) {
    Rules fixture;
    const Buffer ra = fixture.enrolled({.subject = "CN=ra"});
    fixture.cmp().names = signerd::CmpNames::credential;
    const Sent sent{.certificate = ra, .ra = true};
    assert_text(fixture.refusal(fixture.enrol({}, sent)), kNotOwn);
    fixture.cmp().ra = true;
    fixture.reload();
    assert_ok(fixture.replies.issued(fixture.enrol({}, sent)));
    assert_text(fixture.refusal(fixture.enrol({}, {.certificate = ra})), kNotOwn);
    fixture.remove();
}

// The rule itself, with a certificate that has names of all kinds.
x509::Certificate vendor(const Buffer& der) { return *x509::parse_certificate(der); }

Buffer vendor_certificate() {
    const auto key = *pki::ossl::generate_key("ec:P-256");
    const Buffer name = *x509::name_from_text("O=Vendor, serialNumber=4711, CN=Model 5");
    const Buffer spki = *pki::ossl::public_key_der(key.get());
    const Buffer san = *x509::build_san(
        {"dns:nb.example.com", "ip:192.0.2.1", "email:a@example.com", "uri:urn:x:1"});
    const Buffer serial{1, 1};
    x509::TbsSpec tbs;
    tbs.serial = serial;
    tbs.scheme = *pki::ossl::default_scheme(key.get());
    tbs.issuer = name;
    tbs.subject = name;
    tbs.not_before = unit::kTestNotBefore;
    tbs.not_after = unit::kTestNotAfter;
    tbs.spki = spki;
    tbs.san = san;
    return unit::sign_tbs(x509::build_tbs(tbs), key.get());
}

struct Names {
    const char* subject;
    std::vector<std::string> san;
    bool own;
};

void test_names_of_a_certificate(void**) {
    const Buffer der = vendor_certificate();
    signerd::CmpTurn turn;
    turn.originator.credential = wire::Credential::certificate;
    turn.certificate = vendor(der);
    const Names cases[] = {
        {"CN=Model 5", {}, true},
        {"CN=model 5, O=Operator, OU=Radio, C=DE", {}, true},
        {"CN=4711", {}, true},
        {"serialNumber=4711", {}, true},
        {"CN=nb.example.com", {"dns:NB.example.com"}, true},
        {"CN=4711", {"ip:192.0.2.1", "email:a@example.com", "uri:urn:x:1"}, true},
        {"CN=4712", {}, false},
        {"CN=4711, CN=4712", {}, false},
        {"serialNumber=4712", {}, false},
        {"CN=192.0.2.1", {}, false},
        {"CN=4711, UID=admin", {}, false},
        {"CN=4711, emailAddress=b@example.com", {}, false},
        {"CN=4711", {"dns:other.example.com"}, false},
        {"CN=4711", {"dns:*.example.com"}, false},
        {"CN=4711", {"ip:192.0.2.2"}, false},
        {"CN=4711", {"email:b@example.com"}, false},
        {"CN=4711", {"uri:urn:x:2"}, false},
        {"CN=4711", {"dns:nb.example.com", "dns:b.example.com"}, false},
    };
    for (const Names& c : cases) {
        unit::Request request;
        request.subject = c.subject;
        request.san = c.san;
        const Buffer encoded = request.encode();
        const auto csr = x509::parse_csr(encoded);
        assert_ok(csr);
        if (signerd::check_own_names(*csr, turn).has_value() == c.own) continue;
        print_error("%s\n", c.subject);
        fail();
    }
}

std::string verdict(const x509::Profile& profile, const unit::Request& request) {
    const Buffer encoded = request.encode();
    const auto csr = x509::parse_csr(encoded);
    assert_ok(csr);
    const auto status = signerd::check_template(profile, *csr);
    return status ? "ok" : refused(status.error().code, status.error().reason);
}

std::string verdict(pki::Bytes id, const char* value) {
    unit::Request request;
    request.extensions = {{id, false, unit::hex(value)}};
    return verdict({}, request);
}

void test_what_makes_an_authority(void**) {
    const std::string authority = refused(Errc::denied, Reason::not_authorized);
    const std::string unread = refused(Errc::malformed, Reason::bad_cert_template);
    assert_text(verdict(x509::Profile(), unit::Request()), "ok");
    assert_text(verdict(oid::kBasicConstraints, "3003 0101ff"), authority);
    assert_text(verdict(oid::kBasicConstraints, "3000"), "ok");
    assert_text(verdict(oid::kKeyUsage, "0302 0204"), authority);
    assert_text(verdict(oid::kKeyUsage, "0302 0102"), authority);
    assert_text(verdict(oid::kKeyUsage, "0302 0780"), "ok");
    assert_text(verdict(oid::kKeyUsage, "0400"), unread);
    for (const char* purpose : {"1b", "1c", "20"})
        assert_text(
            verdict(oid::kExtendedKeyUsage,
                    (std::string("3014 06082b06010505070302 06082b060105050703") + purpose)
                        .c_str()),
            authority);
    assert_text(verdict(oid::kExtendedKeyUsage, "300a 06082b06010505070302"), "ok");
    x509::Profile of_ras;
    of_ras.extended_key_usage = {pki::to_buffer(oid::kCmcRa)};
    unit::Request request;
    request.extensions = {
        {oid::kExtendedKeyUsage, false, unit::hex("300a 06082b0601050507031c")}};
    assert_text(verdict(of_ras, request), "ok");
}

void test_a_request_for_no_name(void**) {
    Rules fixture;
    fixture.config->profiles["device"].rules.empty_subject = true;
    assert_text(fixture.refusal(fixture.enrol({.subject = ""})), kNotOwn);
    assert_text(fixture.cause(), "template: neither subject nor SAN");
    assert_ok(
        fixture.replies.issued(fixture.enrol({.subject = "", .san = {"dns:a.example.com"}})));
    fixture.remove();
}

// What the rules of the profile refuse is a matter of the template.
void test_refusals_of_the_profile(void**) {
    Rules fixture;
    assert_text(fixture.refusal(fixture.enrol({.subject = "CN=a, O=Other"})), kNotOwn);
    assert_text(fixture.refusal(fixture.enrol({.san = {"dns:a.example.org"}})), kNotOwn);
    fixture.remove();
}

void test_an_update(void**) {
    Rules fixture;
    const Buffer before = fixture.enrolled({.san = {"dns:a.example.com"}});
    const auto old = *x509::parse_certificate(before);
    const x509::CertId id{old.tbs.issuer.encoding, old.tbs.serial};
    const Buffer renewed =
        fixture.certificate(fixture.update({.san = {"dns:a.example.com"}, .old = &id}, before));
    assert_text(subject_of(renewed), "CN=device-1");
    const auto row = fixture.audit().back();
    assert_int_equal(row.operation, wire::Operation::renew);
    assert_int_equal(row.credential, wire::Credential::certificate);
    // It should be there, and need not.
    assert_ok(fixture.replies.issued(fixture.update({.san = {"dns:a.example.com"}}, before)));
    fixture.remove();
}

// RFC 9483 4.1.3.
void test_an_update_names_what_it_changes(void**) {
    Rules fixture;
    const Buffer before = fixture.enrolled({.san = {"dns:a.example.com"}});
    const Buffer renewed = fixture.certificate(fixture.update({.subject = ""}, before));
    assert_text(subject_of(renewed), "CN=device-1");
    assert_text(san_of(renewed), "dns:a.example.com ");
    assert_text(fixture.audit().back().subject, "CN=device-1");
    assert_text(fixture.audit().back().sans, "dns:a.example.com");
    assert_text(fixture.refusal(fixture.update({.subject = "CN=device-2"}, before)), kNotOwn);
    assert_text(fixture.refusal(fixture.update({.san = {"dns:b.example.com"}}, before)),
                kNotOwn);
    fixture.cmp().renewal.change_subject = true;
    fixture.reload();
    const Buffer other =
        fixture.certificate(fixture.update({.subject = "CN=device-2"}, before));
    assert_text(subject_of(other), "CN=device-2");
    assert_text(san_of(other), "dns:a.example.com ");
    fixture.remove();
}

void test_an_update_may_need_a_new_key(void**) {
    Rules fixture;
    const auto key = *pki::ossl::generate_key("ec:P-256");
    const Buffer before = fixture.enrolled({.key = key.get()});
    assert_ok(fixture.replies.issued(fixture.update({.key = key.get()}, before)));
    fixture.cmp().renewal.same_key = false;
    fixture.reload();
    assert_text(fixture.refusal(fixture.update({.key = key.get()}, before)), kNotOwn);
    assert_text(fixture.audit().back().detail, "renewal: same_key: a new key is required");
    assert_ok(fixture.replies.issued(fixture.update({}, before)));
    fixture.remove();
}

void test_old_cert_id(void**) {
    Rules fixture;
    const Buffer before = fixture.enrolled();
    const auto old = *x509::parse_certificate(before);
    const Buffer other_name = *x509::name_from_text("CN=Other");
    Buffer other_serial = pki::to_buffer(old.tbs.serial);
    other_serial.back() ^= 1;
    for (const x509::CertId& id : {x509::CertId{other_name, old.tbs.serial},
                                   x509::CertId{old.tbs.issuer.encoding, other_serial}})
        assert_text(fixture.refusal(fixture.update({.old = &id}, before)),
                    refused(Errc::denied, Reason::bad_cert_id));
    fixture.remove();
}

void test_who_may_update(void**) {
    Rules fixture;
    const Buffer before = fixture.enrolled();
    // A secret, whatever it is called.
    assert_text(fixture.refusal(fixture.update(crmf({}), Sent{.reference = "device-1"})),
                refused(Errc::bad_signature, Reason::wrong_integrity));
    // A certificate of others, and one that is a bit off.
    const Buffer foreign = vendor_certificate();
    Buffer changed = before;
    changed.back() ^= 1;
    for (const Buffer& signer : {foreign, changed, fixture.ca.certificate})
        assert_text(fixture.refusal(fixture.update({}, signer)),
                    refused(Errc::unauthenticated, Reason::signer_not_trusted));
    // One that was ours.
    const auto records = fixture.store->list_certificates({});
    assert_ok(unit::commit(*fixture.store,
                           {unit::change_of({unit::revocation_of(records->front())})}));
    assert_text(fixture.refusal(fixture.update({}, before)),
                refused(Errc::unauthenticated, Reason::cert_revoked));
    fixture.remove();
}

void test_validity_and_grace(void**) {
    Rules fixture;
    const Buffer before = fixture.enrolled();
    const std::string over = refused(Errc::denied, Reason::signer_not_trusted);
    const std::int64_t issued = fixture.clock.seconds;
    fixture.clock.seconds = issued - 301;
    assert_text(fixture.refusal(fixture.update({}, before)), over);
    fixture.clock.seconds = issued + 90 * kDay;
    assert_ok(fixture.replies.issued(fixture.update({}, before)));
    fixture.clock.seconds++;
    assert_text(fixture.refusal(fixture.update({}, before)), over);
    fixture.cmp().renewal.grace = kDay;
    fixture.reload();
    assert_ok(fixture.replies.issued(fixture.update({}, before)));
    fixture.remove();
}

// Which others there are is not the client's business.
void test_other_profiles(void**) {
    Rules fixture;
    const Buffer before = fixture.enrolled();
    fixture.config->profiles["router"] = fixture.config->profiles["device"];
    fixture.config->profiles["router"].rules.name = "router";
    fixture.reload();
    const auto update = [&](const char* transaction) {
        return fixture.update(crmf({}), {.transaction = transaction, .certificate = before},
                              "router");
    };
    const std::uint64_t id = update("t-1");
    assert_text(fixture.refusal(id), refused(Errc::denied, Reason::signer_not_trusted));
    assert_text(fixture.replies.error(id)->text,
                "renewal: the certificate is of another profile");
    assert_text(fixture.cause(), "renewal: the certificate is of another profile: device");
    fixture.config->profiles["router"].cmp->renewal.from_profiles = {"device"};
    assert_ok(fixture.replies.issued(update("t-2")));
    fixture.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_names_of_a_secret),
        cmocka_unit_test(test_names_for_an_ra),
        cmocka_unit_test(test_names_of_a_certificate),
        cmocka_unit_test(test_what_makes_an_authority),
        cmocka_unit_test(test_a_request_for_no_name),
        cmocka_unit_test(test_refusals_of_the_profile),
        cmocka_unit_test(test_an_update),
        cmocka_unit_test(test_an_update_names_what_it_changes),
        cmocka_unit_test(test_an_update_may_need_a_new_key),
        cmocka_unit_test(test_old_cert_id),
        cmocka_unit_test(test_who_may_update),
        cmocka_unit_test(test_validity_and_grace),
        cmocka_unit_test(test_other_profiles),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
