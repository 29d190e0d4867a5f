#include "ngx_common/signer_conf.h"

#include "ngx_common/pool.h"

namespace ngx_enroll {

// No word makes nginx send again what was sent: there is no "non_idempotent" here.
ngx_conf_bitmask_t next_signer_masks[] = {
    {ngx_string("error"), NGX_HTTP_UPSTREAM_FT_ERROR},
    {ngx_string("timeout"), NGX_HTTP_UPSTREAM_FT_TIMEOUT},
    {ngx_string("off"), NGX_HTTP_UPSTREAM_FT_OFF},
    {ngx_null_string, 0},
};

namespace {

constexpr ngx_msec_t kConnectTimeout = 5000;
constexpr ngx_msec_t kSendTimeout = 5000;
constexpr ngx_msec_t kReadTimeout = 15000;  // a batch on a slow disk, a failover of a signer
constexpr std::size_t kBufferSize = 16 * 1024;

}  // namespace

void init_signer_conf(ngx_http_upstream_conf_t& conf) {
    conf.local = static_cast<ngx_http_upstream_local_t*>(NGX_CONF_UNSET_PTR);
    conf.socket_keepalive = 0;
    conf.next_upstream_tries = NGX_CONF_UNSET_UINT;
    conf.next_upstream_timeout = NGX_CONF_UNSET_MSEC;
    conf.connect_timeout = NGX_CONF_UNSET_MSEC;
    conf.send_timeout = NGX_CONF_UNSET_MSEC;
    conf.read_timeout = NGX_CONF_UNSET_MSEC;
    conf.buffer_size = kBufferSize;

    // signerd finishes what it began; an answer to a client that left is not lost, its
    // retry gets it.
    conf.ignore_client_abort = 1;
    conf.intercept_errors = 1;
    ngx_str_set(&conf.module, "enroll");
}

char* merge_signer_conf(ngx_conf_t* cf, ngx_http_upstream_conf_t& conf,
                        ngx_http_upstream_conf_t& parent) {
    ngx_conf_merge_ptr_value(conf.local, parent.local, nullptr);
    ngx_conf_merge_uint_value(conf.next_upstream_tries, parent.next_upstream_tries, 0);
    ngx_conf_merge_msec_value(conf.next_upstream_timeout, parent.next_upstream_timeout, 0);
    ngx_conf_merge_msec_value(conf.connect_timeout, parent.connect_timeout, kConnectTimeout);
    ngx_conf_merge_msec_value(conf.send_timeout, parent.send_timeout, kSendTimeout);
    ngx_conf_merge_msec_value(conf.read_timeout, parent.read_timeout, kReadTimeout);
    ngx_conf_merge_bitmask_value(
        conf.next_upstream, parent.next_upstream,
        (NGX_CONF_BITMASK_SET | NGX_HTTP_UPSTREAM_FT_ERROR | NGX_HTTP_UPSTREAM_FT_TIMEOUT));
    if (conf.next_upstream & NGX_HTTP_UPSTREAM_FT_OFF)
        conf.next_upstream = NGX_CONF_BITMASK_SET | NGX_HTTP_UPSTREAM_FT_OFF;
    (void)cf;
    return NGX_CONF_OK;
}

char* set_signer_pass(ngx_conf_t* cf, ngx_http_upstream_conf_t& conf) {
    ngx_url_t url{};
    url.url = static_cast<ngx_str_t*>(cf->args->elts)[1];
    url.no_resolve = 1;
    conf.upstream = ngx_http_upstream_add(cf, &url, 0);
    return conf.upstream == nullptr ? static_cast<char*>(NGX_CONF_ERROR) : NGX_CONF_OK;
}

ngx_int_t check_signer_peers(ngx_conf_t* cf, const ngx_http_upstream_srv_conf_t& upstream,
                             const char* directive) {
    if (upstream.servers == nullptr) {
        ngx_log_error(
            NGX_LOG_EMERG, cf->log, 0,
            "no upstream \"%V\" for \"%s\" in %s:%ui: name an upstream block or unix:/path",
            &upstream.host, directive, upstream.file_name, upstream.line);
        return NGX_ERROR;
    }
    auto* servers = static_cast<ngx_http_upstream_server_t*>(upstream.servers->elts);
    for (ngx_uint_t i = 0; i < upstream.servers->nelts; i++) {
        for (ngx_uint_t j = 0; j < servers[i].naddrs; j++) {
            if (servers[i].addrs[j].sockaddr->sa_family == AF_UNIX) continue;
            ngx_log_error(
                NGX_LOG_EMERG, cf->log, 0,
                "server \"%V\" of the upstream for \"%s\" is not a Unix socket in %s:%ui",
                &servers[i].addrs[j].name, directive, upstream.file_name, upstream.line);
            return NGX_ERROR;
        }
    }
    return NGX_OK;
}

}  // namespace ngx_enroll
