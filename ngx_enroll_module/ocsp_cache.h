// OCSP responses by certificate, in memory that all workers share. A fixed table: what was not
// asked for since the hand of the clock came by gives way to what is new.
//
// The caller holds a lock around every call. A worker that is killed inside leaves a table that
// cannot be trusted; the next call finds `changing` set and empties it. Knows nothing of nginx;
// the clock is a parameter.
#pragma once

#include <array>
#include <atomic>
#include <optional>

#include "libpki/base/bytes.h"
#include "libpki/base/limits.h"

namespace ngx_enroll {

struct OcspKey {
    std::uint64_t signer = 0;  // whose answer it is; not 0
    pki::Bytes serial;         // magnitude, at most limits::kSerial octets
    pki::Bytes cert_id;        // DER, at most limits::kCertId
};

struct OcspFacts {
    std::int64_t this_update = 0;
    std::int64_t next_update = 0;
    std::uint64_t tag = 0;  // a hash of the response
};

class OcspCache {
   public:
    // Signers that it knows at a time.
    static constexpr std::size_t kSigners = 16;

    // In so many bytes, zeroed and aligned for a pointer, which are never freed; nullptr when
    // there is no room for a single response. The seed is secret: who knows it can choose
    // serial numbers that make the table slow.
    static OcspCache* make(void* memory, std::size_t bytes, std::uint64_t seed);

    struct Hit {
        OcspFacts facts;
        std::size_t size;     // of the response
        std::uint32_t entry;  // for copy(), under the same lock
    };
    // Only what is good beyond `until`.
    std::optional<Hit> find(const OcspKey& key, std::int64_t until);
    void copy(const Hit& hit, std::uint8_t* to) const;

    // False when it was not taken: it is too large, it is not good beyond `now`, or `change`,
    // the last revocation that is in it, is before one that the signer has told of since.
    bool insert(const OcspKey& key, const OcspFacts& facts, std::uint64_t change,
                pki::Bytes response, std::int64_t now);

    // What the signer has told of: answers about these certificates are forgotten, or all.
    void drop(std::uint64_t signer, pki::Bytes serial);
    void clear(std::uint64_t signer);
    std::uint64_t change(std::uint64_t signer);
    void set_change(std::uint64_t signer, std::uint64_t change);

    std::uint32_t capacity() const { return entry_count_; }
    std::uint32_t used() const { return used_; }

   private:
    friend struct OcspCacheTest;

    // Key and response, one behind the other, in as many blocks as it takes; the first one
    // holds the whole key.
    struct Block {
        std::uint32_t next;
        std::array<std::uint8_t, 252> data;
    };
    struct Entry {
        std::uint64_t signer;
        OcspFacts facts;
        std::uint32_t size;   // of the response
        std::uint32_t first;  // block
        std::uint32_t chain;  // the next in its bucket, or in the free list
        std::array<std::uint8_t, pki::limits::kSerial> serial;
        std::uint8_t serial_size;
        std::uint8_t key_size;
        std::uint8_t used;
        std::uint8_t referenced;  // since the hand came by
    };
    struct Signer {
        std::uint64_t id;  // 0: free
        std::uint64_t change;
    };
    static_assert(pki::limits::kCertId <= std::tuple_size_v<decltype(Block::data)>);

    class Change;

    std::uint32_t& bucket_of(pki::Bytes serial);
    bool is(const Entry& entry, const OcspKey& key) const;
    std::uint32_t find_entry(const OcspKey& key);
    Signer& signer_of(std::uint64_t id);
    bool make_room(std::size_t blocks, std::int64_t now);
    void evict(std::int64_t now);
    void remove(std::uint32_t index);
    void store(std::uint32_t index, const OcspKey& key, pki::Bytes response);
    void reset();
    void repair();

    std::atomic<std::uint32_t> changing_;
    std::uint32_t entry_count_;
    std::uint32_t block_count_;
    std::uint32_t used_;
    std::uint32_t free_entry_;
    std::uint32_t free_block_;
    std::uint32_t free_blocks_;
    std::uint32_t hand_;
    std::uint64_t seed_;
    std::array<Signer, kSigners> signers_;
    Entry* entries_;
    Block* blocks_;
    std::uint32_t* buckets_;  // as many as entries
};

}  // namespace ngx_enroll
