// A disk and a clock that fail on demand, for crash tests: a library to be loaded before all
// others (LD_PRELOAD). It needs no privileges and no mount. FAULTS_FILES is a prefix of the
// paths whose writes, syncs and openings it may spoil; FAULTS_CONTROL is a file of one Control,
// which the test changes while the program runs (t/lib/Enroll/Faults.pm). Never installed.

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {

struct Control {
    std::int32_t write_error = 0;  // errno of every write, 0: none
    std::int32_t sync_error = 0;
    std::int32_t open_error = 0;         // of opening for writing
    std::int32_t sync_milliseconds = 0;  // how long a sync takes
    std::int64_t clock_seconds = 0;      // added to the time of day
    std::atomic<std::uint64_t> syncs = 0;
    std::atomic<std::uint64_t> spoilt = 0;
};

template <class F>
F* next(F*, const char* name) {
    return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

#define NEXT(function) static const auto real = next(::function, #function)

Control* map_control() {
    static Control none;
    const char* path = std::getenv("FAULTS_CONTROL");
    NEXT(open);
    const int file = path != nullptr ? real(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return &none;
    void* mapped = mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    return mapped == MAP_FAILED ? &none : static_cast<Control*>(mapped);
}

// Before main(): a process that has confined itself may open nothing for writing.
Control* mapped = nullptr;
[[gnu::constructor]] void map_early() { mapped = map_control(); }

Control& control() {
    if (mapped == nullptr) map_early();
    return *mapped;
}

bool is_ours(const char* path) {
    static const char* const prefix = std::getenv("FAULTS_FILES");
    return prefix != nullptr && std::strncmp(path, prefix, std::strlen(prefix)) == 0;
}

// Descriptors of our files, noted when they are opened.
std::atomic<bool> our_files[4096];

bool is_ours(int file) { return file >= 0 && file < 4096 && our_files[file]; }

int note_opened(const char* path, int file) {
    if (file >= 0 && file < 4096) our_files[file] = is_ours(path);
    return file;
}

bool spoil(int error) {
    if (error == 0) return false;
    control().spoilt++;
    errno = error;
    return true;
}

bool spoil_open(const char* path, int flags) {
    return (flags & O_ACCMODE) != O_RDONLY && is_ours(path) && spoil(control().open_error);
}

template <class F>
int sync(F real, int file) {
    if (!is_ours(file)) return real(file);
    control().syncs++;
    usleep(static_cast<useconds_t>(control().sync_milliseconds) * 1000);
    return spoil(control().sync_error) ? -1 : real(file);
}

mode_t mode_of(int flags, va_list arguments) {
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

extern "C" {

ssize_t pwrite64(int file, const void* data, size_t size, off64_t offset) {
    NEXT(pwrite64);
    if (is_ours(file) && spoil(control().write_error)) return -1;
    return real(file, data, size, offset);
}

int ftruncate64(int file, off64_t size) noexcept {
    NEXT(ftruncate64);
    return is_ours(file) && spoil(control().write_error) ? -1 : real(file, size);
}

int fsync(int file) {
    NEXT(fsync);
    return sync(real, file);
}

int fdatasync(int file) {
    NEXT(fdatasync);
    return sync(real, file);
}

int open(const char* path, int flags, ...) {
    NEXT(open);
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return spoil_open(path, flags) ? -1 : note_opened(path, real(path, flags, mode));
}

int open64(const char* path, int flags, ...) {
    NEXT(open64);
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return spoil_open(path, flags) ? -1 : note_opened(path, real(path, flags, mode));
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
    NEXT(clock_gettime);
    const int result = real(clock, time);
    if (result == 0 && clock == CLOCK_REALTIME) time->tv_sec += control().clock_seconds;
    return result;
}

int gettimeofday(timeval* time, void* zone) noexcept {
    NEXT(gettimeofday);
    const int result = real(time, zone);
    if (result == 0) time->tv_sec += control().clock_seconds;
    return result;
}

time_t time(time_t* result) noexcept {
    NEXT(time);
    const time_t now = real(nullptr) + control().clock_seconds;
    if (result != nullptr) *result = now;
    return now;
}

}  // extern "C"
