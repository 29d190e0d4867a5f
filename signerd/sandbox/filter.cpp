#include "signerd/sandbox/filter.h"

#include <cerrno>
#include <cstring>
#include <memory>

namespace signerd::sandbox {

namespace {

struct Release {
    void operator()(void* filter) const { seccomp_release(filter); }
};

// libseccomp returns negative values of errno.
pki::Status checked(int result, const char* what) {
    if (result == 0) return {};
    return pki::fail(pki::Errc::unavailable, what, std::strerror(-result));
}

pki::Status allow(scmp_filter_ctx filter, const Allowed& allowed) {
    const std::uint32_t action =
        allowed.error == 0 ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(allowed.error);
    return checked(seccomp_rule_add_array(filter, action, allowed.call,
                                          static_cast<unsigned>(allowed.conditions.size()),
                                          allowed.conditions.data()),
                   "seccomp: no such rule");
}

}  // namespace

scmp_arg_cmp equals(unsigned argument, scmp_datum_t value) {
    return {argument, SCMP_CMP_EQ, value, 0};
}

scmp_arg_cmp has_bits(unsigned argument, scmp_datum_t mask, scmp_datum_t bits) {
    return {argument, SCMP_CMP_MASKED_EQ, mask, bits};
}

pki::Status install(std::span<const Group> groups, std::span<const int> absent) {
    const std::unique_ptr<void, Release> filter(seccomp_init(SCMP_ACT_KILL_PROCESS));
    if (!filter) return pki::fail(pki::Errc::unavailable, "seccomp: no filter");
    // Calls of another architecture, by which a filter could be evaded, end the process too.
    PKI_CHECK(
        checked(seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS),
                "seccomp: no such attribute"));
    PKI_CHECK(checked(seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1),
                      "seccomp: no filter for all threads"));
    for (const Group& group : groups)
        for (const Allowed& allowed : group) PKI_CHECK(allow(filter.get(), allowed));
    for (const int call : absent)
        PKI_CHECK(checked(seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), call, 0),
                          "seccomp: no such rule"));
    return checked(seccomp_load(filter.get()), "seccomp: the kernel refuses the filter");
}

}  // namespace signerd::sandbox
