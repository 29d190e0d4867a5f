// Rounds of CRLs: what is made when, what is kept, what happens when a step fails.
#include "signerd/crl_publisher.h"

#include "t/unit/issue_fixture.h"

#include "t/unit/unit.h"

namespace {

using signerd::Background;
using signerd::CrlRecord;

// CMocka has a macro of the name that ours has.
pki::Error error(pki::Errc code, const char* text) { return {code, text, 0, {}}; }

// Signs when run() is called, unless it is told what to return instead.
class FakeCrlSigner : public signerd::CrlSigner {
   public:
    explicit FakeCrlSigner(EVP_PKEY* key) : key_(key) {}

    void sign_crl(std::uint64_t, const std::string&, std::uint64_t size, Read read,
                  Done done) override {
        waiting_.push_back({size, std::move(read), std::move(done)});
    }
    void run() {
        for (auto& job : std::exchange(waiting_, {})) {
            lists++;
            job.done(instead ? *instead : sign(job));
        }
    }

    std::optional<pki::Result<pki::Buffer>> instead;
    int lists = 0;

   private:
    struct Job {
        std::uint64_t size;
        Read read;
        Done done;
    };

    pki::Result<pki::Buffer> sign(const Job& job) const {
        pki::Buffer tbs;
        while (tbs.size() < job.size) {
            PKI_TRY(const pki::Buffer part, job.read(tbs.size(), 100));
            assert_true(!part.empty());
            pki::append(tbs, part);
        }
        assert_true(job.read(tbs.size(), 100)->empty());
        return pki::ossl::sign(key_, *pki::ossl::default_scheme(key_), tbs);
    }

    EVP_PKEY* key_;
    std::vector<Job> waiting_;
};

// remove() deletes the store: a failed assertion jumps past destructors.
class Fixture {
   public:
    explicit Fixture(const std::string& ca_key = "ec:P-256")
        : ca(unit::make_ca({.name = "CN=Test Issuing", .key = ca_key})),
          config(unit::issue_config(ca)),
          store(*signerd::open_sqlite_store(folder.file())),
          signer(ca.key.get()),
          committer(*store) {
        start();
    }
    void remove() const { folder.remove(); }

    // As a new process.
    void start() {
        publisher = std::make_unique<signerd::CrlPublisher>(
            clock, *store, signer, committer,
            [this](Background::Work work, Background::Done done) {
                background.emplace_back(std::move(work), std::move(done));
            },
            [this](auto, std::function<void()> run) { timers.push_back(std::move(run)); },
            signerd::CrlFiles(folder.file()), [this] { published++; });
        timers.clear();
        assert_ok(publisher->load());
    }
    void use() { publisher->use(*signerd::make_generation(++generation, config)); }
    // Everything that can go on goes on.
    void run() {
        for (int i = 0; i < 50; i++) {
            for (auto& [work, done] : std::exchange(background, {})) {
                work();
                done();
            }
            signer.run();
            committer.run();
        }
    }
    void second() {
        clock.seconds++;
        for (auto& timer : std::exchange(timers, {})) timer();
        run();
    }
    void advance(std::int64_t seconds) {
        clock.seconds += seconds - 1;
        second();
    }

    void issue(std::uint64_t number, std::int64_t not_after = unit::kNow + 90 * unit::kDay) {
        signerd::CertificateRecord record = unit::certificate_record(number);
        record.not_after = not_after;
        assert_ok(unit::commit(*store, {unit::issue_of(record, unit::hash_of("key", number))}));
    }
    void revoke(std::uint64_t number) {
        signerd::Decided decided;
        decided.audit = unit::audit_record(number);
        decided.audit.operation = pki::wire::Operation::revoke;
        decided.audit.decision = pki::wire::Decision::allow;
        decided.audit.serial = unit::serial_of(number);
        decided.revocations = {
            {"issuing",
             unit::serial_of(number),
             signerd::Revocation{pki::x509::CrlReason::superseded, unit::kNow},
             {}}};
        assert_ok(unit::commit(*store, {decided}));
    }

    // "17: 1 2" of the newest list, read back and verified, or "none".
    std::string list(signerd::CrlKind kind = {}) {
        const CrlRecord* record = publisher->find("issuing", kind);
        if (record == nullptr) return "none";
        const auto der = publisher->files().read(*record, 0, 1 << 20);
        assert_ok(der);
        assert_int_equal(der->size(), record->size);
        assert_true(pki::ossl::sha256(*der) == record->sha256);
        std::string text = std::to_string(record->number) + ":";
        const auto crl = pki::x509::parse_crl(*der, [&](const pki::x509::CrlEntry& entry) {
            text += " " + std::to_string(entry.serial.back());
        });
        assert_ok(crl);
        assert_int_equal(crl->facts.number, record->number);
        assert_int_equal(crl->facts.entries, record->entries);
        assert_ok(pki::ossl::verify(ca.key.get(), *pki::ossl::default_scheme(ca.key.get()),
                                    crl->tbs, crl->signature));
        return text;
    }
    std::size_t files() const {
        std::size_t count = 0;
        for ([[maybe_unused]] const auto& entry :
             std::filesystem::directory_iterator(folder.file() + "-crl"))
            count++;
        return count;
    }

    unit::StoreFolder folder;
    unit::TestCa ca;
    std::shared_ptr<signerd::Config> config;
    unit::FakeClock clock;
    std::unique_ptr<signerd::Store> store;
    FakeCrlSigner signer;
    unit::FakeCommitter committer;
    std::deque<std::pair<Background::Work, Background::Done>> background;
    std::vector<std::function<void()>> timers;
    std::unique_ptr<signerd::CrlPublisher> publisher;
    std::uint64_t generation = 0;
    int published = 0;
};

void the_first_list(void**) {
    Fixture f;
    f.issue(1);
    f.use();
    assert_text(f.list(), "none");
    f.run();
    assert_text(f.list(), "1:");
    assert_int_equal(f.published, 1);
    f.second();
    assert_text(f.list(), "1:");
    f.advance(3600);
    assert_text(f.list(), "2:");
    f.remove();
}

void a_revocation_brings_the_next_one(void**) {
    Fixture f;
    f.issue(1);
    f.issue(2);
    f.use();
    f.run();
    f.revoke(2);
    f.publisher->changed();
    f.run();
    assert_text(f.list(), "2: 2");
    f.revoke(1);
    f.publisher->changed();
    f.run();
    assert_text(f.list(), "3: 1 2");
    // The predecessor stays for who is reading it, the one before that does not.
    assert_non_null(f.publisher->find("issuing", {}, 2));
    assert_null(f.publisher->find("issuing", {}, 1));
    assert_int_equal(f.files(), 2);
    f.remove();
}

// What comes while a list is made goes into the next one, all of it.
void revocations_are_coalesced(void**) {
    Fixture f;
    for (std::uint64_t i = 1; i <= 4; i++) f.issue(i);
    f.use();
    f.run();
    f.revoke(1);
    f.publisher->changed();
    for (auto& [work, done] : std::exchange(f.background, {})) {  // its view is taken
        work();
        done();
    }
    for (std::uint64_t i = 2; i <= 4; i++) {
        f.revoke(i);
        f.publisher->changed();
    }
    const int before = f.signer.lists;
    f.run();
    assert_text(f.list(), "3: 1 2 3 4");
    assert_int_equal(f.signer.lists - before, 2);
    f.remove();
}

// RFC 5280 3.3.
void what_expires_is_on_one_more_scheduled_list(void**) {
    Fixture f;
    f.issue(1, unit::kNow + 100);
    f.use();
    f.revoke(1);
    f.run();
    assert_text(f.list(), "1: 1");
    f.advance(200);
    f.publisher->publish("issuing", [](const pki::Status&) {});
    f.run();
    assert_text(f.list(), "2: 1");
    f.advance(3600);
    assert_text(f.list(), "3:");
    f.remove();
}

void a_failure_is_tried_again_with_another_number(void**) {
    Fixture f;
    f.use();
    f.signer.instead = pki::Result<pki::Buffer>(error(pki::Errc::unavailable, "away"));
    f.run();
    assert_text(f.list(), "none");
    assert_int_equal(f.files(), 0);
    f.signer.instead.reset();
    f.second();
    f.second();
    assert_text(f.list(), "2:");
    f.committer.failure = error(pki::Errc::unavailable, "disk");
    f.advance(3600);
    assert_text(f.list(), "2:");
    f.committer.failure.reset();
    f.advance(100);
    assert_text(f.list(), "4:");
    assert_int_equal(f.published, 2);
    f.remove();
}

void a_bad_rsa_signature_is_not_handed_out(void**) {
    Fixture f("rsa:2048");
    f.use();
    f.signer.instead = pki::Result<pki::Buffer>(pki::Buffer(256, 1));
    f.run();
    assert_text(f.list(), "none");
    f.signer.instead.reset();
    f.advance(2);
    assert_text(f.list(), "2:");
    f.remove();
}

void a_restart(void**) {
    Fixture f;
    f.issue(1);
    f.use();
    f.run();
    f.start();
    f.use();
    f.run();
    assert_text(f.list(), "1:");
    // Revoked, and killed before there was a list.
    f.revoke(1);
    f.start();
    f.use();
    f.run();
    assert_text(f.list(), "2: 1");
    // The file is gone, and others lie around.
    std::filesystem::remove_all(f.folder.file() + "-crl");
    f.start();
    std::ofstream(f.folder.file() + "-crl/issuing,0,99.crl") << "rest of a crash";
    f.start();
    assert_int_equal(f.files(), 0);
    f.use();
    f.run();
    assert_text(f.list(), "3: 1");
    f.remove();
}

void on_request(void**) {
    Fixture f;
    f.use();
    f.run();
    pki::Status answer = error(pki::Errc::internal, "not called");
    f.publisher->publish("issuing", [&](const pki::Status& status) { answer = status; });
    assert_error(pki::Errc::internal, answer);
    f.run();
    assert_ok(answer);
    assert_text(f.list(), "2:");
    f.publisher->publish("other", [&](const pki::Status& status) { answer = status; });
    assert_error(pki::Errc::not_found, answer);
    f.publisher->publish("issuing", [&](const pki::Status& status) { answer = status; });
    f.signer.instead = pki::Result<pki::Buffer>(error(pki::Errc::internal, "refused"));
    f.run();
    assert_error(pki::Errc::internal, answer);
    f.publisher->drain();
    f.publisher->publish("issuing", [&](const pki::Status& status) { answer = status; });
    assert_error(pki::Errc::unavailable, answer);
    f.remove();
}

void a_round_has_one_record(void**) {
    Fixture f;
    f.config->cas["issuing"].crl.partitions = 2;
    f.config->cas["issuing"].crl_urls = {"http://a.example/{partition}"};
    f.use();
    f.run();
    assert_text(f.list(), "1:");
    assert_text(f.list({1, false}), "1:");
    assert_text(f.list({2, false}), "1:");
    const auto page = f.store->audit_page(0, 10);
    assert_int_equal(page->size(), 1);
    const auto row = pki::wire::parse_canonical(page->at(0).canonical);
    assert_int_equal(row->operation, pki::wire::Operation::crl);
    assert_int_equal(row->decision, pki::wire::Decision::allow);
    assert_text(row->detail, "CA issuing: CRL 1, 0 entries, and 2 other lists");
    f.remove();
}

void another_configuration(void**) {
    Fixture f;
    f.use();
    f.run();
    f.use();
    f.run();
    assert_text(f.list(), "1:");
    f.config = std::make_shared<signerd::Config>(*f.config);
    f.config->cas["issuing"].crl.validity *= 2;
    f.use();
    f.run();
    assert_text(f.list(), "2:");
    f.config = std::make_shared<signerd::Config>(*f.config);
    f.config->cas["issuing"].crl.enabled = false;
    f.use();
    f.advance(7200);
    assert_text(f.list(), "2:");
    f.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_first_list),
        cmocka_unit_test(a_revocation_brings_the_next_one),
        cmocka_unit_test(revocations_are_coalesced),
        cmocka_unit_test(what_expires_is_on_one_more_scheduled_list),
        cmocka_unit_test(a_failure_is_tried_again_with_another_number),
        cmocka_unit_test(a_bad_rsa_signature_is_not_handed_out),
        cmocka_unit_test(a_restart),
        cmocka_unit_test(on_request),
        cmocka_unit_test(a_round_has_one_record),
        cmocka_unit_test(another_configuration),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
