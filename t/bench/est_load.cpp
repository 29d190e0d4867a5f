// EST enrolments over N connections. One JSON object on standard output.
//
//     est_load --make FILE --requests R [--key ec:P-256|rsa:2048|mixed]
//     est_load --port P --connections N --seconds S [--rate PER_SECOND]
//              (--csrs FILE | --requests R [--key KEY])
//              [--handshake once|resumed|full] [--cert FILE --cert-key FILE]
//              [--user USER:PASSWORD] [--path PATH]
//
// A closed loop, in which each connection sends its next request when it has its answer; with
// --rate an open one: requests are due at that rate, whatever the answers, on any connection
// that is free, and latency counts from the time that one was due. With kept connections the
// first request of each, which waits for the handshake, has no part in the latencies. --make
// writes CSRs for several runs. The server's certificate is not verified: it is the load that
// counts.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>

#include "libpki/ossl/errors.h"
#include "libpki/ossl/handles.h"
#include "t/bench/latencies.h"
#include "t/bench/requests.h"

namespace bench {

namespace {

constexpr std::size_t kBroken = 100;

using Clock = std::chrono::steady_clock;
using SslCtxPtr = std::unique_ptr<SSL_CTX, pki::ossl::Deleter<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, pki::ossl::Deleter<SSL_free>>;
using SessionPtr = std::unique_ptr<SSL_SESSION, pki::ossl::Deleter<SSL_SESSION_free>>;

enum class Handshake { once, resumed, full };

struct Options {
    std::uint16_t port = 0;
    std::size_t connections = 1;
    double seconds = 10;
    double rate = 0;  // requests a second, 0: closed loop
    std::string make, csrs;
    Handshake handshake = Handshake::once;
    std::string certificate, certificate_key;
    RequestSpec requests;
};

[[noreturn]] void die(const char* what) {
    std::fprintf(stderr, "est_load: %s\n", what);
    std::exit(1);
}

Options read_options(int argc, char** argv) {
    std::map<std::string, std::string> given{{"--key", "ec:P-256"},
                                             {"--handshake", "once"},
                                             {"--path", "/.well-known/est/simpleenroll"}};
    for (int i = 1; i + 1 < argc; i += 2) given[argv[i]] = argv[i + 1];
    Options options;
    options.port = static_cast<std::uint16_t>(std::atoi(given["--port"].c_str()));
    options.connections = std::strtoul(given["--connections"].c_str(), nullptr, 10);
    options.seconds = std::strtod(given["--seconds"].c_str(), nullptr);
    const std::string handshake = given["--handshake"];
    options.rate = std::strtod(given["--rate"].c_str(), nullptr);
    options.make = given["--make"];
    options.csrs = given["--csrs"];
    options.handshake = handshake == "full"      ? Handshake::full
                        : handshake == "resumed" ? Handshake::resumed
                                                 : Handshake::once;
    options.certificate = given["--cert"];
    options.certificate_key = given["--cert-key"];
    options.requests = {given["--key"], given["--path"], given["--user"],
                        std::strtoul(given["--requests"].c_str(), nullptr, 10),
                        options.handshake != Handshake::once};
    if (options.csrs.empty() && options.requests.count == 0)
        die("--requests or --csrs is needed");
    if (options.make.empty() && (options.port == 0 || options.connections == 0))
        die("--port and --connections are needed");
    return options;
}

struct Totals {
    std::size_t ok = 0, shed = 0, refused = 0, broken = 0, resumed = 0;
    Latencies latencies;
};

class Load;

// One connection, which is made anew when handshakes are measured.
class Client {
   public:
    explicit Client(Load& load) : load_(load) {}
    void start();
    void on_event();
    void close();

   private:
    void begin();
    bool connect();
    bool write_request();
    bool read_answer();
    bool wait_for(int result);
    void finish(bool answered);
    void note_latency();

    Load& load_;
    int fd_ = -1;
    SslPtr ssl_;
    SessionPtr session_;
    const std::string* request_ = nullptr;
    bool written_ = false;
    bool fresh_ = false;  // a connection made for this request
    std::string answer_;
    Clock::time_point started_;
};

class Load {
   public:
    Load(const Options& options, std::vector<std::string> requests);
    void run();
    void report(double seconds);

    // What a free connection does next; nothing, when it is over or no request is due.
    const std::string* next_request(Clock::time_point& started);
    void idle(Client& client);

    const Options& options;
    SslCtxPtr context;
    int epoll;
    Totals totals;
    std::size_t active = 0;

   private:
    bool over(Clock::time_point now) const { return now >= end_ || next_ == requests_.size(); }
    Clock::time_point due() const;
    int wait_milliseconds() const;
    void start_due();

    std::vector<std::string> requests_;
    std::size_t next_ = 0;
    std::vector<Client*> idle_;
    Clock::time_point begin_;
    Clock::time_point end_;
};

void Client::begin() {
    request_ = load_.next_request(started_);
    if (request_ == nullptr) return load_.idle(*this);
    answer_.clear();
    written_ = false;
    fresh_ = false;
    if (load_.options.handshake != Handshake::once) close();
    if (fd_ < 0 && !connect()) return finish(false);
}

void Client::start() {
    begin();
    on_event();
}

bool Client::connect() {
    fresh_ = true;
    fd_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(load_.options.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0)
        return false;
    const int flags = 1;
    ioctl(fd_, FIONBIO, &flags);
    ssl_.reset(SSL_new(load_.context.get()));
    SSL_set_fd(ssl_.get(), fd_);
    SSL_set_connect_state(ssl_.get());
    if (session_ && load_.options.handshake == Handshake::resumed)
        SSL_set_session(ssl_.get(), session_.get());
    epoll_event event{EPOLLIN | EPOLLOUT | EPOLLET, {.ptr = this}};
    return epoll_ctl(load_.epoll, EPOLL_CTL_ADD, fd_, &event) == 0;
}

bool Client::wait_for(int result) {
    const int error = SSL_get_error(ssl_.get(), result);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

void Client::on_event() {
    const pki::ossl::ErrorGuard errors;
    while (request_ != nullptr && fd_ >= 0) {
        if (!written_ && !write_request()) return;
        if (!read_answer()) return;
    }
}

// False while it is not written, or when the connection broke.
bool Client::write_request() {
    const int size =
        SSL_write(ssl_.get(), request_->data(), static_cast<int>(request_->size()));
    if (size > 0) {
        if (SSL_session_reused(ssl_.get())) load_.totals.resumed++;
        written_ = true;
        return true;
    }
    if (!wait_for(size)) finish(false);
    return false;
}

// True when it is there and the next request has begun.
bool Client::read_answer() {
    char buffer[16384];
    int size = 0;
    while ((size = SSL_read(ssl_.get(), buffer, sizeof(buffer))) > 0) {
        answer_.append(buffer, static_cast<std::size_t>(size));
        const std::size_t head = answer_.find("\r\n\r\n");
        if (head == std::string::npos) continue;
        const std::size_t length = answer_.find("Content-Length: ");
        if (length > head) continue;
        const std::size_t body = std::strtoul(answer_.c_str() + length + 16, nullptr, 10);
        if (answer_.size() < head + 4 + body) continue;
        finish(true);
        return true;
    }
    if (!wait_for(size)) finish(false);
    return false;
}

void Client::finish(bool answered) {
    Totals& totals = load_.totals;
    if (!answered) {
        if (++totals.broken > kBroken) die("too many connections break");
        close();
    } else if (answer_.compare(0, 12, "HTTP/1.1 200") == 0) {
        totals.ok++;
        note_latency();
    } else if (answer_.compare(0, 12, "HTTP/1.1 503") == 0) {
        totals.shed++;
    } else {
        totals.refused++;
    }
    begin();
}

void Client::note_latency() {
    if (fresh_ && load_.options.handshake == Handshake::once) return;
    const auto passed = Clock::now() - started_;
    load_.totals.latencies.add(
        std::chrono::duration_cast<std::chrono::microseconds>(passed).count());
}

void Client::close() {
    if (fd_ < 0) return;
    if (load_.options.handshake == Handshake::resumed)
        session_.reset(SSL_get1_session(ssl_.get()));
    SSL_set_quiet_shutdown(ssl_.get(), 1);
    SSL_shutdown(ssl_.get());  // or the session could not be resumed
    ssl_.reset();
    ::close(std::exchange(fd_, -1));
}

Load::Load(const Options& given, std::vector<std::string> requests)
    : options(given),
      context(SSL_CTX_new(TLS_client_method())),
      epoll(epoll_create1(0)),
      requests_(std::move(requests)) {
    if (!context || epoll < 0) die("no TLS context");
    SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
    if (options.certificate.empty()) return;
    if (SSL_CTX_use_certificate_chain_file(context.get(), options.certificate.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context.get(), options.certificate_key.c_str(),
                                    SSL_FILETYPE_PEM) != 1)
        die("the client certificate cannot be used");
}

// When the next request has to start in an open loop.
Clock::time_point Load::due() const {
    return begin_ + std::chrono::nanoseconds(static_cast<std::int64_t>(
                        static_cast<double>(next_) * 1e9 / options.rate));
}

const std::string* Load::next_request(Clock::time_point& started) {
    const auto now = Clock::now();
    if (over(now) || (options.rate > 0 && due() > now)) return nullptr;
    started = options.rate > 0 ? due() : now;
    return &requests_[next_++];
}

void Load::idle(Client& client) {
    if (options.rate > 0 && !over(Clock::now())) return idle_.push_back(&client);
    client.close();
    active--;
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

void Load::run() {
    begin_ = Clock::now();
    end_ = begin_ + std::chrono::microseconds(static_cast<std::int64_t>(options.seconds * 1e6));
    std::vector<Client> clients;
    for (std::size_t i = 0; i < options.connections; i++) clients.emplace_back(*this);
    active = clients.size();
    for (Client& client : clients) client.start();
    epoll_event events[64];
    while (active != 0) {
        const int count = epoll_wait(epoll, events, 64, wait_milliseconds());
        if (count < 0 || (count == 0 && idle_.empty())) die("no answer for 30 seconds");
        for (int i = 0; i < count; i++) static_cast<Client*>(events[i].data.ptr)->on_event();
        start_due();
    }
    report(std::chrono::duration<double>(Clock::now() - begin_).count());
}

void Load::report(double seconds) {
    std::printf(
        "{\"seconds\": %.2f, \"ok\": %zu, \"shed\": %zu, \"refused\": %zu, \"broken\": %zu, "
        "\"resumed\": %zu, \"rate\": %.1f, \"p50_us\": %lld, \"p99_us\": %lld, "
        "\"p999_us\": %lld}\n",
        seconds, totals.ok, totals.shed, totals.refused, totals.broken, totals.resumed,
        static_cast<double>(totals.ok) / seconds,
        static_cast<long long>(totals.latencies.percentile(0.5)),
        static_cast<long long>(totals.latencies.percentile(0.99)),
        static_cast<long long>(totals.latencies.percentile(0.999)));
}

int run(int argc, char** argv) {
    const Options options = read_options(argc, argv);
    if (!options.make.empty()) {
        if (const auto made = make_csrs(options.requests, options.make); !made)
            die(made.error().text);
        return 0;
    }
    auto requests = options.csrs.empty() ? make_requests(options.requests)
                                         : read_requests(options.requests, options.csrs);
    if (!requests) die(requests.error().text);
    Load(options, *std::move(requests)).run();
    return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) { return bench::run(argc, argv); }
