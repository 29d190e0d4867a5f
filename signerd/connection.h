// One accepted connection: its buffers, and what the server keeps about it. No policy here.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <optional>

#include "signerd/fd.h"
#include "signerd/frame_buffer.h"
#include "signerd/peer.h"

namespace signerd {

class Connection {
   public:
    using Time = std::chrono::steady_clock::time_point;

    enum class Received { data, nothing, ended, broken };

    Connection(Fd socket, std::string listen_path, const ucred& from)
        : listen(std::move(listen_path)), credentials(from), socket_(std::move(socket)) {}

    int fd() const { return socket_.get(); }
    FrameBuffer& input() { return input_; }

    // One read: with level-triggered events what is left is announced again.
    Received receive();
    // An answer may hold a private key that was made for a client: no copy stays behind.
    void queue(pki::Buffer frame);
    // As much as the socket takes. False when the connection is broken.
    bool flush();
    bool output_empty() const { return sent_ == output_.size(); }

    ~Connection();

    const std::string listen;  // path of the socket it came in on
    const ucred credentials;
    const Peer* peer = nullptr;         // in the server's current generation
    std::size_t unanswered = 0;         // requests handed on
    bool closing = false;               // no more is read; closed once everything is answered
    std::optional<Time> partial_since;  // when a frame began that is not complete
    std::uint32_t interest = 0;         // epoll events asked for

   private:
    void make_room(std::size_t size);
    void forget_output();

    Fd socket_;
    FrameBuffer input_;
    pki::Buffer output_;
    std::size_t sent_ = 0;
};

}  // namespace signerd
