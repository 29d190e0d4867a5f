// Decisions that nginx made by itself, on their way to signerd's audit log.
//
// Each worker has a Reporter for each signer that its locations name. Decisions wait in it for
// a second, or until there are enough for a batch, and go out over a connection of its own,
// which is open for that long. A batch is sent until it is answered, to another server of the
// upstream when one is away. While none can be reached decisions wait, kWaiting at most; later
// ones are counted, and the count goes with the next batch: the beginning of an attack tells
// more than its middle, and a batch that may have been recorded must stay as it is.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <vector>

#include "libpki/wire/report.h"
#include "ngx_common/signer_link.h"

namespace ngx_enroll {

class Reporter : private SignerLink::Owner {
   public:
    // Decisions that wait, of at most limits::kDecision bytes each.
    static constexpr std::size_t kWaiting = 1024;

    // In the worker, since it takes a random name.
    explicit Reporter(const ngx_http_upstream_srv_conf_t& signer);
    ~Reporter() override;

    const ngx_http_upstream_srv_conf_t* signer() const { return &signer_; }
    void add(const pki::wire::ReportedDecision& decision);
    // Sends what is left without the event loop, before the deadline; then it is over.
    void last_attempt(std::chrono::steady_clock::time_point deadline);

   private:
    // Shorter than what a worker that ends has for all of its reports. An answer is a flag, or
    // an error with its line.
    static constexpr SignerLinkTerms kLinkTerms{3000, 4096};

    struct Waiting {
        std::int64_t time = 0;
        pki::Buffer encoded;
    };
    struct Gap {
        std::uint64_t count = 0;
        std::int64_t from = 0;
        std::int64_t to = 0;

        void add(std::int64_t time);
        void add(const Gap& other);
    };
    // What was taken out of waiting_ and is not answered.
    struct Batch {
        pki::Buffer frame;  // empty: there is none
        std::uint64_t id = 0;
        std::size_t decisions = 0;
        Gap gap;
        Gap whole;  // the gap that it would leave
    };

    void answered(const pki::wire::Frame& frame) override;
    void failed(const char* why) override;

    static void on_timer(ngx_event_t* event);
    void tick();
    void pump();
    bool due() const;
    bool connect_and_send();
    bool take_credit();
    bool prepare_batch();
    void make_batch();
    bool accept_answer(const pki::wire::Frame& frame);
    void attempt_failed(const char* why);
    void note_end();
    void give_up();
    void settle_timer();
    void arm(ngx_msec_t delay);
    bool empty() const { return waiting_.empty() && gap_.count == 0 && batch_.frame.empty(); }
    std::size_t held() const { return waiting_.size() + batch_.decisions; }
    void complain(ngx_uint_t level, const char* why);

    const ngx_http_upstream_srv_conf_t& signer_;
    std::vector<const ngx_addr_t*> servers_;  // those that are no backup first
    pki::Buffer name_;
    std::deque<Waiting> waiting_;
    Gap gap_;
    Batch batch_;
    std::uint64_t sequence_ = 0;
    SignerLink link_{*this, kLinkTerms};

    std::size_t server_ = 0;    // which of servers_ is next
    std::size_t failures_ = 0;  // since the last answer
    ngx_msec_t next_attempt_ = 0;
    std::size_t credits_;  // batches that may go out now
    ngx_msec_t refilled_;
    bool ending_ = false;  // the worker is, and has until end_
    ngx_msec_t end_ = 0;
    bool complained_ = false;
    ngx_msec_t last_complaint_ = 0;

    ngx_connection_t timer_owner_{};  // nginx's debug log looks for a connection here
    ngx_event_t timer_{};
};

// Those of one worker. Empty until there is something to report.
class Reporters {
   public:
    Reporter& of(const ngx_http_upstream_srv_conf_t& signer);
    // In exit_process.
    void last_attempt();

   private:
    std::vector<std::unique_ptr<Reporter>> reporters_;
};

}  // namespace ngx_enroll
