// The front's side of the outside child: starts it when the configuration has somebody to ask,
// again when it dies, and waits for no answer longer than the time limit.
//
// Whatever goes wrong is a refusal. What a child that is lost had been asked is not asked
// again: whether anybody heard it nobody knows.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "signerd/event_loop.h"
#include "signerd/frame_buffer.h"
#include "signerd/outside/process.h"
#include "signerd/outside/protocol.h"
#include "signerd/outside/rules.h"

namespace signerd {

class OutsideClient {
   public:
    // As status_in() has it; in a later turn.
    using Done = std::function<void(const pki::Status& verdict)>;

    // How long to wait for what; tests wait less.
    struct Patience {
        std::chrono::milliseconds start{10'000};  // until a child is ready
        std::chrono::milliseconds more{1'000};    // beyond the time limit of a question
        std::chrono::milliseconds pause{100};     // before the next child, doubled each time
    };

    // Without a keeper nobody is asked.
    OutsideClient(EventLoop& loop, std::optional<OutsideKeeper> keeper)
        : OutsideClient(loop, std::move(keeper), Patience{}) {}
    OutsideClient(EventLoop& loop, std::optional<OutsideKeeper> keeper, Patience patience);
    ~OutsideClient();

    // From now on a new child answers, which has read this configuration and the secrets that
    // it names; those before it finish what they have been asked. Without challenges: none.
    void use(const OutsideConfig& config);

    // `question` is a view that ends with the call; its name is one of the configuration in
    // use.
    void ask(const OutsideQuestion& question, Done done);
    // The same without an answer: dropped, and counted in the log, when too many wait.
    void tell(const OutsideQuestion& question);
    // Writes what was gathered in this turn.
    void flush();

    // Everything that was handed over is done with.
    bool idle() const { return jobs_.empty(); }
    const char* state() const;  // "ready", "starting", "down", "unused"

   private:
    struct Link {
        Fd socket;
        FrameBuffer input;
        pki::Buffer output;
        pid_t pid = 0;  // 0: not ready
        bool writing = false;
    };
    using LinkPtr = std::unique_ptr<Link>;

    struct Job {
        pki::Buffer frame;
        Done done;
        bool notice = false;
        std::uint64_t link = 0;  // that has it; 0: none yet
        bool late = false;       // it waited for a child, which so has less than its time
    };

    void watch_keeper();
    void keeper_lost();
    void start();
    void start_later();
    void add(const OutsideQuestion& question, bool notice, Done done);
    void submit(Job& job);
    void on_event(std::uint64_t number, std::uint32_t events);
    void receive(std::uint64_t number);
    pki::Status take(std::uint64_t number, Link& link, pki::Bytes bytes);
    void become_ready(std::uint64_t number, Link& link, const OutsideReady& ready);
    void lost(std::uint64_t number, const std::string& why);
    void close(std::uint64_t number);
    void close_retired();
    void expire(std::uint64_t id);
    void end_job(std::uint64_t id, const pki::Status& verdict);
    void drop();

    EventLoop& loop_;
    std::optional<OutsideKeeper> keeper_;
    const Patience patience_;
    OutsideConfig config_;
    pki::ossl::Sha256 facts_{};
    std::map<std::uint64_t, LinkPtr> links_;
    std::uint64_t current_ = 0;  // the newest link, 0: none
    std::uint64_t last_link_ = 0;
    int failures_ = 0;  // in a row
    bool pausing_ = false;

    std::map<std::uint64_t, Job> jobs_;
    std::uint64_t last_id_ = 0;
    std::size_t notices_ = 0;  // of the jobs
    std::size_t dropped_ = 0;  // since the last line of the log
};

}  // namespace signerd
