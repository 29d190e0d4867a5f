#include "signerd/keys/crl_check.h"

#include "libpki/x509/oids.h"

namespace signerd {

namespace x509 = pki::x509;

namespace {

constexpr std::int64_t kDay = 86400;

pki::Error denied(const char* text) { return pki::fail(pki::Errc::denied, text); }

pki::Status check_issuer(const CaRules& rules, const x509::TbsCrlFacts& facts) {
    if (!rules.may_sign_crls) return denied("CRL: the CA's certificate does not allow cRLSign");
    if (!pki::equal(facts.issuer, rules.subject)) return denied("CRL: issuer is not the CA");
    if (!pki::equal(facts.signature_algorithm, rules.signature_algorithm))
        return denied("CRL: signature algorithm is not the CA's");
    if (!pki::equal(facts.authority_key_identifier, rules.key_identifier))
        return denied("CRL: authority key identifier is not the CA's");
    return {};
}

// The skew is that of certificates.
pki::Status check_times(const x509::TbsCrlFacts& facts, std::int64_t now) {
    if (facts.this_update < now - kDay || facts.this_update > now + kDay)
        return denied("CRL: does not begin now");
    if (facts.next_update <= facts.this_update)
        return denied("CRL: nextUpdate is not behind thisUpdate");
    if (facts.next_update - facts.this_update > kLongestCrl)
        return denied("CRL: nextUpdate is too far away");
    return {};
}

// RFC 5280 5.2.3: numbers increase. The partitions and the delta of one round share theirs.
pki::Status check_numbers(const x509::TbsCrlFacts& facts, std::uint64_t highest) {
    if (facts.number < highest) return denied("CRL: number below that of an earlier list");
    // RFC 5280 5.2.4 (d)
    if (facts.base && *facts.base >= facts.number)
        return denied("CRL: base number is not below the number");
    return {};
}

}  // namespace

bool may_sign_crls(const Ca& ca) {
    const auto certificate = x509::parse_certificate(ca.chain.front());
    if (!certificate) return false;
    const auto* usage = certificate->tbs.extensions.find(x509::oid::kKeyUsage);
    if (usage == nullptr) return true;
    const auto bits = x509::parse_key_usage(usage->value);
    return bits && (*bits & x509::kCrlSign) != 0;
}

pki::Status check_crl(const CaRules& rules, const x509::TbsCrlFacts& facts,
                      std::uint64_t highest, std::int64_t now) {
    PKI_CHECK(check_issuer(rules, facts));
    PKI_CHECK(check_times(facts, now));
    return check_numbers(facts, highest);
}

}  // namespace signerd
