// The CRL that a key child has under way.
#include "signerd/keys/crl_signing.h"

#include <openssl/err.h>

#include "libpki/base/limits.h"
#include "t/unit/issue_fixture.h"
#include "t/unit/key_child_files.h"
#include "t/unit/unit.h"

namespace {

namespace ossl = pki::ossl;
using pki::Buffer;
using pki::Bytes;
using pki::Errc;

struct Fixture {
    explicit Fixture(const std::string& key = "ec:P-256")
        : ca(unit::make_ca({.name = "CN=Test Issuing", .key = key})) {
        const auto config = unit::issue_config(ca);
        mine.key = std::move(ca.key);
        mine.scheme = config->cas.at("issuing").scheme;
        mine.rules = signerd::rules_of(config->cas.at("issuing"), *config);
        now = unit::seconds_now();
        ca.key = nullptr;
    }
    Buffer list(std::uint64_t number, std::size_t entries = 3) {
        ca.key.swap(mine.key);
        Buffer made = unit::good_crl(ca, number, entries);
        ca.key.swap(mine.key);
        return made;
    }
    pki::Result<Buffer> add(Bytes part) { return signing.add(part, now); }
    pki::Result<Buffer> sign(const Buffer& tbs, std::size_t part) {
        PKI_CHECK(signing.begin(mine, 1, tbs.size()));
        for (Bytes rest = tbs; rest.size() > part; rest = rest.subspan(part)) {
            PKI_TRY(const Buffer nothing, add(rest.first(part)));
            assert_true(nothing.empty());
        }
        const std::size_t last = tbs.size() % part == 0 ? part : tbs.size() % part;
        return add(Bytes(tbs).last(last));
    }

    unit::TestCa ca;
    signerd::CaKey mine;
    signerd::CrlSigning signing;
    std::int64_t now;
};

void test_signature_in_parts(void**) {
    for (const char* key : {"ec:P-256", "ec:P-384", "rsa:2048", "ed25519"}) {
        Fixture fixture(key);
        const Buffer tbs = fixture.list(7);
        for (std::size_t part = 1; part <= tbs.size(); part += 50) {
            const auto signature = fixture.sign(tbs, part);
            assert_ok(signature);
            assert_ok(
                ossl::verify(fixture.mine.key.get(), fixture.mine.scheme, tbs, *signature));
        }
        assert_int_equal(ERR_peek_error(), 0);
    }
}

void test_numbers_do_not_go_back(void**) {
    Fixture fixture;
    assert_ok(fixture.sign(fixture.list(7), 100));
    assert_ok(fixture.sign(fixture.list(7), 100));
    assert_error(Errc::denied, fixture.sign(fixture.list(6), 100));
    assert_ok(fixture.sign(fixture.list(9), 100));
    assert_error(Errc::denied, fixture.sign(fixture.list(8), 100));
    // Of this CA alone.
    fixture.mine.rules.key_identifier = {9};
    assert_string_equal(fixture.sign(fixture.list(1), 100).error().text,
                        "CRL: authority key identifier is not the CA's");
}

// What was refused counts for nothing.
void test_number_of_a_refused_list(void**) {
    Fixture fixture;
    fixture.now += 2 * unit::kDay;
    assert_error(Errc::denied, fixture.sign(fixture.list(9), 100));
    fixture.now -= 2 * unit::kDay;
    assert_ok(fixture.sign(fixture.list(8), 100));
}

void test_refused_while_it_comes(void**) {
    Fixture fixture;
    Buffer tbs = fixture.list(7);
    tbs[0] = 0x31;
    assert_ok(fixture.signing.begin(fixture.mine, 1, tbs.size()));
    assert_error(Errc::malformed, fixture.add(Bytes(tbs).first(10)));
    assert_error(Errc::unavailable, fixture.add(Bytes(tbs).subspan(10)));
}

void test_sizes(void**) {
    Fixture fixture;
    assert_error(Errc::malformed, fixture.signing.begin(fixture.mine, 1, 0));
    assert_error(Errc::malformed,
                 fixture.signing.begin(fixture.mine, 1, pki::limits::kCrl + 1));
    const Buffer tbs = fixture.list(7);
    assert_ok(fixture.signing.begin(fixture.mine, 1, tbs.size()));
    assert_error(Errc::malformed, fixture.add({}));
    assert_ok(fixture.signing.begin(fixture.mine, 1, tbs.size() - 1));
    assert_error(Errc::malformed, fixture.add(tbs));
    assert_ok(fixture.signing.begin(fixture.mine, 1, tbs.size() - 1));
    assert_error(Errc::malformed, fixture.add(Bytes(tbs).first(tbs.size() - 1)));
}

void test_one_at_a_time(void**) {
    Fixture fixture;
    const Buffer one = fixture.list(7), other = fixture.list(7, 5);
    assert_error(Errc::unavailable, fixture.add(one));
    assert_ok(fixture.signing.begin(fixture.mine, 1, one.size()));
    assert_ok(fixture.add(Bytes(one).first(10)));
    assert_ok(fixture.sign(other, 64));
    assert_error(Errc::unavailable, fixture.add(Bytes(one).subspan(10)));
    // A begin that is refused ends the one before as well.
    assert_ok(fixture.signing.begin(fixture.mine, 1, one.size()));
    assert_error(Errc::malformed, fixture.signing.begin(fixture.mine, 1, 0));
    assert_error(Errc::unavailable, fixture.add(one));
}

void test_goes_with_its_generation(void**) {
    Fixture fixture;
    const Buffer tbs = fixture.list(7);
    assert_ok(fixture.signing.begin(fixture.mine, 1, tbs.size()));
    fixture.signing.keep(1);
    assert_ok(fixture.add(tbs));
    assert_ok(fixture.signing.begin(fixture.mine, 1, tbs.size()));
    fixture.signing.keep(2);
    assert_error(Errc::unavailable, fixture.add(tbs));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_signature_in_parts),
        cmocka_unit_test(test_numbers_do_not_go_back),
        cmocka_unit_test(test_number_of_a_refused_list),
        cmocka_unit_test(test_refused_while_it_comes),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_one_at_a_time),
        cmocka_unit_test(test_goes_with_its_generation),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
