#include "signerd/store/sqlite_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace signerd::sqlite {

namespace {

using pki::Errc;

pki::Error failed(const char* text) {
    return pki::fail(Errc::unavailable, text, std::strerror(errno));
}

pki::Error in_use(int lock) {
    std::array<char, 24> text{};
    const ssize_t size = pread(lock, text.data(), text.size(), 0);
    const std::string holder(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    return pki::fail(Errc::unavailable, "store: in use by another signerd",
                     "pid " + holder.substr(0, holder.find('\n')));
}

pki::Status name_holder(int lock) {
    const std::string holder = std::to_string(getpid()) + "\n";
    if (ftruncate(lock, 0) != 0 ||
        pwrite(lock, holder.data(), holder.size(), 0) != static_cast<ssize_t>(holder.size()))
        return failed("store: cannot write the lock");
    return {};
}

}  // namespace

// 0600 whatever the umask says; SQLite gives the -wal and -shm files the same mode. A file
// that exists keeps the mode that its owner gave it.
pki::Status create_file(const std::string& path) {
    const Fd file(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file && errno == EEXIST) return {};
    if (!file || fchmod(file.get(), 0600) != 0)
        return failed("store: cannot create the database");
    return {};
}

// Not a lock of fcntl(), which a process loses when any part of it closes the file.
pki::Result<Lock> Lock::take(const std::string& path) {
    Fd file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return failed("store: cannot create the lock");
    if (flock(file.get(), LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? in_use(file.get()) : failed("store: cannot lock");
    if (fchmod(file.get(), 0600) != 0) return failed("store: cannot write the lock");
    PKI_CHECK(name_holder(file.get()));
    return Lock(std::move(file));
}

pki::Result<Places> Places::of(const std::vector<std::string>& paths) {
    std::vector<Place> places;
    for (const std::string& path : paths) {
        struct stat status {};
        if (stat(path.c_str(), &status) != 0) return failed("store: a file is missing");
        places.push_back({path, status.st_dev, status.st_ino});
    }
    return Places(std::move(places));
}

pki::Status Places::check() const {
    for (const Place& place : places_) {
        struct stat status {};
        if (stat(place.path.c_str(), &status) != 0 || status.st_dev != place.device ||
            status.st_ino != place.inode)
            return pki::fail(Errc::unavailable,
                             "store: a file was moved or replaced, restart signerd",
                             place.path);
    }
    return {};
}

}  // namespace signerd::sqlite
