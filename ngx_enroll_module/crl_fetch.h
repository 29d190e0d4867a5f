// Brings the copies of CRLs up to date with what signerd has: one list at a time, in pieces,
// over a link of its own that is open for that long. What has arrived is made durable in a
// thread. A list that cannot be had is tried again, after the others.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "libpki/wire/revocation.h"
#include "ngx_common/signer_link.h"
#include "ngx_enroll_module/crl_copy.h"

namespace ngx_enroll::enroll {

struct NumberedList {
    ListName name;
    std::uint64_t number = 0;
};

class CrlFetch : private SignerLink::Owner {
   public:
    // In the worker. The threads may be nullptr only where update() is never called.
    CrlFetch(const ngx_http_upstream_srv_conf_t& signer, std::string folder,
             ngx_thread_pool_t* threads);
    ~CrlFetch() override;

    // The lists that there are. Those with a number that was not compared yet are fetched, and
    // kept when they are others than the copies.
    void update(std::vector<NumberedList> lists);
    // What was compared is to be compared again: signerd may be another one.
    void forget() { known_.clear(); }

   private:
    static constexpr SignerLinkTerms kLinkTerms{
        10000, pki::limits::kFrame + pki::wire::kLengthSize, true};

    void answered(const pki::wire::Frame& frame) override;
    void failed(const char* why) override;

    static void on_timer(ngx_event_t* event);
    static void run_in_thread(void* data, ngx_log_t* log);
    static void on_stored(ngx_event_t* event);

    void next();
    bool ask();
    pki::Status take(const pki::wire::CrlReply& reply);
    pki::Status begin(const pki::wire::CrlReply& reply);
    void store();
    void stored();
    void done(std::uint64_t number);
    void list_failed(const std::string& why, ngx_uint_t level = NGX_LOG_ERR);

    const ngx_http_upstream_srv_conf_t& signer_;
    std::vector<const ngx_addr_t*> servers_;
    std::string folder_;
    ngx_thread_pool_t* threads_;
    ngx_thread_task_t* task_ = nullptr;

    std::deque<NumberedList> queue_;              // the first one is being fetched
    std::map<std::string, std::uint64_t> known_;  // numbers of lists that were compared
    std::unique_ptr<CopyWriter> writer_;          // of the first one, after its first piece
    bool superseded_ = false;                     // the first one is no longer wanted
    bool storing_ = false;                        // in the thread
    pki::Status outcome_;                         // of the thread
    pki::Buffer frame_;
    std::uint64_t id_ = 0;
    SignerLink link_{*this, kLinkTerms};

    std::size_t server_ = 0;
    std::size_t failures_ = 0;  // since the last list that was had
    ngx_connection_t timer_owner_{};
    ngx_event_t timer_{};  // while there is a pause
};

}  // namespace ngx_enroll::enroll
