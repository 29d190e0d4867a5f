// A server that answers what it is told to, and a clock that does not wait.
#pragma once

#include <deque>

#include "clients/enroll/patience.h"

namespace unit {

struct FakeClock final : enroll::Clock {
    std::int64_t now() override { return time; }
    void sleep(std::uint64_t seconds) override { slept.push_back(seconds); }

    std::int64_t time = 1'800'000'000;
    std::vector<std::uint64_t> slept;
};

struct FakeTransport final : enroll::Transport {
    pki::Result<enroll::HttpAnswer> send(const enroll::HttpRequest& request) override {
        urls.push_back(request.url);
        bodies.push_back(pki::to_buffer(request.body));
        anonymous.push_back(request.anonymous);
        bindings.push_back(request.binding);
        if (answers.empty()) return (pki::fail)(pki::Errc::unavailable, "no answer");
        enroll::HttpAnswer answer = std::move(answers.front());
        answers.pop_front();
        return answer;
    }

    void will_say(long status, std::string type, pki::Bytes body = {},
                  std::uint64_t retry_after = 0) {
        answers.push_back({status, std::move(type), retry_after, pki::to_buffer(body)});
    }

    std::deque<enroll::HttpAnswer> answers;
    std::vector<std::string> urls;
    std::vector<pki::Buffer> bodies;
    std::vector<bool> anonymous;
    std::vector<std::string> bindings;
};

}  // namespace unit
