// What the workers of nginx share: for each location its counters and requests in flight,
// and the failed logins of all, in a module that has passwords. Every module has a zone of its
// own.
//
// It survives a reload. A location is known by server name and location name, so that it goes
// on counting; of one that is gone the memory is freed at the first reload that finds no
// worker left which was started with it.
#pragma once

#include <span>

#include "ngx_common/counters.h"
#include "ngx_common/inflight.h"
#include "ngx_common/login_failures.h"
#include "ngx_common/pool.h"

namespace ngx_enroll {

// A location in the shared memory; its name stands behind it.
struct LocationEntry {
    LocationEntry* next;
    // The configurations that have it, all of [first, last].
    std::uint64_t first_generation;
    std::uint64_t last_generation;
    Counters counters;
    InflightSlots inflight;
    std::size_t name_size;

    std::string_view name() const {
        return {reinterpret_cast<const char*>(this + 1), name_size};
    }
};

struct Worker {
    ngx_pid_t pid;  // 0: nobody
    std::uint64_t generation;
};

struct ZoneRoot {
    std::uint64_t generation;  // of the newest configuration
    LocationEntry* locations;
    LoginFailures* logins;  // nullptr: the module has no passwords
    std::atomic<std::size_t> used_slots;
    std::array<Worker, kWorkerSlots> workers;  // by ngx_process_slot
    InflightSlots inflight;                    // of all locations
};

// A location as configured.
struct Location {
    ngx_str_t name;  // server name and location name
    ngx_http_core_srv_conf_t* server;
    ngx_http_core_loc_conf_t* core;
    std::uint32_t max_inflight;  // 0: no limit
    LocationEntry* entry;        // set when the zone is made, before there are workers
};

enum class Logins { none, counted };

// In a module's main configuration. Plain data.
struct ZoneConf {
    std::string_view protocol;
    std::span<const std::string_view> operations;
    Logins logins;
    ngx_array_t locations;  // of Location*
    size_t size;
    ngx_uint_t max_inflight;  // over all locations; 0: no limit
    ngx_slab_pool_t* pool;
    ZoneRoot* root;
    std::uint64_t generation;
    time_t swept;  // when dead workers were last looked for
};

constexpr std::size_t kZoneSize = 1024 * 1024;
constexpr std::size_t kMinZoneSize = 128 * 1024;

// In create_main_conf; `conf` is zeroed memory. NGX_OK or NGX_ERROR.
ngx_int_t init_zone_conf(ngx_conf_t* cf, ZoneConf& conf, std::string_view protocol,
                         std::span<const std::string_view> operations, Logins logins);

// In merge_loc_conf of a location that the module serves. Throws std::bad_alloc.
Location* add_location(ngx_conf_t* cf, ZoneConf& zone, ngx_uint_t max_inflight);

// In postconfiguration: the zone, named as the module. NGX_OK or NGX_ERROR.
ngx_int_t add_zone(ngx_conf_t* cf, ZoneConf& zone, ngx_module_t& module);

// In init_process: takes the slot of this worker, and with it back what a dead one held.
void enter_zone(ZoneConf& zone);

inline std::span<Location* const> locations_of(const ZoneConf& zone) {
    return {static_cast<Location**>(zone.locations.elts), zone.locations.nelts};
}

// The zone's lock; never held across anything that blocks. nginx itself unlocks it when a
// worker is killed that holds it.
class ZoneLock {
   public:
    explicit ZoneLock(ZoneConf& zone) : mutex_(zone.pool->mutex) { ngx_shmtx_lock(&mutex_); }
    ~ZoneLock() { ngx_shmtx_unlock(&mutex_); }
    ZoneLock(const ZoneLock&) = delete;
    ZoneLock& operator=(const ZoneLock&) = delete;

   private:
    ngx_shmtx_t& mutex_;
};

// Gives back what workers held that are dead, at most once in a second.
void sweep_dead_workers(ZoneConf& zone);

}  // namespace ngx_enroll
