#include "signerd/key_maker.h"

#include <algorithm>

#include "libpki/x509/algorithm.h"
#include "libpki/x509/oids.h"

namespace signerd {

namespace x509 = pki::x509;
namespace oid = pki::x509::oid;
using pki::Errc;
using pki::fail;
using pki::Reason;
using pki::ossl::Curve;
using pki::ossl::KeyType;

namespace {

constexpr std::size_t kLeastRsaBits = 2048;
constexpr std::size_t kMostRsaBits = 4096;  // time grows with the fourth power

pki::Result<MadeKey> make_key(const std::string& spec) {
    PKI_TRY(const pki::ossl::PkeyPtr key, pki::ossl::generate_key(spec));
    MadeKey made;
    PKI_TRY(made.pkcs8, pki::ossl::write_private_key_der(key.get()));
    PKI_TRY(made.spki, pki::ossl::public_key_der(key.get()));
    return made;
}

pki::Error bad_alg(const char* text) { return fail(Errc::unsupported, Reason::bad_alg, text); }

// What a client may ask for; with the first of EC any curve.
struct Wanted {
    std::optional<KeyType> type;
    Curve curve = Curve::none;
    std::uint64_t bits = 0;
};

Curve curve_of(pki::Bytes parameters) {
    const auto id = pki::der::only(parameters, pki::der::kOid);
    if (!id) return Curve::none;
    if (pki::equal(id->content, oid::kP256)) return Curve::p256;
    if (pki::equal(id->content, oid::kP384)) return Curve::p384;
    return pki::equal(id->content, oid::kP521) ? Curve::p521 : Curve::none;
}

pki::Result<KeyType> type_of(pki::Bytes id) {
    if (pki::equal(id, oid::kRsaEncryption)) return KeyType::rsa;
    if (pki::equal(id, oid::kEcPublicKey)) return KeyType::ec;
    if (pki::equal(id, oid::kEd25519)) return KeyType::ed25519;
    if (pki::equal(id, oid::kEd448)) return KeyType::ed448;
    return bad_alg("key generation: algorithm");
}

pki::Result<Wanted> read_wanted(const x509::CertRequest& request) {
    Wanted wanted;
    wanted.bits = request.wanted_rsa_bits;
    if (wanted.bits != 0) wanted.type = KeyType::rsa;
    if (request.wanted_algorithm.empty()) return wanted;
    PKI_TRY(const x509::Algorithm algorithm, x509::parse_algorithm(request.wanted_algorithm));
    PKI_TRY(wanted.type, type_of(algorithm.id));
    if (wanted.type != KeyType::ec || x509::no_parameters(algorithm)) return wanted;
    wanted.curve = curve_of(algorithm.parameters);
    if (wanted.curve == Curve::none) return bad_alg("key generation: curve");
    return wanted;
}

// The size of an RSA key by this rule; 0: none.
std::size_t rsa_bits(const x509::KeyRule& rule, std::uint64_t wanted) {
    const std::size_t least = std::max(rule.min_bits, kLeastRsaBits);
    const std::size_t most = std::min(rule.max_bits, kMostRsaBits);
    const std::size_t bits = wanted != 0 ? wanted : least;
    return bits >= least && bits <= most ? bits : 0;
}

std::optional<std::string> spec_of(const x509::KeyRule& rule, const Wanted& wanted) {
    if (wanted.type && *wanted.type != rule.type) return std::nullopt;
    if (wanted.curve != Curve::none && wanted.curve != rule.curve) return std::nullopt;
    if (rule.type != KeyType::rsa) return rule.describe();
    const std::size_t bits = rsa_bits(rule, wanted.bits);
    if (bits == 0) return std::nullopt;
    return "rsa:" + std::to_string(bits);
}

std::optional<std::string> find_spec(const x509::Profile& profile, const Wanted& wanted) {
    for (const x509::KeyRule& rule : profile.keys)
        if (auto spec = spec_of(rule, wanted)) return spec;
    return std::nullopt;
}

pki::Error no_such_key() { return bad_alg("key generation: the profile has no such key"); }

}  // namespace

pki::Result<std::unique_ptr<ThreadKeyMaker>> ThreadKeyMaker::start(EventLoop& loop) {
    PKI_TRY(auto thread, Background::start(loop));
    return std::unique_ptr<ThreadKeyMaker>(new ThreadKeyMaker(std::move(thread)));
}

void ThreadKeyMaker::make(const std::string& spec, Done done) {
    if (queued_ == kQueued)
        return done(fail(Errc::unavailable, "key generation: too many are waiting"));
    queued_++;
    const auto made = std::make_shared<pki::Result<MadeKey>>(
        fail(Errc::internal, "key generation: not done"));
    thread_->run([made, spec] { *made = make_key(spec); },
                 [this, made, done = std::move(done)] {
                     queued_--;
                     done(std::move(*made));
                 });
}

pki::Result<std::string> key_spec(const x509::Profile& profile,
                                  const x509::CertRequest& request) {
    PKI_TRY(const Wanted wanted, read_wanted(request));
    if (const auto spec = find_spec(profile, wanted)) return *spec;
    return no_such_key();
}

pki::Result<std::string> key_spec(const x509::Profile& profile, const x509::Spki& like) {
    const bool rsa = like.key.type == KeyType::rsa;
    const Wanted wanted{like.key.type, like.key.curve, rsa ? like.rsa_bits() : 0};
    if (const auto spec = find_spec(profile, wanted)) return *spec;
    if (const auto first = find_spec(profile, {})) return *first;
    return no_such_key();
}

}  // namespace signerd
