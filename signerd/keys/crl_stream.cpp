#include "signerd/keys/crl_stream.h"

#include <algorithm>

#include "signerd/keys/protocol.h"

namespace signerd {

namespace wire = pki::wire;

void CrlStream::add(List list) {
    lists_.push_back(std::move(list));
    if (lists_.size() == 1) begin();
}

void CrlStream::begin() {
    sent_ = 0;
    const List& list = lists_.front();
    send([&](std::uint64_t id) {
        return wire::encode(CrlBegin{list.generation, list.ca, list.size}, id);
    });
}

void CrlStream::send_part() {
    const List& list = lists_.front();
    const auto most = static_cast<std::size_t>(
        std::min<std::uint64_t>(pki::limits::kCrlPart, list.size - sent_));
    auto part = list.read(sent_, most);
    if (part && (part->empty() || part->size() > most))
        part = pki::fail(pki::Errc::internal, "CRL: not as long as it was");
    if (!part) return finish(std::move(part).error());
    sent_ += part->size();
    send([&](std::uint64_t id) { return wire::encode(CrlPart{*part}, id); });
}

void CrlStream::send(const Encode& message) {
    ask_(message, [this](pki::Result<pki::Buffer> answer) { answered(std::move(answer)); });
}

void CrlStream::answered(pki::Result<pki::Buffer> answer) {
    const bool complete = sent_ == lists_.front().size;
    if (answer && answer->empty() == complete)
        answer = pki::fail(pki::Errc::internal, "key child: bad answer");
    if (!answer || complete) return finish(std::move(answer));
    send_part();
}

// The next one is on its way before `done` adds another.
void CrlStream::finish(pki::Result<pki::Buffer> signature) {
    const Done done = std::move(lists_.front().done);
    lists_.pop_front();
    if (!lists_.empty()) begin();
    done(std::move(signature));
}

}  // namespace signerd
