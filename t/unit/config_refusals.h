// Tables of what is wrong with a configuration. Include it last, as unit.h.
#pragma once

#include <span>

#include "t/unit/config_fixture.h"

#include "t/unit/unit.h"

namespace unit {

struct Refusal {
    const char* path;      // what is replaced in the good file
    const char* value;     // by this JSON; nullptr: removed
    const char* expected;  // in the detail of the error
};

inline std::string refusal(const LoadResult& result) {
    return result ? "(accepted)" : result.error().detail;
}

inline void check_refusal(const ConfigFolder& folder, const char* path, const char* value,
                          const std::string& expected) {
    const std::string actual = refusal(folder.load_with(path, value));
    if (actual.find(expected) != actual.npos) return;
    print_error("%s = %s: \"%s\" where \"%s\" was expected\n", path, value ? value : "(absent)",
                actual.c_str(), expected.c_str());
    fail();
}

inline void check_refusals(const ConfigFolder& folder, std::span<const Refusal> refusals) {
    for (const Refusal& r : refusals) check_refusal(folder, r.path, r.value, r.expected);
}

}  // namespace unit
