// One connection to signerd's admin socket: a request, its answer, the next request.
#pragma once

#include <string>

#include "clients/common/fd.h"
#include "clients/signerctl/common.h"
#include "libpki/wire/messages.h"

namespace signerctl {

class Connection {
   public:
    static pki::Result<Connection> open(const std::string& path);

    // The answer's views look into this object, until the next call. An ErrorReply becomes
    // an Error with signerd's words.
    template <class Reply, class Request>
    pki::Result<Reply> call(const Request& request) {
        const std::uint64_t id = ++last_id_;
        PKI_TRY(const pki::Buffer bytes, pki::wire::encode(request, id));
        PKI_TRY(const pki::wire::Frame frame, exchange(bytes, id));
        return pki::wire::decode<Reply>(frame);
    }

   private:
    explicit Connection(Fd fd) : fd_(std::move(fd)) {}

    pki::Result<pki::wire::Frame> exchange(pki::Bytes request, std::uint64_t id);
    pki::Status send_all(pki::Bytes bytes);
    pki::Status receive_frame();

    Fd fd_;
    std::uint64_t last_id_ = 0;
    pki::Buffer in_;  // the last answer
};

}  // namespace signerctl
