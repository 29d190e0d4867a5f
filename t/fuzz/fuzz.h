// What the fuzz targets share: the entry point, and how a property that does not hold ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

#define PROPERTY(...)                                                                       \
    do {                                                                                    \
        if (!(__VA_ARGS__)) {                                                               \
            std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__,          \
                         #__VA_ARGS__);                                                     \
            std::abort();                                                                   \
        }                                                                                   \
    } while (0)
