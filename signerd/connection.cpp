#include "signerd/connection.h"

#include <openssl/crypto.h>

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

Connection::~Connection() { forget_output(); }

void Connection::queue(pki::Buffer frame) {
    if (output_.empty()) {
        output_ = std::move(frame);
        return;
    }
    make_room(frame.size());
    pki::append(output_, frame);
    OPENSSL_cleanse(frame.data(), frame.size());
}

// As the vector would do it by itself, which leaves what it had in freed memory.
void Connection::make_room(std::size_t size) {
    const std::size_t needed = output_.size() + size;
    if (needed <= output_.capacity()) return;
    pki::Buffer larger;
    larger.reserve(std::max(needed, 2 * output_.capacity()));
    pki::append(larger, output_);
    OPENSSL_cleanse(output_.data(), output_.size());
    output_.swap(larger);
}

void Connection::forget_output() {
    OPENSSL_cleanse(output_.data(), output_.size());
    output_.clear();
    sent_ = 0;
}

bool Connection::flush() {
    while (!output_empty()) {
        const ssize_t size =
            ::send(fd(), output_.data() + sent_, output_.size() - sent_, MSG_NOSIGNAL);
        if (size < 0) return try_again();
        sent_ += static_cast<std::size_t>(size);
    }
    forget_output();
    return true;
}

}  // namespace signerd
