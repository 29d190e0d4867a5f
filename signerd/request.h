// A frame that came in, and the way back for its answer.
#pragma once

#include <memory>

#include "libpki/wire/frame.h"
#include "signerd/generation.h"

namespace signerd {

struct ReplyTo {
    std::uint64_t connection = 0;
    std::uint64_t id = 0;  // of the request
};

class Replies {
   public:
    virtual ~Replies() = default;
    // Exactly once for every request. Dropped when the connection is gone.
    virtual void send(const ReplyTo& to, pki::Buffer frame) = 0;
};

struct Request {
    std::shared_ptr<const Generation> generation;
    const Peer* peer = nullptr;  // lives in the generation
    pki::wire::Frame frame;      // a view: copy what has to last
    ReplyTo to;
};

}  // namespace signerd
