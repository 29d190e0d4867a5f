// The issue path for SCEP: a profile with a static secret and with tokens.
#pragma once

#include "libpki/x509/algorithm.h"
#include "t/unit/challenge_fixture.h"

#include "t/unit/unit.h"

namespace unit {

inline pki::ossl::PkeyPtr new_key() { return *pki::ossl::generate_key("ec:P-256"); }

// build_csr() writes UTF8String; this is the same with another type.
inline pki::Buffer with_password(EVP_PKEY* key, std::uint8_t tag, pki::Bytes value) {
    const auto scheme = *pki::ossl::default_scheme(key);
    pki::der::Writer info;
    info.sequence([&] {
        info.integer(0);
        info.raw(*pki::x509::name_from_text("CN=device-1"));
        info.raw(*pki::ossl::public_key_der(key));
        info.tlv(pki::der::constructed(0), [&] {
            info.sequence([&] {
                info.oid(pki::x509::oid::kChallengePassword);
                info.set([&] { info.primitive(tag, value); });
            });
        });
    });
    pki::der::Writer w;
    w.sequence([&] {
        w.raw(info.view());
        pki::x509::write_signature_algorithm(w, scheme);
        w.bit_string(*pki::ossl::sign(key, scheme, info.view()));
    });
    return std::move(w).take();
}

class ScepFixture : public IssueFixture {
   public:
    ScepFixture() {
        hmac = hmac_challenge("mdm");
        rules().challenges = {static_challenge("factory", {"factory secret"}), hmac};
    }
    signerd::ScepRules& rules() {
        auto& scep = config->profiles["device"].scep;
        if (!scep) scep.emplace();
        return *scep;
    }
    static pki::wire::IssueRequest enrolment(const pki::Buffer& csr,
                                             std::string_view transaction = "t-1") {
        pki::wire::IssueRequest made = request(csr);
        made.protocol = pki::wire::Protocol::scep;
        made.idempotency_key = transaction;
        made.transaction = transaction;
        return made;
    }
    static pki::wire::IssueRequest renewal(const pki::Buffer& csr, const pki::Buffer& signer,
                                           std::string_view transaction = "t-2") {
        pki::wire::IssueRequest made = enrolment(csr, transaction);
        made.operation = pki::wire::Operation::renew;
        made.signer_certificate = signer;
        return made;
    }
    std::uint64_t enrol(std::string_view password, std::string_view transaction = "t-1") {
        const pki::Buffer csr = challenge_csr(new_key().get(), std::string(password));
        return issue(enrolment(csr, transaction));
    }
    pki::Buffer certificate(std::uint64_t id) {
        const auto reply = replies.issued(id);
        assert_ok(reply);
        return pki::to_buffer(reply->certificate);
    }
    // A certificate that was issued for "CN=device-1".
    pki::Buffer enrolled() { return certificate(enrol("factory secret", "first")); }
    std::string token(std::int64_t lifetime = 60) {
        return *hmac->make({2, clock.seconds + lifetime, "device", {}});
    }
    std::string detail() { return std::string(audit().back().detail); }
    void assert_refused(std::uint64_t id, pki::Errc code) {
        const auto error = replies.error(id);
        assert_ok(error);
        if (error->code != code) print_error("%s\n", detail().c_str());
        assert_int_equal(error->code, code);
        assert_int_equal(audit().back().decision, pki::wire::Decision::deny);
    }

    std::shared_ptr<signerd::HmacChallenge> hmac;
};

}  // namespace unit
