#include "ngx_enroll_module/crl.h"

#include <fcntl.h>

#include "libpki/base/base64.h"
#include "ngx_common/headers.h"
#include "ngx_enroll_module/crl_copy.h"
#include "ngx_enroll_module/freshness.h"

namespace ngx_enroll::enroll {

namespace {

// Octets of the hash that tell two lists with the same number apart: a store that was set up
// anew begins at 1.
constexpr std::size_t kTagOctets = 8;

// A file of the request, closed with it.
class Copy {
   public:
    // False: there is none, or not a whole one.
    bool find(ngx_http_request_t* r, const std::string& path) {
        ngx_pool_cleanup_t* cleanup =
            ngx_pool_cleanup_add(r->pool, sizeof(ngx_pool_cleanup_file_t));
        if (cleanup == nullptr) throw std::bad_alloc();
        name_ = copy_to_pool(r->pool, path + '\0');
        name_.len--;
        fd_ = ngx_open_file(name_.data, NGX_FILE_RDONLY | NGX_FILE_NONBLOCK, NGX_FILE_OPEN, 0);
        if (fd_ == NGX_INVALID_FILE) return false;
        cleanup->handler = ngx_pool_cleanup_file;
        *static_cast<ngx_pool_cleanup_file_t*>(cleanup->data) = {fd_, name_.data,
                                                                 r->connection->log};
        facts_ = read_facts(fd_);
        return facts_.has_value();
    }

    const CopyFacts& facts() const { return *facts_; }

    ngx_int_t send(ngx_http_request_t* r) const {
        auto* buffer = static_cast<ngx_buf_t*>(ngx_calloc_buf(r->pool));
        auto* file = static_cast<ngx_file_t*>(ngx_pcalloc(r->pool, sizeof(ngx_file_t)));
        if (buffer == nullptr || file == nullptr) return NGX_HTTP_INTERNAL_SERVER_ERROR;
        file->fd = fd_;
        file->name = name_;
        file->log = r->connection->log;
        buffer->file = file;
        buffer->in_file = 1;
        buffer->file_last = static_cast<off_t>(facts_->size);
        buffer->last_buf = r == r->main;
        buffer->last_in_chain = 1;
        ngx_chain_t link{buffer, nullptr};
        return ngx_http_output_filter(r, &link);
    }

   private:
    ngx_str_t name_{};
    ngx_fd_t fd_ = NGX_INVALID_FILE;
    std::optional<CopyFacts> facts_;
};

ngx_int_t send_head(ngx_http_request_t* r, const CopyFacts& facts) {
    const std::string tag = std::to_string(facts.number) + "-" +
                            pki::hex_encode(pki::Bytes(facts.sha256).first(kTagOctets));
    add_freshness(r, {static_cast<time_t>(facts.this_update),
                      static_cast<time_t>(facts.next_update), tag, false});
    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = static_cast<off_t>(facts.size);
    ngx_str_set(&r->headers_out.content_type, "application/pkix-crl");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = nullptr;
    r->allow_ranges = 1;
    return ngx_http_send_header(r);
}

// nullopt: not a list that there can be.
std::optional<ListName> list_name(ngx_http_request_t* r, const CrlConf& conf) {
    ListName name{std::string(view(conf.ca)), 0, conf.delta};
    if (conf.partition == nullptr) return name;
    ngx_str_t text;
    if (ngx_http_complex_value(r, conf.partition, &text) != NGX_OK) throw std::bad_alloc();
    const auto number = partition_number(view(text));
    if (!number) return std::nullopt;
    name.partition = *number;
    return name;
}

}  // namespace

std::optional<std::uint32_t> partition_number(std::string_view text) {
    // A list has one URL: no leading zeros.
    if (text.empty() || text.front() == '0') return std::nullopt;
    ngx_str_t lent = lend(text);
    const ngx_int_t number = ngx_atoi(lent.data, lent.len);
    if (number < 1 || number > static_cast<ngx_int_t>(pki::limits::kPartitions))
        return std::nullopt;
    return static_cast<std::uint32_t>(number);
}

ngx_int_t serve_crl(EnrollExchange& exchange) {
    ngx_http_request_t* r = exchange.request;
    if (!(r->method & (NGX_HTTP_GET | NGX_HTTP_HEAD))) {
        add_header(r, "Allow", lend("GET, HEAD"));  // RFC 9110 15.5.6
        return refuse_with(exchange, "unsupported", NGX_HTTP_NOT_ALLOWED,
                           "the method is not allowed here");
    }
    if (const ngx_int_t rc = ngx_http_discard_request_body(r); rc != NGX_OK) return rc;
    const auto name = list_name(r, conf_of(r).crl);
    if (!name) return refuse_with(exchange, "not_found", NGX_HTTP_NOT_FOUND, "no such list");
    Copy copy;
    if (!copy.find(r, copy_path(view(main_conf_of(r).crl_path->name), *name)))
        return refuse_with(exchange, "unavailable", NGX_HTTP_SERVICE_UNAVAILABLE,
                           "the list is not here yet, try again later");
    exchange.outcome = "ok";
    const ngx_int_t rc = send_head(r, copy.facts());
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) return rc;
    return copy.send(r);
}

}  // namespace ngx_enroll::enroll
