#include "clients/enroll/verify.h"

#include <algorithm>
#include <optional>

#include "clients/common/chain.h"
#include "clients/enroll/common.h"
#include "libpki/base/ascii.h"
#include "libpki/base/base64.h"
#include "libpki/base/limits.h"
#include "libpki/ossl/digest.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/crl.h"

namespace enroll {

using pki::Buffer;
using pki::Errc;
using pki::fail;
using pki::Result;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

namespace {

constexpr std::size_t kSha256Digits = 64;

struct Candidate {
    x509::Certificate certificate;
    bool anchor = false;
    bool tried = false;
};

void add(std::vector<Candidate>& to, const std::vector<Buffer>& certificates, bool anchor) {
    for (const Buffer& der : certificates)
        if (auto parsed = x509::parse_certificate(der))
            to.push_back({std::move(*parsed), anchor, false});
}

// Depth first, anchors first. Whatever did not lead to an anchor once is not tried again, so
// the work is bounded by the square of the number of certificates.
class PathFinder {
   public:
    PathFinder(const std::vector<Buffer>& between, const std::vector<Buffer>& anchors,
               std::int64_t now)
        : now_(now) {
        add(candidates_, anchors, true);
        add(candidates_, between, false);
    }

    // The way from a certificate's issuer upwards.
    bool find(const x509::Certificate& from) {
        if (path_.size() == pki::limits::kChain) return false;
        for (Candidate& candidate : candidates_) {
            if (candidate.tried || !check_issued(from, candidate.certificate)) continue;
            candidate.tried = !candidate.anchor;
            path_.push_back(candidate.certificate);
            if (candidate.anchor ? good() : find(candidate.certificate)) return true;
            path_.pop_back();
        }
        return false;
    }

    std::vector<Buffer> path() const {
        std::vector<Buffer> out;
        for (const x509::Certificate& one : path_) out.push_back(pki::to_buffer(one.encoding));
        return out;
    }
    // Why a way up to an anchor is none.
    const std::optional<pki::Error>& problem() const { return problem_; }

   private:
    bool good() {
        const pki::Status status = check_ca_chain(path_, now_);
        if (!status) problem_ = status.error();
        return status.has_value();
    }

    std::int64_t now_;
    std::vector<Candidate> candidates_;
    std::vector<x509::Certificate> path_;
    std::optional<pki::Error> problem_;
};

}  // namespace

Result<Buffer> find_issued(const std::vector<Buffer>& certificates, EVP_PKEY* key) {
    const Buffer* found = nullptr;
    for (const Buffer& der : certificates) {
        const auto certificate = x509::parse_certificate(der);
        if (!certificate || !check_key(*certificate, key)) continue;
        if (found) return fail(Errc::malformed, "the answer has two certificates for the key");
        found = &der;
    }
    if (!found) return fail(Errc::not_found, "the answer has no certificate for the key");
    return *found;
}

Result<std::vector<Buffer>> find_chain(pki::Bytes leaf, const std::vector<Buffer>& between,
                                       const std::vector<Buffer>& anchors, std::int64_t now) {
    PKI_TRY(const x509::Certificate certificate, x509::parse_certificate(leaf));
    PKI_CHECK(check_date(certificate, now));
    PathFinder finder(between, anchors, now);
    if (finder.find(certificate)) return finder.path();
    if (finder.problem()) return *finder.problem();
    return fail(Errc::denied, "no chain from the certificate to a trusted CA",
                x509::name_text(certificate.tbs.subject) + ", issued by " +
                    x509::name_text(certificate.tbs.issuer));
}

Result<Buffer> serial_from(const std::string& text) {
    std::string digits = pki::to_lower(text);
    std::erase(digits, ':');
    if (digits.size() % 2 != 0) digits.insert(digits.begin(), '0');
    while (digits.starts_with("00")) digits.erase(0, 2);
    auto serial = pki::hex_decode(digits);
    if (!serial || serial->empty() || serial->size() > pki::limits::kSerial)
        return fail(Errc::malformed, "not a serial number", text);
    return serial;
}

pki::Status check_crl(pki::Bytes der, const x509::Certificate& ca) {
    PKI_TRY(const x509::Crl crl, x509::parse_crl(der));
    PKI_TRY(const x509::Name issuer, x509::parse_name(crl.facts.issuer));
    if (!x509::same_name(issuer, ca.tbs.subject))
        return fail(Errc::denied, "the CRL is another CA's", x509::name_text(issuer));
    PKI_TRY(const auto scheme, x509::parse_signature_algorithm(crl.signature_algorithm));
    PKI_TRY(const auto key, ossl::make_public_key(ca.tbs.spki.key));
    return ossl::verify(key.get(), scheme, crl.tbs, crl.signature);
}

std::vector<Buffer> self_issued(const std::vector<Buffer>& certificates) {
    std::vector<Buffer> out;
    for (const Buffer& der : certificates) {
        const auto one = x509::parse_certificate(der);
        if (one && x509::same_name(one->tbs.subject, one->tbs.issuer)) out.push_back(der);
    }
    return out;
}

Result<std::string> normal_fingerprint(std::string_view text) {
    std::string digits = pki::to_lower(text);
    std::erase(digits, ':');
    if (digits.size() != kSha256Digits || !pki::hex_decode(digits))
        return fail(Errc::malformed, "not a SHA-256 fingerprint", std::string(text));
    return digits;
}

std::vector<Buffer> with_fingerprint(const std::vector<Buffer>& certificates,
                                     const std::vector<std::string>& fingerprints) {
    std::vector<Buffer> out;
    for (const Buffer& der : certificates) {
        const std::string digest = pki::hex_encode(ossl::sha256(der));
        if (std::ranges::find(fingerprints, digest) != fingerprints.end()) out.push_back(der);
    }
    return out;
}

}  // namespace enroll
