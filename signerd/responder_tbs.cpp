#include "signerd/responder_tbs.h"

#include <algorithm>

#include "libpki/x509/oids.h"
#include "libpki/x509/tbs.h"
#include "signerd/keys/ocsp_check.h"

namespace signerd {

namespace x509 = pki::x509;
namespace oid = pki::x509::oid;

namespace {

constexpr std::int64_t kBackdate = 3600;
constexpr std::size_t kCommonName = 64;  // characters: RFC 5280 A.1, ub-common-name
constexpr std::string_view kWhat = " OCSP Responder";

}  // namespace

std::string responder_name(const Ca& ca) {
    return ca.name.substr(0, kCommonName - kWhat.size()).append(kWhat);
}

pki::Result<UnsignedCertificate> make_responder_tbs(const Ca& ca, pki::Bytes spki,
                                                    const Serial& serial, std::int64_t now) {
    if (now < ca.not_before || now >= ca.not_after)
        return pki::fail(pki::Errc::internal, "the CA's certificate is not valid now", ca.name);
    PKI_TRY(const pki::Buffer subject, x509::name_from_text("CN=" + responder_name(ca)));
    PKI_TRY(const x509::Spki key, x509::parse_spki(spki));
    const pki::Buffer key_identifier = x509::key_identifier(key);
    x509::TbsSpec spec;
    spec.serial = serial;
    spec.scheme = ca.scheme;
    spec.issuer = ca.subject;
    spec.subject = subject;
    spec.not_before = std::max(now - kBackdate, ca.not_before);
    spec.not_after = std::min({now + ca.ocsp.certificate_validity, ca.not_after,
                               spec.not_before + kLongestResponder});
    spec.spki = spki;
    spec.subject_key_identifier = key_identifier;
    spec.authority_key_identifier = ca.key_identifier;
    spec.key_usage = x509::kDigitalSignature;
    spec.extended_key_usage = {oid::kOcspSigning};
    spec.ocsp_no_check = true;
    return UnsignedCertificate{x509::build_tbs(spec), spec.not_before, spec.not_after};
}

}  // namespace signerd
