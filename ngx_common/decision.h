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
};

}  // namespace ngx_enroll
