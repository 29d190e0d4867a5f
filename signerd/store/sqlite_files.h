// The files of a store: who may use them, and whether they are still the ones that were opened.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "libpki/base/result.h"
#include "signerd/fd.h"

namespace signerd::sqlite {

// Makes the database file for its owner alone, unless there is one.
pki::Status create_file(const std::string& path);

// Held by one process at a time, until it closes the store or dies. The file stays behind and
// names the last holder, which means nothing.
class Lock {
   public:
    // unavailable when another has it.
    static pki::Result<Lock> take(const std::string& path);

   private:
    explicit Lock(Fd file) : file_(std::move(file)) {}

    Fd file_;
};

// SQLite writes into the files that it has open, wherever they are by now: what is committed
// after somebody has moved or replaced one is lost to all who come later.
class Places {
   public:
    // Each of them exists, and stays open as long as check() is of use: no other file gets its
    // inode.
    static pki::Result<Places> of(const std::vector<std::string>& paths);

    // unavailable unless each path still names the same file. A system call for each.
    pki::Status check() const;

   private:
    struct Place {
        std::string path;
        dev_t device = 0;
        ino_t inode = 0;
    };

    explicit Places(std::vector<Place> places) : places_(std::move(places)) {}

    std::vector<Place> places_;
};

}  // namespace signerd::sqlite
