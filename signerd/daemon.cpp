#include "signerd/daemon.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <cerrno>

#include "signerd/keys/key.h"
#include "signerd/log.h"
#include "signerd/notify.h"
#include "signerd/version.h"

namespace signerd {

using pki::Errc;
using pki::fail;

// A configuration on its way to being used. Dropping it changes nothing.
struct Daemon::Candidate {
    std::shared_ptr<const Generation> generation;
    std::vector<Listener> listeners;
};

namespace {

// Beside connections: sockets to listen on, store, key child, event loop.
constexpr rlim_t kOtherDescriptors = 128;

void raise_descriptor_limit(std::size_t connections) {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    const rlim_t wanted = connections + kOtherDescriptors;
    if (limit.rlim_max < wanted)
        log(Level::warning, "limits.connections: the system allows %llu descriptors only",
            static_cast<unsigned long long>(limit.rlim_max));
    if (limit.rlim_cur >= wanted) return;
    limit.rlim_cur = std::min(limit.rlim_max, wanted);
    setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

pki::Result<std::unique_ptr<Daemon>> Daemon::create(std::shared_ptr<const Config> config,
                                                    std::optional<OutsideKeeper> keeper) {
    std::unique_ptr<Daemon> daemon(new Daemon(std::move(config)));
    PKI_CHECK(daemon->assemble(std::move(keeper)));
    return daemon;
}

Daemon::~Daemon() {
    if (refusals_) refusals_->finish();
    // What it does until it has committed everything no longer reaches anybody.
    writer_.reset();
}

pki::Status Daemon::assemble(std::optional<OutsideKeeper> keeper) {
    PKI_TRY(loop_, EventLoop::create());
    PKI_CHECK(watch_signals());
    PKI_TRY(store_, open_sqlite_store(config_->store));
    PKI_TRY(writer_, Writer::start(*loop_, *store_));
    signer_ = std::make_unique<ChildSigner>(*loop_, config_->path);
    outside_ = std::make_unique<OutsideClient>(*loop_, std::move(keeper));
    refusals_ = std::make_unique<Refusals>(
        clock_, *writer_,
        [this](auto delay, EventLoop::Action run) { loop_->after(delay, std::move(run)); });
    server_ = std::make_unique<Server>(
        *loop_, [this](const Request& request) { dispatcher_->dispatch(request); },
        [this](const Generation& generation, const Peer& peer, const pki::Error& error) {
            refusals_->note(generation, peer, error);
        });
    issuer_ = std::make_unique<Issuer>(clock_, *store_, *signer_, *writer_, *server_);
    asker_ = std::make_unique<OutsideAsker>(clock_, *outside_);
    issuer_->ask_through(asker_.get());
    PKI_TRY(key_maker_, ThreadKeyMaker::start(*loop_));
    issuer_->make_keys_through(key_maker_.get());
    reports_ = std::make_unique<Reports>(clock_, *writer_, *server_);
    PKI_CHECK(assemble_revocation());
    ocsp_ = std::make_unique<OcspResponder>(clock_, *store_, *signer_, *writer_, *server_);
    ras_ = std::make_unique<RaIssuer>(clock_, *store_, *signer_, *writer_, *server_);
    challenges_ = std::make_unique<ChallengeMaker>(clock_, *writer_, *server_);
    tokens_ = std::make_unique<TokenMaker>(clock_, *store_, *writer_, *server_);
    dispatcher_ = std::make_unique<Dispatcher>(
        Services{clock_, *store_, *issuer_, *reports_, *revoker_, *cmp_revoker_, *confirmer_,
                 *crls_, *watchers_, *ocsp_, *ras_, *challenges_, *tokens_, *server_,
                 clock_.now() / kMicroseconds, [this] { return gauges(); },
                 [this](const Request& request, const pki::Error& error) {
                     refusals_->note(*request.generation, *request.peer, error);
                 }});
    loop_->each_turn([this] { end_of_turn(); });
    return {};
}

pki::Status Daemon::assemble_revocation() {
    const auto after = [this](auto delay, EventLoop::Action run) {
        loop_->after(delay, std::move(run));
    };
    crls_ = std::make_unique<CrlPublisher>(
        clock_, *store_, *signer_, *writer_,
        [this](auto work, auto done) { background_->run(std::move(work), std::move(done)); },
        after, CrlFiles(config_->store), [this] { watchers_->notify(); });
    watchers_ = std::make_unique<Watchers>(*store_, *crls_, *server_, after);
    revoker_ = std::make_unique<Revoker>(clock_, *store_, *writer_, *server_, [this] {
        watchers_->notify();
        crls_->changed();
    });
    confirmer_ = std::make_unique<Confirmer>(clock_, *store_, *writer_, *server_,
                                             issuer_->transactions(), *revoker_);
    sweep_ = std::make_unique<ConfirmSweep>(clock_, *store_, *writer_, issuer_->transactions(),
                                            *revoker_, after);
    cmp_revoker_ = std::make_unique<CmpRevoker>(clock_, *store_, *writer_, *server_, *revoker_,
                                                issuer_->transactions());
    PKI_TRY(background_, Background::start(*loop_));
    return crls_->load();
}

pki::Status Daemon::watch_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGHUP, SIGTERM, SIGINT}) sigaddset(&set, signal);
    if (sigprocmask(SIG_BLOCK, &set, nullptr) != 0)
        return fail(Errc::internal, "sigprocmask", errno_text());
    signals_.reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_) return fail(Errc::internal, "signalfd", errno_text());
    return loop_->watch(signals_.get(), EPOLLIN, [this](std::uint32_t) { on_signal(); });
}

bool Daemon::run() {
    log(Level::notice, "version %s, configuration %s", kVersion, config_->path.c_str());
    if (const auto status = try_config(config_); !status) not_taken(status.error());
    loop_->run();
    const bool good = generation_ != 0 || stopped_early_;
    if (good) log(Level::notice, "ended");
    return good;
}

void Daemon::on_signal() {
    signalfd_siginfo info{};
    if (read(signals_.get(), &info, sizeof(info)) != sizeof(info)) return;
    if (info.ssi_signo == SIGHUP) return reload();
    stopped_early_ = generation_ == 0;
    if (draining_ || stopped_early_) return loop_->stop();
    drain();
}

void Daemon::reload() {
    if (draining_) return;
    if (loading_) {
        reload_again_ = true;
        return;
    }
    log(Level::notice, "reloading %s", config_->path.c_str());
    notify_reloading();
    auto next = load_config(config_->path);
    const auto status = next ? try_config(*std::move(next)) : pki::Status(next.error());
    if (!status) not_taken(status.error());
}

// Everything that can fail comes before the switch, the key child last: it is the only step
// that takes time.
pki::Status Daemon::try_config(std::shared_ptr<const Config> config) {
    PKI_CHECK(check_unchangeable(*config));
    PKI_TRY(auto generation, make_generation(last_generation_ + 1, config));
    PKI_TRY(auto listeners, server_->prepare(*config));
    const std::uint64_t number = ++last_generation_;
    const auto candidate =
        std::make_shared<Candidate>(Candidate{std::move(generation), std::move(listeners)});
    loading_ = true;
    signer_->load(number, config->cas.size(),
                  [this, candidate](const auto& facts) { keys_loaded(candidate, facts); });
    return {};
}

// Audit records name the daemon, the store is open, and rights that were given up are gone.
pki::Status Daemon::check_unchangeable(const Config& next) const {
    if (next.id != config_->id)
        return fail(Errc::denied, "id: a change needs a restart", next.id);
    if (next.store != config_->store)
        return fail(Errc::denied, "store: a change needs a restart", next.store);
    if (next.confinement != config_->confinement)
        return fail(Errc::denied,
                    "\"outside\" itself, its user and group, user, group, sandbox: a change "
                    "needs a restart");
    return {};
}

void Daemon::keys_loaded(const CandidatePtr& candidate,
                         const pki::Result<pki::ossl::Sha256>& facts) {
    loading_ = false;
    if (!facts)
        not_taken(facts.error());
    else if (*facts != facts_of(*candidate->generation->config))
        not_taken(fail(Errc::unavailable, "files changed while they were read"));
    else {
        const Generation& generation = *candidate->generation;
        signer_->use(generation.number, generation.config->cas.size(), *facts);
        switch_to(candidate);
    }
    if (std::exchange(reload_again_, false)) reload();
}

void Daemon::switch_to(const CandidatePtr& candidate) {
    if (draining_) return;
    const bool starting = generation_ == 0;
    generation_ = candidate->generation->number;
    config_ = candidate->generation->config;
    raise_descriptor_limit(config_->limits.connections);
    server_->apply(candidate->generation, std::move(candidate->listeners));
    crls_->use(candidate->generation);
    sweep_->use(candidate->generation);
    outside_->use(config_->outside.value_or(OutsideConfig{}));
    log(Level::notice, "%s: generation %llu, %zu CAs, %zu profiles",
        starting ? "ready" : "reloaded", static_cast<unsigned long long>(generation_),
        config_->cas.size(), config_->profiles.size());
    notify_ready();
}

void Daemon::not_taken(const pki::Error& error) {
    log(Level::error, "%s: %s", config_->path.c_str(), error.message().c_str());
    if (generation_ == 0) return loop_->stop();
    log(Level::error,
        "reload failed, nothing has changed; repair it soon: until then a key child that is "
        "lost cannot be replaced");
    notify_ready();
}

void Daemon::drain() {
    log(Level::notice, "draining, %zu requests in flight", issuer_->in_flight());
    draining_ = true;
    notify_stopping();
    server_->drain();
    dispatcher_->drain();
    sweep_->drain();
    loop_->after(std::chrono::seconds(config_->limits.drain_seconds), [this] {
        log(Level::warning, "drain time is over, %zu requests unanswered",
            issuer_->in_flight());
        loop_->stop();
    });
}

// What this turn gathered goes on in one go. Answers first: a connection that had to wait for
// them may have requests ready, which add to the rest.
void Daemon::end_of_turn() {
    server_->flush();
    signer_->flush();
    outside_->flush();
    writer_->flush();
    if (draining_ && issuer_->in_flight() == 0 && server_->idle() && outside_->idle())
        loop_->stop();
}

Gauges Daemon::gauges() const {
    return {writer_->queued(),      writer_->transactions(), issuer_->in_flight(),
            server_->connections(), signer_->pid(),          signer_->state(),
            outside_->state()};
}

}  // namespace signerd
