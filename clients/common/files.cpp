#include "clients/common/files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace clients {

using pki::Errc;
using pki::fail;

namespace {

std::string folder_of(const std::string& path) {
    const std::size_t slash = path.find_last_of('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

// A new or renamed file survives a crash only when its folder is written too.
pki::Status sync_folder(const std::string& folder) {
    const Fd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || fsync(fd.get()) != 0) return system_error("cannot write to the folder", folder);
    return {};
}

// Storage is made by make(size) once the size is known.
template <class Make>
auto read_whole(const std::string& path, std::size_t most, Make make)
    -> pki::Result<decltype(make(0))> {
    const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat facts {};
    if (!fd || fstat(fd.get(), &facts) != 0) return system_error("cannot read the file", path);
    if (!S_ISREG(facts.st_mode)) return fail(Errc::malformed, "not a regular file", path);
    const auto size = static_cast<std::size_t>(facts.st_size);
    if (size > most) return fail(Errc::malformed, "the file is too large", path);
    auto content = make(size);
    for (std::size_t got = 0; got < size;) {
        const ssize_t count = read(fd.get(), content.data() + got, size - got);
        if (count < 0) return system_error("cannot read the file", path);
        if (count == 0) return fail(Errc::internal, "the file shrank while it was read", path);
        got += static_cast<std::size_t>(count);
    }
    return content;
}

// pki::Secret lends its bytes for writing through data(), which is a span.
struct SecretStorage {
    pki::Secret secret;
    std::uint8_t* data() { return secret.data().data(); }
};

}  // namespace

pki::Error system_error(const char* text, const std::string& path) {
    return fail(Errc::internal, text, path + ": " + std::strerror(errno));
}

pki::Result<pki::Buffer> read_file(const std::string& path, std::size_t most) {
    return read_whole(path, most, [](std::size_t size) { return pki::Buffer(size); });
}

pki::Result<pki::Secret> read_secret(const std::string& path, std::size_t most) {
    PKI_TRY(SecretStorage storage, read_whole(path, most, [](std::size_t size) {
                return SecretStorage{pki::Secret(size)};
            }));
    return std::move(storage.secret);
}

NewFile::NewFile(Fd fd, std::string path, std::string written)
    : fd_(std::move(fd)), path_(std::move(path)), written_(std::move(written)) {}

NewFile::NewFile(NewFile&& other) noexcept
    : fd_(std::move(other.fd_)),
      path_(std::move(other.path_)),
      written_(std::exchange(other.written_, {})) {}

NewFile::~NewFile() {
    if (!written_.empty()) unlink(written_.c_str());
}

pki::Result<NewFile> NewFile::create(std::string path, Existing existing, mode_t mode) {
    std::string written = path;
    if (existing == Existing::replace) written += ".new";
    Fd fd(open(written.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!fd) return system_error("cannot create the file", written);
    return NewFile(std::move(fd), std::move(path), std::move(written));
}

pki::Status NewFile::write(pki::Bytes bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(fd_.get(), bytes.data(), bytes.size());
        if (count < 0) return system_error("cannot write the file", written_);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

pki::Status NewFile::sync() {
    if (fsync(fd_.get()) != 0) return system_error("cannot write the file", written_);
    return {};
}

pki::Status NewFile::publish() {
    if (written_ != path_ && rename(written_.c_str(), path_.c_str()) != 0)
        return system_error("cannot rename the file", written_);
    written_.clear();
    return sync_folder(folder_of(path_));
}

pki::Status write_files(const std::vector<FileContent>& files, Existing existing) {
    std::vector<NewFile> made;
    made.reserve(files.size());
    for (const FileContent& file : files) {
        PKI_TRY(NewFile created, NewFile::create(file.path, existing, file.mode));
        PKI_CHECK(created.write(file.bytes));
        PKI_CHECK(created.sync());
        made.push_back(std::move(created));
    }
    for (NewFile& file : made) PKI_CHECK(file.publish());
    return {};
}

pki::Status make_folder(const std::string& path) {
    if (mkdir(path.c_str(), 0700) == 0) return sync_folder(folder_of(path));
    struct stat facts {};
    if (errno != EEXIST || stat(path.c_str(), &facts) != 0)
        return system_error("cannot make the folder", path);
    if (!S_ISDIR(facts.st_mode)) return fail(Errc::malformed, "not a folder", path);
    return {};
}

}  // namespace clients
