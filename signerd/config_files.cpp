#include "signerd/config_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "signerd/fd.h"

namespace signerd {

namespace {

pki::Error unreadable() {
    return pki::fail(pki::Errc::not_found, "cannot be read", std::strerror(errno));
}

pki::Status check_owner(const struct stat& status, const std::string& path) {
    if (status.st_uid == geteuid() || status.st_uid == 0) return {};
    return pki::fail(pki::Errc::denied, "belongs to a user who is neither root nor this one",
                     "chown " + path);
}

// With one of the bits of `excuse` others may write.
pki::Status check_writers(const std::string& path, mode_t excuse) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) return {};
        return pki::fail(pki::Errc::not_found, "cannot be examined",
                         path + ": " + std::strerror(errno));
    }
    PKI_CHECK(check_owner(status, path));
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) == 0 || (status.st_mode & excuse) != 0)
        return {};
    return pki::fail(pki::Errc::denied, "writable by group or others", "chmod go-w " + path);
}

}  // namespace

pki::Result<std::string> read_text_file(const std::string& path, std::size_t max) {
    // O_NONBLOCK: a FIFO in the file's place must not hang the daemon.
    const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status {};
    if (file.get() < 0 || fstat(file.get(), &status) != 0) return unreadable();
    if (!S_ISREG(status.st_mode)) return pki::fail(pki::Errc::not_found, "not a regular file");

    if (static_cast<std::uintmax_t>(status.st_size) > max)
        return pki::fail(pki::Errc::malformed, "the file is too large");

    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const ssize_t n = read(file.get(), text.data() + size, text.size() - size);
        if (n == 0) break;
        if (n < 0 && errno != EINTR) return unreadable();
        if (n > 0) size += static_cast<std::size_t>(n);
    }
    text.resize(size);
    return text;
}

pki::Status check_key_file(const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) return unreadable();
    if (!S_ISREG(status.st_mode)) return pki::fail(pki::Errc::not_found, "not a regular file");
    if (status.st_uid != geteuid() && status.st_uid != 0)
        return pki::fail(pki::Errc::denied, "the key file belongs to another user");
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return pki::fail(pki::Errc::denied,
                         "the key file is open to group or others (chmod 0600)");
    return {};
}

// Root's would be one that the owner cannot read, unless the owner is root.
pki::Status check_secret_file(const std::string& path, uid_t owner) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) return unreadable();
    if (!S_ISREG(status.st_mode)) return pki::fail(pki::Errc::not_found, "not a regular file");
    if (status.st_uid != owner)
        return pki::fail(pki::Errc::denied, "does not belong to the user of the outside child");
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return pki::fail(pki::Errc::denied, "open to group or others (chmod 0600)");
    const auto size = static_cast<std::uintmax_t>(status.st_size);
    if (size < kLeastSecretFile || size > kMostSecretFile)
        return pki::fail(pki::Errc::malformed, "a secret has 16 to 4096 bytes");
    return {};
}

std::string_view without_line_end(std::string_view text) {
    if (!text.ends_with('\n')) return text;
    text.remove_suffix(1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    return text;
}

pki::Status check_unwritable(const std::string& path) { return check_writers(path, 0); }

pki::Status check_folder(const std::string& path) { return check_writers(path, S_ISVTX); }

std::string folder_of(const std::string& path) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    return folder.empty() ? "." : folder;
}

}  // namespace signerd
