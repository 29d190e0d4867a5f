// C++ objects and strings in nginx's pools.
#pragma once

#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

#include "libpki/base/bytes.h"
#include "ngx_common/nginx.h"

namespace ngx_enroll {

// An object that lives as long as the pool; its destructor runs with the pool's cleanups.
// Throws std::bad_alloc.
template <class T, class... Args>
T* new_in_pool(ngx_pool_t* pool, Args&&... args) {
    static_assert(alignof(T) <= NGX_ALIGNMENT, "pool memory is aligned for a long only");
    ngx_pool_cleanup_t* cleanup = ngx_pool_cleanup_add(pool, sizeof(T));
    if (cleanup == nullptr) throw std::bad_alloc();
    T* object = new (cleanup->data) T(std::forward<Args>(args)...);
    if constexpr (!std::is_trivially_destructible_v<T>)
        cleanup->handler = [](void* data) { static_cast<T*>(data)->~T(); };
    return object;
}

inline std::string_view view(const ngx_str_t& text) {
    return {reinterpret_cast<const char*>(text.data), text.len};
}

inline pki::Bytes bytes(const ngx_str_t& text) { return {text.data, text.len}; }

// A view for nginx's functions that take a ngx_str_t and do not write to it.
inline ngx_str_t lend(std::string_view text) {
    return {text.size(), reinterpret_cast<u_char*>(const_cast<char*>(text.data()))};
}

// A copy that lives as long as the pool. Throws std::bad_alloc.
inline ngx_str_t copy_to_pool(ngx_pool_t* pool, std::string_view text) {
    ngx_str_t from = lend(text);
    ngx_str_t copy{text.size(), ngx_pstrdup(pool, &from)};
    if (copy.data == nullptr) throw std::bad_alloc();
    return copy;
}

}  // namespace ngx_enroll
