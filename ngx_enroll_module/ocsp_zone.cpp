#include "ngx_enroll_module/ocsp_zone.h"

#include <algorithm>

#include "libpki/ossl/digest.h"
#include "ngx_common/guard.h"
#include "ngx_common/pool.h"

namespace ngx_enroll::enroll {

namespace {

// Its number is that of the layout: a module that has another one finds no memory of this.
constexpr std::string_view kName = "ngx_enroll_module_ocsp_1";

std::uint64_t number_of(pki::Bytes octets) {
    std::uint64_t number = 0;
    ngx_memcpy(&number, octets.data(), sizeof(number));
    return number;
}

OcspCache* make_table(ngx_slab_pool_t* pool) {
    // All that a new pool has, which is one piece.
    const std::size_t bytes = pool->pfree * ngx_pagesize;
    std::array<std::uint8_t, sizeof(std::uint64_t)> seed{};
    void* memory = ngx_slab_calloc_locked(pool, bytes);
    if (memory == nullptr || !pki::ossl::random_bytes(seed)) return nullptr;
    return OcspCache::make(memory, bytes, number_of(seed));
}

ngx_int_t fill_zone(ngx_shm_zone_t* shm, const OcspZone* former) {
    auto& zone = *static_cast<OcspZone*>(shm->data);
    zone.pool = reinterpret_cast<ngx_slab_pool_t*>(shm->shm.addr);
    zone.pool->log_nomem = 0;
    zone.table = former != nullptr ? former->table : make_table(zone.pool);
    if (zone.table != nullptr) return NGX_OK;
    ngx_log_error(NGX_LOG_EMERG, shm->shm.log, 0,
                  "\"enroll_ocsp_cache\" of %uz bytes cannot be set up", shm->shm.size);
    return NGX_ERROR;
}

ngx_int_t init_zone(ngx_shm_zone_t* shm, void* former) {
    return guarded<ngx_int_t>(shm->shm.log, NGX_ERROR,
                              [&] { return fill_zone(shm, static_cast<OcspZone*>(former)); });
}

}  // namespace

ngx_int_t add_ocsp_zone(ngx_conf_t* cf, OcspZone& zone, ngx_module_t& module) {
    ngx_str_t name = lend(kName);
    ngx_shm_zone_t* shm = ngx_shared_memory_add(cf, &name, zone.size, &module);
    if (shm == nullptr) return NGX_ERROR;
    shm->data = &zone;
    shm->init = init_zone;
    return NGX_OK;
}

std::uint64_t signer_id(const ngx_http_upstream_srv_conf_t& signer) {
    const pki::ossl::Sha256 hash = pki::ossl::sha256(bytes(signer.host));
    return number_of(hash) | 1;  // 0 is nobody
}

}  // namespace ngx_enroll::enroll
