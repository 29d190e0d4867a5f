// What is left in memory of a key: looked for in all of this process's writable pages.
#include "signerd/keys/memory.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <vector>

#include "libpki/ossl/key.h"

#include "t/unit/unit.h"

namespace {

constexpr char kPem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0+vGxrqkBVIJEVSh\n"
    "l5bgMii5AH5lfMFnZIQZsDtKd0WhRANCAATypecWV/6NoxmOOBRvmk1fZYn5EdgO\n"
    "WREqxaz5yyB4FbwxMeX6gRJYTl8CmMZkXn1AOs2fbQdIyZ1vsU0SWBiB\n"
    "-----END PRIVATE KEY-----\n";

// The private number of this key, masked: what the search itself has in memory is no match.
constexpr std::uint8_t kMask = 0x5a;
using Needle = std::array<std::uint8_t, 32>;
constexpr Needle kAsInFile{0x89, 0xb1, 0x9c, 0x9c, 0xe0, 0xfe, 0x5f, 0x08, 0x53, 0x4b, 0x0e,
                           0xfb, 0xcd, 0xcc, 0xba, 0x68, 0x72, 0xe3, 0x5a, 0x24, 0x3f, 0x26,
                           0x9b, 0x3d, 0x3e, 0xde, 0x43, 0xea, 0x61, 0x10, 0x2d, 0x1f};

// As OpenSSL computes with it: the lowest byte first.
constexpr Needle as_number() {
    Needle number = kAsInFile;
    std::ranges::reverse(number);
    return number;
}

struct Area {
    const std::uint8_t* begin;
    const std::uint8_t* end;
};

// Heap, data and stack; not what the sanitizers have reserved.
std::vector<Area> writable_areas() {
    constexpr std::uintptr_t kLargest = std::uintptr_t{1} << 28;
    std::vector<Area> areas;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        std::uintptr_t begin = 0, end = 0;
        char mode[5] = "";
        if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, mode) == 3 &&
            std::string_view(mode).starts_with("rw") && end - begin < kLargest)
            areas.push_back({reinterpret_cast<const std::uint8_t*>(begin),
                             reinterpret_cast<const std::uint8_t*>(end)});
    }
    return areas;
}

// It looks at freed blocks on purpose.
[[gnu::no_sanitize("address")]] bool is_at(const std::uint8_t* place, const Needle& needle) {
    for (std::size_t i = 0; i < sizeof(Needle); i++)
        if ((place[i] ^ kMask) != (&needle[0])[i]) return false;
    return true;
}

[[gnu::no_sanitize("address")]] std::size_t count(const Needle& needle) {
    std::size_t found = 0;
    for (const Area& area : writable_areas())
        for (const std::uint8_t* place = area.begin; place + sizeof(Needle) <= area.end;
             place++)
            if (is_at(place, needle)) found++;
    return found;
}

void loaded_signed_and_freed(void**) {
    std::optional<pki::ossl::PkeyPtr> key;
    {
        auto read = pki::ossl::read_private_key(pki::as_bytes(kPem));
        assert_ok(read);
        key = *std::move(read);
    }
    signerd::wipe_stack();
    assert_int_equal(count(as_number()), 1);
    assert_int_equal(count(kAsInFile), 0);

    const auto scheme = pki::ossl::default_scheme(key->get());
    assert_ok(scheme);
    assert_ok(pki::ossl::sign(key->get(), *scheme, pki::as_bytes("text")));
    key.reset();
    assert_int_equal(count(as_number()), 0);
    assert_int_equal(count(kAsInFile), 0);
}

void unmask(std::uint8_t* out, const Needle& needle) {
    for (std::size_t i = 0; i < sizeof(Needle); i++) out[i] = needle[i] ^ kMask;
}

void grown_and_shrunk(void**) {
    auto* block = static_cast<std::uint8_t*>(OPENSSL_malloc(64));
    unmask(block, kAsInFile);
    assert_int_equal(count(kAsInFile), 1);
    block = static_cast<std::uint8_t*>(OPENSSL_realloc(block, 1 << 20));
    assert_int_equal(count(kAsInFile), 1);
    assert_true(is_at(block, kAsInFile));
    block = static_cast<std::uint8_t*>(OPENSSL_realloc(block, 32));
    assert_true(is_at(block, kAsInFile));
    OPENSSL_free(block);
    assert_int_equal(count(kAsInFile), 0);
}

void from_nothing(void**) {
    void* const block = OPENSSL_realloc(nullptr, 16);
    assert_non_null(block);
    OPENSSL_free(block);
    OPENSSL_free(nullptr);
}

}  // namespace

int main() {
    if (!signerd::wipe_freed_memory()) return 1;
    const CMUnitTest tests[] = {
        cmocka_unit_test(loaded_signed_and_freed),
        cmocka_unit_test(grown_and_shrunk),
        cmocka_unit_test(from_nothing),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
