// OCSP with a key child that is a process of its own and confined: this program again, since a
// key child is the program that starts it.
#include "signerd/keys/child.h"

#include <signal.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>

#include "libpki/x509/ocsp.h"
#include "signerd/keys/key.h"
#include "signerd/keys/signer.h"
#include "signerd/responder_tbs.h"
#include "t/unit/key_child_files.h"
#include "t/unit/store_fixture.h"
#include "t/unit/test_ca.h"

#include "t/unit/unit.h"

namespace {

namespace ossl = pki::ossl;
namespace x509 = pki::x509;
using pki::Buffer;
using pki::Errc;

constexpr char kConfig[] = R"({
    "id": "test", "store": "store.db",
    "listen": [{"path": "socket", "peers": [{"name": "nginx", "user": 0, "role": "frontend",
                                             "profiles": "*"}]}],
    "cas": {"issuing": {"tenant": "demo", "certificate": "ca.pem", "key": "ca.key"}},
    "profiles": {"device": {"ca": "issuing", "keys": ["ec:P-256"], "subject": {"CN": {}},
                            "key_usage": ["digitalSignature"],
                            "extended_key_usage": ["clientAuth"], "validity": "90d"}}
})";

std::int64_t now() {
    const auto time = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(time).count();
}

class Front {
   public:
    explicit Front(const char* key = "ec:P-256")
        : ca(unit::make_ca({.name = "CN=Test Issuing", .key = key})),
          loop(*signerd::EventLoop::create()) {
        write("ca.pem", ca.pem());
        write("ca.key", ca.key_pem());
        write("signerd.json", kConfig);
        chmod(folder.file("ca.key").c_str(), 0600);
        const auto loaded = signerd::load_config(folder.file("signerd.json"));
        assert_ok(loaded);
        config = *loaded;
        signer = std::make_unique<signerd::ChildSigner>(*loop, folder.file("signerd.json"));
        loop->each_turn([this] {
            signer->flush();
            if (happened_()) loop->stop();
        });
        load(1);
    }
    void remove() {
        signer.reset();
        folder.remove();
    }
    void load(std::uint64_t number) {
        std::optional<pki::Result<ossl::Sha256>> facts;
        signer->load(number, 1, [&](auto result) { facts = std::move(result); });
        run([&] { return facts.has_value(); });
        assert_ok(*facts);
        assert_true(**facts == signerd::facts_of(*config));
        signer->use(number, 1, **facts);
        generation = number;
    }
    void lose_child() {
        const pid_t before = signer->pid();
        kill(before, SIGKILL);
        run([&] { return signer->pid() != before && signer->pid() != 0; });
    }

    pki::Result<Buffer> key(bool fresh = false) {
        return wait(
            [&](auto done) { signer->responder_key(generation, "issuing", fresh, done); });
    }
    pki::Result<Buffer> certify(const Buffer& spki) {
        const auto serial = *signerd::new_serial(now() * 1'000'000);
        draft = *signerd::make_responder_tbs(config->cas.at("issuing"), spki, serial, now());
        return certify_tbs(draft.tbs);
    }
    pki::Result<Buffer> certify_tbs(const Buffer& tbs) {
        return wait(
            [&](auto done) { signer->sign_responder(generation, "issuing", tbs, done); });
    }
    pki::Result<Buffer> certify_ra(const Buffer& tbs) {
        return wait([&](auto done) { signer->sign_ra(generation, "issuing", tbs, done); });
    }
    // That a certificate is good, by the responder with this key.
    pki::Result<Buffer> sign(const Buffer& spki) {
        const auto responder = *x509::parse_spki(spki);
        const Buffer key_hash = x509::key_identifier(responder);
        const Buffer ca_spki = *ossl::public_key_der(ca.key.get());
        const Buffer serial(16, 0x41);
        const Buffer id = x509::build_ocsp_cert_id(ossl::Hash::sha1, ca.name,
                                                   x509::parse_spki(ca_spki)->key_bits, serial);
        x509::OcspResponseSpec spec;
        spec.responder_key_hash = key_hash;
        spec.produced_at = now();
        spec.responses = {{id, x509::OcspStatus::good, 0, {}, now(), now() + 3600}};
        data = x509::build_ocsp_response_data(spec);
        return wait([&](auto done) { signer->sign_ocsp(generation, "issuing", data, done); });
    }

    unit::StoreFolder folder;
    unit::TestCa ca;
    std::shared_ptr<const signerd::Config> config;
    std::unique_ptr<signerd::EventLoop> loop;
    std::unique_ptr<signerd::ChildSigner> signer;
    std::uint64_t generation = 0;
    signerd::UnsignedCertificate draft;
    Buffer data;

   private:
    void write(const char* name, const std::string& text) const {
        std::ofstream(folder.file(name)) << text;
    }
    template <class Ask>
    pki::Result<Buffer> wait(Ask ask) {
        std::optional<pki::Result<Buffer>> result;
        ask([&](auto got) { result = std::move(got); });
        run([&] { return result.has_value(); });
        return *result;
    }
    void run(std::function<bool()> happened) {
        happened_ = std::move(happened);
        if (!happened_()) loop->run();
        happened_ = [] { return false; };
    }

    std::function<bool()> happened_ = [] { return false; };
};

pki::Status verify(const Buffer& spki, const Buffer& message, const Buffer& signature) {
    PKI_TRY(const auto parsed, x509::parse_spki(spki));
    PKI_TRY(const auto key, ossl::make_public_key(parsed.key));
    PKI_TRY(const auto scheme, ossl::default_scheme(key.get()));
    return ossl::verify(key.get(), scheme, message, signature);
}

void test_a_responder(void**) {
    for (const char* kind : {"ec:P-256", "rsa:2048"}) {
        Front front(kind);
        const auto spki = front.key();
        assert_ok(spki);
        assert_text(x509::parse_spki(*spki)->describe(), kind);
        const auto signature = front.certify(*spki);
        assert_ok(signature);
        assert_ok(
            verify(*ossl::public_key_der(front.ca.key.get()), front.draft.tbs, *signature));
        const auto answer = front.sign(*spki);
        assert_ok(answer);
        assert_ok(verify(*spki, front.data, *answer));
        front.remove();
    }
}

void test_fresh_keys(void**) {
    Front front;
    const Buffer first = *front.key();
    assert_hex(*front.key(), pki::hex_encode(first));
    const Buffer second = *front.key(true);
    assert_false(first == second);
    assert_ok(front.sign(first));
    assert_ok(front.sign(second));
    assert_ok(front.key(true));
    assert_error(Errc::not_found, front.sign(first));
    assert_error(Errc::not_found, front.certify(first));
    front.remove();
}

void test_keys_survive_a_reload(void**) {
    Front front;
    const Buffer spki = *front.key();
    front.load(2);
    assert_hex(*front.key(), pki::hex_encode(spki));
    assert_ok(front.sign(spki));
    front.remove();
}

void test_keys_end_with_the_child(void**) {
    Front front;
    const Buffer spki = *front.key();
    front.lose_child();
    assert_error(Errc::not_found, front.sign(spki));
    assert_error(Errc::not_found, front.certify(spki));
    const Buffer next = *front.key();
    assert_false(next == spki);
    assert_ok(front.certify(next));
    front.remove();
}

// What no profile gives, and that each form has its operation.
void test_a_registration_authority(void**) {
    Front front;
    const Buffer tbs = unit::good_ra_tbs(front.ca);
    const auto signature = front.certify_ra(tbs);
    assert_ok(signature);
    assert_ok(verify(*ossl::public_key_der(front.ca.key.get()), tbs, *signature));
    assert_error(Errc::internal, front.certify_ra(unit::good_tbs(front.ca)));
    assert_error(Errc::internal, front.certify_tbs(tbs));
    front.remove();
}

void test_what_is_refused(void**) {
    Front front;
    const Buffer spki = *front.key();
    assert_ok(front.certify(spki));
    const Buffer tbs = front.draft.tbs;
    assert_error(Errc::internal, front.certify_tbs(Buffer(tbs.begin(), tbs.end() - 1)));
    std::optional<pki::Result<Buffer>> result;
    // With the key of certificates, and of another CA.
    front.signer->sign(1, "issuing", tbs, [&](auto got) {
        result = std::move(got);
        front.loop->stop();
    });
    front.loop->run();
    assert_error(Errc::internal, *result);
    front.signer->responder_key(1, "other", false, [&](auto got) {
        result = std::move(got);
        front.loop->stop();
    });
    front.loop->run();
    assert_error(Errc::internal, *result);
    front.remove();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc >= 5 && std::string_view(argv[1]) == "--key-child")
        return signerd::run_key_child(std::stoi(argv[2]), argv[4], true);
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_a_responder),
        cmocka_unit_test(test_fresh_keys),
        cmocka_unit_test(test_keys_survive_a_reload),
        cmocka_unit_test(test_keys_end_with_the_child),
        cmocka_unit_test(test_a_registration_authority),
        cmocka_unit_test(test_what_is_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
