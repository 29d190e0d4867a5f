// HTTP by libcurl: https alone, TLS 1.2 and later, certificates always verified, to hosts of
// the list alone; no redirection, no proxy, no cookie, no compression, bounded answers.
#pragma once

#include <curl/curl.h>

#include <deque>
#include <map>

#include "signerd/outside/http.h"

namespace signerd {

class CurlHttp : public Http {
   public:
    // Before the sandbox, since it may load and start things. One at a time in a process.
    static pki::Result<std::unique_ptr<CurlHttp>> create(std::vector<std::string> hosts,
                                                         std::string ca_file,
                                                         std::size_t connections);
    ~CurlHttp() override;

    void send(HttpRequest request, Done done) override;

    // Ends the requests that are done; without any, waits until `fd` can be read, or written
    // where `writing`, or a request progresses. True when it is `fd`.
    bool wait(int fd, bool writing);

   private:
    struct Exchange;
    using ExchangePtr = std::unique_ptr<Exchange>;

    CurlHttp(std::vector<std::string> hosts, std::string ca_file, std::size_t connections);
    static bool is_notice(const ExchangePtr& exchange);
    pki::Result<ExchangePtr> prepare(HttpRequest request) const;
    pki::Status set_options(Exchange& exchange) const;
    void start(ExchangePtr exchange);
    bool advance();
    bool start_waiting();
    bool end_done();
    void finish(CURL* handle, CURLcode code);
    int patience() const;

    const std::vector<std::string> hosts_;
    const std::string ca_file_;
    const std::size_t connections_;
    CURLM* multi_ = nullptr;
    std::map<CURL*, ExchangePtr> exchanges_;           // one connection each
    std::deque<ExchangePtr> waiting_;                  // for one, questions first
    std::vector<std::pair<Done, pki::Error>> failed_;  // told in the next turn
};

}  // namespace signerd
