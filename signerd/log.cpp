#include "signerd/log.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "libpki/base/time.h"

namespace signerd {

namespace {

const char* name(Level level) {
    switch (level) {
        case Level::notice: return "notice";
        case Level::warning: return "warning";
        case Level::error: return "error";
    }
    return "error";
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

void log(Level level, const char* format, ...) {
    std::array<char, 2048> text{};
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text.data(), text.size(), format, arguments);
    va_end(arguments);

    std::string line =
        pki::format_iso8601(std::time(nullptr)) + " signerd: " + name(level) + ": ";
    for (const char* c = text.data(); *c != '\0'; c++) line += is_control(*c) ? '?' : *c;
    line += '\n';
    // One write, so that lines of several threads and of the key child stay whole. There is
    // nowhere to report a log that cannot be written.
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

std::string errno_text() {
    std::array<char, 128> buffer{};
    return strerror_r(errno, buffer.data(), buffer.size());
}

}  // namespace signerd
