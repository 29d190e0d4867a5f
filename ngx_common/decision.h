// What became of one request of a client, once it is over: what is counted and reported.
#pragma once

#include "ngx_common/exchange.h"
#include "ngx_common/outcome.h"
#include "ngx_common/zone.h"

namespace ngx_enroll {

struct Decision {
    ngx_http_request_t* request;
    const Exchange* exchange;  // nullptr: the module's handler never saw it
    const Location* location;  // the last one of the module that the request was in
    std::size_t operation;     // index into the names of ZoneConf
    Outcome outcome;
    ngx_uint_t status;  // as in the access log; 0: nothing was sent
    bool by_signer;     // signerd has answered; else it is nginx's decision, a module's or ours
    // Why nginx refused the client's certificate, a literal; nullptr: that was not the cause.
    const char* certificate;
};

// A client that went away; one that took too long was sent away.
inline bool client_left(const Decision& decision) {
    return decision.outcome == Outcome::aborted &&
           decision.status != NGX_HTTP_REQUEST_TIME_OUT && decision.status != NGX_HTTP_CLOSE;
}

// Refused without signerd. What error_page makes of a refusal, 200 even, does not undo it.
inline bool refused_by_nginx(const Decision& decision) {
    if (decision.by_signer || client_left(decision)) return false;
    switch (decision.outcome) {
        case Outcome::issued:
        case Outcome::replayed:
        case Outcome::pending:
        case Outcome::ok: return false;
        case Outcome::other: return decision.status >= NGX_HTTP_BAD_REQUEST;
        default: return true;
    }
}

}  // namespace ngx_enroll
