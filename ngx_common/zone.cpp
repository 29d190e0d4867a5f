#include "ngx_common/zone.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string>

#include "libpki/ossl/digest.h"
#include "ngx_common/guard.h"

namespace ngx_enroll {

namespace {

static_assert(kWorkerSlots >= NGX_MAX_PROCESSES);

// --- the shared memory, by the master process ---

// Wrong passwords may take a quarter of the zone.
LoginFailures* make_logins(ngx_slab_pool_t* pool, std::size_t zone_size) {
    const std::uint32_t capacity = LoginFailures::capacity(zone_size / 4);
    std::array<std::uint8_t, sizeof(std::uint64_t)> random{};
    void* memory = ngx_slab_calloc_locked(pool, LoginFailures::bytes(capacity));
    if (memory == nullptr || !pki::ossl::random_bytes(random)) return nullptr;
    std::uint64_t seed = 0;
    ngx_memcpy(&seed, random.data(), sizeof(seed));
    return LoginFailures::make(memory, capacity, seed);
}

ZoneRoot* make_root(const ZoneConf& zone, std::size_t zone_size) {
    void* memory = ngx_slab_calloc_locked(zone.pool, sizeof(ZoneRoot));
    if (memory == nullptr) return nullptr;
    auto* root = new (memory) ZoneRoot{};
    if (zone.logins == Logins::none) return root;
    root->logins = make_logins(zone.pool, zone_size);
    return root->logins == nullptr ? nullptr : root;
}

LocationEntry* find_entry(const ZoneRoot& root, std::string_view name) {
    LocationEntry* entry = root.locations;
    while (entry != nullptr && entry->name() != name) entry = entry->next;
    return entry;
}

LocationEntry* make_entry(ZoneConf& zone, std::string_view name) {
    void* memory = ngx_slab_calloc_locked(zone.pool, sizeof(LocationEntry) + name.size());
    if (memory == nullptr) return nullptr;
    auto* entry = new (memory) LocationEntry{};
    entry->name_size = name.size();
    ngx_memcpy(static_cast<void*>(entry + 1), name.data(), name.size());
    entry->first_generation = zone.generation;
    entry->last_generation = zone.generation;
    entry->next = zone.root->locations;
    zone.root->locations = entry;
    return entry;
}

void clear_slot(ZoneRoot& root, std::size_t slot) {
    for (LocationEntry* entry = root.locations; entry != nullptr; entry = entry->next)
        entry->inflight.count[slot] = 0;
    root.inflight.count[slot] = 0;
    root.workers[slot] = {};
}

// Only the master knows its children for certain, whatever became of a process number.
ngx_pid_t child_in(std::size_t slot) {
    if (slot >= static_cast<std::size_t>(ngx_last_process)) return -1;
    const ngx_process_t& process = ngx_processes[slot];
    return process.exited || process.detached ? -1 : process.pid;
}

// The configurations that somebody still works with; nothing may be freed when a child has
// not said yet which one that is.
struct Generations {
    std::uint64_t current;
    const ZoneRoot& root;

    bool all_known() const {
        if (ngx_process == NGX_PROCESS_SINGLE) return false;
        for (std::size_t slot = 0; slot < kWorkerSlots; slot++) {
            const ngx_pid_t pid = child_in(slot);
            if (pid != -1 && pid != root.workers[slot].pid) return false;
        }
        return true;
    }

    bool need(const LocationEntry& entry) const {
        const auto within = [&](std::uint64_t generation) {
            return generation >= entry.first_generation && generation <= entry.last_generation;
        };
        return within(current) || std::ranges::any_of(root.workers, [&](const Worker& worker) {
                   return worker.pid != 0 && within(worker.generation);
               });
    }
};

void forget_dead_children(ZoneRoot& root) {
    if (ngx_process == NGX_PROCESS_SINGLE) return;
    for (std::size_t slot = 0; slot < kWorkerSlots; slot++)
        if (root.workers[slot].pid != 0 && root.workers[slot].pid != child_in(slot))
            clear_slot(root, slot);
}

// Entries that the new configuration has not taken and nobody needs.
void free_entries(ZoneConf& zone, const Generations& generations) {
    LocationEntry** from = &zone.root->locations;
    while (LocationEntry* entry = *from) {
        if (entry->last_generation == zone.generation || generations.need(*entry)) {
            from = &entry->next;
            continue;
        }
        *from = entry->next;
        ngx_slab_free_locked(zone.pool, entry);
    }
}

ngx_int_t too_small(const ngx_shm_zone_t* shm, const ZoneConf& zone) {
    ngx_log_error(NGX_LOG_EMERG, shm->shm.log, 0,
                  "\"%*s_zone\" of %uz bytes has no room for %ui locations: raise it",
                  zone.protocol.size(), zone.protocol.data(), shm->shm.size,
                  zone.locations.nelts);
    return NGX_ERROR;
}

void take_known_entries(ZoneConf& zone) {
    for (Location* location : locations_of(zone)) {
        location->entry = find_entry(*zone.root, view(location->name));
        if (location->entry != nullptr) location->entry->last_generation = zone.generation;
    }
}

bool make_missing_entries(ZoneConf& zone) {
    for (Location* location : locations_of(zone)) {
        if (location->entry == nullptr)
            location->entry = make_entry(zone, view(location->name));
        if (location->entry == nullptr) return false;
    }
    return true;
}

// `former` is that of the configuration in use, or nullptr when the memory is new.
ngx_int_t fill_zone(ngx_shm_zone_t* shm, const ZoneConf* former) {
    auto& zone = *static_cast<ZoneConf*>(shm->data);
    zone.pool = reinterpret_cast<ngx_slab_pool_t*>(shm->shm.addr);
    zone.pool->log_nomem = 0;
    const ZoneLock lock(zone);
    zone.root = former != nullptr ? former->root : make_root(zone, shm->shm.size);
    if (zone.root == nullptr) return too_small(shm, zone);
    zone.generation = ++zone.root->generation;
    take_known_entries(zone);
    if (former != nullptr) {
        forget_dead_children(*zone.root);
        const Generations generations{former->generation, *zone.root};
        if (generations.all_known()) free_entries(zone, generations);
    }
    return make_missing_entries(zone) ? NGX_OK : too_small(shm, zone);
}

ngx_int_t init_zone(ngx_shm_zone_t* shm, void* former) {
    return guarded<ngx_int_t>(shm->shm.log, NGX_ERROR,
                              [&] { return fill_zone(shm, static_cast<ZoneConf*>(former)); });
}

// --- configuration ---

bool name_taken(const ZoneConf& zone, std::string_view name) {
    return std::ranges::any_of(locations_of(zone), [&](const Location* location) {
        return view(location->name) == name;
    });
}

// "pki.example.com/.well-known/est/"; what would be there twice has a "#2".
std::string location_name(const ZoneConf& zone, const ngx_http_core_srv_conf_t& server,
                          const ngx_http_core_loc_conf_t& core) {
    const std::string name =
        std::string(view(server.server_name)) + std::string(view(core.name));
    std::string unique = name;
    for (int i = 2; name_taken(zone, unique); i++) unique = name + "#" + std::to_string(i);
    return unique;
}

}  // namespace

ngx_int_t init_zone_conf(ngx_conf_t* cf, ZoneConf& conf, std::string_view protocol,
                         std::span<const std::string_view> operations, Logins logins) {
    conf.protocol = protocol;
    conf.operations = operations;
    conf.logins = logins;
    conf.size = NGX_CONF_UNSET_SIZE;
    conf.max_inflight = NGX_CONF_UNSET_UINT;
    return ngx_array_init(&conf.locations, cf->pool, 4, sizeof(Location*));
}

Location* add_location(ngx_conf_t* cf, ZoneConf& zone, ngx_uint_t max_inflight) {
    auto* server = static_cast<ngx_http_core_srv_conf_t*>(
        ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module));
    auto* core = static_cast<ngx_http_core_loc_conf_t*>(
        ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));
    const ngx_str_t name = copy_to_pool(cf->pool, location_name(zone, *server, *core));
    auto** slot = static_cast<Location**>(ngx_array_push(&zone.locations));
    if (slot == nullptr) throw std::bad_alloc();
    *slot = new_in_pool<Location>(
        cf->pool,
        Location{name, server, core, static_cast<std::uint32_t>(max_inflight), nullptr});
    return *slot;
}

ngx_int_t add_zone(ngx_conf_t* cf, ZoneConf& zone, ngx_module_t& module) {
    ngx_conf_init_size_value(zone.size, kZoneSize);
    ngx_conf_init_uint_value(zone.max_inflight, 0);
    // Short names belong to the operator: limit_req_zone and others have zones too.
    ngx_str_t name = lend(module.name);
    ngx_shm_zone_t* shm = ngx_shared_memory_add(cf, &name, zone.size, &module);
    if (shm == nullptr) return NGX_ERROR;
    shm->data = &zone;
    shm->init = init_zone;
    return NGX_OK;
}

void enter_zone(ZoneConf& zone) {
    if (zone.root == nullptr) return;
    ZoneRoot& root = *zone.root;
    const auto slot = static_cast<std::size_t>(ngx_process_slot);
    const ZoneLock lock(zone);
    clear_slot(root, slot);
    root.workers[slot] = {ngx_pid, zone.generation};
    root.used_slots = std::max(root.used_slots.load(), slot + 1);
}

// A number that another process has got since is let be: its slot is cleared at the next
// reload, or when a worker takes it.
void sweep_dead_workers(ZoneConf& zone) {
    if (zone.swept == ngx_time()) return;
    zone.swept = ngx_time();
    ZoneRoot& root = *zone.root;
    const ZoneLock lock(zone);
    for (std::size_t slot = 0; slot < root.used_slots; slot++) {
        const ngx_pid_t pid = root.workers[slot].pid;
        if (pid != 0 && kill(pid, 0) == -1 && errno == ESRCH) clear_slot(root, slot);
    }
}

}  // namespace ngx_enroll
