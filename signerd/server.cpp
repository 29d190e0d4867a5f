#include "signerd/server.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cerrno>

#include "signerd/log.h"
#include "signerd/reply.h"

namespace signerd {

namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

// A peer that sends more without waiting for answers is read later: what one connection can
// make us hold stays small. nginx sends one request at a time.
constexpr std::size_t kPipelined = 16;
constexpr int kAcceptsPerTurn = 64;
constexpr seconds kPartialFrame{30};
constexpr seconds kSweep{5};
constexpr seconds kAcceptPause{1};

// Kept free for readers and admins: a frontend that takes every connection must not lock out
// who would find that out.
constexpr std::size_t kReserved = 8;

std::size_t connections_for(Role role, std::size_t limit) {
    if (role != Role::frontend) return limit;
    return limit - (limit < 2 * kReserved ? limit / 4 : kReserved);
}

bool may_read(const Connection& connection) {
    return !connection.closing && connection.unanswered < kPipelined &&
           connection.output_empty();
}

std::uint32_t interest_of(const Connection& connection) {
    if (!connection.output_empty()) return EPOLLOUT;
    if (may_read(connection)) return EPOLLIN;
    return 0;
}

const Listen* find_listen(const Config& config, const std::string& path) {
    const auto found = std::ranges::find(config.listen, path, &Listen::path);
    return found == config.listen.end() ? nullptr : &*found;
}

// The id of a frame that cannot be parsed further, if that much of it is there.
std::optional<std::uint64_t> id_of(pki::Bytes in) {
    if (in.size() < pki::wire::kHeaderSize) return std::nullopt;
    std::uint64_t id = 0;
    for (const std::uint8_t octet : in.subspan(pki::wire::kHeaderSize - 8, 8))
        id = id << 8 | octet;
    return id;
}

}  // namespace

pki::Result<std::vector<Listener>> Server::prepare(const Config& config) const {
    std::vector<Listener> fresh;
    for (const Listen& listen : config.listen) {
        if (listeners_.contains(listen.path)) continue;
        PKI_TRY(Listener listener, Listener::open(listen));
        fresh.push_back(std::move(listener));
    }
    return fresh;
}

void Server::apply(std::shared_ptr<const Generation> generation, std::vector<Listener> fresh) {
    generation_ = std::move(generation);
    for (auto entry = listeners_.begin(); entry != listeners_.end();) {
        const Listener& listener = entry->second;
        const Listen* listen = find_listen(*generation_->config, listener.path());
        if (listen == nullptr) {
            loop_.forget(listener.fd());
            entry = listeners_.erase(entry);
            continue;
        }
        if (const auto status = listener.set_access(*listen); !status)
            log(Level::error, "%s", status.error().message().c_str());
        entry++;
    }
    for (Listener& listener : fresh) listen_on(std::move(listener));
    for (auto& [id, connection] : connections_) {
        connection->peer = peer_of(*connection);
        if (connection->peer == nullptr) connection->closing = true;
        touched_.push_back(id);
    }
}

void Server::listen_on(Listener listener) {
    const std::string path = listener.path();
    const auto status =
        loop_.watch(listener.fd(), EPOLLIN, [this, path](std::uint32_t) { accept_some(path); });
    if (!status)
        return log(Level::error, "%s: %s", path.c_str(), status.error().message().c_str());
    listeners_.emplace(path, std::move(listener));
}

void Server::accept_some(const std::string& path) {
    const int listening = listeners_.at(path).fd();
    for (int i = 0; i < kAcceptsPerTurn; i++) {
        Fd socket(accept4(listening, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (socket) {
            admit(std::move(socket), path);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
            pause_accepting();
        return;
    }
}

// Level-triggered events would have us spin until a descriptor is free.
void Server::pause_accepting() {
    log(Level::error, "cannot accept: %s", errno_text().c_str());
    for (const auto& [path, listener] : listeners_) loop_.change(listener.fd(), 0);
    loop_.after(kAcceptPause, [this] {
        for (const auto& [path, listener] : listeners_) loop_.change(listener.fd(), EPOLLIN);
    });
}

void Server::admit(Fd socket, const std::string& path) {
    ucred credentials{};
    socklen_t size = sizeof(credentials);
    if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return;
    auto connection = std::make_unique<Connection>(std::move(socket), path, credentials);
    connection->peer = peer_of(*connection);
    if (connection->peer == nullptr) {
        log(Level::warning, "%s: no peer matches user %u group %u (pid %d)", path.c_str(),
            credentials.uid, credentials.gid, credentials.pid);
        return;
    }
    const std::size_t limit = generation_->config->limits.connections;
    if (connections_.size() >= connections_for(connection->peer->role, limit))
        return note_overload(*connection->peer);
    const std::uint64_t id = ++last_id_;
    connection->interest = EPOLLIN;
    const auto status = loop_.watch(connection->fd(), EPOLLIN,
                                    [this, id](std::uint32_t events) { ready(id, events); });
    if (!status) return log(Level::error, "%s", status.error().message().c_str());
    connections_.emplace(id, std::move(connection));
}

void Server::note_overload(const Peer& peer) {
    const auto now = steady_clock::now();
    if (now - overload_logged_ < seconds(1)) return;
    overload_logged_ = now;
    log(Level::warning, "peer %s: connection refused: limits.connections reached, %zu in use",
        peer.name.c_str(), connections_.size());
}

const Peer* Server::peer_of(const Connection& connection) const {
    const Listen* listen = find_listen(*generation_->config, connection.listen);
    return listen == nullptr ? nullptr : match_peer(*listen, connection.credentials);
}

void Server::ready(std::uint64_t id, std::uint32_t events) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    Connection& connection = *found->second;
    if (events & (EPOLLHUP | EPOLLERR)) return close(id);
    if ((events & EPOLLIN) && may_read(connection)) {
        switch (connection.receive()) {
            case Connection::Received::data: read_frames(id, connection); break;
            case Connection::Received::nothing: break;
            // Half closed: it may still wait for the answers to what it sent.
            case Connection::Received::ended: connection.closing = true; break;
            case Connection::Received::broken: return close(id);
        }
    }
    touched_.push_back(id);
}

void Server::read_frames(std::uint64_t id, Connection& connection) {
    bool progress = false;
    while (may_read(connection) && take_frame(id, connection)) progress = true;
    note_partial(connection, progress);
}

// False when there is no further frame.
bool Server::take_frame(std::uint64_t id, Connection& connection) {
    const pki::Bytes before = connection.input().rest();
    const auto bytes = connection.input().next();
    if (bytes && bytes->empty()) return false;
    auto frame =
        bytes ? pki::wire::parse_frame(*bytes) : pki::Result<pki::wire::Frame>(bytes.error());
    if (!frame) {
        give_up(connection, frame.error(), id_of(before));
        return false;
    }
    connection.unanswered++;
    dispatch_({generation_, connection.peer, *frame, {id, frame->header.id}});
    return true;
}

// The stream cannot be trusted to be in step any more.
void Server::give_up(Connection& connection, const pki::Error& error,
                     std::optional<std::uint64_t> id) {
    log(Level::warning, "peer %s: %s", connection.peer->name.c_str(), error.message().c_str());
    refused_(*generation_, *connection.peer, error);
    if (id) connection.queue(error_frame(error, *id));
    connection.closing = true;
}

void Server::note_partial(Connection& connection, bool progress) {
    if (connection.input().rest().empty() || !may_read(connection)) {
        connection.partial_since.reset();
        return;
    }
    if (progress || !connection.partial_since) connection.partial_since = steady_clock::now();
    if (std::exchange(sweeping_, true)) return;
    loop_.after(kSweep, [this] { sweep_partial(); });
}

// A peer that stops in the middle of a frame has hung; an idle one between frames has not.
void Server::sweep_partial() {
    const auto oldest = steady_clock::now() - kPartialFrame;
    std::vector<std::uint64_t> stuck;
    sweeping_ = false;
    for (const auto& [id, connection] : connections_) {
        if (!connection->partial_since || connection->closing) continue;
        if (*connection->partial_since < oldest)
            stuck.push_back(id);
        else
            sweeping_ = true;
    }
    for (const std::uint64_t id : stuck) {
        log(Level::warning, "peer %s: closed, half a frame was sent",
            connections_.at(id)->peer->name.c_str());
        close(id);
    }
    if (sweeping_) loop_.after(kSweep, [this] { sweep_partial(); });
}

void Server::send(const ReplyTo& to, pki::Buffer frame) {
    const auto found = connections_.find(to.connection);
    if (found == connections_.end()) return OPENSSL_cleanse(frame.data(), frame.size());
    found->second->unanswered--;
    found->second->queue(std::move(frame));
    touched_.push_back(to.connection);
}

// Reading on can bring new answers, so until nothing is touched any more.
void Server::flush() {
    while (!touched_.empty()) {
        const auto touched = std::exchange(touched_, {});
        for (const std::uint64_t id : touched) settle(id);
    }
}

void Server::settle(std::uint64_t id) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    Connection& connection = *found->second;
    if (!connection.flush()) return close(id);
    if (may_read(connection)) read_frames(id, connection);
    if (connection.closing && connection.unanswered == 0 && connection.output_empty())
        return close(id);
    const std::uint32_t interest = interest_of(connection);
    if (std::exchange(connection.interest, interest) != interest)
        loop_.change(connection.fd(), interest);
}

void Server::close(std::uint64_t id) {
    const auto found = connections_.find(id);
    loop_.forget(found->second->fd());
    connections_.erase(found);
}

void Server::drain() {
    for (const auto& [path, listener] : listeners_) loop_.forget(listener.fd());
    listeners_.clear();
}

bool Server::idle() const {
    return std::ranges::all_of(connections_, [](const auto& entry) {
        return entry.second->unanswered == 0 && entry.second->output_empty();
    });
}

}  // namespace signerd
