// The folder of CRLs beside the store. A list has a file of its own that is never changed; the
// store says which one is the newest.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "signerd/fd.h"
#include "signerd/store/store.h"

namespace signerd {

class CrlFiles {
   public:
    // `<store>-crl`.
    explicit CrlFiles(const std::string& store) : folder_(store + "-crl") {}

    // Makes the folder, for its owner alone, and empties it of all that is in no record: what a
    // crash has left. Refuses one that others may write to.
    pki::Status prepare(const std::vector<CrlRecord>& records) const;

    std::string path(const CrlRecord& record) const;
    // Of what is made on the way to it.
    std::string entries_path(const CrlRecord& record) const;

    // Is it there, in its full size?
    bool has(const CrlRecord& record) const;
    // With what was made on the way to it.
    void remove(const CrlRecord& record) const;
    // At most `max` bytes from `offset`; none at its end. not_found when it is gone.
    pki::Result<pki::Buffer> read(const CrlRecord& record, std::uint64_t offset,
                                  std::size_t max) const;

    const std::string& folder() const { return folder_; }

   private:
    std::string folder_;
};

// Fewer than `max` only where the file ends.
pki::Result<pki::Buffer> read_at(int fd, std::uint64_t offset, std::size_t max);

}  // namespace signerd
