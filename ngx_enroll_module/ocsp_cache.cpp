#include "ngx_enroll_module/ocsp_cache.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

namespace ngx_enroll {

namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

// A response with the certificate of its responder is seldom smaller.
constexpr std::size_t kTypicalSize = 1024;

// One response may take this part of the blocks.
constexpr std::uint32_t kLargestPart = 4;

std::uint64_t mixed(std::uint64_t value) {
    value ^= value >> 33;
    value *= 0xff51afd7ed558ccdULL;
    value ^= value >> 33;
    value *= 0xc4ceb9fe1a85ec53ULL;
    return value ^ value >> 33;
}

}  // namespace

// Around whatever moves links.
class OcspCache::Change {
   public:
    explicit Change(OcspCache& table) : table_(table) {
        table_.changing_ = 1;
        std::atomic_signal_fence(std::memory_order_seq_cst);
    }
    ~Change() {
        std::atomic_signal_fence(std::memory_order_seq_cst);
        table_.changing_ = 0;
    }
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;

   private:
    OcspCache& table_;
};

OcspCache* OcspCache::make(void* memory, std::size_t bytes, std::uint64_t seed) {
    static_assert(sizeof(OcspCache) % alignof(Entry) == 0 && sizeof(Entry) % 4 == 0);
    if (bytes < sizeof(OcspCache) + kTypicalSize) return nullptr;
    std::size_t room = bytes - sizeof(OcspCache);
    const std::size_t entries = std::min<std::size_t>(room / kTypicalSize, kNone - 1);
    room -= entries * (sizeof(Entry) + sizeof(std::uint32_t));
    auto* table = new (memory) OcspCache{};
    table->seed_ = seed;
    table->entry_count_ = static_cast<std::uint32_t>(entries);
    table->block_count_ =
        static_cast<std::uint32_t>(std::min<std::size_t>(room / sizeof(Block), kNone - 1));
    table->entries_ = reinterpret_cast<Entry*>(table + 1);
    table->blocks_ = reinterpret_cast<Block*>(table->entries_ + entries);
    table->buckets_ = reinterpret_cast<std::uint32_t*>(table->blocks_ + table->block_count_);
    const Change change(*table);
    table->reset();
    return table;
}

std::optional<OcspCache::Hit> OcspCache::find(const OcspKey& key, std::int64_t until) {
    repair();
    const std::uint32_t index = find_entry(key);
    if (index == kNone || entries_[index].facts.next_update <= until) return std::nullopt;
    entries_[index].referenced = 1;
    return Hit{entries_[index].facts, entries_[index].size, index};
}

void OcspCache::copy(const Hit& hit, std::uint8_t* to) const {
    const Entry& entry = entries_[hit.entry];
    std::size_t skip = entry.key_size;
    std::size_t left = entry.size;
    for (std::uint32_t block = entry.first; left != 0; block = blocks_[block].next) {
        const auto& data = blocks_[block].data;
        const std::size_t part = std::min(left, data.size() - skip);
        std::memcpy(to, data.data() + skip, part);
        to += part;
        left -= part;
        skip = 0;
    }
}

bool OcspCache::insert(const OcspKey& key, const OcspFacts& facts, std::uint64_t change,
                       pki::Bytes response, std::int64_t now) {
    repair();
    if (key.serial.size() > pki::limits::kSerial || key.cert_id.size() > pki::limits::kCertId ||
        facts.next_update <= now || change < signer_of(key.signer).change)
        return false;
    if (const std::uint32_t known = find_entry(key); known != kNone) remove(known);
    constexpr std::size_t kBlock = std::tuple_size_v<decltype(Block::data)>;
    const std::size_t blocks = (key.cert_id.size() + response.size() + kBlock - 1) / kBlock;
    if (!make_room(blocks, now)) return false;

    const Change guard(*this);
    const std::uint32_t index = free_entry_;
    Entry& entry = entries_[index];
    free_entry_ = entry.chain;
    entry = {};
    entry.signer = key.signer;
    entry.facts = facts;
    entry.size = static_cast<std::uint32_t>(response.size());
    entry.key_size = static_cast<std::uint8_t>(key.cert_id.size());
    entry.serial_size = static_cast<std::uint8_t>(key.serial.size());
    std::ranges::copy(key.serial, entry.serial.begin());
    store(index, key, response);
    std::uint32_t& bucket = bucket_of(key.serial);
    entry.chain = bucket;
    bucket = index;
    entry.used = 1;
    used_++;
    return true;
}

void OcspCache::drop(std::uint64_t signer, pki::Bytes serial) {
    repair();
    for (std::uint32_t index = bucket_of(serial); index != kNone;) {
        const Entry& entry = entries_[index];
        const std::uint32_t next = entry.chain;
        if (entry.signer == signer &&
            pki::equal(pki::Bytes(entry.serial).first(entry.serial_size), serial))
            remove(index);
        index = next;
    }
}

void OcspCache::clear(std::uint64_t signer) {
    repair();
    for (std::uint32_t i = 0; i < entry_count_; i++)
        if (entries_[i].used && entries_[i].signer == signer) remove(i);
}

std::uint64_t OcspCache::change(std::uint64_t signer) {
    repair();
    return signer_of(signer).change;
}

void OcspCache::set_change(std::uint64_t signer, std::uint64_t change) {
    repair();
    signer_of(signer).change = change;
}

// --- one entry ---

std::uint32_t& OcspCache::bucket_of(pki::Bytes serial) {
    std::uint64_t hash = seed_;
    for (const std::uint8_t octet : serial) hash = mixed(hash ^ octet);
    return buckets_[hash % entry_count_];
}

bool OcspCache::is(const Entry& entry, const OcspKey& key) const {
    return entry.signer == key.signer && entry.key_size == key.cert_id.size() &&
           pki::equal(pki::Bytes(blocks_[entry.first].data).first(entry.key_size), key.cert_id);
}

std::uint32_t OcspCache::find_entry(const OcspKey& key) {
    std::uint32_t index = bucket_of(key.serial);
    while (index != kNone && !is(entries_[index], key)) index = entries_[index].chain;
    return index;
}

void OcspCache::store(std::uint32_t index, const OcspKey& key, pki::Bytes response) {
    std::uint32_t* from = &entries_[index].first;
    std::size_t filled = 0;
    Block* block = nullptr;
    for (pki::Bytes rest : {key.cert_id, response}) {
        while (!rest.empty()) {
            if (block == nullptr || filled == block->data.size()) {
                *from = free_block_;
                block = &blocks_[free_block_];
                free_block_ = block->next;
                free_blocks_--;
                block->next = kNone;
                from = &block->next;
                filled = 0;
            }
            const std::size_t part = std::min(rest.size(), block->data.size() - filled);
            std::memcpy(block->data.data() + filled, rest.data(), part);
            filled += part;
            rest = rest.subspan(part);
        }
    }
}

void OcspCache::remove(std::uint32_t index) {
    const Change guard(*this);
    Entry& entry = entries_[index];
    entry.used = 0;
    std::uint32_t* from = &bucket_of(pki::Bytes(entry.serial).first(entry.serial_size));
    while (*from != index) from = &entries_[*from].chain;
    *from = entry.chain;
    for (std::uint32_t block = entry.first; block != kNone;) {
        const std::uint32_t next = blocks_[block].next;
        blocks_[block].next = free_block_;
        free_block_ = block;
        free_blocks_++;
        block = next;
    }
    entry.chain = free_entry_;
    free_entry_ = index;
    used_--;
}

// --- the table ---

bool OcspCache::make_room(std::size_t blocks, std::int64_t now) {
    if (blocks == 0 || blocks > block_count_ / kLargestPart) return false;
    while (free_entry_ == kNone || free_blocks_ < blocks) evict(now);
    return true;
}

// There is an entry in use, or there would be room.
void OcspCache::evict(std::int64_t now) {
    for (;;) {
        const std::uint32_t index = hand_;
        hand_ = (hand_ + 1) % entry_count_;
        Entry& entry = entries_[index];
        if (!entry.used) continue;
        if (!entry.referenced || entry.facts.next_update <= now) return remove(index);
        entry.referenced = 0;
    }
}

// More signers than there are places: those of former configurations go, and with them what
// they have answered.
OcspCache::Signer& OcspCache::signer_of(std::uint64_t id) {
    for (Signer& signer : signers_) {
        if (signer.id == 0) signer = {id, 0};
        if (signer.id == id) return signer;
    }
    const Change guard(*this);
    reset();
    signers_ = {};
    signers_[0] = {id, 0};
    return signers_[0];
}

void OcspCache::reset() {
    std::fill_n(buckets_, entry_count_, kNone);
    used_ = 0;
    hand_ = 0;
    free_entry_ = free_block_ = kNone;
    free_blocks_ = block_count_;
    for (std::uint32_t i = entry_count_; i-- > 0;) {
        entries_[i] = {};
        entries_[i].chain = free_entry_;
        free_entry_ = i;
    }
    for (std::uint32_t i = block_count_; i-- > 0;) {
        blocks_[i].next = free_block_;
        free_block_ = i;
    }
}

void OcspCache::repair() {
    if (changing_ == 0) return;
    const Change guard(*this);
    reset();
}

}  // namespace ngx_enroll
