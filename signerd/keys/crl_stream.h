// CRLs on their way to the key child: one of them goes part by part, the others wait for it.
#pragma once

#include <deque>
#include <functional>
#include <string>

#include "libpki/base/bytes.h"
#include "libpki/base/result.h"

namespace signerd {

class CrlStream {
   public:
    // As CrlSigner has them.
    using Read = std::function<pki::Result<pki::Buffer>(std::uint64_t offset, std::size_t max)>;
    using Done = std::function<void(pki::Result<pki::Buffer> signature)>;
    // A message as a frame with this id.
    using Encode = std::function<pki::Result<pki::Buffer>(std::uint64_t id)>;
    // Asks the child that is there now, and no other: it has the parts before. The answer comes
    // in a later turn; it is empty where the child goes on, the signature behind the last part.
    using Ask = std::function<void(const Encode& message, Done answer)>;

    struct List {
        std::uint64_t generation = 0;
        std::string ca;
        std::uint64_t size = 0;
        Read read;
        Done done;
    };

    explicit CrlStream(Ask ask) : ask_(std::move(ask)) {}

    void add(List list);

   private:
    void begin();
    void send_part();
    void send(const Encode& message);
    void answered(pki::Result<pki::Buffer> answer);
    void finish(pki::Result<pki::Buffer> signature);

    const Ask ask_;
    std::deque<List> lists_;  // the first one is under way
    std::uint64_t sent_ = 0;  // bytes of it
};

}  // namespace signerd
