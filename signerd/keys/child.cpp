#include "signerd/keys/child.h"

#include <openssl/crypto.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "signerd/clock.h"
#include "signerd/fault.h"
#include "signerd/fd.h"
#include "signerd/frame_buffer.h"
#include "signerd/keys/crl_signing.h"
#include "signerd/keys/key.h"
#include "signerd/keys/memory.h"
#include "signerd/keys/protocol.h"
#include "signerd/keys/ra_check.h"
#include "signerd/keys/responder_keys.h"
#include "signerd/keys/workers.h"
#include "signerd/log.h"
#include "signerd/reply.h"
#include "signerd/sandbox/sandbox.h"

namespace signerd {

namespace wire = pki::wire;

namespace {

// Answers go out when so many bytes have gathered or no request is left: the front has work
// to do with the first ones while the last ones are being signed.
constexpr std::size_t kAnswers = 2048;

class KeyChild {
   public:
    KeyChild(int socket, std::string config_path, Workers& workers)
        : socket_(socket), config_path_(std::move(config_path)), workers_(workers) {}

    int run();

   private:
    bool serve_received();
    std::size_t group_size(std::span<const pki::Bytes> frames) const;
    void answer(std::span<const pki::Bytes> group);
    pki::Buffer answer_to(pki::Bytes bytes);
    pki::Result<pki::Buffer> handle(const wire::Frame& frame);
    pki::Result<pki::Buffer> load(const wire::Frame& frame);
    pki::Result<const CaKey*> find_ca(std::uint64_t generation, std::string_view name) const;
    pki::Result<pki::Buffer> sign(const wire::Frame& frame) const;
    pki::Result<pki::Buffer> begin_crl(const wire::Frame& frame);
    pki::Result<pki::Buffer> add_to_crl(const wire::Frame& frame);
    pki::Result<pki::Buffer> responder_key(const wire::Frame& frame);
    pki::Result<pki::Buffer> sign_responder(const wire::Frame& frame) const;
    pki::Result<pki::Buffer> sign_ocsp(const wire::Frame& frame) const;
    pki::Result<pki::Buffer> sign_ra(const wire::Frame& frame) const;
    std::int64_t now() const { return clock_.now() / kMicroseconds; }
    bool write_out();

    Fd socket_;
    const std::string config_path_;
    const SystemClock clock_;
    std::map<std::uint64_t, KeyRing> generations_;
    CrlSigning crl_;
    ResponderKeys responders_;
    bool slow_keys_ = false;  // signing with one takes so long that threads are worth it
    Workers& workers_;
    FrameBuffer input_;
    pki::Buffer output_;
};

int KeyChild::run() {
    while (true) {
        const auto room = input_.room();
        const ssize_t size = recv(socket_.get(), room.data(), room.size(), 0);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return size == 0 ? 0 : 1;
        input_.filled(static_cast<std::size_t>(size));
        if (!serve_received()) return 1;
    }
}

// False when the front is gone or talks nonsense.
bool KeyChild::serve_received() {
    std::vector<pki::Bytes> frames;
    while (true) {
        const auto bytes = input_.next();
        if (!bytes) return false;
        if (bytes->empty()) break;
        frames.push_back(*bytes);
    }
    for (std::span<const pki::Bytes> rest(frames); !rest.empty();) {
        const auto group = rest.first(group_size(rest));
        answer(group);
        rest = rest.subspan(group.size());
        if (output_.size() >= kAnswers && !write_out()) return false;
    }
    return write_out();
}

// Those that change nothing here.
bool is_sign_request(pki::Bytes bytes) {
    const auto frame = parse_key_frame(bytes);
    return frame && (frame->header.kind == SignRequest::kKind ||
                     frame->header.kind == SignOcspRequest::kKind);
}

// How many of the first ones are worked on at once. Each thread gets few, so that the front
// has the first signatures early.
std::size_t KeyChild::group_size(std::span<const pki::Bytes> frames) const {
    if (!slow_keys_) return 1;
    const auto most = frames.first(std::min(frames.size(), 2 * workers_.count()));
    const auto other = std::ranges::find_if_not(most, is_sign_request);
    return std::max<std::size_t>(static_cast<std::size_t>(other - most.begin()), 1);
}

pki::Buffer refusal(const pki::Error& error, std::uint64_t id) {
    const std::string text = wire_text(error);
    auto frame = wire::encode(wire::ErrorReply{error.code, text, 0}, id);
    return frame ? *std::move(frame) : pki::Buffer{};
}

void KeyChild::answer(std::span<const pki::Bytes> group) {
    std::vector<pki::Buffer> answers(group.size());
    workers_.each(group.size(), [&](std::size_t i) { answers[i] = answer_to(group[i]); });
    for (const pki::Buffer& one : answers) pki::append(output_, one);
}

pki::Buffer KeyChild::answer_to(pki::Bytes bytes) {
    const auto frame = parse_key_frame(bytes);
    if (!frame) return refusal(frame.error(), 0);
    auto reply = handle(*frame);
    return reply ? *std::move(reply) : refusal(reply.error(), frame->header.id);
}

// P-256 and Ed25519 take less than it takes to wake a thread.
bool is_slow(const pki::ossl::SignatureScheme& scheme) {
    return scheme.hash != pki::ossl::Hash::none &&
           scheme !=
               pki::ossl::SignatureScheme{pki::ossl::KeyType::ec, pki::ossl::Hash::sha256};
}

// The whole of what the key child does.
pki::Result<pki::Buffer> KeyChild::handle(const wire::Frame& frame) {
    if (frame.header.kind == LoadRequest::kKind) return load(frame);
    if (frame.header.kind == SignRequest::kKind) return sign(frame);
    if (frame.header.kind == CrlBegin::kKind) return begin_crl(frame);
    if (frame.header.kind == CrlPart::kKind) return add_to_crl(frame);
    if (frame.header.kind == ResponderKeyRequest::kKind) return responder_key(frame);
    if (frame.header.kind == SignResponderRequest::kKind) return sign_responder(frame);
    if (frame.header.kind == SignOcspRequest::kKind) return sign_ocsp(frame);
    if (frame.header.kind == SignRaRequest::kKind) return sign_ra(frame);
    return pki::fail(pki::Errc::denied, "key child: no such operation");
}

pki::Result<pki::Buffer> KeyChild::load(const wire::Frame& frame) {
    PKI_TRY(const auto request, wire::decode<LoadRequest>(frame));
    PKI_TRY(const auto config, load_key_config(config_path_));
    auto loaded = load_keys(*config);
    wipe_stack();
    PKI_TRY(KeyRing ring, std::move(loaded));
    slow_keys_ =
        std::ranges::any_of(ring, [](const auto& one) { return is_slow(one.second.scheme); });
    std::erase_if(generations_, [&](const auto& entry) { return entry.first != request.keep; });
    crl_.keep(request.keep);
    generations_[request.generation] = std::move(ring);
    responders_.keep_those_of(generations_);
    slow_keys_ |= responders_.any(is_slow);
    const auto facts = facts_of(*config);
    return wire::encode(LoadReply{facts}, frame.header.id);
}

pki::Result<const CaKey*> KeyChild::find_ca(std::uint64_t number, std::string_view name) const {
    const auto generation = generations_.find(number);
    if (generation == generations_.end())
        return pki::fail(pki::Errc::unavailable, "key child: generation not loaded");
    const auto ca = generation->second.find(name);
    if (ca == generation->second.end())
        return pki::fail(pki::Errc::denied, "key child: no such CA");
    return &ca->second;
}

pki::Result<pki::Buffer> KeyChild::sign(const wire::Frame& frame) const {
    PKI_TRY(const auto request, wire::decode<SignRequest>(frame));
    PKI_TRY(const CaKey* ca, find_ca(request.generation, request.ca));
    PKI_CHECK(check_tbs(ca->rules, request.tbs, now()));
    SIGNERD_FAULT("key:1");
    PKI_TRY(const auto signature, pki::ossl::sign(ca->key.get(), ca->scheme, request.tbs));
    SIGNERD_FAULT("key:2");
    return wire::encode(SignReply{signature}, frame.header.id);
}

pki::Result<pki::Buffer> KeyChild::begin_crl(const wire::Frame& frame) {
    PKI_TRY(const auto request, wire::decode<CrlBegin>(frame));
    PKI_TRY(const CaKey* ca, find_ca(request.generation, request.ca));
    PKI_CHECK(crl_.begin(*ca, request.generation, request.size));
    return wire::encode(CrlContinue{}, frame.header.id);
}

pki::Result<pki::Buffer> KeyChild::add_to_crl(const wire::Frame& frame) {
    PKI_TRY(const auto part, wire::decode<CrlPart>(frame));
    PKI_TRY(const auto signature, crl_.add(part.bytes, now()));
    if (signature.empty()) return wire::encode(CrlContinue{}, frame.header.id);
    return wire::encode(SignReply{signature}, frame.header.id);
}

pki::Result<pki::Buffer> KeyChild::responder_key(const wire::Frame& frame) {
    PKI_TRY(const auto request, wire::decode<ResponderKeyRequest>(frame));
    PKI_TRY(const CaKey* ca, find_ca(request.generation, request.ca));
    auto made = responders_.public_key(request.ca, ca->rules, request.fresh);
    wipe_stack();
    PKI_TRY(const pki::Buffer spki, std::move(made));
    slow_keys_ |= responders_.any(is_slow);
    return wire::encode(ResponderKeyReply{spki}, frame.header.id);
}

pki::Result<pki::Buffer> KeyChild::sign_responder(const wire::Frame& frame) const {
    PKI_TRY(const auto request, wire::decode<SignResponderRequest>(frame));
    PKI_TRY(const CaKey* ca, find_ca(request.generation, request.ca));
    PKI_CHECK(responders_.check_certificate(request.ca, ca->rules, request.tbs, now()));
    PKI_TRY(const auto signature, pki::ossl::sign(ca->key.get(), ca->scheme, request.tbs));
    return wire::encode(SignReply{signature}, frame.header.id);
}

pki::Result<pki::Buffer> KeyChild::sign_ocsp(const wire::Frame& frame) const {
    PKI_TRY(const auto request, wire::decode<SignOcspRequest>(frame));
    PKI_TRY(const CaKey* ca, find_ca(request.generation, request.ca));
    PKI_TRY(const auto signature,
            responders_.sign(request.ca, ca->rules, request.response_data, now()));
    return wire::encode(SignReply{signature}, frame.header.id);
}

pki::Result<pki::Buffer> KeyChild::sign_ra(const wire::Frame& frame) const {
    PKI_TRY(const auto request, wire::decode<SignRaRequest>(frame));
    PKI_TRY(const CaKey* ca, find_ca(request.generation, request.ca));
    PKI_CHECK(check_ra(ca->rules, request.tbs, now()));
    PKI_TRY(const auto signature, pki::ossl::sign(ca->key.get(), ca->scheme, request.tbs));
    return wire::encode(SignReply{signature}, frame.header.id);
}

bool KeyChild::write_out() {
    std::size_t sent = 0;
    while (sent < output_.size()) {
        const ssize_t size =
            ::send(socket_.get(), output_.data() + sent, output_.size() - sent, MSG_NOSIGNAL);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return false;
        sent += static_cast<std::size_t>(size);
    }
    output_.clear();
    return true;
}

// Nothing inherited but the socket and the three standard descriptors.
pki::Status close_others(int socket) {
    if ((socket <= 3 || close_range(3, static_cast<unsigned>(socket) - 1, 0) == 0) &&
        close_range(static_cast<unsigned>(socket) + 1, UINT_MAX, 0) == 0)
        return {};
    return pki::fail(pki::Errc::internal, "cannot close inherited descriptors", errno_text());
}

// OpenSSL's configuration may name a provider to be loaded, which the filter would forbid.
pki::Status prepare(int socket) {
    PKI_CHECK(wipe_freed_memory());
    PKI_CHECK(close_others(socket));
    PKI_CHECK(sandbox::protect_process());
    prctl(PR_SET_NAME, "signerd-key");
    small_threads();
    lock_memory();
    OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, nullptr);
    return {};
}

// The threads are started first: the filter lets nobody start one.
pki::Result<int> serve(int socket, const std::string& config_path, bool confined) {
    PKI_CHECK(prepare(socket));
    Workers workers(Workers::useful_count());
    if (confined) PKI_CHECK(sandbox::confine_key_child());
    return serve_keys(socket, config_path, workers);
}

}  // namespace

int run_key_child(int socket, const std::string& config_path, bool confined) {
    const auto ended = serve(socket, config_path, confined);
    if (ended) return *ended;
    log(Level::error, "key child: cannot confine itself: %s", ended.error().message().c_str());
    return 1;
}

int serve_keys(int socket, const std::string& config_path, Workers& workers) {
    return KeyChild(socket, config_path, workers).run();
}

}  // namespace signerd
