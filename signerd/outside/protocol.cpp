#include "signerd/outside/protocol.h"

#include "libpki/base/ascii.h"

namespace signerd {

namespace wire = pki::wire;
using pki::Errc;
using pki::fail;

std::string outside_reason(std::string_view text) {
    std::string reason(text.substr(0, kOutsideReason));
    for (char& c : reason)
        if (!pki::is_graphic(c) && c != ' ') c = '?';
    return reason;
}

pki::Buffer answer_frame(const pki::Status& status, std::uint64_t id) {
    OutsideAnswer answer{OutsideVerdict::allowed, {}};
    std::string reason;
    if (!status) {
        const bool refused = status.error().code == Errc::unauthenticated;
        answer.verdict = refused ? OutsideVerdict::refused : OutsideVerdict::unavailable;
        reason = outside_reason(status.error().message());
        answer.reason = reason;
    }
    auto frame = wire::encode(answer, id);
    return frame ? *std::move(frame) : pki::Buffer{};
}

pki::Status status_in(const wire::Frame& frame) {
    const auto answer = wire::decode<OutsideAnswer>(frame);
    if (!answer) return fail(Errc::unavailable, "outside child: bad answer");
    const std::string reason(answer->reason);
    if (answer->verdict == OutsideVerdict::allowed) return {};
    if (answer->verdict == OutsideVerdict::refused)
        return fail(Errc::unauthenticated, "refused outside", reason);
    return fail(Errc::unavailable, "no answer from outside", reason);
}

}  // namespace signerd
