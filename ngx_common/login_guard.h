// Passwords that are tried by one address, in whichever location and worker: login_failures.h
// with nginx's clock, the zone's lock and the client's address.
#pragma once

#include "ngx_common/limits_conf.h"

namespace ngx_enroll {

// Before a password is looked at: seconds that the client has to wait, or 0. A client
// without an address never has to.
std::uint32_t login_wait(ZoneConf& zone, const LimitsConf& limits, ngx_http_request_t* r);

// A password that was checked at once was wrong.
void login_failed(ZoneConf& zone, const LimitsConf& limits, ngx_http_request_t* r);

// A password whose check takes a while. Belongs to the request.
class PendingLogin {
   public:
    PendingLogin() = default;
    PendingLogin(const PendingLogin&) = delete;
    PendingLogin& operator=(const PendingLogin&) = delete;

    // As login_wait(); with 0 the attempt counts until end().
    std::uint32_t begin(ZoneConf& zone, const LimitsConf& limits, ngx_http_request_t* r);
    // Only the first call has an effect.
    void end(bool right);

   private:
    ZoneConf* zone_ = nullptr;  // not nullptr: there is an attempt
    AddressKey key_{};
    LoginLimit limit_;
    LoginAttempt attempt_;
};

LoginStats login_stats(ZoneConf& zone);

}  // namespace ngx_enroll
