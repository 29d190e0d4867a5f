// A place among the requests that are being worked on, by signerd or by a slow password
// hash. A request takes it when it is there in full, so that a slow client holds none, and
// keeps it until it has its answer.
#pragma once

#include "ngx_common/zone.h"

namespace ngx_enroll {

// Belongs to one request; gives its place back at its end, if not before.
class Place {
   public:
    Place() = default;
    ~Place() { leave(); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    // False: the location or the zone is full; it is counted as shed. A place that is held
    // already is kept.
    bool take(ZoneConf& zone, const Location& location);
    void leave();

    // How long the place was held, or is until now; nullopt: it never was.
    std::optional<ngx_msec_t> held() const;

   private:
    ZoneRoot* root_ = nullptr;  // not nullptr: the place is held
    LocationEntry* entry_ = nullptr;
    ngx_msec_t since_ = 0;
    std::optional<ngx_msec_t> held_;
};

// A look without a place taken, for requests of which the body is still to come. True: it
// is full; counted as shed.
bool shed_early(ZoneConf& zone, const Location& location);

// Requests in places.
std::uint32_t inflight_of(const ZoneConf& zone, const Location& location);
std::uint32_t inflight_of(const ZoneConf& zone);

}  // namespace ngx_enroll
