// OCSP without processes: the key child's part in this one, with its checks, a store that knows
// what it is told, and requests.
#pragma once

#include "libpki/wire/revocation.h"
#include "signerd/keys/responder_keys.h"
#include "signerd/ocsp.h"
#include "t/fuzz/memory_store.h"
#include "t/unit/issue_fixture.h"

namespace unit {

// Answers when run() is called, with keys and rules as the key child has them.
class FakeOcspSigner : public signerd::OcspSigner {
   public:
    FakeOcspSigner(const signerd::Clock& clock, EVP_PKEY* ca_key)
        : clock_(clock), ca_key_(ca_key) {}

    void responder_key(std::uint64_t, const std::string& ca, bool fresh, Done done) override {
        fresh_keys += fresh;
        later(std::move(done),
              [this, ca, fresh] { return keys_->public_key(ca, rules.at(ca), fresh); });
    }
    void sign_responder(std::uint64_t, const std::string& ca, pki::Bytes tbs,
                        Done done) override {
        later(std::move(done),
              [this, ca, tbs = pki::to_buffer(tbs)] { return certify(ca, tbs); });
    }
    void sign_ocsp(std::uint64_t, const std::string& ca, pki::Bytes data, Done done) override {
        later(std::move(done), [this, ca, data = pki::to_buffer(data)] {
            return spoil(keys_->sign(ca, rules.at(ca), data, now()));
        });
    }
    // What waits now; not what comes of it.
    void run() {
        for (auto& [work, done] : std::exchange(waiting_, {}))
            done(instead ? pki::Result<pki::Buffer>(*instead) : work());
    }
    void use_ca(EVP_PKEY* key) { ca_key_ = key; }
    std::size_t waiting() const { return waiting_.size(); }
    // The key child is another process from now on.
    void lose_keys() { keys_.emplace(); }

    std::map<std::string, signerd::CaRules> rules;
    std::optional<pki::Error> instead;
    bool bad_signature = false;
    int fresh_keys = 0;
    int certified = 0;

   private:
    using Work = std::function<pki::Result<pki::Buffer>()>;

    void later(Done done, Work work) {
        waiting_.emplace_back(std::move(work), std::move(done));
    }
    pki::Result<pki::Buffer> certify(const std::string& ca, const pki::Buffer& tbs) {
        PKI_CHECK(keys_->check_certificate(ca, rules.at(ca), tbs, now()));
        certified++;
        return spoil(pki::ossl::sign(ca_key_, *pki::ossl::default_scheme(ca_key_), tbs));
    }
    pki::Result<pki::Buffer> spoil(pki::Result<pki::Buffer> signature) const {
        if (bad_signature && signature) signature->back() ^= 1;
        return signature;
    }
    std::int64_t now() const { return clock_.now() / signerd::kMicroseconds; }

    const signerd::Clock& clock_;
    EVP_PKEY* ca_key_;
    std::optional<signerd::ResponderKeys> keys_{std::in_place};
    std::deque<std::pair<Work, Done>> waiting_;
};

// Of certificates it knows the state and nothing else; what is committed is kept as it came.
class StatusStore : public fuzz::MemoryStore {
   public:
    pki::Status commit(std::span<const signerd::Decided* const> batch) override {
        for (const signerd::Decided* decided : batch) {
            certificates.push_back(*decided->certificate);
            audit.push_back(decided->audit);
        }
        return {};
    }
    pki::Result<std::optional<signerd::SerialStatus>> find_status(const std::string& ca,
                                                                  pki::Bytes serial) override {
        reads++;
        if (failure) return *failure;
        const auto found = states.find(ca + "/" + pki::hex_encode(serial));
        return found == states.end() ? std::nullopt : std::optional(found->second);
    }
    pki::Result<std::uint64_t> last_change() override {
        reads++;
        if (failure) return *failure;
        return change;
    }

    std::map<std::string, signerd::SerialStatus> states;  // "CA/serial"
    std::uint64_t change = 7;
    std::optional<pki::Error> failure;
    int reads = 0;
    std::vector<signerd::CertificateRecord> certificates;
    std::vector<signerd::AuditRecord> audit;
};

inline pki::Buffer key_bits_of(const TestCa& ca) {
    const pki::Buffer spki = *pki::ossl::public_key_der(ca.key.get());
    return pki::to_buffer(pki::x509::parse_spki(spki)->key_bits);
}

inline pki::Buffer cert_id_of(const TestCa& ca, pki::Bytes serial,
                              pki::ossl::Hash hash = pki::ossl::Hash::sha1) {
    return pki::x509::build_ocsp_cert_id(hash, ca.name, key_bits_of(ca), serial);
}

// OcspResponder, CA "issuing" and what surrounds them.
class OcspFixture {
   public:
    explicit OcspFixture(const std::string& ca_key = "ec:P-256")
        : ca(make_ca({.name = "CN=Test Issuing", .key = ca_key})),
          config(issue_config(ca)),
          signer(clock, ca.key.get()),
          committer(store),
          ocsp(clock, store, signer, committer, replies) {
        peer.name = "nginx";
        peer.role = signerd::Role::frontend;
        peer.profiles = {"device"};
        store.states["issuing/4a01"] = {kNow + kDay, {}};
        store.states["issuing/4a02"] = {
            kNow + kDay,
            signerd::Revocation{pki::x509::CrlReason::certificate_hold, kNow - 60}};
    }

    std::uint64_t begin(const std::vector<pki::Bytes>& ids, pki::Bytes nonce = {}) {
        const std::uint64_t id = ++last_id_;
        pki::wire::OcspRequest request;
        request.cert_ids = ids;
        request.nonce = nonce;
        const pki::Buffer frame = *pki::wire::encode(request, id);
        if (!generation) use_config(1);
        ocsp.answer({generation, &peer, *pki::wire::parse_frame(frame), {7, id}});
        return id;
    }
    void use_config(std::uint64_t number) {
        generation = *signerd::make_generation(number, config);
        signer.rules.clear();
        for (const auto& [name, entry] : config->cas)
            signer.rules[name] = signerd::rules_of(entry, *config);
    }
    // Until nobody has anything to do.
    void finish() {
        for (int i = 0; i < 10; i++) {
            signer.run();
            committer.run();
        }
    }
    std::uint64_t ask(const std::vector<pki::Bytes>& ids, pki::Bytes nonce = {}) {
        const std::uint64_t id = begin(ids, nonce);
        finish();
        return id;
    }
    std::uint64_t ask(std::string_view serial) {
        const pki::Buffer id = cert_id_of(ca, *pki::hex_decode(serial));
        return ask({id});
    }

    // Views into the frames in `replies`.
    pki::Result<pki::wire::OcspReply> reply(std::uint64_t id) const {
        return pki::wire::decode<pki::wire::OcspReply>(
            *pki::wire::parse_frame(replies.frames.at(id)));
    }
    pki::Result<pki::x509::OcspResponse> response(std::uint64_t id) const {
        PKI_TRY(const auto answer, reply(id));
        return pki::x509::parse_ocsp_response(answer.response);
    }
    bool answered(std::uint64_t id) const { return replies.count.contains(id); }

    TestCa ca;
    std::shared_ptr<signerd::Config> config;  // may be changed before the first request
    signerd::Peer peer;
    FakeClock clock;
    StatusStore store;
    FakeOcspSigner signer;
    FakeCommitter committer;
    FakeReplies replies;
    signerd::OcspResponder ocsp;
    std::shared_ptr<const signerd::Generation> generation;

   private:
    std::uint64_t last_id_ = 0;
};

}  // namespace unit
