#include "signerd/reply.h"

#include "libpki/base/utf8.h"

namespace signerd {

namespace {

const char* uniform_text(pki::Errc code) {
    switch (code) {
        case pki::Errc::unauthenticated: return "authentication failed";
        case pki::Errc::unavailable: return "temporarily unavailable";
        default: return "internal error";
    }
}

}  // namespace

std::string wire_text(const pki::Error& error) {
    std::string text = error.message();
    if (!pki::is_plain_text(text)) text = error.text;
    if (text.size() <= pki::limits::kErrorText) return text;
    std::size_t end = pki::limits::kErrorText;
    while (end > 0 && (text[end] & 0xc0) == 0x80) end--;  // not inside a character
    text.resize(end);
    return text;
}

pki::Buffer error_frame(const pki::Error& error, std::uint64_t id, std::uint32_t retry_after) {
    const std::string text =
        pki::client_visible(error.code) ? wire_text(error) : uniform_text(error.code);
    pki::wire::ErrorReply reply;
    reply.code = error.code;
    reply.text = text;
    reply.reason = error.reason;
    if (pki::retryable(error.code)) reply.retry_after = retry_after;
    auto frame = pki::wire::encode(reply, id);
    return frame ? *std::move(frame) : pki::Buffer{};
}

}  // namespace signerd
