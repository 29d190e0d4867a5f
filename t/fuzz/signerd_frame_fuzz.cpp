// What a peer of a socket sends to signerd, through the daemon's own event loop, server and
// dispatcher, with a store, a signer and a clock of the test's. One answer at most for each
// frame, under an id that was sent; a peer that has finished is answered and let go.
//
// The first octet of an input chooses the role (bit 0), the size of the pieces in which the
// rest is sent (bits 1 to 3), and whether the peer waits for its answers (bit 4).

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <set>

#include "signerd/dispatch.h"
#include "signerd/refusals.h"
#include "signerd/server.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/memory_store.h"
#include "t/fuzz/quiet_log.h"
#include "t/unit/idle_crls.h"
#include "t/unit/ocsp_fixture.h"

namespace {

using pki::Bytes;
namespace wire = pki::wire;

constexpr std::size_t kPieces[] = {1, 3, 16, 17, 100, 4096, 65536, 1 << 20};
constexpr int kTurns = 100000;

class Daemon {
   public:
    Daemon() {
        const auto config = unit::issue_config(ca_);
        auto& rules = config->profiles["device"].rules;
        rules.subject[pki::to_buffer(pki::x509::oid::kOrganization)] = {};
        config->profiles["device"].cmp.emplace().names = signerd::CmpNames::any;
        config->profiles["manual"] = config->profiles["device"];
        config->profiles["manual"].approval.manual = true;
        for (const auto role : {signerd::Role::frontend, signerd::Role::admin}) {
            signerd::Peer peer;
            peer.name = name(role);
            peer.user = geteuid();
            peer.role = role;
            peer.all_profiles = true;
            config->listen.push_back({folder_.file(name(role)), 0600, {}, {peer}});
        }
        ocsp_signer_.rules["issuing"] = signerd::rules_of(config->cas.at("issuing"), *config);
        auto listeners = *server.prepare(*config);
        server.apply(*signerd::make_generation(1, config), std::move(listeners));
        loop->each_turn([this] { end_of_turn(); });
    }

    void turn() {
        loop->after({}, [this] { loop->stop(); });
        loop->run();
    }
    signerd::Fd connect(signerd::Role role) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, folder_.file(name(role)).c_str(),
                     sizeof(address.sun_path) - 1);
        signerd::Fd peer(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
        PROPERTY(
            ::connect(peer.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
        return peer;
    }

    fuzz::MemoryStore store;
    std::unique_ptr<signerd::EventLoop> loop = *signerd::EventLoop::create();
    signerd::Server server{
        *loop, [this](const signerd::Request& r) { dispatcher_.dispatch(r); },
        [this](const signerd::Generation& generation, const signerd::Peer& peer,
               const pki::Error& error) { refusals_.note(generation, peer, error); }};

    std::size_t in_flight() const { return issuer_.in_flight() + ocsp_.in_flight(); }

   private:
    // As Daemon::end_of_turn(); the signers and the committer are done at once.
    void end_of_turn() {
        server.flush();
        signer_.run();
        committer_.run();
        committer_.run();
        while (ocsp_signer_.waiting() != 0) {
            ocsp_signer_.run();
            committer_.run();
        }
        server.flush();
    }

    struct Folder : unit::StoreFolder {
        ~Folder() { remove(); }
    } folder_;
    unit::TestCa ca_ = unit::make_ca({.name = "CN=Test Issuing"});
    unit::FakeClock clock_;
    unit::FakeSigner signer_{ca_.key.get()};
    unit::FakeCommitter committer_{store};
    signerd::Issuer issuer_{clock_, store, signer_, committer_, server};
    signerd::Reports reports_{clock_, committer_, server};
    signerd::Revoker revoker_{clock_, store, committer_, server, [] {}};
    signerd::CmpRevoker cmp_revoker_{clock_, store,    committer_,
                                     server, revoker_, issuer_.transactions()};
    signerd::Confirmer confirmer_{clock_,  store, committer_, server, issuer_.transactions(),
                                  revoker_};
    unit::IdleCrls crls_{clock_, store, committer_, server};
    unit::FakeOcspSigner ocsp_signer_{clock_, ca_.key.get()};
    signerd::OcspResponder ocsp_{clock_, store, ocsp_signer_, committer_, server};
    signerd::RaIssuer ras_{clock_, store, signer_, committer_, server};
    // A pause ends at once: each input begins as the first one did.
    signerd::Refusals refusals_{clock_, committer_,
                                [this](auto, auto action) { loop->after({}, action); }};
    signerd::ChallengeMaker challenges_{clock_, committer_, server};
    signerd::TokenMaker tokens_{clock_, store, committer_, server};
    signerd::Dispatcher dispatcher_{
        {clock_, store, issuer_, reports_, revoker_, cmp_revoker_, confirmer_, crls_.publisher,
         crls_.watchers, ocsp_, ras_, challenges_, tokens_, server, unit::kNow,
         [] { return signerd::Gauges{}; },
         [this](const signerd::Request& request, const pki::Error& error) {
             refusals_.note(*request.generation, *request.peer, error);
         }}};
};

// How many frames begin in a stream, until one has an impossible length, and their ids.
struct Sent {
    explicit Sent(Bytes stream) {
        while (stream.size() >= wire::kHeaderSize) {
            frames++;
            std::uint64_t id = 0;
            for (const std::uint8_t octet : stream.subspan(8, 8)) id = id << 8 | octet;
            ids.insert(id);
            const auto size = wire::frame_size(stream);
            if (!size || *size > stream.size()) return;
            stream = stream.subspan(*size);
        }
    }

    std::size_t frames = 0;
    std::set<std::uint64_t> ids;
};

class Peer {
   public:
    Peer(Daemon& daemon, signerd::Role role) : daemon_(daemon), socket_(daemon.connect(role)) {}

    // False when signerd has closed the connection.
    bool send(Bytes piece) {
        for (int turns = 0; !piece.empty(); turns++) {
            PROPERTY(turns < kTurns);
            const ssize_t size =
                ::send(socket_.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
            if (size > 0) piece = piece.subspan(static_cast<std::size_t>(size));
            if (size < 0 && errno != EAGAIN) return false;
            daemon_.turn();
            receive();
        }
        return true;
    }
    void finish() {
        shutdown(socket_.get(), SHUT_WR);
        for (int turns = 0; !ended_; turns++) {
            PROPERTY(turns < kTurns);
            daemon_.turn();
            receive();
        }
    }
    void check(const Sent& sent) {
        Bytes rest(received_);
        std::size_t answers = 0;
        while (!rest.empty()) {
            const auto size = wire::frame_size(rest);
            PROPERTY(size && *size != 0 && *size <= rest.size());
            const auto frame = wire::parse_frame(rest.first(*size));
            PROPERTY(frame && sent.ids.contains(frame->header.id));
            rest = rest.subspan(*size);
            answers++;
        }
        PROPERTY(answers <= sent.frames);
    }

   private:
    void receive() {
        std::uint8_t octets[65536];
        ssize_t size = 0;
        while ((size = recv(socket_.get(), octets, sizeof(octets), 0)) > 0)
            pki::append(received_, Bytes(octets, static_cast<std::size_t>(size)));
        ended_ = size == 0 || (size < 0 && errno != EAGAIN);
    }

    Daemon& daemon_;
    signerd::Fd socket_;
    pki::Buffer received_;
    bool ended_ = false;
};

void converse(Daemon& daemon, std::uint8_t how, Bytes stream) {
    Peer peer(daemon, (how & 1) != 0 ? signerd::Role::admin : signerd::Role::frontend);
    const std::size_t piece = kPieces[how >> 1 & 7];
    const Sent sent(stream);
    bool open = true;
    for (Bytes rest = stream; open && !rest.empty();) {
        const std::size_t size = std::min(piece, rest.size());
        open = peer.send(rest.first(size));
        rest = rest.subspan(size);
    }
    if ((how & 16) == 0) return;
    peer.finish();
    peer.check(sent);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto daemon = std::make_unique<Daemon>();
    if (size == 0) return 0;
    converse(*daemon, data[0], Bytes(data + 1, size - 1));
    for (int turns = 0; daemon->server.connections() != 0; turns++) {
        PROPERTY(turns < kTurns);
        daemon->turn();
    }
    PROPERTY(daemon->in_flight() == 0);
    daemon->store.forget();
    return 0;
}
