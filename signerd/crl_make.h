// The two steps of a CRL that go through all of its entries, before and after its signature.
// Both block: they are for a thread.
#pragma once

#include "libpki/x509/crl.h"
#include "signerd/crl_files.h"

namespace signerd {

// How a list is to be, with what it looks like without its entries.
struct CrlDraft {
    CrlRecord record;         // entries, size and sha256 come with the steps
    std::int64_t alive = 0;   // CrlSource: what expired before is left out
    std::uint64_t since = 0;  // of a delta: the change of its base

    // For x509::CrlSpec.
    pki::ossl::SignatureScheme scheme;
    pki::Buffer issuer;
    pki::Buffer authority_key_identifier;
    bool only_user_certs = false;
    std::vector<std::string> distribution_points;
    std::vector<std::string> freshest;

    // What gather_entries() has found.
    std::uint64_t entries_size = 0;
    pki::x509::TbsCrlFrame frame;

    std::uint64_t tbs_size() const {
        return frame.head.size() + entries_size + frame.tail.size();
    }
};

// Writes the entries to their file and fills in the rest of the draft.
pki::Status gather_entries(CrlSource& source, const CrlFiles& files, CrlDraft& draft);

// A TBSCertList that is in three parts, its entries in a file.
class TbsCrl {
   public:
    static pki::Result<TbsCrl> open(const CrlFiles& files, const CrlDraft& draft);

    // At most `max` bytes from `offset`; none at its end.
    pki::Result<pki::Buffer> read(std::uint64_t offset, std::size_t max) const;

   private:
    TbsCrl(Fd entries, const CrlDraft& draft)
        : entries_(std::move(entries)),
          frame_(draft.frame),
          entries_size_(draft.entries_size) {}

    Fd entries_;
    pki::x509::TbsCrlFrame frame_;
    std::uint64_t entries_size_;
};

// Verifies the signature where the key is RSA's (nullptr: another), writes the whole list under
// its name and makes it durable. The entries' file is gone after that, whatever came out.
pki::Status write_crl(const CrlFiles& files, CrlDraft& draft, pki::Bytes signature,
                      EVP_PKEY* rsa_key);

}  // namespace signerd
