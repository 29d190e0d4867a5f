// The issue path with a real store, a CA whose key signs in this process, and a clock, a
// signer and a committer that wait to be told.
#pragma once

#include <deque>
#include <map>
#include <utility>

#include "libpki/x509/csr.h"
#include "libpki/x509/tbs.h"
#include "signerd/issue.h"
#include "t/unit/store_fixture.h"
#include "t/unit/test_ca.h"

namespace unit {

constexpr std::int64_t kNow = 1'800'000'000;
constexpr std::int64_t kHour = 3600;
constexpr std::int64_t kDay = 24 * kHour;

class FakeClock : public signerd::Clock {
   public:
    std::int64_t now() const override { return seconds * signerd::kMicroseconds; }

    std::int64_t seconds = kNow;
};

// Signs when run() is called, unless it is told what to return instead.
class FakeSigner : public signerd::Signer, public signerd::RaSigner {
   public:
    explicit FakeSigner(EVP_PKEY* key) : key_(key) {}

    using Done = signerd::Signer::Done;

    void sign(std::uint64_t, const std::string&, pki::Bytes tbs, Done done) override {
        waiting_.emplace_back(pki::to_buffer(tbs), std::move(done));
    }
    void sign_ra(std::uint64_t generation, const std::string& ca, pki::Bytes tbs,
                 Done done) override {
        sign(generation, ca, tbs, std::move(done));
    }
    void run() {
        for (auto& [tbs, done] : std::exchange(waiting_, {}))
            done(instead ? *instead
                         : pki::ossl::sign(key_, *pki::ossl::default_scheme(key_), tbs));
    }
    std::size_t waiting() const { return waiting_.size(); }

    std::optional<pki::Result<pki::Buffer>> instead;

   private:
    EVP_PKEY* key_;
    std::deque<std::pair<pki::Buffer, Done>> waiting_;
};

// Commits when run() is called, unless it is told to fail.
class FakeCommitter : public signerd::Committer {
   public:
    explicit FakeCommitter(signerd::Store& store) : store_(store) {}

    void commit(const signerd::Decided& decided, Done done) override {
        waiting_.emplace_back(&decided, std::move(done));
    }
    void run() {
        for (auto& [decided, done] : std::exchange(waiting_, {}))
            done(failure ? pki::Status(*failure) : store_.commit({&decided, 1}));
    }

    std::optional<pki::Error> failure;

   private:
    signerd::Store& store_;
    std::deque<std::pair<const signerd::Decided*, Done>> waiting_;
};

// The answers by the id of their request, as frames.
class FakeReplies : public signerd::Replies {
   public:
    void send(const signerd::ReplyTo& to, pki::Buffer frame) override {
        count[to.id]++;
        frames[to.id] = std::move(frame);
    }
    pki::Result<pki::wire::IssueReply> issued(std::uint64_t id) const {
        return pki::wire::decode<pki::wire::IssueReply>(*pki::wire::parse_frame(frames.at(id)));
    }
    pki::Result<pki::wire::ErrorReply> error(std::uint64_t id) const {
        return pki::wire::decode<pki::wire::ErrorReply>(*pki::wire::parse_frame(frames.at(id)));
    }

    std::map<std::uint64_t, pki::Buffer> frames;
    std::map<std::uint64_t, int> count;
};

// CA "issuing" and profile "device", as the configuration would have them.
inline std::shared_ptr<signerd::Config> issue_config(const TestCa& ca) {
    auto config = std::make_shared<signerd::Config>();
    config->id = "signerd-1";
    signerd::Ca issuing;
    issuing.name = "issuing";
    issuing.tenant = "demo";
    issuing.chain = {ca.certificate};
    issuing.subject = ca.name;
    issuing.key_identifier = {1, 2, 3, 4};
    issuing.not_before = kTestNotBefore;
    issuing.not_after = kTestNotAfter;
    issuing.scheme = *pki::ossl::default_scheme(ca.key.get());
    issuing.crl_urls = {"http://pki.example.com/issuing.crl"};
    config->cas["issuing"] = std::move(issuing);

    signerd::Profile device;
    device.ca = "issuing";
    device.rules.name = "device";
    device.rules.keys = {*pki::x509::parse_key_rule("ec:P-256"),
                         *pki::x509::parse_key_rule("rsa:2048-4096")};
    device.rules.subject[pki::to_buffer(pki::x509::oid::kCommonName)] = {true, {}};
    device.rules.san[pki::x509::SanType::dns] = {"**.example.com"};
    device.rules.key_usage = pki::x509::kDigitalSignature | pki::x509::kKeyEncipherment;
    device.rules.extended_key_usage = {pki::to_buffer(pki::x509::oid::kClientAuth)};
    device.rules.validity_seconds = 90 * kDay;
    config->profiles["device"] = std::move(device);
    return config;
}

inline pki::Buffer make_csr(EVP_PKEY* key, const std::string& subject = "CN=device-1",
                            const std::vector<std::string>& names = {}) {
    const pki::Buffer name = *pki::x509::name_from_text(subject);
    const pki::Buffer san = names.empty() ? pki::Buffer() : *pki::x509::build_san(names);
    pki::x509::CsrSpec spec;
    spec.subject = name;
    spec.san = san;
    return *pki::x509::build_csr(spec, key);
}

inline pki::Buffer make_csr(const std::string& subject = "CN=device-1",
                            const std::vector<std::string>& names = {}) {
    return make_csr(pki::ossl::generate_key("ec:P-256")->get(), subject, names);
}

// remove() deletes the store: a failed assertion jumps past destructors.
class IssueFixture {
   public:
    explicit IssueFixture(const std::string& ca_key = "ec:P-256")
        : ca(make_ca({.name = "CN=Test Issuing", .key = ca_key})),
          config(issue_config(ca)),
          store(*signerd::open_sqlite_store(folder.file())),
          signer(ca.key.get()),
          committer(*store),
          issuer(clock, *store, signer, committer, replies) {
        peer.name = "nginx";
        peer.role = signerd::Role::frontend;
        peer.all_profiles = true;
    }
    void remove() const { folder.remove(); }

    static pki::wire::IssueRequest request(const pki::Buffer& csr) {
        pki::wire::IssueRequest made;
        made.profile = "device";
        made.protocol = pki::wire::Protocol::est;
        made.operation = pki::wire::Operation::enroll;
        made.csr = csr;
        made.client_address = "192.0.2.1";
        return made;
    }

    // Takes a request as far as the key child; its id is the result.
    std::uint64_t begin(const pki::wire::IssueRequest& request) {
        const std::uint64_t id = ++last_id_;
        return begin_frame(*pki::wire::encode(request, id), id);
    }
    std::uint64_t begin_frame(const pki::Buffer& frame, std::uint64_t id) {
        if (!generation) generation = *signerd::make_generation(1, config);
        issuer.issue({generation, &peer, *pki::wire::parse_frame(frame), {7, id}});
        return id;
    }
    // All the way.
    std::uint64_t issue(const pki::wire::IssueRequest& request) {
        const std::uint64_t id = begin(request);
        finish();
        return id;
    }
    std::uint64_t issue(const pki::Buffer& csr) { return issue(request(csr)); }
    void finish() {
        signer.run();
        committer.run();
        committer.run();  // waiters that share a failure, and second attempts to record
    }

    std::uint64_t certificates() { return store->counts()->certificates; }
    // The audit records, as rows that look into `entries`.
    std::vector<pki::wire::AuditRow> audit() {
        entries = *store->audit_page(0, 1000);
        std::vector<pki::wire::AuditRow> rows;
        for (const auto& entry : entries)
            rows.push_back(*pki::wire::parse_canonical(entry.canonical));
        return rows;
    }
    std::size_t allowed() {
        std::size_t count = 0;
        for (const auto& row : audit()) count += row.decision == pki::wire::Decision::allow;
        return count;
    }

    StoreFolder folder;
    TestCa ca;
    std::shared_ptr<signerd::Config> config;  // may be changed before the first request
    signerd::Peer peer;
    FakeClock clock;
    std::unique_ptr<signerd::Store> store;
    FakeSigner signer;
    FakeCommitter committer;
    FakeReplies replies;
    signerd::Issuer issuer;
    std::shared_ptr<const signerd::Generation> generation;
    std::vector<signerd::AuditEntry> entries;

   private:
    std::uint64_t last_id_ = 0;
};

}  // namespace unit
