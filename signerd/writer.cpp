#include "signerd/writer.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "signerd/fault.h"
#include "signerd/log.h"

namespace signerd {

namespace {

// The gain of a larger batch is small by then, and the wait of its first item is not.
constexpr std::size_t kBatch = 256;

}  // namespace

pki::Result<std::unique_ptr<Writer>> Writer::start(EventLoop& loop, Store& store) {
    Fd event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!event) return pki::fail(pki::Errc::internal, "eventfd", errno_text());
    std::unique_ptr<Writer> writer(new Writer(loop, store, std::move(event)));
    Writer& self = *writer;
    PKI_CHECK(
        loop.watch(self.event_.get(), EPOLLIN, [&self](std::uint32_t) { self.complete(); }));
    self.thread_ = std::thread([&self] { self.work(); });
    return writer;
}

Writer::~Writer() {
    if (!thread_.joinable()) return;
    flush();
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
    loop_.forget(event_.get());
}

void Writer::commit(const Decided& decided, Done done) {
    queued_++;
    gathered_.push_back({&decided, std::move(done), {}});
}

void Writer::flush() {
    if (gathered_.empty()) return;
    {
        const std::lock_guard lock(mutex_);
        std::ranges::move(gathered_, std::back_inserter(waiting_));
    }
    gathered_.clear();
    wake_.notify_one();
}

void Writer::work() {
    for (Items batch = take_batch(); !batch.empty(); batch = take_batch()) {
        commit_batch(batch);
        SIGNERD_FAULT("commit:2");
        post(std::move(batch));
    }
}

// Empty when it is time to end.
Writer::Items Writer::take_batch() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    const auto size = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), kBatch));
    Items batch(std::make_move_iterator(waiting_.begin()),
                std::make_move_iterator(waiting_.begin() + size));
    waiting_.erase(waiting_.begin(), waiting_.begin() + size);
    return batch;
}

void Writer::commit_batch(Items& batch) {
    std::vector<const Decided*> decided;
    decided.reserve(batch.size());
    for (const Item& item : batch) decided.push_back(item.decided);
    const pki::Status status = store_.commit(decided);
    outage_.note(status);
    const bool one_is_bad =
        !status && status.error().code == pki::Errc::internal && batch.size() > 1;
    // Nothing of the batch was kept: one item that the store refuses must not take its
    // neighbours with it.
    for (Item& item : batch)
        item.status = one_is_bad ? store_.commit({&item.decided, 1}) : status;
}

void Writer::post(Items batch) {
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        first = finished_.empty();
        std::ranges::move(batch, std::back_inserter(finished_));
        finished_batches_++;
    }
    if (first) eventfd_write(event_.get(), 1);
}

void Writer::complete() {
    eventfd_t count = 0;
    eventfd_read(event_.get(), &count);
    Items finished;
    {
        const std::lock_guard lock(mutex_);
        finished.swap(finished_);
        transactions_ = finished_batches_;
    }
    for (const Item& item : finished) {
        queued_--;
        item.done(item.status);
    }
}

}  // namespace signerd
