// Files that the clients read and write. Error details start with the path.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "clients/common/fd.h"
#include "libpki/base/result.h"
#include "libpki/base/secret.h"

namespace clients {

// An Error that tells errno.
pki::Error system_error(const char* text, const std::string& path);

// A whole regular file of at most `most` bytes.
pki::Result<pki::Buffer> read_file(const std::string& path, std::size_t most);
pki::Result<pki::Secret> read_secret(const std::string& path, std::size_t most);

enum class Existing {
    refuse,   // written in place after O_EXCL: what is there is never touched
    replace,  // written beside it and renamed over it
};

// A file in the making. Unless it is published it disappears with the object, so a command
// that fails half-way leaves nothing behind.
class NewFile {
   public:
    static pki::Result<NewFile> create(std::string path, Existing existing, mode_t mode);
    NewFile(NewFile&& other) noexcept;
    NewFile& operator=(NewFile&&) = delete;
    ~NewFile();

    pki::Status write(pki::Bytes bytes);
    pki::Status sync();
    // After sync(): the file has its name, durably.
    pki::Status publish();

   private:
    NewFile(Fd fd, std::string path, std::string written);

    Fd fd_;
    std::string path_;
    std::string written_;  // where the bytes are until publish(); empty: nothing to remove
};

struct FileContent {
    std::string path;
    pki::Bytes bytes;
    mode_t mode;
};

// All of them or, when one cannot be written, none.
pki::Status write_files(const std::vector<FileContent>& files, Existing existing);

// Makes the folder, for its owner alone, unless it exists.
pki::Status make_folder(const std::string& path);

}  // namespace clients
