#include "libpki/base/secret.h"

#include <cstdlib>
#include <new>
#include <type_traits>

#include "t/unit/unit.h"

namespace {

// What was in the watched block when it was given back.
const void* watched = nullptr;
std::string last_content;

void give_back(void* block) {
    if (block != nullptr && block == watched) {
        watched = nullptr;
        last_content.assign(static_cast<const char*>(block), 8);
    }
    std::free(block);
}

}  // namespace

void* operator new(std::size_t size) {
    if (void* block = std::malloc(size)) return block;
    throw std::bad_alloc();
}
void operator delete(void* block) noexcept { give_back(block); }
void operator delete(void* block, std::size_t) noexcept { give_back(block); }

namespace {

using pki::as_bytes;
using pki::Secret;

static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);

void comparison(void**) {
    const Secret secret(as_bytes("password"));
    assert_true(secret.equals(as_bytes("password")));
    assert_false(secret.equals(as_bytes("passwore")));
    assert_false(secret.equals(as_bytes("qassword")));
    assert_false(secret.equals(as_bytes("passwor")));
    assert_false(secret.equals(as_bytes("")));
    assert_true(Secret().equals(as_bytes("")));
}

void moving_leaves_nothing_behind(void**) {
    Secret first(as_bytes("password"));
    Secret second(std::move(first));
    assert_int_equal(first.size(), 0);
    assert_true(second.equals(as_bytes("password")));
    Secret third(as_bytes("other"));
    third = std::move(second);
    assert_int_equal(second.size(), 0);
    assert_true(third.equals(as_bytes("password")));
}

void bytes_are_wiped_before_they_go(void**) {
    const std::string zeros(8, '\0');
    last_content = "nothing seen";
    {
        const Secret secret(as_bytes("password"));
        watched = secret.view().data();
    }
    assert_text(last_content, zeros);

    last_content = "nothing seen";
    Secret replaced(as_bytes("password"));
    watched = replaced.view().data();
    replaced = Secret(4);
    assert_text(last_content, zeros);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(comparison),
        cmocka_unit_test(moving_leaves_nothing_behind),
        cmocka_unit_test(bytes_are_wiped_before_they_go),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
