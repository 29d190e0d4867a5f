// What both tables have: any program made of threads, C++ and OpenSSL.
#pragma once

#include "signerd/sandbox/filter.h"

namespace signerd::sandbox {

// Memory, but none that is made executable.
Group memory();
// The C library: locks, abort(), the end of the process.
Group runtime();
Group clocks();

}  // namespace signerd::sandbox
