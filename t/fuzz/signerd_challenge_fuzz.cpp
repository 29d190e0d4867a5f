// A challengePassword, which comes from anybody: whatever it is, it is no challenge, but for
// what a key has signed.
//
// The first octet says what follows it, by its remainder of 3. 0: the password, as it is shown
// to challenges of type "hmac" and "jws"; a token has one text. 1: the claims of a JWS that was
// signed for them. 2: a challengePassword of the string type that the next octet says.

#include <openssl/err.h>

#include <algorithm>
#include <memory>

#include "libpki/base/ascii.h"
#include "libpki/base/utf8.h"
#include "libpki/x509/cert.h"
#include "libpki/x509/csr.h"
#include "libpki/x509/string_type.h"
#include "signerd/challenge/base64url.h"
#include "signerd/challenge/hmac.h"
#include "signerd/challenge/jws_challenge.h"
#include "signerd/challenge/token.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/quiet_log.h"

namespace {

using pki::Bytes;
using signerd::Verdict;

constexpr std::int64_t kNow = 1'800'000'000;

struct World {
    World() : key(*pki::ossl::generate_key("ec:P-256")) {
        const pki::Buffer name = *pki::x509::name_from_text("CN=device-1");
        const pki::Buffer san = *pki::x509::build_san({"dns:device-1.example.com"});
        pki::x509::CsrSpec spec;
        spec.subject = name;
        spec.san = san;
        der = *pki::x509::build_csr(spec, key.get());
        csr = *pki::x509::parse_csr(der);
        presented.profile = "device";
        presented.csr = &csr;
        presented.now = kNow;
        signerd::HmacRules hmac_rules;
        hmac_rules.keys.push_back({"k1", pki::Secret(pki::as_bytes("not to be found out"))});
        hmac_rules.version_1 = true;
        hmac = std::make_unique<signerd::HmacChallenge>("hmac", std::move(hmac_rules));
        signerd::JwsRules jws_rules;
        jws_rules.anchors = *signerd::anchors_from_pem(
            pki::x509::to_pem("PUBLIC KEY", *pki::ossl::public_key_der(key.get())));
        jws_rules.issuer = "mdm";
        jws_rules.audience = "scep";
        jws = std::make_unique<signerd::JwsChallenge>("jws", std::move(jws_rules));
    }

    pki::ossl::PkeyPtr key;
    pki::Buffer der;
    pki::x509::Csr csr;
    signerd::Presented presented;
    std::unique_ptr<signerd::HmacChallenge> hmac;
    std::unique_ptr<signerd::JwsChallenge> jws;
};

void check_password(World& world, Bytes input) {
    const std::string_view text = pki::as_text(input);
    if (const auto token = signerd::parse_token(text))
        PROPERTY(signerd::token_text(*token) == text);
    if (const auto octets = signerd::base64url_decode(text))
        PROPERTY(signerd::base64url_encode(*octets) == text);
    world.presented.password = text;
    PROPERTY(world.hmac->check(world.presented).verdict != Verdict::accepted);
    PROPERTY(world.jws->check(world.presented).verdict == Verdict::not_mine);
}

// What is accepted has a nonce that is used up, and an end.
void check_claims(World& world, Bytes input) {
    const auto claims = signerd::parse_jws_claims(input);
    if (!claims) return;
    PROPERTY(!claims->nonce.empty() && !claims->issuer.empty() && !claims->subject.empty());
    PROPERTY(!claims->device_name.empty() && !claims->audience.empty());
    PROPERTY(claims->expires >= 0 && claims->issued_at >= 0 && claims->not_before >= 0);
    PROPERTY(signerd::has_exactly(world.csr, claims->names) ==
             (claims->names.email.empty() && claims->names.upn.empty() &&
              !claims->names.dns.empty() &&
              std::ranges::all_of(claims->names.dns, [](const std::string& name) {
                  return pki::equal_ignoring_case(name, "device-1.example.com");
              })));
}

void check_text(Bytes input) {
    if (input.empty()) return;
    const auto text = pki::x509::whole_text(input[0], input.subspan(1));
    if (!text) return;
    Bytes rest = pki::as_bytes(*text);
    while (!rest.empty()) PROPERTY(pki::take_utf8(rest).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static World world;
    if (size == 0) return 0;
    const Bytes input(data + 1, size - 1);
    switch (data[0] % 3) {
        case 0: check_password(world, input); break;
        case 1: check_claims(world, input); break;
        case 2: check_text(input); break;
    }
    PROPERTY(ERR_peek_error() == 0);
    return 0;
}
