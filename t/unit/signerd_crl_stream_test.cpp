// CRLs on their way to a real, confined key child: this program again, since a key child is the
// program that starts it.
#include <openssl/x509.h>
#include <signal.h>

#include "libpki/base/limits.h"
#include "signerd/keys/child.h"
#include "signerd/keys/signer.h"
#include "t/unit/key_child_files.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kNever = std::chrono::hours(1);
constexpr std::size_t kEntries = 8000;  // five parts

using Outcome = std::optional<pki::Result<Buffer>>;

// Runs the loop until something has happened; see signerd_signer_test.cpp.
class Front {
   public:
    explicit Front(const std::string& key, milliseconds patience = kNever)
        : files(key),
          loop(*signerd::EventLoop::create()),
          signer(*loop, files.config(), {patience, kNever, kNever, kNever}) {
        loop->each_turn([this] {
            signer.flush();
            if (happened_()) loop->stop();
        });
        std::optional<pki::Result<pki::ossl::Sha256>> facts;
        signer.load(1, 1, [&](auto loaded) { facts = std::move(loaded); });
        run([&] { return facts.has_value(); });
        assert_ok(*facts);
        signer.use(1, 1, **facts);
    }
    void run(std::function<bool()> happened) {
        bool late = false;
        happened_ = std::move(happened);
        auto running = std::make_shared<bool>(true);
        loop->after(seconds(60), [this, running, &late] {
            if (!*running) return;
            late = true;
            loop->stop();
        });
        signer.flush();
        if (!happened_()) loop->run();
        *running = false;
        assert_false(late);
    }

    // Of this list, with `each` called before each part is handed out.
    void sign_crl(
        const Buffer& tbs, Outcome& outcome, std::function<void()> each = [] {}) {
        signer.sign_crl(
            1, "issuing", tbs.size(),
            [&tbs, each](std::uint64_t offset, std::size_t max) -> pki::Result<Buffer> {
                each();
                return pki::to_buffer(
                    Bytes(tbs).subspan(offset, std::min(max, tbs.size() - offset)));
            },
            [&outcome](pki::Result<Buffer> signature) { outcome = std::move(signature); });
        assert_false(outcome.has_value());
    }
    pki::Result<Buffer> sign_crl(const Buffer& tbs) {
        Outcome outcome;
        sign_crl(tbs, outcome);
        run([&] { return outcome.has_value(); });
        return *outcome;
    }
    Buffer list(std::uint64_t number, std::size_t entries = kEntries) const {
        return unit::good_crl(files.ca, number, entries);
    }

    unit::KeyChildFiles files;
    std::unique_ptr<signerd::EventLoop> loop;
    signerd::ChildSigner signer;

   private:
    std::function<bool()> happened_ = [] { return false; };
};

// As a client does it.
void assert_verifies(const Front& front, const Buffer& tbs,
                     const pki::Result<Buffer>& signed_) {
    assert_ok(signed_);
    const auto scheme = *pki::ossl::default_scheme(front.files.ca.key.get());
    const Buffer der = unit::assemble_crl(tbs, scheme, *signed_);
    const unsigned char* in = der.data();
    X509_CRL* const crl = d2i_X509_CRL(nullptr, &in, static_cast<long>(der.size()));
    assert_non_null(crl);
    assert_int_equal(X509_CRL_verify(crl, front.files.ca.key.get()), 1);
    X509_CRL_free(crl);
}

void test_every_kind_of_key(void**) {
    for (const char* key : {"ec:P-256", "rsa:2048", "ed25519"}) {
        Front front(key);
        for (const std::size_t entries : {std::size_t{0}, std::size_t{1}, kEntries}) {
            const Buffer tbs = front.list(7, entries);
            assert_verifies(front, tbs, front.sign_crl(tbs));
        }
        front.files.remove();
    }
}

// EdDSA gathers the list, which takes other system calls than a small one.
void test_large_list(void**) {
    Front front("ed25519");
    const Buffer tbs = front.list(7, 400'000);
    assert_true(tbs.size() > 16 * 1024 * 1024);
    assert_verifies(front, tbs, front.sign_crl(tbs));
    front.files.remove();
}

// Each part that is handed out brings requests with it: all are answered before the list is.
void certificates_in_between(const char* key) {
    Front front(key);
    const Buffer tbs = front.list(7), certificate = unit::good_tbs(front.files.ca);
    std::size_t asked = 0, answered = 0;
    Outcome outcome;
    front.sign_crl(tbs, outcome, [&] {
        for (int i = 0; i < 20; i++, asked++)
            front.signer.sign(1, "issuing", certificate, [&](const auto& signature) {
                assert_ok(signature);
                answered++;
                assert_false(outcome.has_value());
            });
    });
    front.run([&] { return outcome.has_value() && answered == asked; });
    assert_verifies(front, tbs, *outcome);
    assert_int_equal(asked, 20 * (1 + (tbs.size() - 1) / pki::limits::kCrlPart));
    front.files.remove();
}

void test_certificates_in_between(void**) {
    certificates_in_between("ec:P-256");
    certificates_in_between("rsa:2048");  // with threads
}

void test_lists_wait_for_each_other(void**) {
    Front front("ec:P-256");
    const Buffer lists[] = {front.list(7), front.list(7, 1), front.list(8)};
    Outcome outcomes[3];
    for (std::size_t i = 0; i < 3; i++)
        front.sign_crl(lists[i], outcomes[i], [&outcomes, i] {
            for (std::size_t before = 0; before < i; before++)
                assert_true(outcomes[before].has_value());
        });
    front.run([&] { return outcomes[2].has_value(); });
    for (std::size_t i = 0; i < 3; i++) assert_verifies(front, lists[i], *outcomes[i]);
    front.files.remove();
}

void test_refused(void**) {
    Front front("ec:P-256");
    auto spec = unit::good_crl_spec(front.files.ca, 7);
    spec.next_update = spec.this_update;
    const auto refused = front.sign_crl(unit::make_tbs_crl(spec, {}));
    assert_error(Errc::internal, refused);
    assert_text(refused.error().message(),
                "key child refuses: CRL: nextUpdate is not behind thisUpdate");
    // In the middle of it.
    Buffer tbs = front.list(7);
    tbs[tbs.size() / 2] ^= 0xff;
    assert_error(Errc::internal, front.sign_crl(tbs));
    assert_error(Errc::internal, front.sign_crl({}));
    const Buffer good = front.list(7);
    assert_verifies(front, good, front.sign_crl(good));
    assert_error(Errc::internal, front.sign_crl(front.list(6)));
    front.files.remove();
}

void test_generations(void**) {
    Front front("ec:P-256");
    const Buffer tbs = front.list(7);
    const auto read = [&](std::uint64_t, std::size_t) { return pki::Result<Buffer>(tbs); };
    Outcome other_generation, other_ca;
    front.signer.sign_crl(2, "issuing", tbs.size(), read,
                          [&](auto result) { other_generation = std::move(result); });
    front.signer.sign_crl(1, "other", tbs.size(), read,
                          [&](auto result) { other_ca = std::move(result); });
    front.run([&] { return other_ca.has_value(); });
    assert_error(Errc::unavailable, *other_generation);
    assert_error(Errc::internal, *other_ca);
    front.files.remove();
}

void test_reading_fails(void**) {
    Front front("ec:P-256");
    const Buffer tbs = front.list(7), more(pki::limits::kCrlPart + 1);
    struct Case {
        pki::Result<Buffer> part;
        Errc code;
    };
    for (const Case& c : {Case{pki::Error{Errc::not_found, "", 0, {}}, Errc::not_found},
                          Case{Buffer{}, Errc::internal}, Case{more, Errc::internal}}) {
        Outcome outcome;
        front.signer.sign_crl(
            1, "issuing", tbs.size(), [&](std::uint64_t, std::size_t) { return c.part; },
            [&](auto result) { outcome = std::move(result); });
        front.run([&] { return outcome.has_value(); });
        assert_error(c.code, *outcome);
    }
    assert_verifies(front, tbs, front.sign_crl(tbs));
    front.files.remove();
}

// Certificates are asked for again of the next child, the list is not; the one behind it is
// the next child's.
void test_child_is_lost(void**) {
    Front front("ec:P-256");
    const Buffer tbs = front.list(7), certificate = unit::good_tbs(front.files.ca);
    const pid_t before = front.signer.pid();
    Outcome lost, next, signature;
    int parts = 0;
    front.sign_crl(tbs, lost, [&] {
        if (++parts != 3) return;
        front.signer.sign(1, "issuing", certificate,
                          [&](auto result) { signature = std::move(result); });
        kill(before, SIGKILL);
    });
    front.sign_crl(tbs, next, [&] { assert_true(front.signer.pid() != before); });
    front.run([&] { return next.has_value() && signature.has_value(); });
    assert_error(Errc::unavailable, *lost);
    assert_int_equal(parts, 3);
    assert_verifies(front, tbs, *next);
    assert_ok(*signature);
    front.files.remove();
}

void test_child_hangs(void**) {
    Front front("ec:P-256", milliseconds(500));
    const Buffer tbs = front.list(7);
    const pid_t before = front.signer.pid();
    Outcome lost, next;
    int parts = 0;
    front.sign_crl(tbs, lost, [&] {
        if (++parts == 2) kill(before, SIGSTOP);
    });
    front.sign_crl(tbs, next, [&] { assert_true(front.signer.pid() != before); });
    front.run([&] { return lost.has_value() && front.signer.pid() != before; });
    assert_error(Errc::unavailable, *lost);
    front.run([&] { return next.has_value(); });
    front.files.remove();
}

// Nobody waits for a file to be repaired.
void test_sheds_while_it_cannot_load(void**) {
    Front front("ec:P-256");
    front.files.write("ca.key", "no key");
    kill(front.signer.pid(), SIGKILL);
    const Buffer tbs = front.list(7);
    Outcome one, other;
    front.sign_crl(tbs, one);
    front.sign_crl(tbs, other);
    front.run([&] { return other.has_value(); });
    assert_error(Errc::unavailable, *one);
    assert_error(Errc::unavailable, *other);
    assert_string_equal(front.signer.state(), "unable");
    front.files.remove();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc >= 5 && std::string_view(argv[1]) == "--key-child")
        return signerd::run_key_child(std::stoi(argv[2]), argv[4], true);
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_of_key),
        cmocka_unit_test(test_large_list),
        cmocka_unit_test(test_certificates_in_between),
        cmocka_unit_test(test_lists_wait_for_each_other),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_generations),
        cmocka_unit_test(test_reading_fails),
        cmocka_unit_test(test_child_is_lost),
        cmocka_unit_test(test_child_hangs),
        cmocka_unit_test(test_sheds_while_it_cannot_load),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
