// What the client believes: certificates for its key, chains to anchors it was given.
#include "clients/enroll/verify.h"

#include "libpki/ossl/digest.h"
#include "t/unit/test_ca.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Errc;
using unit::make_ca;
using unit::TestCa;

constexpr std::int64_t kNow = 1'800'000'000;

struct Pki {
    TestCa root = make_ca({.name = "CN=Root"});
    TestCa other = make_ca({.name = "CN=Root"});  // the same name, another key
    TestCa issuing = make_ca({.name = "CN=Issuing"}, &root);
    TestCa leaf = make_ca({.name = "CN=device", .ca = false, .key_usage = 1}, &issuing);
    TestCa below_leaf = make_ca({.name = "CN=below", .ca = false, .key_usage = 1}, &leaf);
};

const Pki& pki_of_test() {
    static const Pki only;
    return only;
}

void the_certificate_is_the_one_for_the_key(void**) {
    const Pki& p = pki_of_test();
    const auto found =
        enroll::find_issued({p.root.certificate, p.leaf.certificate}, p.leaf.key.get());
    assert_ok(found);
    assert_true(*found == p.leaf.certificate);
    assert_error(Errc::not_found, enroll::find_issued({p.root.certificate}, p.leaf.key.get()));
    assert_error(Errc::malformed, enroll::find_issued({p.leaf.certificate, p.leaf.certificate},
                                                      p.leaf.key.get()));
}

void a_chain_leads_to_the_anchor(void**) {
    const Pki& p = pki_of_test();
    const auto chain = enroll::find_chain(
        p.leaf.certificate,
        {p.other.certificate, p.leaf.certificate, p.root.certificate, p.issuing.certificate},
        {p.root.certificate}, kNow);
    assert_ok(chain);
    assert_int_equal(chain->size(), 2);
    assert_true((*chain)[0] == p.issuing.certificate);
    assert_true((*chain)[1] == p.root.certificate);
    const auto short_one =
        enroll::find_chain(p.leaf.certificate, {}, {p.issuing.certificate}, kNow);
    assert_ok(short_one);
    assert_int_equal(short_one->size(), 1);
}

void nothing_else_is_a_chain(void**) {
    const Pki& p = pki_of_test();
    const std::vector<Buffer> all = {p.root.certificate, p.issuing.certificate,
                                     p.leaf.certificate};
    assert_error(Errc::denied,
                 enroll::find_chain(p.leaf.certificate, all, {p.other.certificate}, kNow));
    assert_error(Errc::denied, enroll::find_chain(p.leaf.certificate, all, {}, kNow));
    assert_error(Errc::denied,
                 enroll::find_chain(p.leaf.certificate, {}, {p.root.certificate}, kNow));
    // A device is no CA, whatever it signs.
    assert_error(Errc::denied,
                 enroll::find_chain(p.below_leaf.certificate, all, {p.root.certificate}, kNow));
    assert_error(Errc::denied, enroll::find_chain(p.leaf.certificate, all, {p.root.certificate},
                                                  unit::kTestNotAfter + 1));
    assert_error(Errc::malformed,
                 enroll::find_chain(Buffer{0x30}, all, {p.root.certificate}, kNow));
}

void many_certificates_of_one_name_end(void**) {
    const Pki& p = pki_of_test();
    std::vector<Buffer> crowd(200, p.root.certificate);
    crowd.insert(crowd.end(), 200, p.issuing.certificate);
    assert_error(Errc::denied,
                 enroll::find_chain(p.leaf.certificate, crowd, {p.other.certificate}, kNow));
}

void fingerprints(void**) {
    const Pki& p = pki_of_test();
    const std::string digits(64, 'a');
    assert_text(*enroll::normal_fingerprint(digits), digits);
    assert_text(*enroll::normal_fingerprint("AA:AA" + digits.substr(4)), digits);
    assert_error(Errc::malformed, enroll::normal_fingerprint(digits + "aa"));
    assert_error(Errc::malformed, enroll::normal_fingerprint(digits.substr(1) + "g"));
    assert_error(Errc::malformed, enroll::normal_fingerprint(""));
    const std::string of_root =
        pki::hex_encode(pki::ossl::sha256(pki::Bytes(p.root.certificate)));
    const auto found =
        enroll::with_fingerprint({p.other.certificate, p.root.certificate}, {digits, of_root});
    assert_int_equal(found.size(), 1);
    assert_true(found[0] == p.root.certificate);
}

void self_issued_ones(void**) {
    const Pki& p = pki_of_test();
    const auto roots =
        enroll::self_issued({p.leaf.certificate, p.root.certificate, Buffer{0x30}});
    assert_int_equal(roots.size(), 1);
    assert_true(roots[0] == p.root.certificate);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_certificate_is_the_one_for_the_key),
        cmocka_unit_test(a_chain_leads_to_the_anchor),
        cmocka_unit_test(nothing_else_is_a_chain),
        cmocka_unit_test(many_certificates_of_one_name_end),
        cmocka_unit_test(fingerprints),
        cmocka_unit_test(self_issued_ones),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
