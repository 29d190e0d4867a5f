// Signers whose chain was found to be good a while ago: each message of a client, and every one
// of an RA, shows the same certificate again, and to build and check its chain takes OpenSSL
// ten times what the signature of the message does.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>

#include "libpki/base/bytes.h"
#include "libpki/ossl/digest.h"

namespace ngx_enroll {

// Seconds since 1970.
struct Window {
    std::int64_t from = 0;
    std::int64_t until = 0;  // not included
};

// Of one worker process and one set of anchors and CRLs; its threads share it. A fixed number
// of places, each taken by who came last: what is not found is checked anew, and that is all
// that a flood of certificates can bring about.
class KnownSigners {
   public:
    // Was exactly this certificate remembered, and is now within its window?
    bool knows(pki::Bytes certificate, std::int64_t now) const;

    // Until something that the chain was built of ends.
    void remember(pki::Bytes certificate, Window window);

   private:
    struct Place {
        pki::ossl::Sha256 sha256{};
        Window window;
    };
    static constexpr std::size_t kPlaces = 1024;

    mutable std::mutex mutex_;
    std::array<Place, kPlaces> places_;
};

}  // namespace ngx_enroll
