// Listening Unix sockets and their files.
#pragma once

#include <sys/stat.h>

#include "signerd/config.h"
#include "signerd/fd.h"

namespace signerd {

// Owns the socket and its file: both go with it.
class Listener {
   public:
    // Takes the place of a socket file that nobody listens on; anything else at that path is
    // an error. The file has its group and mode before the first connection is possible.
    static pki::Result<Listener> open(const Listen& listen);

    Listener(Listener&&) noexcept = default;
    Listener& operator=(Listener&&) = delete;
    ~Listener();

    int fd() const { return socket_.get(); }
    const std::string& path() const { return path_; }
    // After a reload that kept the path.
    pki::Status set_access(const Listen& listen) const;

   private:
    Listener(Fd socket, std::string path)
        : socket_(std::move(socket)), path_(std::move(path)) {}

    Fd socket_;
    std::string path_;
    dev_t device_ = 0;  // which file is ours: another daemon may have put its own there since
    ino_t inode_ = 0;
};

}  // namespace signerd
