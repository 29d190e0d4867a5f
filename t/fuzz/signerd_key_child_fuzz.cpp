// What the front, or who has taken it over, sends to the key child: as many answers as frames,
// in their order, and a signature only for a TBSCertificate that is the CA's to give.
//
// An input that begins with an even octet goes on with the stream itself, which comes behind a
// load, so that there are keys to sign with. Behind an odd one there are changes of a
// TBSCertificate that the child would sign: offset (two octets) and octet, again and again.

#include <openssl/err.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <chrono>
#include <fstream>

#include "signerd/config.h"
#include "signerd/fd.h"
#include "signerd/keys/child.h"
#include "signerd/keys/protocol.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/quiet_log.h"
#include "t/unit/store_fixture.h"
#include "t/unit/test_ca.h"

namespace {

using pki::Bytes;
namespace wire = pki::wire;
namespace x509 = pki::x509;

constexpr char kConfig[] = R"({
    "id": "fuzz", "store": "store.db",
    "listen": [{"path": "socket", "peers": [{"name": "nginx", "user": 0, "role": "frontend",
                                             "profiles": "*"}]}],
    "cas": {"issuing": {"tenant": "demo", "certificate": "ca.pem", "key": "ca.key"}},
    "profiles": {"device": {"ca": "issuing", "keys": ["ec:P-256"], "subject": {"CN": {}},
                            "key_usage": ["digitalSignature"],
                            "extended_key_usage": ["clientAuth"], "validity": "90d"}}
})";

struct Child {
    Child() {
        write("ca.pem", ca.pem());
        write("ca.key", ca.key_pem());
        write("signerd.json", kConfig);
        chmod(folder.file("ca.key").c_str(), 0600);
        PROPERTY(signerd::load_config(folder.file("signerd.json")).has_value());
    }
    ~Child() { folder.remove(); }

    void write(const char* name, const std::string& text) const {
        std::ofstream(folder.file(name)) << text;
    }

    unit::StoreFolder folder;
    unit::TestCa ca = unit::make_ca({.name = "CN=Test Issuing"});
};

std::int64_t now() {
    const auto time = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(time).count();
}

pki::Buffer good_tbs(const unit::TestCa& ca) {
    const pki::Buffer serial(16, 0x41), key_id{1, 2, 3, 4};
    const pki::Buffer spki = *pki::ossl::public_key_der(ca.key.get());
    x509::TbsSpec spec;
    spec.serial = serial;
    spec.scheme = *pki::ossl::default_scheme(ca.key.get());
    spec.issuer = ca.name;
    spec.subject = ca.name;
    spec.not_before = now() - 60;
    spec.not_after = now() + 24 * 3600;
    spec.spki = spki;
    spec.subject_key_identifier = key_id;
    spec.authority_key_identifier = key_id;
    spec.key_usage = x509::kDigitalSignature;
    spec.extended_key_usage = {x509::oid::kClientAuth};
    return x509::build_tbs(spec);
}

pki::Buffer sign_request(const Child& child, Bytes changes) {
    pki::Buffer tbs = good_tbs(child.ca);
    for (; changes.size() >= 3; changes = changes.subspan(3))
        tbs[static_cast<std::size_t>(changes[0] << 8 | changes[1]) % tbs.size()] = changes[2];
    return *wire::encode(signerd::SignRequest{1, "issuing", tbs}, 2);
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
    signerd::serve_keys(pair[1], child.folder.file("signerd.json"), workers);
    pki::Buffer answers;
    std::uint8_t octets[65536];
    for (ssize_t size = 0; (size = recv(ours.get(), octets, sizeof(octets), 0)) > 0;)
        pki::append(answers, Bytes(octets, static_cast<std::size_t>(size)));
    return answers;
}

void check_signature(const Child& child, const wire::Frame& asked, Bytes signature) {
    const auto request = wire::decode<signerd::SignRequest>(asked);
    PROPERTY(request && request->ca == "issuing");
    const auto tbs = x509::parse_tbs(request->tbs);
    PROPERTY(tbs && pki::equal(tbs->issuer.encoding, child.ca.name));
    const auto scheme = pki::ossl::default_scheme(child.ca.key.get());
    PROPERTY(pki::ossl::verify(child.ca.key.get(), *scheme, request->tbs, signature));
}

// What was not changed is signed.
void check_signed(const std::vector<Bytes>& answered) {
    PROPERTY(answered.size() == 2);
    for (const Bytes bytes : answered) {
        const auto frame = signerd::parse_key_frame(bytes);
        const auto error = wire::decode<wire::ErrorReply>(*frame);
        if (error) std::fprintf(stderr, "refused: %s\n", std::string(error->text).c_str());
        PROPERTY(!error);
    }
}

void check_answer(const Child& child, Bytes asked, Bytes answered) {
    const auto answer = signerd::parse_key_frame(answered);
    PROPERTY(answer.has_value());
    const auto question = signerd::parse_key_frame(asked);
    PROPERTY(answer->header.id == (question ? question->header.id : 0));
    if (const auto reply = wire::decode<signerd::SignReply>(*answer))
        return check_signature(child, *question, reply->signature);
    PROPERTY(wire::decode<signerd::LoadReply>(*answer) ||
             wire::decode<wire::ErrorReply>(*answer));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Child child;
    if (size == 0) return 0;
    pki::Buffer stream = *wire::encode(signerd::LoadRequest{1, 0}, 1);
    const Bytes input(data + 1, size - 1);
    pki::append(stream, data[0] % 2 == 0 ? pki::to_buffer(input) : sign_request(child, input));
    const pki::Buffer received = answers_to(child, stream);
    PROPERTY(ERR_peek_error() == 0);
    const auto asked = frames_in(stream);
    const auto answered = frames_in(received);
    // Behind a frame of an impossible length there is nothing more, not even what was asked
    // just before.
    PROPERTY(answered.size() <= asked.size());
    if (data[0] % 2 != 0 && size < 4) check_signed(answered);
    for (std::size_t i = 0; i < answered.size(); i++)
        check_answer(child, asked[i], answered[i]);
    return 0;
}
