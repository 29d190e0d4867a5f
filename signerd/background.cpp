#include "signerd/background.h"

#include <sys/eventfd.h>

#include "signerd/log.h"

namespace signerd {

pki::Result<std::unique_ptr<Background>> Background::start(EventLoop& loop) {
    Fd event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!event) return pki::fail(pki::Errc::internal, "eventfd", errno_text());
    std::unique_ptr<Background> made(new Background(loop, std::move(event)));
    Background& self = *made;
    PKI_CHECK(
        loop.watch(self.event_.get(), EPOLLIN, [&self](std::uint32_t) { self.complete(); }));
    self.thread_ = std::thread([&self] { self.serve(); });
    return made;
}

Background::~Background() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
    loop_.forget(event_.get());
}

void Background::run(Work work, Done done) {
    {
        const std::lock_guard lock(mutex_);
        waiting_.push_back({std::move(work), std::move(done)});
    }
    wake_.notify_one();
}

void Background::serve() {
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (stopping_) return;
        Item item = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        item.work();
        item.work = nullptr;  // what it holds goes here, in this thread
        lock.lock();
        finished_.push_back(std::move(item.done));
        eventfd_write(event_.get(), 1);
    }
}

void Background::complete() {
    eventfd_t count = 0;
    eventfd_read(event_.get(), &count);
    std::vector<Done> finished;
    {
        const std::lock_guard lock(mutex_);
        finished.swap(finished_);
    }
    for (const Done& done : finished) done();
}

}  // namespace signerd
