// Answers as frames.
#pragma once

#include "libpki/wire/messages.h"

namespace signerd {

constexpr std::uint32_t kRetryAfter = 5;  // seconds, for whoever is turned away

// message(), cut to limits::kErrorText. Bytes of a request can stand in a detail: when they are
// no plain text the detail stays here.
std::string wire_text(const pki::Error& error);

// What the peer may know of an error: text and detail where client_visible(), otherwise one
// text for each code, whatever the cause. `retry_after` is for codes that are retryable().
pki::Buffer error_frame(const pki::Error& error, std::uint64_t id,
                        std::uint32_t retry_after = kRetryAfter);

// A message that does not fit its bounds is answered with an error.
template <class M>
pki::Buffer reply_frame(const M& message, std::uint64_t id) {
    auto frame = pki::wire::encode(message, id);
    return frame ? *std::move(frame) : error_frame(frame.error(), id);
}

}  // namespace signerd
