// Threads that share out the items of one batch.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace signerd {

class Workers {
   public:
    using Work = std::function<void(std::size_t item)>;

    // As many as the machine has processors, within reason, the caller among them.
    static std::size_t useful_count();

    // `count` includes the caller of each(): with 1 there is no other thread. All are running
    // when it returns (fewer, if the system has no more), so that what is forbidden then finds
    // none in the middle of its start.
    explicit Workers(std::size_t count);
    ~Workers();
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    std::size_t count() const { return threads_.size() + 1; }

    // Runs `work` once for each item below `items`, in any order and at the same time, and
    // returns when all are done. For one caller; `work` does not throw.
    void each(std::size_t items, const Work& work);

   private:
    bool start();
    void serve();
    void take_items();

    std::atomic<std::size_t> next_ = 0;
    std::mutex mutex_;  // guards what follows
    std::condition_variable begin_;
    std::condition_variable end_;
    const Work* work_ = nullptr;
    std::size_t items_ = 0;
    std::size_t busy_ = 0;  // threads that have not finished this round
    std::uint64_t round_ = 0;
    bool stopping_ = false;

    std::vector<std::thread> threads_;
};

}  // namespace signerd
