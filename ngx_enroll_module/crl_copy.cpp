#include "ngx_enroll_module/crl_copy.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>

#include "libpki/base/limits.h"
#include "libpki/ossl/errors.h"

namespace ngx_enroll {

namespace {

// What stands behind the list: the mark, four numbers of 8 octets, the hash.
constexpr std::string_view kMark = "enroll CRL 1\r\n\x1a\n";
constexpr std::size_t kNumbers = 4;
constexpr std::size_t kTrailer =
    kMark.size() + kNumbers * sizeof(std::uint64_t) + std::tuple_size_v<pki::ossl::Sha256>;

constexpr std::string_view kTemporary = ".tmp";

void put(pki::Buffer& to, std::uint64_t number) {
    for (int shift = 56; shift >= 0; shift -= 8)
        to.push_back(static_cast<std::uint8_t>(number >> shift));
}

std::uint64_t take(pki::Bytes& from) {
    std::uint64_t number = 0;
    for (const std::uint8_t octet : from.first(sizeof(number))) number = number << 8 | octet;
    from = from.subspan(sizeof(number));
    return number;
}

pki::Buffer trailer_of(const CopyFacts& facts) {
    pki::Buffer out = pki::to_buffer(pki::as_bytes(kMark));
    put(out, facts.number);
    put(out, static_cast<std::uint64_t>(facts.this_update));
    put(out, static_cast<std::uint64_t>(facts.next_update));
    put(out, facts.size);
    pki::append(out, facts.sha256);
    return out;
}

std::optional<CopyFacts> facts_of(pki::Bytes trailer, std::uint64_t file_size) {
    if (!pki::equal(trailer.first(kMark.size()), pki::as_bytes(kMark))) return std::nullopt;
    trailer = trailer.subspan(kMark.size());
    CopyFacts facts;
    facts.number = take(trailer);
    facts.this_update = static_cast<std::int64_t>(take(trailer));
    facts.next_update = static_cast<std::int64_t>(take(trailer));
    facts.size = take(trailer);
    std::ranges::copy(trailer, facts.sha256.begin());
    if (facts.size != file_size - kTrailer) return std::nullopt;
    return facts;
}

pki::Error failed(const char* text) {
    return pki::fail(pki::Errc::internal, text, std::string(std::strerror(errno)));
}

// So that the new name is on disk as well.
bool sync_folder(const std::string& path) {
    const std::string folder = path.substr(0, path.rfind('/'));
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool done = fsync(fd) == 0;
    ::close(fd);
    return done;
}

// "issuing.crl.123.tmp" of a process 123 that is no more.
bool is_leftover(std::string_view name) {
    if (!name.ends_with(kTemporary)) return false;
    name.remove_suffix(kTemporary.size());
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos) return false;
    const std::string number(name.substr(dot + 1));
    const long pid = std::strtol(number.c_str(), nullptr, 10);
    return pid > 0 && kill(static_cast<pid_t>(pid), 0) == -1 && errno == ESRCH;
}

}  // namespace

bool is_ca_name(std::string_view name) {
    const auto fits = [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    };
    return !name.empty() && name.size() <= pki::limits::kProfileName &&
           std::ranges::all_of(name, fits);
}

std::string copy_path(std::string_view folder, const ListName& name) {
    std::string path(folder);
    if (!path.ends_with('/')) path += '/';
    path += name.ca;
    if (name.partition != 0) path += "+" + std::to_string(name.partition);
    if (name.delta) path += "+delta";
    return path + ".crl";
}

std::optional<CopyFacts> read_facts(int fd) {
    struct stat file;
    if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode)) return std::nullopt;
    const auto size = static_cast<std::uint64_t>(file.st_size);
    if (size < kTrailer) return std::nullopt;
    std::array<std::uint8_t, kTrailer> trailer;
    const ssize_t n =
        pread(fd, trailer.data(), trailer.size(), static_cast<off_t>(size - kTrailer));
    if (n != static_cast<ssize_t>(trailer.size())) return std::nullopt;
    return facts_of(trailer, size);
}

std::optional<CopyFacts> read_facts(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return std::nullopt;
    auto facts = read_facts(fd);
    ::close(fd);
    return facts;
}

CopyWriter::CopyWriter(std::string path, const CopyFacts& facts)
    : path_(std::move(path)),
      temporary_(path_ + "." + std::to_string(getpid()) + std::string(kTemporary)),
      facts_(facts),
      hash_(EVP_MD_CTX_new()) {}

CopyWriter::~CopyWriter() {
    if (fd_ < 0) return;
    ::close(fd_);
    unlink(temporary_.c_str());
}

pki::Status CopyWriter::open() {
    const pki::ossl::ErrorGuard guard;
    if (!hash_ || EVP_DigestInit_ex2(hash_.get(), EVP_sha256(), nullptr) != 1)
        return pki::fail(pki::Errc::internal, "no memory");
    unlink(temporary_.c_str());  // of a process that had our number
    fd_ =
        ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd_ < 0 ? pki::Status(failed("it cannot be created")) : pki::Status();
}

pki::Status CopyWriter::write(pki::Bytes bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return failed("it cannot be written");
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return {};
}

pki::Status CopyWriter::append(pki::Bytes part) {
    const pki::ossl::ErrorGuard guard;
    if (part.size() > facts_.size - written_)
        return pki::fail(pki::Errc::malformed, "it is longer than announced");
    if (EVP_DigestUpdate(hash_.get(), part.data(), part.size()) != 1)
        return pki::fail(pki::Errc::internal, "no memory");
    written_ += part.size();
    return write(part);
}

pki::Status CopyWriter::complete() {
    const pki::ossl::ErrorGuard guard;
    pki::ossl::Sha256 found{};
    if (EVP_DigestFinal_ex(hash_.get(), found.data(), nullptr) != 1)
        return pki::fail(pki::Errc::internal, "no memory");
    if (written_ != facts_.size || found != facts_.sha256)
        return pki::fail(pki::Errc::malformed, "its hash is not the one announced");
    return write(trailer_of(facts_));
}

pki::Status CopyWriter::publish() {
    if (fsync(fd_) != 0) return failed("it cannot be made durable");
    if (rename(temporary_.c_str(), path_.c_str()) != 0) return failed("it cannot be renamed");
    ::close(fd_);
    fd_ = -1;
    if (!sync_folder(path_)) return failed("its folder cannot be made durable");
    return {};
}

void remove_leftovers(const std::string& folder) {
    const std::unique_ptr<DIR, int (*)(DIR*)> files(opendir(folder.c_str()), closedir);
    if (!files) return;
    while (const dirent* file = readdir(files.get()))
        if (is_leftover(file->d_name)) unlink((folder + "/" + file->d_name).c_str());
}

}  // namespace ngx_enroll
