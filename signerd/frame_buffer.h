// Bytes of a stream on their way to becoming frames.
//
//     recv(fd, buffer.room()...) -> buffer.filled(n) -> next() until it is empty
//
// Holds at most one frame that is not complete and what was received with it.
#pragma once

#include "libpki/wire/frame.h"

namespace signerd {

class FrameBuffer {
   public:
    // Where to receive into; never empty. Ends the life of views from next().
    std::span<std::uint8_t> room();
    void filled(std::size_t size) { end_ += size; }

    // The next whole frame, its length field included, empty when it is not there yet.
    // malformed when there can be none: the stream has lost its frames for good.
    pki::Result<pki::Bytes> next();

    // What next() has not given out.
    pki::Bytes rest() const { return pki::Bytes(buffer_).subspan(begin_, end_ - begin_); }

   private:
    pki::Buffer buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace signerd
