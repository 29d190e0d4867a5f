#include "ngx_common/report_link.h"

#include <array>

#include "ngx_common/guard.h"

namespace ngx_enroll {

namespace {

// Shorter than what a worker that ends has for all of its reports.
constexpr ngx_msec_t kAnswerTimeout = 3000;

// An answer is a flag, or an error with its line.
constexpr std::size_t kMostAnswer = 4096;

}  // namespace

bool ReportLink::open(const ngx_addr_t& signer) {
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
    return true;
}

bool ReportLink::send(pki::Bytes frame) {
    output_ = frame;
    input_.clear();
    if (!write_some()) return false;
    busy_ = true;
    ngx_add_timer(connection_->read, kAnswerTimeout);
    return true;
}

void ReportLink::close() {
    if (connection_ == nullptr) return;
    ngx_close_connection(connection_);
    connection_ = nullptr;
    busy_ = false;
    output_ = {};
}

bool ReportLink::write_some() {
    while (!output_.empty()) {
        const ssize_t n = connection_->send(
            connection_, const_cast<std::uint8_t*>(output_.data()), output_.size());
        if (n == NGX_AGAIN) return ngx_handle_write_event(connection_->write, 0) == NGX_OK;
        if (n <= 0) return false;
        output_ = output_.subspan(static_cast<std::size_t>(n));
    }
    return true;
}

void ReportLink::on_write(ngx_event_t* event) {
    auto* connection = static_cast<ngx_connection_t*>(event->data);
    auto& link = *static_cast<ReportLink*>(connection->data);
    guarded(ngx_cycle->log, 0, [&] {
        if (!link.write_some()) link.fail("cannot be written to");
        return 0;
    });
}

void ReportLink::on_read(ngx_event_t* event) {
    auto* connection = static_cast<ngx_connection_t*>(event->data);
    auto& link = *static_cast<ReportLink*>(connection->data);
    guarded(ngx_cycle->log, 0, [&] {
        link.receive(event);
        return 0;
    });
}

void ReportLink::receive(ngx_event_t* event) {
    if (event->timedout) return fail("does not answer");
    std::array<u_char, 1024> part;
    for (;;) {
        const ssize_t n = connection_->recv(connection_, part.data(), part.size());
        if (n == NGX_AGAIN) break;
        if (n <= 0) return fail("has closed the connection");
        pki::append(input_, pki::Bytes(part).first(static_cast<std::size_t>(n)));
        if (input_.size() > kMostAnswer) return fail("sent a bad answer");
        if (take_answer()) return;
    }
    if (ngx_handle_read_event(event, 0) != NGX_OK) fail("cannot be read from");
}

// True when the owner has been told: nothing of this link may be touched after that.
bool ReportLink::take_answer() {
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

void ReportLink::fail(const char* why) {
    close();
    owner_.failed(why);
}

}  // namespace ngx_enroll
