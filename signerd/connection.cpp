#include "signerd/connection.h"

#include <cerrno>

namespace signerd {

namespace {

bool try_again() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

Connection::Received Connection::receive() {
    const auto room = input_.room();
    const ssize_t size = recv(fd(), room.data(), room.size(), 0);
    if (size == 0) return Received::ended;
    if (size < 0) return try_again() ? Received::nothing : Received::broken;
    input_.filled(static_cast<std::size_t>(size));
    return Received::data;
}

void Connection::queue(pki::Buffer frame) {
    if (output_.empty())
        output_ = std::move(frame);
    else
        pki::append(output_, frame);
}

bool Connection::flush() {
    while (!output_empty()) {
        const ssize_t size =
            ::send(fd(), output_.data() + sent_, output_.size() - sent_, MSG_NOSIGNAL);
        if (size < 0) return try_again();
        sent_ += static_cast<std::size_t>(size);
    }
    output_.clear();
    sent_ = 0;
    return true;
}

}  // namespace signerd
