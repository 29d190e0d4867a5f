// What the front, or who has taken it over, sends to the key child: as many answers as frames,
// in their order, and a signature only for a TBSCertificate or a TBSCertList that is the CA's
// to give.
//
// The first octet says what follows it, by its remainder of 4. 0: the stream itself, which
// comes behind a load, so that there are keys to sign with. 1, 2 and 3: changes of a
// TBSCertificate, of a TBSCertList and of the TBSCertificate of a registration authority that
// the child would sign, as offset (two octets) and octet, again and again; those of a list
// behind an octet that says how large its parts are.

#include <openssl/err.h>
#include <sys/socket.h>

#include <array>

#include "signerd/config.h"
#include "signerd/fd.h"
#include "signerd/keys/child.h"
#include "signerd/keys/protocol.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/quiet_log.h"
#include "t/unit/key_child_files.h"

namespace {

using pki::Bytes;
namespace wire = pki::wire;
namespace x509 = pki::x509;

struct Child : unit::KeyChildFiles {
    Child() { PROPERTY(signerd::load_config(config()).has_value()); }
    ~Child() { remove(); }
};

void change(pki::Buffer& der, Bytes changes) {
    for (; changes.size() >= 3; changes = changes.subspan(3))
        der[static_cast<std::size_t>(changes[0] << 8 | changes[1]) % der.size()] = changes[2];
}

pki::Buffer sign_request(const Child& child, Bytes changes) {
    pki::Buffer tbs = unit::good_tbs(child.ca);
    change(tbs, changes);
    return *wire::encode(signerd::SignRequest{1, "issuing", tbs}, 2);
}

pki::Buffer ra_request(const Child& child, Bytes changes) {
    pki::Buffer tbs = unit::good_ra_tbs(child.ca);
    change(tbs, changes);
    return *wire::encode(signerd::SignRaRequest{1, "issuing", tbs}, 2);
}

pki::Buffer crl_requests(const Child& child, Bytes input) {
    pki::Buffer tbs = unit::good_crl(child.ca, 7, 5);
    const std::size_t part = input.empty() ? tbs.size() : input[0] + 1;
    change(tbs, input.empty() ? input : input.subspan(1));
    std::uint64_t id = 2;
    pki::Buffer stream = *wire::encode(signerd::CrlBegin{1, "issuing", tbs.size()}, id);
    for (Bytes rest = tbs; !rest.empty(); rest = rest.subspan(std::min(part, rest.size()))) {
        const Bytes bytes = rest.first(std::min(part, rest.size()));
        pki::append(stream, *wire::encode(signerd::CrlPart{bytes}, ++id));
    }
    return stream;
}

// The whole frames at the start of a stream.
std::vector<Bytes> frames_in(Bytes stream) {
    std::vector<Bytes> frames;
    while (true) {
        const auto size = wire::frame_size(stream);
        if (!size || *size == 0 || *size > stream.size()) return frames;
        frames.push_back(stream.first(*size));
        stream = stream.subspan(*size);
    }
}

pki::Buffer answers_to(const Child& child, Bytes stream) {
    std::array<int, 2> pair{};
    PROPERTY(socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()) == 0);
    const signerd::Fd ours(pair[0]);
    const int room = 1 << 22;
    for (const int end : pair) setsockopt(end, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    PROPERTY(send(ours.get(), stream.data(), stream.size(), MSG_DONTWAIT) ==
             static_cast<ssize_t>(stream.size()));
    shutdown(ours.get(), SHUT_WR);
    signerd::Workers workers(1);
    signerd::serve_keys(pair[1], child.config(), workers);
    pki::Buffer answers;
    std::uint8_t octets[65536];
    for (ssize_t size = 0; (size = recv(ours.get(), octets, sizeof(octets), 0)) > 0;)
        pki::append(answers, Bytes(octets, static_cast<std::size_t>(size)));
    return answers;
}

// The TBSCertificate or, gathered from the parts before, the TBSCertList that was signed.
void check_signature(const Child& child, Bytes tbs, Bytes signature) {
    const auto scheme = pki::ossl::default_scheme(child.ca.key.get());
    PROPERTY(pki::ossl::verify(child.ca.key.get(), *scheme, tbs, signature));
}

template <class Request>
void check_certificate(const Child& child, const Request& request, Bytes signature) {
    PROPERTY(request.ca == "issuing");
    const auto tbs = x509::parse_tbs(request.tbs);
    PROPERTY(tbs && pki::equal(tbs->issuer.encoding, child.ca.name));
    check_signature(child, request.tbs, signature);
}

// What was not changed is signed.
void check_signed(const std::vector<Bytes>& answered, std::size_t expected) {
    PROPERTY(answered.size() == expected);
    for (const Bytes bytes : answered) {
        const auto frame = signerd::parse_key_frame(bytes);
        const auto error = wire::decode<wire::ErrorReply>(*frame);
        if (error) std::fprintf(stderr, "refused: %s\n", std::string(error->text).c_str());
        PROPERTY(!error);
    }
}

class Answers {
   public:
    explicit Answers(const Child& child) : child_(child) {}

    void check(Bytes asked, Bytes answered) {
        const auto answer = signerd::parse_key_frame(answered);
        PROPERTY(answer.has_value());
        const auto question = signerd::parse_key_frame(asked);
        PROPERTY(answer->header.id == (question ? question->header.id : 0));
        if (question) gather(*question, *answer);
        if (const auto reply = wire::decode<signerd::SignReply>(*answer))
            return check_signed_by(*question, reply->signature);
        PROPERTY(wire::decode<signerd::LoadReply>(*answer) ||
                 wire::decode<signerd::CrlContinue>(*answer) ||
                 wire::decode<signerd::ResponderKeyReply>(*answer) ||
                 wire::decode<wire::ErrorReply>(*answer));
    }

   private:
    // The list under way is what followed the last begin that was accepted.
    void gather(const wire::Frame& question, const wire::Frame& answer) {
        const bool accepted = wire::decode<signerd::CrlContinue>(answer).has_value();
        if (wire::decode<signerd::CrlBegin>(question) && accepted) list_.clear();
        if (const auto part = wire::decode<signerd::CrlPart>(question))
            pki::append(list_, part->bytes);
    }
    void check_signed_by(const wire::Frame& question, Bytes signature) {
        if (const auto request = wire::decode<signerd::SignRequest>(question))
            return check_certificate(child_, *request, signature);
        if (const auto request = wire::decode<signerd::SignRaRequest>(question))
            return check_certificate(child_, *request, signature);
        PROPERTY(wire::decode<signerd::CrlPart>(question).has_value());
        const auto facts = unit::read_crl(list_);
        PROPERTY(facts && pki::equal(facts->issuer, child_.ca.name));
        check_signature(child_, list_, signature);
    }

    const Child& child_;
    pki::Buffer list_;
};

pki::Buffer requests_of(const Child& child, std::uint8_t kind, Bytes input) {
    switch (kind % 4) {
        case 0: return pki::to_buffer(input);
        case 1: return sign_request(child, input);
        case 2: return crl_requests(child, input);
        default: return ra_request(child, input);
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Child child;
    if (size == 0) return 0;
    pki::Buffer stream = *wire::encode(signerd::LoadRequest{1, 0}, 1);
    const Bytes input(data + 1, size - 1);
    pki::append(stream, requests_of(child, data[0], input));
    const pki::Buffer received = answers_to(child, stream);
    PROPERTY(ERR_peek_error() == 0);
    const auto asked = frames_in(stream);
    const auto answered = frames_in(received);
    // Behind a frame of an impossible length there is nothing more, not even what was asked
    // just before.
    PROPERTY(answered.size() <= asked.size());
    const bool unchanged = size < (data[0] % 4 == 2 ? 5 : 4);
    if (data[0] % 4 != 0 && unchanged) check_signed(answered, asked.size());
    Answers answers(child);
    for (std::size_t i = 0; i < answered.size(); i++) answers.check(asked[i], answered[i]);
    return 0;
}
