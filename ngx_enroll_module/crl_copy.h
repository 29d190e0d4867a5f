// A CRL in a file of its own: the list as it was signed and, behind it, what a server has to
// know of it. One file, so that the two cannot disagree; openssl reads it and stops at the
// list's end. Knows nothing of nginx.
#pragma once

#include <optional>
#include <string>

#include "libpki/ossl/digest.h"
#include "libpki/ossl/handles.h"

namespace ngx_enroll {

// Which list of a CA.
struct ListName {
    std::string ca;
    std::uint32_t partition = 0;  // 0: the complete list
    bool delta = false;

    bool operator==(const ListName&) const = default;
};

// 1 to limits::kProfileName letters, digits, ".", "_" and "-", as signerd wants them: safe as
// part of a file's name.
bool is_ca_name(std::string_view name);

// "FOLDER/issuing.crl", "FOLDER/issuing+7+delta.crl"; the name of the CA has no "+".
std::string copy_path(std::string_view folder, const ListName& name);

struct CopyFacts {
    std::uint64_t number = 0;
    std::int64_t this_update = 0;
    std::int64_t next_update = 0;
    std::uint64_t size = 0;  // of the list
    pki::ossl::Sha256 sha256{};

    bool operator==(const CopyFacts&) const = default;
};

// nullopt: not a copy that was written to its end.
std::optional<CopyFacts> read_facts(int fd);
std::optional<CopyFacts> read_facts(const std::string& path);

// Writes a copy under a name of its own, beside the one that is served meanwhile.
class CopyWriter {
   public:
    CopyWriter(std::string path, const CopyFacts& facts);
    ~CopyWriter();
    CopyWriter(const CopyWriter&) = delete;
    CopyWriter& operator=(const CopyWriter&) = delete;

    const CopyFacts& facts() const { return facts_; }
    std::uint64_t written() const { return written_; }

    pki::Status open();
    // The next part of the list. malformed: more than there should be.
    pki::Status append(pki::Bytes part);
    // After the last one. malformed: the list is not the one that was announced.
    pki::Status complete();
    // After complete(): makes it durable, in the place of the former copy. Slow: may be called
    // in a thread.
    pki::Status publish();

   private:
    pki::Status write(pki::Bytes bytes);

    std::string path_;
    std::string temporary_;
    CopyFacts facts_;
    int fd_ = -1;
    std::uint64_t written_ = 0;
    pki::ossl::MdCtxPtr hash_;
};

// Files of writers that were killed.
void remove_leftovers(const std::string& folder);

}  // namespace ngx_enroll
