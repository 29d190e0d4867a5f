#include "ngx_common/login_failures.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

namespace ngx_enroll {

namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

// While as many passwords as may be wrong are being checked.
constexpr std::uint32_t kBusyWait = 1;

// Far longer than a check takes: then the worker that made it is gone.
constexpr std::uint32_t kLongestCheck = 60;

std::uint64_t mixed(std::uint64_t value) {
    value ^= value >> 33;
    value *= 0xff51afd7ed558ccdULL;
    value ^= value >> 33;
    value *= 0xc4ceb9fe1a85ec53ULL;
    return value ^ value >> 33;
}

}  // namespace

// Around whatever moves links.
class LoginFailures::Change {
   public:
    explicit Change(LoginFailures& table) : table_(table) {
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
    LoginFailures& table_;
};

std::size_t LoginFailures::bytes(std::uint32_t capacity) {
    return sizeof(LoginFailures) + capacity * (sizeof(Entry) + sizeof(std::uint32_t));
}

std::uint32_t LoginFailures::capacity(std::size_t bytes) {
    if (bytes < sizeof(LoginFailures)) return 0;
    const std::size_t room =
        (bytes - sizeof(LoginFailures)) / (sizeof(Entry) + sizeof(std::uint32_t));
    return static_cast<std::uint32_t>(std::min<std::size_t>(room, kNone - 1));
}

LoginFailures* LoginFailures::make(void* memory, std::uint32_t capacity, std::uint64_t seed) {
    static_assert(sizeof(LoginFailures) % alignof(Entry) == 0);
    auto* table = new (memory) LoginFailures{};
    table->capacity_ = capacity;
    table->seed_ = seed;
    table->entries_ = reinterpret_cast<Entry*>(table + 1);
    table->buckets_ = reinterpret_cast<std::uint32_t*>(table->entries_ + capacity);
    const Change change(*table);
    table->relink();
    return table;
}

std::uint32_t LoginFailures::wait(const AddressKey& key, Seconds now, const LoginLimit& limit) {
    repair();
    const std::uint32_t index = find(key);
    if (index == kNone || limit.number == 0) return 0;
    Entry& entry = entries_[index];
    close_window(entry, now);
    if (entry.failures >= limit.number)
        return static_cast<std::uint32_t>(entry.started + entry.per - now);
    const std::uint32_t counted = entry.failures + entry.pending;
    if (counted == 0) remove(index);
    return counted >= limit.number ? kBusyWait : 0;
}

std::uint32_t LoginFailures::begin(const AddressKey& key, Seconds now, const LoginLimit& limit,
                                   LoginAttempt& attempt) {
    if (const std::uint32_t seconds = wait(key, now, limit); seconds != 0) return seconds;
    std::uint32_t index = find(key);
    if (index == kNone) index = add(key, now, limit);
    entries_[index].pending++;
    entries_[index].began = static_cast<std::uint32_t>(now);
    touch(index);
    attempt = {index, entries_[index].serial};
    return 0;
}

void LoginFailures::end(const LoginAttempt& attempt, const AddressKey& key, Seconds now,
                        const LoginLimit& limit, bool right) {
    repair();
    Entry& entry = entries_[attempt.entry];
    // The window ended meanwhile, or the entry gave way to another address.
    if (!entry.used || entry.serial != attempt.serial) {
        if (!right) failed(key, now, limit);
        return;
    }
    if (entry.pending != 0) entry.pending--;
    if (!right)
        record(attempt.entry, limit);
    else if (entry.failures == 0 && entry.pending == 0)
        remove(attempt.entry);
}

void LoginFailures::failed(const AddressKey& key, Seconds now, const LoginLimit& limit) {
    repair();
    std::uint32_t index = find(key);
    if (index == kNone) index = add(key, now, limit);
    close_window(entries_[index], now);
    record(index, limit);
    touch(index);
}

void LoginFailures::count(std::uint32_t from, std::uint32_t to, Seconds now,
                          LoginStats& stats) {
    repair();
    stats.capacity = capacity_;
    stats.evictions = evictions_;
    for (std::uint32_t i = from; i < std::min(to, capacity_); i++) {
        Entry& entry = entries_[i];
        if (!entry.used) continue;
        close_window(entry, now);
        stats.addresses += entry.failures != 0;
        stats.locked_out += entry.locked;
    }
}

// --- one entry ---

// What is over is forgotten, attempts that a killed worker left pending too.
void LoginFailures::close_window(Entry& entry, Seconds now) {
    if (static_cast<std::uint32_t>(now) - entry.began >= kLongestCheck) entry.pending = 0;
    if (now < entry.started) entry.started = now;
    if (now - entry.started < entry.per) return;
    entry.serial++;
    entry.failures = 0;
    entry.pending = 0;
    entry.locked = 0;
    entry.started = now;
}

// Where settings differ between locations, the longest window holds.
void LoginFailures::record(std::uint32_t index, const LoginLimit& limit) {
    Entry& entry = entries_[index];
    if (entry.failures != kNone) entry.failures++;
    entry.per = std::max(entry.per, limit.per);
    if (entry.failures >= limit.number) entry.locked = 1;
}

// --- the table ---

std::uint32_t& LoginFailures::bucket_of(const AddressKey& key) {
    std::uint64_t halves[2];
    std::memcpy(halves, key.data(), sizeof(halves));
    return buckets_[mixed(mixed(halves[0] ^ seed_) ^ halves[1]) % capacity_];
}

std::uint32_t LoginFailures::find(const AddressKey& key) {
    std::uint32_t index = bucket_of(key);
    while (index != kNone && entries_[index].key != key) index = entries_[index].chain;
    return index;
}

std::uint32_t LoginFailures::add(const AddressKey& key, Seconds now, const LoginLimit& limit) {
    if (free_ == kNone) evict_oldest(now);
    const Change change(*this);
    const std::uint32_t index = free_;
    Entry& entry = entries_[index];
    free_ = entry.chain;
    const std::uint32_t serial = entry.serial + 1;
    entry = {};
    entry.key = key;
    entry.started = now;
    entry.per = limit.per;
    entry.serial = serial;
    entry.used = 1;
    link(index);
    return index;
}

void LoginFailures::evict_oldest(Seconds now) {
    Entry& entry = entries_[oldest_];
    close_window(entry, now);
    if (entry.failures != 0 || entry.pending != 0) evictions_++;
    remove(oldest_);
}

void LoginFailures::remove(std::uint32_t index) {
    const Change change(*this);
    Entry& entry = entries_[index];
    std::uint32_t* from = &bucket_of(entry.key);
    while (*from != index) from = &entries_[*from].chain;
    *from = entry.chain;
    unlink_age(index);
    entry.used = 0;
    entry.serial++;
    entry.chain = free_;
    free_ = index;
    used_ = used_ - 1;
}

void LoginFailures::touch(std::uint32_t index) {
    if (newest_ == index) return;
    const Change change(*this);
    unlink_age(index);
    link_newest(index);
}

void LoginFailures::link(std::uint32_t index) {
    std::uint32_t& bucket = bucket_of(entries_[index].key);
    entries_[index].chain = bucket;
    bucket = index;
    link_newest(index);
    used_ = used_ + 1;
}

void LoginFailures::link_newest(std::uint32_t index) {
    entries_[index].older = newest_;
    entries_[index].newer = kNone;
    (newest_ == kNone ? oldest_ : entries_[newest_].newer) = index;
    newest_ = index;
}

void LoginFailures::unlink_age(std::uint32_t index) {
    const Entry& entry = entries_[index];
    (entry.older == kNone ? oldest_ : entries_[entry.older].newer) = entry.newer;
    (entry.newer == kNone ? newest_ : entries_[entry.newer].older) = entry.older;
}

// All links out of the entries alone. The order of age is lost.
void LoginFailures::relink() {
    std::fill_n(buckets_, capacity_, kNone);
    free_ = oldest_ = newest_ = kNone;
    used_ = 0;
    for (std::uint32_t i = capacity_; i-- > 0;) {
        if (entries_[i].used) {
            link(i);
        } else {
            entries_[i].chain = free_;
            free_ = i;
        }
    }
}

void LoginFailures::repair() {
    if (changing_ == 0) return;
    const Change change(*this);
    relink();
}

}  // namespace ngx_enroll
