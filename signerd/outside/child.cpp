#include "signerd/outside/child.h"

#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "signerd/config.h"
#include "signerd/fd.h"
#include "signerd/frame_buffer.h"
#include "signerd/keys/protocol.h"
#include "signerd/log.h"
#include "signerd/outside/curl_http.h"
#include "signerd/outside/service.h"
#include "signerd/sandbox/sandbox.h"

namespace signerd {

namespace wire = pki::wire;
using pki::Errc;
using pki::fail;

namespace {

// The front waits a little longer than the time limit: it shall hear what was the matter.
constexpr std::chrono::milliseconds kSlack{250};

using Services = std::map<std::string, std::unique_ptr<Service>, std::less<>>;

class OutsideChild {
   public:
    OutsideChild(Fd socket, OutsideConfig config, std::unique_ptr<CurlHttp> http)
        : socket_(std::move(socket)), config_(std::move(config)), http_(std::move(http)) {}

    pki::Status make_services();
    int run();

   private:
    bool receive();
    bool take(pki::Bytes bytes);
    void handle(const OutsideQuestion& question, std::uint64_t id);
    void send(const pki::Buffer& frame) { pki::append(output_, frame); }
    bool write_out();

    Fd socket_;
    const OutsideConfig config_;
    const SystemClock clock_;
    std::unique_ptr<CurlHttp> http_;  // ends after the services, and calls none of them then
    Services services_;
    FrameBuffer input_;
    pki::Buffer output_;
};

// A challenge whose secret cannot be read is one that nobody answers for; the others go on.
pki::Status OutsideChild::make_services() {
    for (const auto& [name, rules] : config_.challenges) {
        const auto* webhook = std::get_if<WebhookRules>(&rules);
        auto made = webhook != nullptr
                        ? make_webhook(*webhook, clock_, *http_)
                        : make_intune(std::get<IntuneRules>(rules), clock_, *http_);
        if (made)
            services_.emplace(name, *std::move(made));
        else
            log(Level::error, "outside child: challenge %s: %s", name.c_str(),
                made.error().message().c_str());
    }
    if (services_.empty()) return fail(Errc::unavailable, "no challenge can be answered for");
    return {};
}

int OutsideChild::run() {
    const auto facts = facts_of(config_);
    const auto ready =
        wire::encode(OutsideReady{facts, static_cast<std::uint64_t>(getpid())}, 0);
    if (!ready) return 1;
    send(*ready);
    while (write_out())
        if (http_->wait(socket_.get(), !output_.empty()) && !receive()) return 0;
    return 0;
}

// False when the front is gone or talks nonsense.
bool OutsideChild::receive() {
    const auto room = input_.room();
    const ssize_t size = recv(socket_.get(), room.data(), room.size(), MSG_DONTWAIT);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    if (size == 0) return false;
    input_.filled(static_cast<std::size_t>(size));
    while (true) {
        const auto bytes = input_.next();
        if (!bytes) return false;
        if (bytes->empty()) return true;
        if (!take(*bytes)) return false;
    }
}

bool OutsideChild::take(pki::Bytes bytes) {
    const auto frame = parse_key_frame(bytes);
    if (!frame) return false;
    const auto question = wire::decode<OutsideQuestion>(*frame);
    // The question of somebody whose name is odd must not end those of others.
    if (!question)
        send(answer_frame(fail(Errc::unavailable, "no such question"), frame->header.id));
    else
        handle(*question, frame->header.id);
    return true;
}

void OutsideChild::handle(const OutsideQuestion& question, std::uint64_t id) {
    const auto service = services_.find(question.challenge);
    if (service == services_.end())
        return send(answer_frame(fail(Errc::unavailable, "no such challenge"), id));
    const auto& rules = config_.challenges.find(std::string(question.challenge))->second;
    const auto deadline =
        std::chrono::steady_clock::now() + std::chrono::seconds(timeout_of(rules)) - kSlack;
    service->second->handle(question, deadline, [this, id](const pki::Status& verdict) {
        send(answer_frame(verdict, id));
    });
}

bool OutsideChild::write_out() {
    if (output_.empty()) return true;
    const ssize_t size =
        ::send(socket_.get(), output_.data(), output_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    output_.erase(output_.begin(), output_.begin() + size);
    return true;
}

pki::Result<int> serve(Fd socket, const std::string& config_path, bool confined) {
    prctl(PR_SET_NAME, "signerd-out");
    PKI_TRY(OutsideConfig config, load_outside_config(config_path));
    const OutsideRules& rules = config.rules;
    PKI_TRY(auto http, CurlHttp::create(rules.hosts, rules.ca_file, rules.connections));
    OutsideChild child(std::move(socket), std::move(config), std::move(http));
    PKI_CHECK(child.make_services());
    if (confined) PKI_CHECK(sandbox::confine_outside_child());
    return child.run();
}

}  // namespace

int run_outside_child(Fd socket, const std::string& config_path, bool confined) {
    const auto ended = serve(std::move(socket), config_path, confined);
    if (ended) return *ended;
    log(Level::error, "outside child: %s", ended.error().message().c_str());
    return 1;
}

}  // namespace signerd
