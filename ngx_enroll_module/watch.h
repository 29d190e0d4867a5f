// What signerd tells of: revocations, for the cache of OCSP responses, and new CRLs. One worker
// of nginx asks, and has a request waiting there all the time.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "ngx_enroll_module/crl_fetch.h"
#include "ngx_enroll_module/ocsp_zone.h"

namespace ngx_enroll::enroll {

// Lists of a CA that some location serves.
struct WatchedCa {
    std::string ca;
    bool lists[2][2] = {};  // [of a partition][delta]
};

// What is asked of one signer. Made at configuration.
struct WatchConf {
    const ngx_http_upstream_srv_conf_t* signer = nullptr;
    std::vector<WatchedCa> cas;
    bool ocsp = false;
};

struct WatchEnvironment {
    OcspZone* cache = nullptr;  // nullptr: there is none
    std::string folder;         // of CRLs
    ngx_thread_pool_t* threads = nullptr;
};

class Watch : private SignerLink::Owner {
   public:
    // In the worker; begins with the event loop.
    Watch(const WatchConf& conf, const WatchEnvironment& environment);
    ~Watch() override;

   private:
    static constexpr SignerLinkTerms kLinkTerms{(pki::wire::kWatchSeconds + 5) * 1000,
                                                pki::limits::kFrame + pki::wire::kLengthSize,
                                                true};

    void answered(const pki::wire::Frame& frame) override;
    void failed(const char* why) override;

    static void on_timer(ngx_event_t* event);
    void arm(ngx_msec_t delay);
    void ask();
    bool connect_and_send();
    std::uint64_t known_change();
    void doubt();
    pki::Status apply(const pki::wire::WatchReply& reply);
    void apply_changes(const pki::wire::WatchReply& reply);
    pki::Status apply_lists(const pki::wire::WatchReply& reply);
    bool serves(const pki::wire::CrlName& name) const;
    void note_missing(const std::vector<NumberedList>& lists);
    void attempt_failed(const char* why);
    void note_back();

    const WatchConf& conf_;
    OcspZone* cache_;
    std::uint64_t signer_;  // its name in the cache
    std::vector<const ngx_addr_t*> servers_;
    CrlFetch fetch_;
    SignerLink link_{*this, kLinkTerms};
    pki::Buffer frame_;
    std::uint64_t id_ = 0;
    std::uint64_t change_ = 0;  // of the last answer
    std::uint64_t lists_ = 0;   // version of the lists, on this connection

    std::size_t server_ = 0;
    std::size_t failures_ = 0;  // since the last answer
    bool away_ = false;         // and it was said
    std::set<std::string> missing_;  // CAs of which it was said that there is no list
    ngx_connection_t timer_owner_{};
    ngx_event_t timer_{};
};

// Those of the worker that watches.
class Watches {
   public:
    std::vector<WatchConf> conf;

    void start(const WatchEnvironment& environment);
    void stop() { running_.clear(); }

   private:
    std::vector<std::unique_ptr<Watch>> running_;
};

}  // namespace ngx_enroll::enroll
