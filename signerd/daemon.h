// The parts put together: start, reload, drain.
#pragma once

#include "signerd/challenge/asker.h"
#include "signerd/clock.h"
#include "signerd/confirm_sweep.h"
#include "signerd/dispatch.h"
#include "signerd/keys/signer.h"
#include "signerd/refusals.h"
#include "signerd/server.h"

namespace signerd {

class Daemon {
   public:
    // Blocks the signals that it handles; no thread may have been started before.
    // `keeper`: of the outside child, where there may be one.
    static pki::Result<std::unique_ptr<Daemon>> create(std::shared_ptr<const Config> config,
                                                       std::optional<OutsideKeeper> keeper);
    ~Daemon();

    // Until a signal ends it. False when it could not start.
    bool run();

   private:
    struct Candidate;
    using CandidatePtr = std::shared_ptr<Candidate>;

    explicit Daemon(std::shared_ptr<const Config> config) : config_(std::move(config)) {}
    pki::Status assemble(std::optional<OutsideKeeper> keeper);
    pki::Status assemble_revocation();
    pki::Status watch_signals();
    void on_signal();
    void reload();
    pki::Status try_config(std::shared_ptr<const Config> config);
    pki::Status check_unchangeable(const Config& next) const;
    void keys_loaded(const CandidatePtr& candidate,
                     const pki::Result<pki::ossl::Sha256>& facts);
    void switch_to(const CandidatePtr& candidate);
    void not_taken(const pki::Error& error);
    void drain();
    void end_of_turn();
    Gauges gauges() const;

    std::shared_ptr<const Config> config_;  // the first one, then the one in use
    SystemClock clock_;
    std::unique_ptr<EventLoop> loop_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<Writer> writer_;
    std::unique_ptr<ChildSigner> signer_;
    std::unique_ptr<OutsideClient> outside_;
    std::unique_ptr<OutsideAsker> asker_;
    std::unique_ptr<Server> server_;
    std::unique_ptr<Issuer> issuer_;
    std::unique_ptr<Reports> reports_;
    std::unique_ptr<Revoker> revoker_;
    std::unique_ptr<Confirmer> confirmer_;
    std::unique_ptr<ConfirmSweep> sweep_;
    std::unique_ptr<CmpRevoker> cmp_revoker_;
    std::unique_ptr<OcspResponder> ocsp_;
    std::unique_ptr<RaIssuer> ras_;
    std::unique_ptr<ChallengeMaker> challenges_;
    std::unique_ptr<TokenMaker> tokens_;
    std::unique_ptr<Refusals> refusals_;
    std::unique_ptr<CrlPublisher> crls_;
    std::unique_ptr<Watchers> watchers_;
    std::unique_ptr<ThreadKeyMaker> key_maker_;
    std::unique_ptr<Background> background_;  // goes before what its work looks at
    std::unique_ptr<Dispatcher> dispatcher_;
    Fd signals_;
    std::uint64_t generation_ = 0;       // in use; 0: still starting
    std::uint64_t last_generation_ = 0;  // tried
    bool loading_ = false;
    bool reload_again_ = false;
    bool draining_ = false;
    bool stopped_early_ = false;  // by a signal, before it was ready
};

}  // namespace signerd
