// A connection to signerd outside of any request: one frame out, one frame back, without
// holding up the event loop.
#pragma once

#include <vector>

#include "libpki/wire/frame.h"
#include "ngx_common/nginx.h"

namespace ngx_enroll {

// What the owner of a link asks of it.
struct SignerLinkTerms {
    ngx_msec_t answer_timeout;
    std::size_t most_answer;  // octets of a frame
    // The link is no work that a worker which ends has to finish: it is closed then.
    bool idle = false;
};

class SignerLink {
   public:
    // Called from the event loop; both may use the link at once.
    class Owner {
       public:
        virtual ~Owner() = default;
        virtual void answered(const pki::wire::Frame& frame) = 0;
        // The link is closed.
        virtual void failed(const char* why) = 0;
    };

    SignerLink(Owner& owner, const SignerLinkTerms& terms) : owner_(owner), terms_(terms) {}
    SignerLink(const SignerLink&) = delete;
    SignerLink& operator=(const SignerLink&) = delete;
    ~SignerLink() { close(); }

    bool is_open() const { return connection_ != nullptr; }
    // An answer is waited for.
    bool busy() const { return busy_; }

    // False when this signerd cannot be reached, which is not logged here.
    bool open(const ngx_addr_t& signer);
    // The frame must stay until the answer or the failure; false when it failed at once.
    bool send(pki::Bytes frame);
    void close();

   private:
    static void on_read(ngx_event_t* event);
    static void on_write(ngx_event_t* event);
    void receive(ngx_event_t* event);
    bool take_answer();
    bool write_some();
    void fail(const char* why);

    Owner& owner_;
    SignerLinkTerms terms_;
    ngx_log_t log_{};
    ngx_connection_t* connection_ = nullptr;
    bool busy_ = false;
    pki::Bytes output_;  // what is not sent yet
    pki::Buffer input_;
};

// The servers of an upstream that are not down, those that are no backup first.
std::vector<const ngx_addr_t*> signer_servers(const ngx_http_upstream_srv_conf_t& signer);

}  // namespace ngx_enroll
