#include "signerd/crl_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "signerd/config_files.h"
#include "signerd/log.h"

namespace signerd {

namespace {

// Names of CAs have letters, digits, ".", "_" and "-": a comma ends them.
std::string file_name(const CrlRecord& record) {
    return record.ca + "," + std::to_string(record.partition) + "," +
           std::to_string(record.number) + (record.delta ? ",delta" : "") + ".crl";
}

pki::Error failure(const char* text, const std::string& path) {
    return pki::fail(pki::Errc::unavailable, text, path + ": " + errno_text());
}

}  // namespace

pki::Status CrlFiles::prepare(const std::vector<CrlRecord>& records) const {
    if (mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST)
        return failure("crl: cannot make the folder", folder_);
    PKI_CHECK(check_unwritable(folder_));
    std::set<std::string> known;
    for (const CrlRecord& record : records) known.insert(file_name(record));
    std::error_code failed;
    for (const auto& entry : std::filesystem::directory_iterator(folder_, failed)) {
        const std::string name = entry.path().filename().string();
        if (!known.contains(name)) unlink(entry.path().c_str());
    }
    if (failed) return pki::fail(pki::Errc::unavailable, "crl: the folder", failed.message());
    return {};
}

std::string CrlFiles::path(const CrlRecord& record) const {
    return folder_ + "/" + file_name(record);
}

std::string CrlFiles::entries_path(const CrlRecord& record) const {
    return path(record) + ".entries";
}

bool CrlFiles::has(const CrlRecord& record) const {
    struct stat status {};
    return stat(path(record).c_str(), &status) == 0 &&
           static_cast<std::uint64_t>(status.st_size) == record.size;
}

void CrlFiles::remove(const CrlRecord& record) const {
    unlink(path(record).c_str());
    unlink(entries_path(record).c_str());
}

pki::Result<pki::Buffer> CrlFiles::read(const CrlRecord& record, std::uint64_t offset,
                                        std::size_t max) const {
    const Fd file(open(path(record).c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return pki::fail(pki::Errc::not_found, "no such CRL any more");
    return read_at(file.get(), offset, max);
}

pki::Result<pki::Buffer> read_at(int fd, std::uint64_t offset, std::size_t max) {
    pki::Buffer data(max);
    std::size_t have = 0;
    while (have < max) {
        const ssize_t size =
            pread(fd, data.data() + have, max - have, static_cast<off_t>(offset + have));
        if (size < 0 && errno == EINTR) continue;
        if (size < 0)
            return pki::fail(pki::Errc::unavailable, "crl: cannot read", errno_text());
        if (size == 0) break;
        have += static_cast<std::size_t>(size);
    }
    data.resize(have);
    return data;
}

}  // namespace signerd
