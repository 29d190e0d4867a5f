#include "signerd/keys/workers.h"

#include <algorithm>
#include <system_error>

namespace signerd {

namespace {

// The front hands over 16 requests at a time: more would find nothing to do.
constexpr std::size_t kMost = 8;

}  // namespace

std::size_t Workers::useful_count() {
    return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, kMost);
}

Workers::Workers(std::size_t count) {
    while (this->count() < count && start()) continue;
    std::unique_lock lock(mutex_);
    end_.wait(lock, [this] { return busy_ == 0; });
}

// The system may have no thread to give: then there are fewer.
bool Workers::start() {
    {
        const std::lock_guard lock(mutex_);
        busy_++;
    }
    try {
        threads_.emplace_back([this] { serve(); });
        return true;
    } catch (const std::system_error&) {
        const std::lock_guard lock(mutex_);
        busy_--;
        return false;
    }
}

Workers::~Workers() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    begin_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

void Workers::each(std::size_t items, const Work& work) {
    if (items < 2 || threads_.empty()) {
        for (std::size_t item = 0; item < items; item++) work(item);
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        work_ = &work;
        items_ = items;
        next_ = 0;
        busy_ = threads_.size();
        round_++;
    }
    begin_.notify_all();
    take_items();
    std::unique_lock lock(mutex_);
    end_.wait(lock, [this] { return busy_ == 0; });
}

void Workers::serve() {
    std::uint64_t seen = 0;
    std::unique_lock lock(mutex_);
    while (true) {
        if (--busy_ == 0) end_.notify_one();
        begin_.wait(lock, [&] { return stopping_ || round_ != seen; });
        if (stopping_) return;
        seen = round_;
        lock.unlock();
        take_items();
        lock.lock();
    }
}

// What each() wrote before the round began does not change until the round is over.
void Workers::take_items() {
    for (std::size_t item = next_++; item < items_; item = next_++) (*work_)(item);
}

}  // namespace signerd
