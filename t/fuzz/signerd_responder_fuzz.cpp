// What a key child signs for the OCSP responders of a CA, whoever asks: certificates for keys
// that it has itself and that are for OCSP alone, and answers about certificates of this CA.
//
// Each input changes something that the child would sign, as offset (two octets) and octet,
// again and again: the TBSCertificate of a responder, or, where bit 2 of the first octet is
// set, a ResponseData.

#include <openssl/err.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <thread>

#include "libpki/x509/ocsp.h"
#include "signerd/config.h"
#include "signerd/fd.h"
#include "signerd/keys/child.h"
#include "signerd/keys/protocol.h"
#include "signerd/responder_tbs.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/quiet_log.h"
#include "t/unit/key_child_files.h"

namespace {

using pki::Bytes;
using unit::seconds_now;
namespace wire = pki::wire;
namespace x509 = pki::x509;

struct Child : unit::KeyChildFiles {
    Child() { PROPERTY(signerd::load_config(config()).has_value()); }
    ~Child() { remove(); }
};

void change(pki::Buffer& what, Bytes changes) {
    for (; changes.size() >= 3; changes = changes.subspan(3))
        what[static_cast<std::size_t>(changes[0] << 8 | changes[1]) % what.size()] = changes[2];
}

bool whole(Bytes received) {
    const auto size = wire::frame_size(received);
    PROPERTY(size.has_value());
    return *size != 0 && *size <= received.size();
}

// A child that is asked one thing after the other.
class Conversation {
   public:
    explicit Conversation(const Child& child) {
        std::array<int, 2> pair{};
        PROPERTY(socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()) == 0);
        ours_.reset(pair[0]);
        thread_ = std::thread([path = child.config(), theirs = pair[1]] {
            signerd::Workers workers(1);
            signerd::serve_keys(theirs, path, workers);
            PROPERTY(ERR_peek_error() == 0);
        });
    }
    ~Conversation() {
        ours_.reset();
        thread_.join();
    }
    // The answer is a view into what was received last.
    template <class M>
    wire::Frame ask(const M& message) {
        const pki::Buffer frame = *wire::encode(message, 1);
        PROPERTY(send(ours_.get(), frame.data(), frame.size(), 0) ==
                 static_cast<ssize_t>(frame.size()));
        received_.clear();
        while (!whole(received_)) {
            std::uint8_t octets[4096];
            const ssize_t size = recv(ours_.get(), octets, sizeof(octets), 0);
            if (size < 0 && errno == EINTR) continue;  // libFuzzer's timer
            PROPERTY(size > 0);
            pki::append(received_, Bytes(octets, static_cast<std::size_t>(size)));
        }
        return *signerd::parse_key_frame(received_);
    }

   private:
    signerd::Fd ours_;
    std::thread thread_;
    pki::Buffer received_;
};

bool verifies(Bytes spki, Bytes message, Bytes signature) {
    const auto key = pki::ossl::make_public_key(x509::parse_spki(spki)->key);
    return pki::ossl::verify(key->get(), *pki::ossl::default_scheme(key->get()), message,
                             signature)
        .has_value();
}

// RFC 6960 4.2.2.2: for OCSP and for nothing else, and only with a key that the child has.
void ask_certificate(const Child& child, Conversation& with, Bytes spki, Bytes changes) {
    const auto config = signerd::load_config(child.config());
    const auto serial = *signerd::new_serial(seconds_now() * 1'000'000);
    const signerd::Ca& ca = (*config)->cas.at("issuing");
    pki::Buffer tbs = signerd::make_responder_tbs(ca, spki, serial, seconds_now())->tbs;
    change(tbs, changes);
    const auto answer = with.ask(signerd::SignResponderRequest{1, "issuing", tbs});
    const auto reply = wire::decode<signerd::SignReply>(answer);
    if (!reply) {
        PROPERTY(changes.size() >= 3 && wire::decode<wire::ErrorReply>(answer));
        return;
    }
    const auto read = x509::parse_tbs(tbs);
    PROPERTY(read && pki::equal(read->spki.encoding, spki));
    PROPERTY(pki::equal(read->issuer.encoding, child.ca.name));
    const auto* purposes = read->extensions.find(x509::oid::kExtendedKeyUsage);
    PROPERTY(purposes != nullptr &&
             pki::equal(x509::parse_extended_key_usage(purposes->value)->at(0),
                        x509::oid::kOcspSigning));
    PROPERTY(read->extensions.find(x509::oid::kOcspNoCheck) != nullptr);
    PROPERTY(read->not_after - read->not_before <= 31 * 24 * 3600);
    PROPERTY(verifies(*pki::ossl::public_key_der(child.ca.key.get()), tbs, reply->signature));
}

// Of this CA's certificates it says what it is told, of others nothing.
void ask_answer(const Child& child, Conversation& with, Bytes spki, Bytes changes) {
    const pki::Buffer ca_spki = *pki::ossl::public_key_der(child.ca.key.get());
    const Bytes key_bits = x509::parse_spki(ca_spki)->key_bits;
    const pki::Buffer serial(16, 0x41),
        key_hash = x509::key_identifier(*x509::parse_spki(spki));
    const pki::Buffer id =
        x509::build_ocsp_cert_id(pki::ossl::Hash::sha256, child.ca.name, key_bits, serial);
    x509::OcspResponseSpec spec;
    spec.responder_key_hash = key_hash;
    spec.produced_at = seconds_now();
    spec.responses = {{id, x509::OcspStatus::good, 0, {}, seconds_now(), seconds_now() + 3600},
                      {id, x509::OcspStatus::unknown, 0, {}, seconds_now(), 0}};
    pki::Buffer data = x509::build_ocsp_response_data(spec);
    change(data, changes);
    const auto answer = with.ask(signerd::SignOcspRequest{1, "issuing", data});
    const auto reply = wire::decode<signerd::SignReply>(answer);
    if (!reply) {
        PROPERTY(changes.size() >= 3 && wire::decode<wire::ErrorReply>(answer));
        return;
    }
    const auto read = x509::parse_ocsp_response_data(data);
    PROPERTY(read && pki::equal(read->responder_key_hash, key_hash));
    for (const x509::OcspSingle& single : read->responses) {
        if (single.status == x509::OcspStatus::unknown) continue;
        const auto asked = *x509::parse_ocsp_cert_id(single.cert_id);
        const auto issuer = x509::ocsp_issuer(asked.hash, child.ca.name, key_bits);
        PROPERTY(pki::equal(asked.issuer_key_hash, issuer.key_hash));
        PROPERTY(pki::equal(asked.issuer_name_hash, issuer.name_hash));
    }
    PROPERTY(verifies(spki, data, reply->signature));
}

void converse(const Child& child, bool answer, Bytes changes) {
    Conversation with(child);
    PROPERTY(wire::decode<signerd::LoadReply>(with.ask(signerd::LoadRequest{1, 0})));
    const auto key = with.ask(signerd::ResponderKeyRequest{1, "issuing", false});
    const pki::Buffer spki =
        pki::to_buffer(wire::decode<signerd::ResponderKeyReply>(key)->spki);
    answer ? ask_answer(child, with, spki, changes)
           : ask_certificate(child, with, spki, changes);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Child child;
    if (size == 0) return 0;
    converse(child, data[0] & 4, Bytes(data + 1, size - 1));
    PROPERTY(ERR_peek_error() == 0);
    return 0;
}
