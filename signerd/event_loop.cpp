#include "signerd/event_loop.h"

#include <array>
#include <cerrno>

#include "signerd/log.h"

namespace signerd {

namespace {

using std::chrono::steady_clock;

epoll_event interest(int fd, std::uint32_t serial, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = std::uint64_t{serial} << 32 | static_cast<std::uint32_t>(fd);
    return event;
}

}  // namespace

pki::Result<std::unique_ptr<EventLoop>> EventLoop::create() {
    Fd epoll(epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) return pki::fail(pki::Errc::internal, "epoll_create1", errno_text());
    return std::unique_ptr<EventLoop>(new EventLoop(std::move(epoll)));
}

pki::Status EventLoop::watch(int fd, std::uint32_t events, Handler handler) {
    epoll_event event = interest(fd, ++serial_, events);
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
        return pki::fail(pki::Errc::internal, "epoll_ctl", errno_text());
    const auto index = static_cast<std::size_t>(fd);
    if (watches_.size() <= index) watches_.resize(index + 1);
    watches_[index] = std::make_shared<Watch>(Watch{serial_, std::move(handler)});
    return {};
}

void EventLoop::change(int fd, std::uint32_t events) {
    epoll_event event = interest(fd, watches_[static_cast<std::size_t>(fd)]->serial, events);
    epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void EventLoop::forget(int fd) {
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    watches_[static_cast<std::size_t>(fd)].reset();
}

void EventLoop::after(std::chrono::milliseconds delay, Action action) {
    timers_.emplace(steady_clock::now() + delay, std::move(action));
}

void EventLoop::run() {
    while (!stopped_) turn();
    stopped_ = false;
}

void EventLoop::turn() {
    std::array<epoll_event, 64> events;
    const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                 wait_milliseconds());
    for (int i = 0; i < count; i++) run_handler(events[static_cast<std::size_t>(i)]);
    run_timers();
    for (const Action& hook : hooks_) hook();
}

// Rounded up: waking before the time would spin.
int EventLoop::wait_milliseconds() const {
    if (timers_.empty()) return -1;
    const auto left = timers_.begin()->first - steady_clock::now();
    if (left <= steady_clock::duration::zero()) return 0;
    return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
}

void EventLoop::run_handler(const epoll_event& event) {
    const auto fd = static_cast<std::size_t>(event.data.u64 & 0xffffffff);
    const auto serial = static_cast<std::uint32_t>(event.data.u64 >> 32);
    const std::shared_ptr<Watch> watch = watches_[fd];  // survives its own forget()
    if (watch && watch->serial == serial) watch->handler(event.events);
}

void EventLoop::run_timers() {
    const auto now = steady_clock::now();
    while (!timers_.empty() && timers_.begin()->first <= now) {
        const auto timer = timers_.extract(timers_.begin());
        timer.mapped()();
    }
}

}  // namespace signerd
