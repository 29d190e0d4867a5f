#include "signerd/outside/curl_http.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "signerd/outside/url.h"
#include "signerd/version.h"

namespace signerd {

using pki::Errc;
using pki::fail;

namespace {

// The list of a tenant's services at Microsoft Graph has some 20 KiB.
constexpr std::size_t kMaxAnswer = 256 * 1024;
// How long wait() waits where there is nothing to wait for.
constexpr int kLongWait = 60'000;

struct FreeHandle {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

long milliseconds_left(HttpRequest::Time deadline) {
    const auto left = deadline - std::chrono::steady_clock::now();
    return static_cast<long>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
}

}  // namespace

struct CurlHttp::Exchange {
    ~Exchange() { OPENSSL_cleanse(request.body.data(), request.body.size()); }

    std::unique_ptr<curl_slist, FreeList> headers;
    std::unique_ptr<CURL, FreeHandle> handle;  // goes first: it looks at the headers
    HttpRequest request;
    HttpAnswer answer;
    Done done;
    std::array<char, CURL_ERROR_SIZE> problem{};
};

namespace {

// Beyond the bound: an error, which ends the exchange.
std::size_t take_body(char* data, std::size_t size, std::size_t count, void* to) {
    std::string& body = *static_cast<std::string*>(to);
    if (size * count > kMaxAnswer - body.size()) return 0;
    body.append(data, size * count);
    return size * count;
}

template <class Value>
bool set(CURL* handle, CURLoption option, Value value) {
    return curl_easy_setopt(handle, option, value) == CURLE_OK;
}

// What could lead elsewhere than the URL says, or let somebody else answer.
bool set_confinement(CURL* handle, const std::string& ca_file) {
    return set(handle, CURLOPT_PROTOCOLS_STR, "https") &&
           set(handle, CURLOPT_REDIR_PROTOCOLS_STR, "https") &&
           set(handle, CURLOPT_FOLLOWLOCATION, 0L) && set(handle, CURLOPT_PROXY, "") &&
           set(handle, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED)) &&
           set(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2)) &&
           set(handle, CURLOPT_SSL_VERIFYPEER, 1L) && set(handle, CURLOPT_SSL_VERIFYHOST, 2L) &&
           set(handle, CURLOPT_CAINFO, ca_file.c_str()) &&
           set(handle, CURLOPT_CAPATH, static_cast<char*>(nullptr));
}

bool set_request(CURL* handle, const HttpRequest& request, curl_slist* headers) {
    return set(handle, CURLOPT_URL, request.url.c_str()) &&
           set(handle, CURLOPT_HTTPHEADER, headers) &&
           set(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1)) &&
           set(handle, CURLOPT_USERAGENT, (std::string("signerd/") + kVersion).c_str()) &&
           set(handle, CURLOPT_NOSIGNAL, 1L) &&
           // Or the end of an exchange waits for the thread that asks the name server.
           set(handle, CURLOPT_QUICK_EXIT, 1L) &&
           set(handle, CURLOPT_TIMEOUT_MS, std::max(milliseconds_left(request.deadline), 1L)) &&
           (!request.post ||
            (set(handle, CURLOPT_POSTFIELDS, request.body.data()) &&
             set(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()))));
}

bool set_answer(CURL* handle, HttpAnswer& answer, char* problem) {
    return set(handle, CURLOPT_WRITEFUNCTION, take_body) &&
           set(handle, CURLOPT_WRITEDATA, static_cast<void*>(&answer.body)) &&
           set(handle, CURLOPT_ERRORBUFFER, problem);
}

}  // namespace

CurlHttp::CurlHttp(std::vector<std::string> hosts, std::string ca_file, std::size_t connections)
    : hosts_(std::move(hosts)), ca_file_(std::move(ca_file)), connections_(connections) {}

pki::Result<std::unique_ptr<CurlHttp>> CurlHttp::create(std::vector<std::string> hosts,
                                                        std::string ca_file,
                                                        std::size_t connections) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return fail(Errc::internal, "curl_global_init");
    std::unique_ptr<CurlHttp> http(
        new CurlHttp(std::move(hosts), std::move(ca_file), connections));
    http->multi_ = curl_multi_init();
    const long most = static_cast<long>(connections);
    if (http->multi_ == nullptr ||
        curl_multi_setopt(http->multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, most) != CURLM_OK ||
        curl_multi_setopt(http->multi_, CURLMOPT_MAXCONNECTS, most) != CURLM_OK)
        return fail(Errc::internal, "curl_multi_init");
    return http;
}

CurlHttp::~CurlHttp() {
    for (const auto& [handle, exchange] : exchanges_) curl_multi_remove_handle(multi_, handle);
    exchanges_.clear();
    curl_multi_cleanup(multi_);
    curl_global_cleanup();
}

bool CurlHttp::is_notice(const ExchangePtr& exchange) { return exchange->request.notice; }

void CurlHttp::send(HttpRequest request, Done done) {
    auto exchange = prepare(std::move(request));
    if (!exchange) {
        failed_.emplace_back(std::move(done), exchange.error());
        return;
    }
    (*exchange)->done = std::move(done);
    const bool last = (*exchange)->request.notice;
    const auto place = last ? waiting_.end() : std::ranges::find_if(waiting_, is_notice);
    waiting_.insert(place, *std::move(exchange));
}

pki::Result<CurlHttp::ExchangePtr> CurlHttp::prepare(HttpRequest request) const {
    PKI_CHECK(check_listed(request.url, hosts_));
    auto exchange = std::make_unique<Exchange>();
    exchange->request = std::move(request);
    PKI_CHECK(set_options(*exchange));
    return exchange;
}

pki::Status CurlHttp::set_options(Exchange& exchange) const {
    exchange.handle.reset(curl_easy_init());
    // Without "Expect", for which some servers let everybody wait.
    exchange.request.headers.emplace_back("Expect:");
    for (const std::string& header : exchange.request.headers) {
        curl_slist* const longer = curl_slist_append(exchange.headers.get(), header.c_str());
        if (longer == nullptr) return fail(Errc::internal, "curl_slist_append");
        (void)exchange.headers.release();
        exchange.headers.reset(longer);
    }
    CURL* const handle = exchange.handle.get();
    if (handle != nullptr && set_confinement(handle, ca_file_) &&
        set_request(handle, exchange.request, exchange.headers.get()) &&
        set_answer(handle, exchange.answer, exchange.problem.data()))
        return {};
    return fail(Errc::internal, "curl_easy_setopt");
}

bool CurlHttp::wait(int fd, bool writing) {
    if (advance()) return false;
    curl_waitfd ours{fd, CURL_WAIT_POLLIN, 0};
    if (writing) ours.events |= CURL_WAIT_POLLOUT;
    curl_multi_poll(multi_, &ours, 1, patience(), nullptr);
    return ours.revents != 0;
}

// True when somebody was told something: he may have said something in turn.
bool CurlHttp::advance() {
    const bool late = start_waiting();
    int running = 0;
    curl_multi_perform(multi_, &running);
    const bool done = end_done();
    const auto failed = std::exchange(failed_, {});
    for (const auto& [tell, error] : failed) tell(error);
    return late || done || !failed.empty();
}

// libcurl could keep them waiting itself, but not to their time limits.
bool CurlHttp::start_waiting() {
    std::deque<ExchangePtr> rest;
    for (ExchangePtr& exchange : std::exchange(waiting_, {})) {
        if (milliseconds_left(exchange->request.deadline) <= 0)
            failed_.emplace_back(std::move(exchange->done),
                                 fail(Errc::unavailable, "no connection was free in time"));
        else if (exchanges_.size() < connections_)
            start(std::move(exchange));
        else
            rest.push_back(std::move(exchange));
    }
    waiting_ = std::move(rest);
    return !failed_.empty();
}

void CurlHttp::start(ExchangePtr exchange) {
    CURL* const handle = exchange->handle.get();
    // 0 would be no time limit at all.
    const long left = std::max(milliseconds_left(exchange->request.deadline), 1L);
    if (!set(handle, CURLOPT_TIMEOUT_MS, left) ||
        curl_multi_add_handle(multi_, handle) != CURLM_OK) {
        failed_.emplace_back(std::move(exchange->done),
                             fail(Errc::unavailable, "curl_multi_add_handle"));
        return;
    }
    exchanges_.emplace(handle, std::move(exchange));
}

bool CurlHttp::end_done() {
    bool any = false;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        any = true;
        finish(message->easy_handle, message->data.result);
    }
    return any;
}

// Of what libcurl does it knows itself when it has to be asked again.
int CurlHttp::patience() const {
    long least = kLongWait;
    for (const ExchangePtr& exchange : waiting_)
        least = std::min(least, std::max(milliseconds_left(exchange->request.deadline), 0L));
    return static_cast<int>(least);
}

void CurlHttp::finish(CURL* handle, CURLcode code) {
    auto entry = exchanges_.extract(handle);
    curl_multi_remove_handle(multi_, handle);
    Exchange& exchange = *entry.mapped();
    if (code != CURLE_OK) {
        const char* const why =
            exchange.problem[0] != '\0' ? exchange.problem.data() : curl_easy_strerror(code);
        return exchange.done(fail(Errc::unavailable, "request failed", std::string(why)));
    }
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &exchange.answer.status);
    exchange.done(std::move(exchange.answer));
}

}  // namespace signerd
