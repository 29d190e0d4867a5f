// The log: one line per event on standard error, "TIME signerd: LEVEL: text". Never a secret.
#pragma once

#include "libpki/base/error.h"

namespace signerd {

enum class Level { notice, warning, error };

// Lines of one format in a second; how many were left out stands in the next one.
constexpr std::size_t kLinesPerSecond = 20;

// As printf. Control characters are replaced, so that text of a peer cannot start a line of
// its own; a line is cut at 2 KiB. Safe from any thread.
[[gnu::format(printf, 2, 3)]] void log(Level level, const char* format, ...);

// The reason of the last system call that failed, as an Error's detail.
std::string errno_text();

}  // namespace signerd
