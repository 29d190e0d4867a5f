#include "signerd/frame_buffer.h"

namespace signerd {

namespace {

// Sixteen plain issue requests: one read takes what a peer has sent.
constexpr std::size_t kRoom = 16 * 1024;
// An emptied buffer larger than this is given back: a rare large frame would stay for ever.
constexpr std::size_t kKeep = 4 * kRoom;

}  // namespace

std::span<std::uint8_t> FrameBuffer::room() {
    if (begin_ == end_ && buffer_.size() > kKeep) buffer_ = {};
    if (begin_ > 0) {
        std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                  buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
        end_ -= begin_;
        begin_ = 0;
    }
    if (buffer_.size() - end_ < kRoom) buffer_.resize(end_ + kRoom);
    return std::span(buffer_).subspan(end_);
}

pki::Result<pki::Bytes> FrameBuffer::next() {
    PKI_TRY(const std::size_t size, pki::wire::frame_size(rest()));
    if (size == 0 || size > end_ - begin_) return pki::Bytes{};
    const pki::Bytes frame = rest().first(size);
    begin_ += size;
    return frame;
}

}  // namespace signerd
