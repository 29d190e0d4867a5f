// Certificate revocation lists (RFC 5280 section 5), version 2, written and read in pieces: a
// list of millions of entries need not be in memory as a whole.
//
//     CertificateList = head || TBSCertList || tail          crl_head(), crl_tail()
//     TBSCertList     = TbsCrlFrame::head || entries || TbsCrlFrame::tail
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "libpki/ossl/key.h"
#include "libpki/x509/crl_reason.h"
#include "libpki/x509/name.h"

namespace pki::x509 {

struct CrlEntry {
    Bytes serial;                               // magnitude of the INTEGER, big-endian
    std::int64_t revoked = 0;                   // seconds since 1970
    CrlReason reason = CrlReason::unspecified;  // unspecified: no extension (RFC 5280 5.3.1)
};

// One element of revokedCertificates; the reasonCode is not critical.
void write_crl_entry(der::Writer& writer, const CrlEntry& entry);

// Everything but the entries.
struct CrlSpec {
    ossl::SignatureScheme scheme;
    Bytes issuer;  // Name
    std::int64_t this_update = 0;
    std::int64_t next_update = 0;
    Bytes authority_key_identifier;
    std::uint64_t number = 0;
    std::optional<std::uint64_t> base;  // a delta CRL over the complete one of this number
    // issuingDistributionPoint, critical, when one of the two is there: the list is about
    // end-entity certificates alone; and where the list of this scope is found.
    bool only_user_certs = false;
    std::vector<std::string> distribution_points;
    std::vector<std::string> freshest;  // URLs of the delta CRL (5.2.6); not in a delta CRL
};

struct TbsCrlFrame {
    Buffer head;
    Buffer tail;
};

// Around entries of so many bytes in all. Without any revokedCertificates is absent (5.1.2.6).
TbsCrlFrame build_tbs_crl_frame(const CrlSpec& spec, std::uint64_t entries_size);

// What stands before and behind a TBSCertList of this size.
Buffer crl_head(std::uint64_t tbs_size, const ossl::SignatureScheme& scheme, Bytes signature);
Buffer crl_tail(const ossl::SignatureScheme& scheme, Bytes signature);

// What a TBSCertList says beside its entries; owns what it holds.
struct TbsCrlFacts {
    Buffer signature_algorithm;  // AlgorithmIdentifier
    Buffer issuer;               // Name
    std::int64_t this_update = 0;
    std::int64_t next_update = 0;
    std::uint64_t entries = 0;
    Buffer authority_key_identifier;  // keyIdentifier
    std::uint64_t number = 0;
    std::optional<std::uint64_t> base;  // deltaCRLIndicator
    bool only_user_certs = false;
    std::vector<std::string> distribution_points;
    std::vector<std::string> freshest;
};

// Reads a TBSCertList that comes in pieces of any size, as strictly as we write one: DER,
// version 2, nextUpdate there, both times in the form of RFC 5280 5.1.2.4, entries in any order
// with a positive serial and no extension but reasonCode, the extensions of TbsCrlFacts and no
// other, each at most once, AKI and CRL number there, reason removeFromCRL in delta CRLs only.
// Holds one entry, or the head or the tail, at a time (limits::kCrlHead, kCrlEntry, kCrlTail).
// Not checked: whether a serial stands there twice, and who the issuer is.
class TbsCrlReader {
   public:
    // Called for each entry, in order; the serial is a view for that long. May be empty.
    using OnEntry = std::function<void(const CrlEntry& entry)>;

    // `size` of the whole TBSCertList, at most limits::kCrl.
    explicit TbsCrlReader(std::uint64_t size, OnEntry on_entry = {});

    // malformed, unsupported; after an error nothing more may be fed.
    Status feed(Bytes part);
    // When all was fed; once.
    Result<TbsCrlFacts> finish();

   private:
    // What is read in one go: an element, or of the two long ones the header.
    enum class Item : std::uint8_t {
        list,  // header
        version,
        algorithm,
        issuer,
        this_update,
        next_update,
        entries_or_extensions,  // header of revokedCertificates, or crlExtensions
        entry,
        extensions,
        none,
    };

    Status read(Bytes part);
    Status complete(Bytes& part);
    Result<std::size_t> item_size(Bytes start) const;
    Status check_tag(std::uint8_t tag) const;
    Status check_size(const der::Header& header) const;
    bool header_alone(std::uint8_t tag) const;
    Status take(Bytes item);
    Status take_head(Bytes item);
    Status take_entries_header(Bytes item);
    Status take_entry(Bytes item);
    Status take_extensions(Bytes item);

    std::uint64_t size_;
    OnEntry on_entry_;
    TbsCrlFacts facts_;
    Item next_ = Item::list;
    Buffer begun_;                // the start of the next item, when it came with the last part
    std::uint64_t position_ = 0;  // where the next item starts
    std::uint64_t entries_end_ = 0;  // where revokedCertificates ends
    bool removals_ = false;          // an entry says removeFromCRL
    std::optional<Error> failed_;
};

// A whole CertificateList: the facts of its TBSCertList, and what is signed and how. Views into
// `der`; the entries are handed to `on_entry`. Not checked: the signature.
struct Crl {
    Bytes tbs;
    TbsCrlFacts facts;
    Bytes signature_algorithm;
    Bytes signature;
};
Result<Crl> parse_crl(Bytes der, TbsCrlReader::OnEntry on_entry = {});

}  // namespace pki::x509
