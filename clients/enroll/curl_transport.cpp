#include <curl/curl.h>

#include <algorithm>
#include <array>

#include "clients/enroll/channel_binding.h"
#include "clients/enroll/http.h"
#include "libpki/base/ascii.h"
#include "libpki/x509/cert.h"

namespace enroll {

using pki::Errc;
using pki::fail;

namespace {

constexpr std::size_t kMostBody = std::size_t{4} * 1024 * 1024;
constexpr long kConnectSeconds = 30;

struct EasyDeleter {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using EasyPtr = std::unique_ptr<CURL, EasyDeleter>;

struct ListDeleter {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using ListPtr = std::unique_ptr<curl_slist, ListDeleter>;

void add_header(ListPtr& list, const std::string& line) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) return;
    (void)list.release();
    list.reset(longer);
}

// A smaller count than was given ends the exchange.
std::size_t take(char* data, std::size_t, std::size_t size, void* body) noexcept {
    auto& out = *static_cast<pki::Buffer*>(body);
    if (out.size() + size > kMostBody) return 0;
    out.insert(out.end(), data, data + size);
    return size;
}

// The connection of the exchange that goes on; nullptr when it has no TLS. Between exchanges
// curl tells of none.
SSL* connection_of(CURL* handle) {
    const curl_tlssessioninfo* info = nullptr;
    if (curl_easy_getinfo(handle, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK || info == nullptr ||
        info->backend != CURLSSLBACKEND_OPENSSL)
        return nullptr;
    return static_cast<SSL*>(info->internals);
}

std::string binding_of(SSL* connection) {
    const auto binding = connection ? channel_binding(connection) : std::string();
    return binding ? *binding : std::string();
}

struct Exchange {
    CURL* handle = nullptr;
    HttpAnswer answer;
};

// Each line of the head: what curl keeps for nobody.
std::size_t take_header(char* data, std::size_t, std::size_t size, void* user) noexcept {
    constexpr std::string_view kChallenge = "www-authenticate:";
    auto& exchange = *static_cast<Exchange*>(user);
    HttpAnswer& answer = exchange.answer;
    std::string_view line(data, size);
    line = line.substr(0, line.find_last_not_of("\r\n") + 1);
    if (line.starts_with("HTTP/")) {
        SSL* const connection = connection_of(exchange.handle);
        answer.challenges.clear();
        answer.tls = connection ? tls_text(connection) : std::string();
        answer.binding = binding_of(connection);
    } else if (pki::to_lower(line.substr(0, kChallenge.size())) == kChallenge) {
        line.remove_prefix(kChallenge.size());
        line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
        answer.challenges.emplace_back(line);
    }
    return size;
}

struct Bound {
    CURL* handle;
    const std::string& binding;
};

// Before the request is sent: is this the connection that it is bound to?
int check_connection(void* user, char*, char*, int, int) noexcept {
    const auto& bound = *static_cast<const Bound*>(user);
    return binding_of(connection_of(bound.handle)) == bound.binding ? CURL_PREREQFUNC_OK
                                                                    : CURL_PREREQFUNC_ABORT;
}

// curl copies it.
curl_blob blob(std::string_view text) {
    return {const_cast<char*>(text.data()), text.size(), CURL_BLOB_COPY};
}

std::string pem_of(const std::vector<pki::Buffer>& certificates) {
    std::string text;
    for (const pki::Buffer& der : certificates) text += pki::x509::certificate_to_pem(der);
    return text;
}

const char* explain(CURLcode code) {
    switch (code) {
        case CURLE_PEER_FAILED_VERIFICATION: return "the server is not trusted";
        case CURLE_WRITE_ERROR: return "the answer is too large";
        case CURLE_ABORTED_BY_CALLBACK: return "the server has closed the connection";
        case CURLE_OPERATION_TIMEDOUT: return "the server does not answer in time";
        default: return "no answer from the server";
    }
}

class CurlTransport final : public Transport {
   public:
    CurlTransport(EasyPtr handle, HttpOptions options)
        : handle_(std::move(handle)), options_(std::move(options)) {}

    pki::Result<HttpAnswer> send(const HttpRequest& request) override {
        CURL* const handle = handle_.get();
        curl_easy_reset(handle);
        set_common();
        set_tls();
        if (!request.anonymous) set_credentials();
        const ListPtr headers = set_request(request);
        const Bound bound{handle, request.binding};
        if (!request.binding.empty()) {
            curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, check_connection);
            curl_easy_setopt(handle, CURLOPT_PREREQDATA, &bound);
        }
        Exchange exchange{handle, {}};
        curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
        curl_easy_setopt(handle, CURLOPT_HEADERDATA, &exchange);
        curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take);
        curl_easy_setopt(handle, CURLOPT_WRITEDATA, &exchange.answer.body);
        error_[0] = '\0';
        const CURLcode code = curl_easy_perform(handle);
        if (code != CURLE_OK)
            return fail(Errc::unavailable, explain(code),
                        error_[0] != '\0' ? error_.data() : curl_easy_strerror(code));
        read_facts(exchange.answer);
        return std::move(exchange.answer);
    }

   private:
    void set_common() {
        CURL* const handle = handle_.get();
        curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, error_.data());
        curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR,
                         options_.plain ? "http,https" : "https");
        curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
        curl_easy_setopt(handle, CURLOPT_TIMEOUT, static_cast<long>(options_.timeout));
        curl_easy_setopt(handle, CURLOPT_USERAGENT, "enroll");
    }

    void set_tls() {
        CURL* const handle = handle_.get();
        curl_easy_setopt(handle, CURLOPT_SSLVERSION,
                         static_cast<long>(CURL_SSLVERSION_TLSv1_2));
        if (!options_.verify_server) {
            curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 0L);
            curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 0L);
        }
        if (!options_.anchors.empty()) {
            const std::string anchors = pem_of(options_.anchors);
            const curl_blob value = blob(anchors);
            curl_easy_setopt(handle, CURLOPT_CAINFO_BLOB, &value);
            // Or the system's would count as well: curl has a folder of them by default.
            curl_easy_setopt(handle, CURLOPT_CAINFO, nullptr);
            curl_easy_setopt(handle, CURLOPT_CAPATH, nullptr);
        }
        if (options_.certificate.empty()) return;
        const std::string certificate = pem_of(options_.certificate);
        const curl_blob chain = blob(certificate);
        const curl_blob key = blob(pki::as_text(options_.key.view()));
        curl_easy_setopt(handle, CURLOPT_SSLCERT_BLOB, &chain);
        curl_easy_setopt(handle, CURLOPT_SSLKEY_BLOB, &key);
    }

    void set_credentials() {
        CURL* const handle = handle_.get();
        if (options_.token.size() != 0) {
            const std::string token(pki::as_text(options_.token.view()));
            curl_easy_setopt(handle, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
            curl_easy_setopt(handle, CURLOPT_XOAUTH2_BEARER, token.c_str());
        }
        if (options_.user.empty()) return;
        const std::string password(pki::as_text(options_.password.view()));
        curl_easy_setopt(handle, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
        curl_easy_setopt(handle, CURLOPT_USERNAME, options_.user.c_str());
        curl_easy_setopt(handle, CURLOPT_PASSWORD, password.c_str());
    }

    // The list has to live as long as the exchange; body and URL are looked at or copied.
    ListPtr set_request(const HttpRequest& request) {
        CURL* const handle = handle_.get();
        ListPtr headers;
        curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
        if (!request.post) return headers;
        add_header(headers, "Content-Type: " + request.content_type);
        if (!request.encoding.empty())
            add_header(headers, "Content-Transfer-Encoding: " + request.encoding);
        add_header(headers, "Expect:");
        curl_easy_setopt(handle, CURLOPT_POST, 1L);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.data());
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                         static_cast<curl_off_t>(request.body.size()));
        curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
        return headers;
    }

    void read_facts(HttpAnswer& answer) {
        curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &answer.status);
        const char* type = nullptr;
        curl_easy_getinfo(handle_.get(), CURLINFO_CONTENT_TYPE, &type);
        if (type != nullptr) answer.content_type = type;
        curl_off_t seconds = 0;
        curl_easy_getinfo(handle_.get(), CURLINFO_RETRY_AFTER, &seconds);
        answer.retry_after = static_cast<std::uint64_t>(seconds);
    }

    EasyPtr handle_;
    HttpOptions options_;
    std::array<char, CURL_ERROR_SIZE> error_{};
};

}  // namespace

pki::Result<std::unique_ptr<Transport>> connect_by_curl(HttpOptions options) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    EasyPtr handle(curl_easy_init());
    if (!handle) return fail(Errc::internal, "no curl");
    return std::unique_ptr<Transport>(
        std::make_unique<CurlTransport>(std::move(handle), std::move(options)));
}

}  // namespace enroll
