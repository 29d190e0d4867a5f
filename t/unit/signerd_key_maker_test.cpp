// Keys for clients: which one, and that they come from the thread to the event loop.
#include "signerd/key_maker.h"

#include "libpki/base/der_writer.h"
#include "libpki/x509/oids.h"
#include "t/unit/unit.h"

namespace {

namespace x509 = pki::x509;
namespace oid = pki::x509::oid;
using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using signerd::MadeKey;
using signerd::ThreadKeyMaker;

Buffer algorithm(Bytes id, Bytes parameters = {}) {
    pki::der::Writer w;
    w.sequence([&] {
        w.oid(id);
        if (!parameters.empty()) w.oid(parameters);
    });
    return std::move(w).take();
}

pki::Result<std::string> spec(const std::vector<const char*>& rules, Bytes wanted = {},
                              std::uint64_t bits = 0) {
    x509::Profile profile;
    for (const char* rule : rules) profile.keys.push_back(*x509::parse_key_rule(rule));
    x509::CertRequest request;
    request.wanted_algorithm = wanted;
    request.wanted_rsa_bits = bits;
    return signerd::key_spec(profile, request);
}

void test_first_of_the_profile(void**) {
    assert_text(*spec({"ec:P-384", "rsa:2048-4096"}), "ec:P-384");
    assert_text(*spec({"rsa:3072-8192", "ec:P-256"}), "rsa:3072");
    assert_text(*spec({"ed25519"}), "ed25519");
    assert_text(*spec({"rsa:8192", "ec:P-256"}), "ec:P-256");
    assert_error(Errc::unsupported, spec({"rsa:8192"}));
}

void test_what_is_asked_for(void**) {
    const std::vector<const char*> rules{"ec:P-256", "ec:P-384", "rsa:2048-8192", "ed25519"};
    assert_text(*spec(rules, algorithm(oid::kRsaEncryption)), "rsa:2048");
    assert_text(*spec(rules, algorithm(oid::kRsaEncryption), 3072), "rsa:3072");
    assert_text(*spec(rules, {}, 4096), "rsa:4096");
    assert_text(*spec(rules, algorithm(oid::kEcPublicKey)), "ec:P-256");
    assert_text(*spec(rules, algorithm(oid::kEcPublicKey, oid::kP384)), "ec:P-384");
    assert_text(*spec(rules, algorithm(oid::kEd25519)), "ed25519");
}

void test_what_cannot_be_had(void**) {
    const auto refused = [](const pki::Result<std::string>& result) {
        assert_error(Errc::unsupported, result);
        assert_int_equal(result.error().reason, pki::Reason::bad_alg);
    };
    const std::vector<const char*> rules{"ec:P-256", "rsa:3072-8192"};
    refused(spec(rules, {}, 2048));
    refused(spec(rules, {}, 8192));
    refused(spec(rules, algorithm(oid::kEcPublicKey, oid::kP384)));
    refused(spec(rules, algorithm(oid::kEcPublicKey, oid::kEd25519)));
    refused(spec(rules, algorithm(oid::kEd448)));
    refused(spec(rules, algorithm(oid::kSha256)));
    refused(spec({"rsa:2048"}, algorithm(oid::kEcPublicKey)));
}

// A key that shows what is wanted: what the profile does not take is no wish.
void test_what_is_like_a_key(void**) {
    const auto like = [](const std::vector<const char*>& rules, const char* key) {
        x509::Profile profile;
        for (const char* rule : rules) profile.keys.push_back(*x509::parse_key_rule(rule));
        const Buffer spki = *pki::ossl::public_key_der(pki::ossl::generate_key(key)->get());
        return signerd::key_spec(profile, *x509::parse_spki(spki));
    };
    const std::vector<const char*> rules{"ec:P-256", "rsa:3072-8192", "ed25519"};
    assert_text(*like(rules, "rsa:3072"), "rsa:3072");
    assert_text(*like(rules, "ed25519"), "ed25519");
    assert_text(*like(rules, "ec:P-256"), "ec:P-256");
    assert_text(*like(rules, "rsa:2048"), "ec:P-256");
    assert_text(*like(rules, "ec:P-384"), "ec:P-256");
    assert_text(*like({"rsa:3072-4096"}, "ec:P-384"), "rsa:3072");
    assert_error(Errc::unsupported, like({"rsa:8192"}, "ec:P-256"));
}

void test_keys_come_back(void**) {
    const auto loop = *signerd::EventLoop::create();
    auto maker = *ThreadKeyMaker::start(*loop);
    std::vector<MadeKey> keys;
    int failed = 0;
    const auto take = [&](pki::Result<MadeKey> key) {
        if (key)
            keys.push_back(*std::move(key));
        else
            failed++;
        if (keys.size() + static_cast<std::size_t>(failed) == 4) loop->stop();
    };
    for (const char* kind : {"ec:P-256", "ed25519", "rsa:2048", "none"})
        maker->make(kind, take);
    assert_int_equal(keys.size(), 0);
    loop->run();
    assert_int_equal(keys.size(), 3);
    assert_int_equal(failed, 1);
    for (const MadeKey& made : keys) {
        const auto key = pki::ossl::read_private_key_der(made.pkcs8.view());
        assert_ok(key);
        assert_true(pki::equal(*pki::ossl::public_key_der(key->get()), made.spki));
    }
}

void test_the_queue_is_bounded(void**) {
    const auto loop = *signerd::EventLoop::create();
    auto maker = *ThreadKeyMaker::start(*loop);
    std::size_t made = 0, refused = 0;
    const auto count = [&](const pki::Result<MadeKey>& key) {
        if (!key) assert_int_equal(key.error().code, Errc::unavailable);
        (key ? made : refused)++;
        if (made == ThreadKeyMaker::kQueued) loop->stop();
    };
    for (std::size_t i = 0; i < ThreadKeyMaker::kQueued + 3; i++)
        maker->make("ec:P-256", [&](pki::Result<MadeKey> key) { count(key); });
    assert_int_equal(refused, 3);
    loop->run();
    assert_int_equal(made, ThreadKeyMaker::kQueued);
    made = 0;
    maker->make("ec:P-256", [&](pki::Result<MadeKey>) {
        made++;
        loop->stop();
    });
    loop->run();
    assert_int_equal(made, 1);
}

void test_ends_while_busy(void**) {
    const auto loop = *signerd::EventLoop::create();
    auto maker = *ThreadKeyMaker::start(*loop);
    for (int i = 0; i < 8; i++)
        maker->make("rsa:2048", [](const pki::Result<MadeKey>&) { fail(); });
    maker.reset();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_first_of_the_profile),
        cmocka_unit_test(test_what_is_asked_for),
        cmocka_unit_test(test_what_cannot_be_had),
        cmocka_unit_test(test_what_is_like_a_key),
        cmocka_unit_test(test_keys_come_back),
        cmocka_unit_test(test_the_queue_is_bounded),
        cmocka_unit_test(test_ends_while_busy),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
