// The sockets: accepts connections, finds out who they are, cuts what they send into frames,
// hands each frame on and writes the answers.
#pragma once

#include <functional>
#include <unordered_map>

#include "signerd/connection.h"
#include "signerd/event_loop.h"
#include "signerd/listener.h"
#include "signerd/request.h"

namespace signerd {

class Server : public Replies {
   public:
    using Dispatch = std::function<void(const Request& request)>;

    // Of a frame that cannot be parsed, for the audit log.
    using Refused = std::function<void(const Generation& generation, const Peer& peer,
                                       const pki::Error& error)>;

    Server(EventLoop& loop, Dispatch dispatch, Refused refused)
        : loop_(loop), dispatch_(std::move(dispatch)), refused_(std::move(refused)) {}

    // Opens the sockets of `config` that are not open yet; nothing is accepted on them until
    // apply(), and dropping them changes nothing.
    pki::Result<std::vector<Listener>> prepare(const Config& config) const;
    // Accepts on `fresh` and the sockets kept, closes the others. Connections stay while a
    // peer of the new generation matches them, else they are closed after their answers.
    void apply(std::shared_ptr<const Generation> generation, std::vector<Listener> fresh);

    // No more connections; those that are there can go on.
    void drain();
    // Nothing is left to answer or to write.
    bool idle() const;
    std::size_t connections() const { return connections_.size(); }

    void send(const ReplyTo& to, pki::Buffer frame) override;
    // Writes what was sent since the last turn, and reads on where that had to wait.
    void flush();

   private:
    void listen_on(Listener listener);
    void accept_some(const std::string& path);
    void pause_accepting();
    void admit(Fd socket, const std::string& path);
    void note_overload(const Peer& peer);
    const Peer* peer_of(const Connection& connection) const;
    void ready(std::uint64_t id, std::uint32_t events);
    void read_frames(std::uint64_t id, Connection& connection);
    bool take_frame(std::uint64_t id, Connection& connection);
    void give_up(Connection& connection, const pki::Error& error,
                 std::optional<std::uint64_t> id);
    void note_partial(Connection& connection, bool progress);
    void sweep_partial();
    void settle(std::uint64_t id);
    void close(std::uint64_t id);

    EventLoop& loop_;
    Dispatch dispatch_;
    Refused refused_;
    std::shared_ptr<const Generation> generation_;
    std::map<std::string, Listener> listeners_;
    std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
    std::uint64_t last_id_ = 0;
    std::vector<std::uint64_t> touched_;  // connections to settle when the turn ends
    bool sweeping_ = false;
    Connection::Time overload_logged_{};
};

}  // namespace signerd
