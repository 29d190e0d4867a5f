#include "ngx_common/address_key.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "t/unit/unit.h"

namespace {

std::string key_of(const char* text) {
    sockaddr_in ipv4{};
    ipv4.sin_family = AF_INET;
    sockaddr_in6 ipv6{};
    ipv6.sin6_family = AF_INET6;
    const bool is_ipv4 = inet_pton(AF_INET, text, &ipv4.sin_addr) == 1;
    if (!is_ipv4 && inet_pton(AF_INET6, text, &ipv6.sin6_addr) != 1) return "no address";
    const auto key = ngx_enroll::address_key(is_ipv4 ? reinterpret_cast<sockaddr&>(ipv4)
                                                     : reinterpret_cast<sockaddr&>(ipv6));
    return key ? pki::hex_encode(*key) : "none";
}

void ipv4_by_address(void**) {
    assert_text(key_of("192.0.2.1"), "00000000000000000000ffffc0000201");
    assert_true(key_of("192.0.2.1") != key_of("192.0.2.2"));
}

void ipv6_by_network(void**) {
    assert_text(key_of("2001:db8:1:2:3:4:5:6"), "20010db8000100020000000000000000");
    assert_text(key_of("2001:db8:1:2::"), key_of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    assert_true(key_of("2001:db8:1:2::1") != key_of("2001:db8:1:3::1"));
}

void mapped_ipv4_is_ipv4(void**) {
    assert_text(key_of("::ffff:192.0.2.1"), key_of("192.0.2.1"));
    assert_true(key_of("::ffff:192.0.2.1") != key_of("::ffff:192.0.2.2"));
    // Not mapped: these are of one /64, which no IPv4 address is in.
    assert_text(key_of("::1"), key_of("::192.0.2.1"));
    assert_true(key_of("::1") != key_of("0.0.0.0"));
}

void no_address(void**) {
    sockaddr_un path{};
    path.sun_family = AF_UNIX;
    assert_false(ngx_enroll::address_key(reinterpret_cast<sockaddr&>(path)).has_value());
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(ipv4_by_address),
        cmocka_unit_test(ipv6_by_network),
        cmocka_unit_test(mapped_ipv4_is_ipv4),
        cmocka_unit_test(no_address),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
