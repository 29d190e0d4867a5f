#include "signerd/log.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

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

// What a peer can provoke at will does not fill the disk: so many lines of one format a second.
class Pace {
   public:
    // How many were left out before this one; none when this one is left out.
    std::optional<std::size_t> admit(const char* format) {
        const std::lock_guard lock(mutex_);
        Lines& lines = lines_[format];
        const auto now = std::chrono::steady_clock::now();
        if (now - lines.second >= std::chrono::seconds(1)) {
            lines.second = now;
            lines.written = 0;
        }
        if (lines.written == kLinesPerSecond) {
            lines.left_out++;
            return std::nullopt;
        }
        lines.written++;
        return std::exchange(lines.left_out, 0);
    }

   private:
    struct Lines {
        std::chrono::steady_clock::time_point second{};
        std::size_t written = 0;
        std::size_t left_out = 0;
    };

    std::mutex mutex_;
    std::map<const char*, Lines> lines_;  // by format, a literal
};

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

void log(Level level, const char* format, ...) {
    static Pace pace;
    const auto left_out = pace.admit(format);
    if (!left_out) return;
    std::array<char, 2048> text{};
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text.data(), text.size(), format, arguments);
    va_end(arguments);

    std::string line =
        pki::format_iso8601(std::time(nullptr)) + " signerd: " + name(level) + ": ";
    for (const char* c = text.data(); *c != '\0'; c++) line += is_control(*c) ? '?' : *c;
    if (*left_out != 0) line += " (" + std::to_string(*left_out) + " lines like it left out)";
    line += '\n';
    // A reader that has stopped must not stop the daemon. There is nowhere to report a log that
    // cannot be written.
    pollfd ready{STDERR_FILENO, POLLOUT, 0};
    if (poll(&ready, 1, 0) == 0) return;
    // One write, so that lines of several threads and of the key child stay whole.
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

std::string errno_text() {
    std::array<char, 128> buffer{};
    return strerror_r(errno, buffer.data(), buffer.size());
}

}  // namespace signerd
