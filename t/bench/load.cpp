#include "t/bench/load.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "t/bench/connection.h"

namespace bench {

namespace {

constexpr std::size_t kMaxBroken = 100;

using Clock = std::chrono::steady_clock;

class Load;

// One connection, which is made anew when handshakes are measured.
class Client {
   public:
    explicit Client(Load& load) : load_(load) {}
    void start();
    void on_event();
    void close() { connection_.close(); }

   private:
    void begin();
    bool connect();
    bool write_request();
    bool read_answer();
    bool complete() const;
    void finish(bool answered);
    bool follow_up();
    void count(Outcome outcome);
    void note_latency();

    Load& load_;
    Connection connection_;
    const std::string* request_ = nullptr;
    std::string second_;       // what follows it; empty: nothing yet
    std::size_t number_ = 0;   // of the request
    std::size_t written_ = 0;  // octets of it
    bool fresh_ = false;       // a connection made for this request
    std::string answer_;
    Clock::time_point started_;
};

class Load {
   public:
    Load(const LoadSpec& given, const std::vector<std::string>& requests, const Judge& judge,
         const FollowUp& follow_up);
    ~Load();
    Load(const Load&) = delete;
    Report run();

    // What a free connection does next; nothing, when it is over or no request is due.
    const std::string* next_request(Clock::time_point& started, std::size_t& number);
    void idle(Client& client);

    const LoadSpec& spec;
    const Judge& judge;
    const FollowUp& follow_up;
    SslCtxPtr context;
    int epoll;
    Report totals;

   private:
    bool over(Clock::time_point now) const { return now >= end_ || next_ == requests_.size(); }
    Clock::time_point due() const;
    int wait_milliseconds() const;
    void start_due();

    const std::vector<std::string>& requests_;
    std::size_t next_ = 0;
    std::size_t active_ = 0;
    std::vector<Client*> idle_;
    Clock::time_point begin_;
    Clock::time_point end_;
};

void Client::begin() {
    request_ = load_.next_request(started_, number_);
    if (request_ == nullptr) return load_.idle(*this);
    answer_.clear();
    second_.clear();
    written_ = 0;
    fresh_ = false;
    if (load_.spec.handshake != Handshake::once) connection_.close();
    if (!connection_.is_open() && !connect()) return finish(false);
}

void Client::start() {
    begin();
    on_event();
}

bool Client::connect() {
    fresh_ = true;
    return connection_.open(load_.spec.port, load_.context.get(),
                            load_.spec.handshake == Handshake::resumed, load_.epoll, this);
}

void Client::on_event() {
    while (request_ != nullptr && connection_.is_open()) {
        if (written_ < request_->size() && !write_request()) return;
        if (!read_answer()) return;
    }
}

// False while it is not written, or when the connection broke.
bool Client::write_request() {
    int size = 0;
    while ((size = connection_.write(std::string_view(*request_).substr(written_))) > 0) {
        written_ += static_cast<std::size_t>(size);
        if (written_ < request_->size()) continue;
        if (connection_.resumed()) load_.totals.resumed++;
        return true;
    }
    if (size == kBroken) finish(false);
    return false;
}

bool Client::complete() const {
    const std::size_t head = answer_.find("\r\n\r\n");
    if (head == std::string::npos) return false;
    const std::size_t length = answer_.find("Content-Length: ");
    if (length > head) return false;
    const std::size_t body = std::strtoul(answer_.c_str() + length + 16, nullptr, 10);
    return answer_.size() >= head + 4 + body;
}

// True when it is there and the next request has begun.
bool Client::read_answer() {
    std::array<char, 16384> buffer{};
    int size = 0;
    while ((size = connection_.read(buffer)) > 0) {
        answer_.append(buffer.data(), static_cast<std::size_t>(size));
        if (!complete()) continue;
        finish(true);
        return true;
    }
    if (size == kBroken) finish(false);
    return false;
}

// True when the request has a second part that is to be sent now.
bool Client::follow_up() {
    if (!load_.follow_up || !second_.empty()) return false;
    second_ = load_.follow_up(number_, answer_);
    if (second_.empty()) return false;
    request_ = &second_;
    written_ = 0;
    answer_.clear();
    return true;
}

void Client::finish(bool answered) {
    if (answered && follow_up()) return;
    if (answered) {
        count(load_.judge(number_, answer_));
    } else {
        if (++load_.totals.broken > kMaxBroken) die("too many connections break");
        connection_.close();
    }
    begin();
}

void Client::count(Outcome outcome) {
    switch (outcome) {
        case Outcome::ok: load_.totals.ok++; return note_latency();
        case Outcome::pending: load_.totals.pending++; return note_latency();
        case Outcome::shed: load_.totals.shed++; return;
        case Outcome::refused: load_.totals.refused++; return;
    }
}

void Client::note_latency() {
    if (fresh_ && load_.spec.handshake == Handshake::once) return;
    const auto passed = Clock::now() - started_;
    load_.totals.latencies.add(
        std::chrono::duration_cast<std::chrono::microseconds>(passed).count());
}

Load::Load(const LoadSpec& given, const std::vector<std::string>& requests, const Judge& by,
           const FollowUp& next)
    : spec(given), judge(by), follow_up(next), epoll(epoll_create1(0)), requests_(requests) {
    if (epoll < 0) die("no epoll");
    if (!spec.tls) return;
    context = tls_context(spec.certificate, spec.certificate_key);
    if (!context) die("no TLS context, or the client certificate cannot be used");
}

Load::~Load() { ::close(epoll); }

// When the next request has to start in an open loop.
Clock::time_point Load::due() const {
    return begin_ + std::chrono::nanoseconds(static_cast<std::int64_t>(
                        static_cast<double>(next_) * 1e9 / spec.rate));
}

const std::string* Load::next_request(Clock::time_point& started, std::size_t& number) {
    const auto now = Clock::now();
    if (over(now) || (spec.rate > 0 && due() > now)) return nullptr;
    started = spec.rate > 0 ? due() : now;
    number = next_++;
    return &requests_[number];
}

void Load::idle(Client& client) {
    if (spec.rate > 0 && !over(Clock::now())) return idle_.push_back(&client);
    client.close();
    active_--;
}

int Load::wait_milliseconds() const {
    if (idle_.empty()) return 30000;
    const auto left = std::min(due(), end_) - Clock::now();
    return std::max(
        0, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count()));
}

void Load::start_due() {
    auto waiting = std::exchange(idle_, {});
    for (Client* client : waiting) client->start();
}

Report Load::run() {
    begin_ = Clock::now();
    end_ = begin_ + std::chrono::microseconds(static_cast<std::int64_t>(spec.seconds * 1e6));
    std::vector<Client> clients;
    for (std::size_t i = 0; i < spec.connections; i++) clients.emplace_back(*this);
    active_ = clients.size();
    for (Client& client : clients) client.start();
    std::array<epoll_event, 64> events{};
    while (active_ != 0) {
        const int count = epoll_wait(epoll, events.data(), events.size(), wait_milliseconds());
        if (count < 0 || (count == 0 && idle_.empty())) die("no answer for 30 seconds");
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); i++)
            static_cast<Client*>(events[i].data.ptr)->on_event();
        start_due();
    }
    totals.seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
    return std::move(totals);
}

}  // namespace

Report run_load(const LoadSpec& spec, const std::vector<std::string>& requests,
                const Judge& judge, const FollowUp& follow_up) {
    return Load(spec, requests, judge, follow_up).run();
}

void print_report(Report report) {
    std::printf(
        "{\"seconds\": %.2f, \"ok\": %zu, \"pending\": %zu, \"shed\": %zu, \"refused\": %zu, "
        "\"broken\": %zu, \"resumed\": %zu, \"rate\": %.1f, \"p50_us\": %lld, "
        "\"p99_us\": %lld, \"p999_us\": %lld}\n",
        report.seconds, report.ok, report.pending, report.shed, report.refused, report.broken,
        report.resumed, static_cast<double>(report.ok) / report.seconds,
        static_cast<long long>(report.latencies.percentile(0.5)),
        static_cast<long long>(report.latencies.percentile(0.99)),
        static_cast<long long>(report.latencies.percentile(0.999)));
}

void die(const std::string& what) {
    std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, what.c_str());
    std::exit(1);
}

Arguments read_arguments(int argc, char** argv, Arguments defaults) {
    for (int i = 1; i + 1 < argc; i += 2) defaults[argv[i]] = argv[i + 1];
    return defaults;
}

LoadSpec load_spec(Arguments& given) {
    LoadSpec spec;
    spec.port = static_cast<std::uint16_t>(std::atoi(given["--port"].c_str()));
    spec.connections = std::strtoul(given["--connections"].c_str(), nullptr, 10);
    spec.seconds = std::strtod(given["--seconds"].c_str(), nullptr);
    spec.rate = std::strtod(given["--rate"].c_str(), nullptr);
    const std::string& handshake = given["--handshake"];
    spec.handshake = handshake == "full"      ? Handshake::full
                     : handshake == "resumed" ? Handshake::resumed
                                              : Handshake::once;
    spec.certificate = given["--cert"];
    spec.certificate_key = given["--cert-key"];
    if (spec.port == 0 || spec.connections == 0) die("--port and --connections are needed");
    return spec;
}

Outcome http_outcome(std::string_view answer) {
    if (answer.starts_with("HTTP/1.1 200")) return Outcome::ok;
    return answer.starts_with("HTTP/1.1 503") ? Outcome::shed : Outcome::refused;
}

}  // namespace bench
