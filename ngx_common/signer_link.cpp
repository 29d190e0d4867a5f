#include "ngx_common/signer_link.h"

#include <array>

#include "ngx_common/guard.h"

namespace ngx_enroll {

namespace {

// Read at once: an answer may be a part of a long list.
constexpr std::size_t kPart = 16 * 1024;

}  // namespace

bool SignerLink::open(const ngx_addr_t& signer) {
    // Without this nginx would take a connection from a client, and raise an alert.
    if (ngx_cycle->free_connection_n == 0) return false;
    // A signerd that is away is the owner's to log, once and not at each attempt.
    log_ = *ngx_cycle->log;
    log_.log_level = std::min<ngx_uint_t>(log_.log_level, NGX_LOG_ALERT);
    ngx_str_t name = signer.name;
    ngx_peer_connection_t peer{};
    peer.sockaddr = signer.sockaddr;
    peer.socklen = signer.socklen;
    peer.name = &name;
    peer.get = ngx_event_get_peer;
    peer.log = &log_;
    peer.log_error = NGX_ERROR_ERR;
    const ngx_int_t rc = ngx_event_connect_peer(&peer);
    if (rc != NGX_OK && rc != NGX_AGAIN) return false;
    connection_ = peer.connection;
    connection_->data = this;
    connection_->log = &log_;
    connection_->read->handler = on_read;
    connection_->write->handler = on_write;
    // nginx calls the handler of what is idle when a worker is to end.
    connection_->idle = terms_.idle;
    connection_->read->cancelable = terms_.idle;
    return true;
}

bool SignerLink::send(pki::Bytes frame) {
    output_ = frame;
    input_.clear();
    if (!write_some()) return false;
    busy_ = true;
    ngx_add_timer(connection_->read, terms_.answer_timeout);
    return true;
}

void SignerLink::close() {
    if (connection_ == nullptr) return;
    ngx_close_connection(connection_);
    connection_ = nullptr;
    busy_ = false;
    output_ = {};
}

bool SignerLink::write_some() {
    while (!output_.empty()) {
        const ssize_t n = connection_->send(
            connection_, const_cast<std::uint8_t*>(output_.data()), output_.size());
        if (n == NGX_AGAIN) return ngx_handle_write_event(connection_->write, 0) == NGX_OK;
        if (n <= 0) return false;
        output_ = output_.subspan(static_cast<std::size_t>(n));
    }
    return true;
}

void SignerLink::on_write(ngx_event_t* event) {
    auto* connection = static_cast<ngx_connection_t*>(event->data);
    auto& link = *static_cast<SignerLink*>(connection->data);
    guarded(ngx_cycle->log, 0, [&] {
        if (!link.write_some()) link.fail("cannot be written to");
        return 0;
    });
}

void SignerLink::on_read(ngx_event_t* event) {
    auto* connection = static_cast<ngx_connection_t*>(event->data);
    auto& link = *static_cast<SignerLink*>(connection->data);
    guarded(ngx_cycle->log, 0, [&] {
        link.receive(event);
        return 0;
    });
}

void SignerLink::receive(ngx_event_t* event) {
    if (connection_->close) return fail("is no longer needed");
    if (event->timedout) return fail("does not answer");
    std::array<u_char, kPart> part;
    for (;;) {
        const ssize_t n = connection_->recv(connection_, part.data(), part.size());
        if (n == NGX_AGAIN) break;
        if (n <= 0) return fail("has closed the connection");
        pki::append(input_, pki::Bytes(part).first(static_cast<std::size_t>(n)));
        if (input_.size() > terms_.most_answer) return fail("sent a bad answer");
        if (take_answer()) return;
    }
    if (ngx_handle_read_event(event, 0) != NGX_OK) fail("cannot be read from");
}

// True when the owner has been told: nothing of this link may be touched after that.
bool SignerLink::take_answer() {
    const auto size = pki::wire::frame_size(input_);
    if (size && (*size == 0 || *size > input_.size())) return false;
    const pki::Buffer answer = std::move(input_);
    input_.clear();
    const auto frame = pki::wire::parse_frame(answer);
    if (!frame || !busy_) {
        fail("sent a bad answer");
        return true;
    }
    busy_ = false;
    if (connection_->read->timer_set) ngx_del_timer(connection_->read);
    owner_.answered(*frame);
    return true;
}

void SignerLink::fail(const char* why) {
    close();
    owner_.failed(why);
}

std::vector<const ngx_addr_t*> signer_servers(const ngx_http_upstream_srv_conf_t& signer) {
    std::vector<const ngx_addr_t*> addresses;
    const auto* servers = static_cast<ngx_http_upstream_server_t*>(signer.servers->elts);
    for (const bool backup : {false, true}) {
        for (ngx_uint_t i = 0; i < signer.servers->nelts; i++) {
            if (servers[i].down || (servers[i].backup != 0) != backup) continue;
            for (ngx_uint_t j = 0; j < servers[i].naddrs; j++)
                addresses.push_back(&servers[i].addrs[j]);
        }
    }
    return addresses;
}

}  // namespace ngx_enroll
