// CMocka for C++, with the checks that our types want. Include it last: its macros take
// common names such as fail.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "libpki/base/base64.h"
#include "libpki/base/result.h"

extern "C" {
#include <cmocka.h>
}

// A Result or Status that has a value.
#define assert_ok(...)                                                                      \
    do {                                                                                    \
        const auto& unit_result = (__VA_ARGS__);                                            \
        if (!unit_result) {                                                                 \
            print_error("%s\n", unit_result.error().message().c_str());                     \
            _fail(__FILE__, __LINE__);                                                      \
        }                                                                                   \
    } while (0)

// A Result or Status that has an error with this code.
#define assert_error(errc, ...)                                                             \
    do {                                                                                    \
        const auto& unit_result = (__VA_ARGS__);                                            \
        if (unit_result) {                                                                  \
            print_error("a value where %s was expected\n", pki::name(errc));                \
            _fail(__FILE__, __LINE__);                                                      \
        }                                                                                   \
        unit::check_code(unit_result.error().message(), unit_result.error().code, errc,     \
                         __FILE__, __LINE__);                                               \
    } while (0)

// Strings of any kind, and bytes as hexadecimal digits.
#define assert_text(actual, expected) unit::check_equal(actual, expected, __FILE__, __LINE__)
#define assert_hex(actual, expected) \
    unit::check_equal(pki::hex_encode(actual), expected, __FILE__, __LINE__)

namespace unit {

inline void check_code(const std::string& message, pki::Errc actual, pki::Errc expected,
                       const char* file, int line) {
    if (actual == expected) return;
    print_error("%s (%s) where %s was expected\n", pki::name(actual), message.c_str(),
                pki::name(expected));
    _fail(file, line);
}

inline void check_equal(std::string_view actual, std::string_view expected, const char* file,
                        int line) {
    if (actual == expected) return;
    print_error("\"%.*s\" != \"%.*s\"\n", static_cast<int>(actual.size()), actual.data(),
                static_cast<int>(expected.size()), expected.data());
    _fail(file, line);
}

// Bytes written as hexadecimal digits, spaces between them where they help to read.
inline pki::Buffer hex(std::string_view digits) {
    std::string packed;
    for (const char c : digits)
        if (c != ' ') packed += c;
    return *pki::hex_decode(packed);
}

// A file of t/vectors, or of the folder that $VECTORS names.
inline pki::Buffer read_vector(const std::string& name) {
    const char* folder = std::getenv("VECTORS");
    const std::string path = std::string(folder != nullptr ? folder : "t/vectors") + "/" + name;
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        print_error("%s is missing\n", path.c_str());
        _fail(__FILE__, __LINE__);
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace unit
