#include "signerd/keys/memory.h"

#include <linux/capability.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "signerd/log.h"

namespace signerd {

namespace {

// Far below where OpenSSL gets to while it reads a key.
constexpr std::size_t kDeepest = std::size_t{64} * 1024;

void* allocate(std::size_t size, const char*, int) { return std::malloc(size); }

void release(void* block, const char*, int) {
    if (block == nullptr) return;
    OPENSSL_cleanse(block, malloc_usable_size(block));
    std::free(block);
}

// realloc() would leave the old block as it is.
void* resize(void* block, std::size_t size, const char* file, int line) {
    if (block == nullptr) return std::malloc(size);
    const std::size_t before = malloc_usable_size(block);
    if (size <= before) return block;
    void* const larger = std::malloc(size);
    if (larger == nullptr) return nullptr;
    std::memcpy(larger, block, before);
    release(block, file, line);
    return larger;
}

// CAP_IPC_LOCK lifts the limit. Root of a container may be without it.
bool has_ipc_lock() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
    return syscall(SYS_capget, &header, data.data()) == 0 &&
           (data[0].effective & 1U << CAP_IPC_LOCK) != 0;
}

// A finite limit would be met in the middle of something, as an allocation that fails.
bool may_lock_everything() {
    rlimit limit{};
    return has_ipc_lock() ||
           (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY);
}

}  // namespace

pki::Status wipe_freed_memory() {
    if (CRYPTO_set_mem_functions(allocate, resize, release) == 1) return {};
    return pki::fail(pki::Errc::internal, "OpenSSL has allocated memory already");
}

// A signature needs a tenth of this stack. Each arena of the C library's allocator would take
// 64 MiB of addresses.
void small_threads() {
    constexpr std::size_t kStack = 512 * 1024;
    mallopt(M_ARENA_MAX, 1);
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) return;
    if (pthread_attr_setstacksize(&attributes, kStack) == 0)
        pthread_setattr_default_np(&attributes);
    pthread_attr_destroy(&attributes);
}

// The sanitizer has another place for large arrays.
[[gnu::noinline, gnu::no_sanitize("address")]] void wipe_stack() {
    std::array<std::uint8_t, kDeepest> left;
    OPENSSL_cleanse(left.data(), left.size());
}

void lock_memory() {
    if (may_lock_everything() && mlockall(MCL_CURRENT | MCL_FUTURE) == 0) return;
    log(Level::warning,
        "key child: its memory may be swapped to disk, since RLIMIT_MEMLOCK is not unlimited "
        "(LimitMEMLOCK=infinity in the systemd unit)");
}

}  // namespace signerd
