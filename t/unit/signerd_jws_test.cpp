// Challenges of type "jws".
#include "libpki/base/der_reader.h"
#include "libpki/base/der_writer.h"
#include "signerd/challenge/base64url.h"
#include "t/unit/challenge_fixture.h"

#include "t/unit/unit.h"

namespace {

using pki::Errc;
using signerd::Finding;
using signerd::Verdict;
using unit::Shown;

constexpr std::string_view kClaims =
    R"({"version":"v1","iss":"https://mdm.example.com","sub":"device-guid-1",)"
    R"("aud":"https://scep.example.com","iat":1800000000,"exp":1800000600,"nonce":"n-1",)"
    R"("device_name":"device-1","san_dns":["device-1.example.com"]})";

std::string with(std::string_view text, std::string_view from, std::string_view to) {
    std::string out(text);
    const std::size_t at = out.find(from);
    assert_true(at != out.npos);
    return out.replace(at, from.size(), to);
}

std::string text_vector(const char* name) {
    return std::string(pki::as_text(unit::read_vector(name)));
}

// r and s as RFC 7518 3.4 has them.
pki::Buffer raw_signature(pki::Bytes der) {
    pki::der::Reader numbers = *pki::der::Reader(der).enter(pki::der::kSequence);
    pki::Buffer raw;
    for (int i = 0; i < 2; i++) {
        const pki::Bytes number = *numbers.unsigned_integer();
        raw.resize(raw.size() + 32 - number.size());
        pki::append(raw, number);
    }
    return raw;
}

// A connector whose key is believed.
struct Connector {
    explicit Connector(const char* spec = "ec:P-256") : key(*pki::ossl::generate_key(spec)) {}

    std::string sign(std::string_view claims,
                     std::string_view header = R"({"alg":"ES256","typ":"JWT"})") const {
        const std::string input = signerd::base64url_encode(pki::as_bytes(header)) + "." +
                                  signerd::base64url_encode(pki::as_bytes(claims));
        const auto scheme = *pki::ossl::default_scheme(key.get());
        pki::Buffer signature = *pki::ossl::sign(key.get(), scheme, pki::as_bytes(input));
        if (scheme.type == pki::ossl::KeyType::ec) signature = raw_signature(signature);
        return input + "." + signerd::base64url_encode(signature);
    }
    std::string pem() const {
        return pki::x509::to_pem("PUBLIC KEY", *pki::ossl::public_key_der(key.get()));
    }
    signerd::JwsRules rules() const {
        signerd::JwsRules made;
        made.anchors = *signerd::anchors_from_pem(pem());
        made.issuer = "https://mdm.example.com";
        made.audience = "https://scep.example.com";
        return made;
    }

    pki::ossl::PkeyPtr key;
};

pki::Buffer dns_san() { return *pki::x509::build_san({"dns:device-1.example.com"}); }

// A GeneralName of Microsoft's type.
void add_principal(pki::der::Writer& w, std::string_view name, std::uint8_t tag) {
    w.tlv(pki::der::constructed(0), [&] {
        w.oid(*pki::x509::oid_from_text("1.3.6.1.4.1.311.20.2.3"));
        w.tlv(pki::der::constructed(0), [&] { w.primitive(tag, pki::as_bytes(name)); });
    });
}

pki::Buffer full_san(std::string_view principal, std::uint8_t tag = pki::der::kUtf8String) {
    const pki::Buffer others =
        *pki::x509::build_san({"email:user@example.com", "dns:DEVICE-1.example.com"});
    pki::der::Writer w;
    w.sequence([&] {
        w.raw(pki::der::only(others, pki::der::kSequence)->content);
        add_principal(w, principal, tag);
    });
    return std::move(w).take();
}

void assert_refused(const Finding& finding, std::string_view cause) {
    assert_text(finding.cause, cause);
    assert_int_equal(finding.verdict, Verdict::refused);
}

void jws_of_openssl_are_good(void**) {
    for (const char* name : {"challenge/rs256", "challenge/es256"}) {
        signerd::JwsRules rules = Connector().rules();
        rules.anchors =
            *signerd::anchors_from_pem(text_vector((std::string(name) + ".pem").c_str()));
        const signerd::JwsChallenge challenge("mdm", std::move(rules));
        Shown shown("CN=device-1", full_san("user@corp.example.com"));
        const Finding finding =
            shown.by(challenge, text_vector((std::string(name) + ".jws").c_str()));
        assert_text(finding.cause, "");
        assert_int_equal(finding.verdict, Verdict::accepted);
        assert_int_equal(finding.claims.once->expires, 1'800'003'660);
        assert_int_equal(finding.claims.limit, 3);
        assert_int_equal(finding.claims.counted->expires, unit::kNow + unit::kDay);
    }
}

void principal_names_are_compared(void**) {
    const signerd::JwsChallenge challenge("mdm", [] {
        signerd::JwsRules rules = Connector().rules();
        rules.anchors = *signerd::anchors_from_pem(text_vector("challenge/rs256.pem"));
        return rules;
    }());
    const std::string jws = text_vector("challenge/rs256.jws");
    constexpr const char* kCause = "the alternative names are not those of the claims";
    for (const pki::Buffer& san :
         {full_san("other@corp.example.com"), full_san("User@corp.example.com"),
          full_san("user@corp.example.com", pki::der::kIa5String), dns_san(), pki::Buffer()}) {
        Shown shown("CN=device-1", san);
        assert_refused(shown.by(challenge, jws), kCause);
    }
}

void each_claim_is_checked(void**) {
    const Connector connector;
    const signerd::JwsChallenge challenge("mdm", connector.rules());
    Shown shown("O=Example, CN=device-1", dns_san());
    assert_int_equal(shown.by(challenge, connector.sign(kClaims)).verdict, Verdict::accepted);
    const struct {
        const char *from, *to, *cause;
    } cases[] = {
        {"\"v1\"", "\"v2\"", "its version is unknown"},
        {"mdm.example", "evil.example", "iss is another"},
        {"scep.example", "other.example", "aud is another"},
        {"1800000600", "1799999940", "it has expired"},
        {"1800000000,\"exp\":1800000600", "1800000061,\"exp\":1800000600",
         "it is of the future (iat)"},
        {"1800000600", "1800000600,\"nbf\":1800000061", "it is not valid yet (nbf)"},
        {"1800000600", "1800003601", "it lives longer than max_lifetime"},
        {"device-1\"", "device-2\"", "device_name is not the common name"},
        {"device-1.example", "device-2.example",
         "the alternative names are not those of the claims"},
        {"[\"device", "[\"a.example.com\",\"device",
         "the alternative names are not those of the claims"},
        {"san_dns", "san_rfc822", "the alternative names are not those of the claims"},
    };
    for (const auto& c : cases)
        assert_refused(shown.by(challenge, connector.sign(with(kClaims, c.from, c.to))),
                       c.cause);
}

void claims_must_be_there_and_whole(void**) {
    const Connector connector;
    const signerd::JwsChallenge challenge("mdm", connector.rules());
    Shown shown("CN=device-1", dns_san());
    const std::string cause = "JWS: claim missing, empty or of another type: ";
    const struct {
        const char *from, *to, *claim;
    } cases[] = {
        {"\"n-1\"", "\"\"", "nonce"},
        {"\"nonce\"", "\"once\"", "nonce"},
        {"\"n-1\"", "17", "nonce"},
        {"\"exp\"", "\"expires\"", "exp"},
        {"1800000600", "\"1800000600\"", "exp"},
        {"1800000600", "-1", "exp"},
        {"1800000600", "1e300", "exp"},
        {"\"iat\"", "\"at\"", "iat"},
        {"\"sub\"", "\"subject\"", "sub"},
        {"\"device_name\"", "\"name\"", "device_name"},
        {"\"aud\"", "\"audience\"", "aud"},
        {"\"https://scep.example.com\"", "[]", "aud"},
        {"\"https://scep.example.com\"", "[1]", "aud"},
        {"[\"device-1.example.com\"]", "\"device-1.example.com\"", "san_dns"},
        {"\"v1\"", "1", "version"},
    };
    for (const auto& c : cases)
        assert_refused(shown.by(challenge, connector.sign(with(kClaims, c.from, c.to))),
                       cause + c.claim);
    const std::string twice = with(kClaims, "\"nonce\"", "\"nonce\":\"n-0\",\"nonce\"");
    assert_refused(shown.by(challenge, connector.sign(twice)), "JWS: no JSON object");
    const std::string padding(200, ' ');
    assert_refused(shown.by(challenge, connector.sign("[]" + padding)), "JWS: no JSON object");
    assert_refused(shown.by(challenge, connector.sign(padding)), "JWS: no JSON object");
}

void clocks_may_differ_by_a_minute(void**) {
    const Connector connector;
    const signerd::JwsChallenge challenge("mdm", connector.rules());
    Shown shown("CN=device-1", dns_san());
    const std::string jws =
        connector.sign(with(kClaims, "\"v1\"", "\"v1\",\"nbf\":1800000000"));
    for (const std::int64_t now : {1'799'999'940, 1'800'000'659}) {
        shown.presented.now = now;
        assert_int_equal(shown.by(challenge, jws).verdict, Verdict::accepted);
    }
    for (const std::int64_t now : {1'799'999'939, 1'800'000'660}) {
        shown.presented.now = now;
        assert_int_equal(shown.by(challenge, jws).verdict, Verdict::refused);
    }
    shown.presented.renewal = true;
    assert_int_equal(shown.by(challenge, jws).verdict, Verdict::accepted);
}

void an_audience_may_be_one_of_several(void**) {
    const Connector connector;
    const signerd::JwsChallenge challenge("mdm", connector.rules());
    Shown shown("CN=device-1", dns_san());
    const std::string several =
        with(kClaims, "\"https://scep.example.com\"", R"(["x","https://scep.example.com"])");
    assert_int_equal(shown.by(challenge, connector.sign(several)).verdict, Verdict::accepted);
    const std::string no_version = with(kClaims, "\"version\":\"v1\",", "");
    assert_int_equal(shown.by(challenge, connector.sign(no_version)).verdict,
                     Verdict::accepted);
}

void only_two_algorithms_and_only_our_anchors(void**) {
    const Connector connector;
    const Connector other;
    const Connector rsa("rsa:2048");
    const signerd::JwsChallenge challenge("mdm", connector.rules());
    Shown shown("CN=device-1", dns_san());
    const auto cause = [&](const std::string& jws) {
        const Finding finding = shown.by(challenge, jws);
        assert_int_equal(finding.verdict, Verdict::not_mine);
        return finding.cause;
    };
    constexpr const char* kUnverified = "no anchor verifies its signature";
    assert_text(cause(other.sign(kClaims)), kUnverified);
    // What the header says of keys is nobody's business.
    assert_text(
        cause(other.sign(kClaims, R"({"alg":"ES256","kid":"x","x5c":["AAAA"],"jwk":{}})")),
        kUnverified);
    assert_text(cause(rsa.sign(kClaims, R"({"alg":"RS256"})")), kUnverified);
    for (const char* header : {R"({"alg":"none"})", R"({"alg":"HS256"})", R"({"alg":"es256"})",
                               R"({"alg":"PS256"})", R"({"alg":["ES256"]})", "{}"})
        assert_text(cause(connector.sign(kClaims, header)),
                    "JWS: alg is neither RS256 nor ES256");
    assert_text(cause(connector.sign(kClaims, R"({"alg":"ES256","crit":["b64"],"b64":false})")),
                "JWS: a critical extension");
    assert_text(cause(connector.sign(kClaims, R"({"alg":"ES256","alg":"ES256"})")),
                "JWS: no JSON object");
    const std::string good = connector.sign(kClaims);
    assert_text(cause(good.substr(0, good.size() - 2)), "JWS: length of the signature");
    assert_text(cause(good + "="), "JWS: not base64url");
    assert_text(cause(std::string(8 * 1024, 'a') + good), "JWS: too long");
}

void the_form_decides(void**) {
    const std::string long_text(199, 'a');
    assert_true(signerd::looks_like_jws(long_text + ".."));
    assert_false(signerd::looks_like_jws(long_text.substr(1) + ".."));
    assert_false(signerd::looks_like_jws(long_text + "..."));
    assert_false(signerd::looks_like_jws(long_text + "a."));
    Shown shown;
    const signerd::JwsChallenge challenge("mdm", Connector().rules());
    assert_text(shown.by(challenge, "a secret").cause, "not a JWS");
}

void an_anchor_certificate_counts_while_it_is_valid(void**) {
    const unit::TestCa made = unit::make_ca({.name = "CN=Connector"});
    Connector connector;
    signerd::JwsRules rules = connector.rules();
    rules.anchors = *signerd::anchors_from_pem(made.pem());
    EVP_PKEY_up_ref(made.key.get());
    connector.key.reset(made.key.get());
    const signerd::JwsChallenge challenge("mdm", std::move(rules));
    Shown shown("CN=device-1", dns_san());
    assert_int_equal(shown.by(challenge, connector.sign(kClaims)).verdict, Verdict::accepted);
    shown.presented.now = unit::kTestNotAfter + 1;
    assert_text(shown.by(challenge, connector.sign(kClaims)).cause,
                "no anchor verifies its signature");
}

void anchors_are_keys_for_these_algorithms(void**) {
    const std::string good = Connector().pem();
    assert_int_equal(signerd::anchors_from_pem(good + good)->size(), 2);
    assert_int_equal(
        signerd::anchors_from_pem(good + unit::make_ca({.name = "CN=x"}).pem())->size(), 2);
    assert_error(Errc::malformed, signerd::anchors_from_pem(""));
    assert_error(Errc::malformed, signerd::anchors_from_pem(good.substr(0, good.size() - 5)));
    assert_error(Errc::unsupported, signerd::anchors_from_pem(Connector("ec:P-384").pem()));
    assert_error(Errc::unsupported, signerd::anchors_from_pem(Connector("ed25519").pem()));
}

// The nonce is remembered with its issuer and its key, and so is the device.
void what_is_used_up(void**) {
    const Connector connector;
    const signerd::JwsChallenge challenge("mdm", connector.rules());
    Shown shown("CN=device-1", dns_san());
    const auto claims = [&](std::string_view text) {
        return shown.by(challenge, connector.sign(text)).claims;
    };
    const auto first = claims(kClaims);
    const auto again = claims(with(kClaims, "1800000600", "1800000601"));
    const auto next = claims(with(kClaims, "n-1", "n-2"));
    const auto other = claims(with(kClaims, "guid-1", "guid-2"));
    assert_true(first.once->same(*again.once));
    assert_false(first.once->same(*next.once));
    assert_true(first.counted->hash == next.counted->hash);
    assert_false(first.counted->hash == other.counted->hash);
    // Another connector may have the same name, and know nothing of this one.
    const Connector stranger;
    const signerd::JwsChallenge foreign("mdm", stranger.rules());
    const auto theirs = shown.by(foreign, stranger.sign(kClaims)).claims;
    assert_false(first.once->same(*theirs.once));
    assert_false(first.counted->hash == theirs.counted->hash);
    signerd::JwsRules rules = connector.rules();
    rules.limit = 0;
    const signerd::JwsChallenge unlimited("mdm", std::move(rules));
    assert_false(shown.by(unlimited, connector.sign(kClaims)).claims.counted.has_value());
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(jws_of_openssl_are_good),
        cmocka_unit_test(principal_names_are_compared),
        cmocka_unit_test(each_claim_is_checked),
        cmocka_unit_test(claims_must_be_there_and_whole),
        cmocka_unit_test(clocks_may_differ_by_a_minute),
        cmocka_unit_test(an_audience_may_be_one_of_several),
        cmocka_unit_test(only_two_algorithms_and_only_our_anchors),
        cmocka_unit_test(the_form_decides),
        cmocka_unit_test(an_anchor_certificate_counts_while_it_is_valid),
        cmocka_unit_test(anchors_are_keys_for_these_algorithms),
        cmocka_unit_test(what_is_used_up),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
