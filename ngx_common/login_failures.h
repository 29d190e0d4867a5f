// Wrong passwords by address, in memory that all workers share: after `number` of them the
// address waits until the window that began with the first is over. A fixed table; the
// address that failed longest ago gives way to a new one.
//
// The caller holds a lock around every call. A worker that is killed inside leaves links that
// cannot be trusted; the next call finds `changing` set and builds them anew out of the
// entries. Knows nothing of nginx; the clock is a parameter.
#pragma once

#include <atomic>

#include "ngx_common/address_key.h"

namespace ngx_enroll {

// Of a clock that starts anywhere. One that was set back only makes a window begin again.
using Seconds = std::uint64_t;

struct LoginLimit {
    std::uint32_t number = 0;  // wrong passwords in a window; 0: no limit
    std::uint32_t per = 0;     // seconds, the length of the window
};

// A password that is being checked, so that many at once cannot all be wrong.
struct LoginAttempt {
    std::uint32_t entry = 0;
    std::uint32_t serial = 0;
};

struct LoginStats {
    std::uint32_t capacity = 0;
    std::uint32_t addresses = 0;
    std::uint32_t locked_out = 0;
    std::uint64_t evictions = 0;  // of addresses whose window was not over
};

class LoginFailures {
   public:
    // What a table of this capacity takes, and the capacity that fits into so many bytes.
    static std::size_t bytes(std::uint32_t capacity);
    static std::uint32_t capacity(std::size_t bytes);

    // In memory of bytes(capacity), zeroed and aligned for a pointer, which is never freed.
    // The seed is secret: who knows it can choose addresses that make the table slow.
    static LoginFailures* make(void* memory, std::uint32_t capacity, std::uint64_t seed);

    // Seconds that the address has to wait; 0: it may try.
    std::uint32_t wait(const AddressKey& key, Seconds now, const LoginLimit& limit);

    // The same, and counts the attempt when it is 0. Passwords that are being checked count
    // as wrong meanwhile, with a wait of a second. Each such attempt comes to its end().
    std::uint32_t begin(const AddressKey& key, Seconds now, const LoginLimit& limit,
                        LoginAttempt& attempt);
    void end(const LoginAttempt& attempt, const AddressKey& key, Seconds now,
             const LoginLimit& limit, bool right);

    // A wrong password that was checked without a begin().
    void failed(const AddressKey& key, Seconds now, const LoginLimit& limit);

    // Adds entries [from, to) to the counts, so that a large table can be read in steps.
    void count(std::uint32_t from, std::uint32_t to, Seconds now, LoginStats& stats);

    // Without a lock: nobody has failed of late.
    bool empty() const { return used_.load(std::memory_order_relaxed) == 0; }
    std::uint32_t capacity() const { return capacity_; }
    std::uint64_t evictions() const { return evictions_; }

   private:
    friend struct LoginFailuresTest;

    struct Entry {
        AddressKey key;
        Seconds started;
        std::uint32_t per;
        std::uint32_t failures;
        std::uint32_t pending;
        std::uint32_t began;  // the last of these, lower half of a Seconds
        std::uint32_t serial;  // changes when the entry begins anew
        std::uint32_t used;
        std::uint32_t locked;
        std::uint32_t chain;  // the next in its bucket, or in the free list
        std::uint32_t older;
        std::uint32_t newer;
    };

    class Change;

    std::uint32_t& bucket_of(const AddressKey& key);
    std::uint32_t find(const AddressKey& key);
    std::uint32_t add(const AddressKey& key, Seconds now, const LoginLimit& limit);
    void remove(std::uint32_t index);
    void evict_oldest(Seconds now);
    void link(std::uint32_t index);
    void unlink_age(std::uint32_t index);
    void link_newest(std::uint32_t index);
    void relink();
    void repair();
    void touch(std::uint32_t index);
    void record(std::uint32_t index, const LoginLimit& limit);
    void close_window(Entry& entry, Seconds now);

    std::atomic<std::uint32_t> changing_;
    std::atomic<std::uint32_t> used_;
    std::uint32_t capacity_;
    std::uint32_t free_;
    std::uint32_t oldest_;
    std::uint32_t newest_;
    std::uint64_t evictions_;
    std::uint64_t seed_;
    Entry* entries_;
    std::uint32_t* buckets_;  // as many as entries
};

}  // namespace ngx_enroll
