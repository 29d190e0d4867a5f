// Certificates as administrators see them.
#pragma once

#include "libpki/wire/messages.h"
#include "signerd/json_writer.h"
#include "signerd/store/store.h"

namespace signerd {

// "good", "revoked", "hold" (revoked for certificateHold) or "expired", which a revoked one is
// never called.
const char* status_of(const CertificateRecord& record, std::int64_t now);

// All but its bytes. Has `revoked` (when) and `reason` where it is.
JsonPtr certificate_json(const CertificateRecord& record, std::int64_t now);

// Members of one array, joined as long as they fit an answer. The first is always taken: an
// answer without any would have the reader ask for ever.
class JsonList {
   public:
    explicit JsonList(std::string_view key = "certificates") : key_(key) {}

    bool add(const JsonPtr& member);

    // {"KEY":[...]TAIL}, as a frame. The tail is less than 128 bytes.
    pki::Result<pki::Buffer> reply(std::string_view tail, std::uint64_t id) const;

   private:
    const std::string_view key_;
    std::string text_;
};

}  // namespace signerd
