#include "ngx_cmp_module/wanted.h"

#include "ngx_cmp_module/work.h"

namespace ngx_enroll::cmp {

namespace {

namespace x509 = pki::x509;
using pki::Errc;
using pki::fail;
using pki::Reason;
using pki::cmp::BodyType;
using pki::ossl::KeyType;

// To say of several requests in one message that there are several, which we never take (RFC
// 9483 4.1), they have to be read.
constexpr std::size_t kMostRead = 4;

pki::Status verify(std::monostate) { return {}; }
pki::Status verify(const x509::Csr& csr) { return x509::verify_possession(csr); }
pki::Status verify(const x509::CertRequest& wanted) { return x509::verify_possession(wanted); }

const x509::Spki* key_of(std::monostate) { return nullptr; }
const x509::Spki* key_of(const x509::Csr& csr) { return &csr.spki; }
const x509::Spki* key_of(const x509::CertRequest& wanted) { return &wanted.csr.spki; }

pki::Status read_pkcs10(Request& request, const LocConf& conf) {
    PKI_TRY(x509::Csr csr, x509::parse_csr(request.message->body));
    request.wanted = csr.encoding;
    request.wanted_id = -1;  // RFC 9483 4.1.4
    if (conf.verify_csr) request.unproven = std::move(csr);
    return {};
}

// Better to know it before there is a certificate: whom the key could not be sealed for
// (RFC 9483 4.1.6) would never have it.
pki::Status check_key_delivery(const Request& request, const LocConf& conf) {
    if (!conf.key_generation)
        return fail(Errc::denied, Reason::not_authorized, "no keys are made here for clients");
    if (!request.signer) return {};
    const KeyType type = request.signer->tbs.spki.key.type;
    return type == KeyType::rsa || type == KeyType::ec
               ? pki::Status()
               : fail(Errc::unsupported, Reason::bad_alg,
                      "no key can be sealed for the signer");
}

pki::Status read_crmf(Request& request, const LocConf& conf) {
    PKI_TRY(auto wanted, x509::parse_cert_requests(request.message->body, kMostRead));
    if (wanted.size() != 1)
        return fail(Errc::malformed, Reason::bad_request, "there are several CertReqMsgs");
    x509::CertRequest& one = wanted.front();
    if (one.id != 0) return fail(Errc::malformed, Reason::bad_request, "certReqId is not 0");
    request.wanted = one.encoding;
    request.wanted_id = one.id;
    request.wants_key = one.csr.spki.encoding.empty();
    if (request.wants_key) return check_key_delivery(request, conf);
    const bool has_proof = one.possession == x509::Possession::signature;
    if (has_proof && conf.verify_csr) request.unproven = std::move(one);
    return {};
}

}  // namespace

bool asks_for_certificate(BodyType type) {
    return type == BodyType::ir || type == BodyType::cr || type == BodyType::kur ||
           type == BodyType::p10cr;
}

pki::Status read_wanted(Request& request, const LocConf& conf) {
    return request.message->type == BodyType::p10cr ? read_pkcs10(request, conf)
                                                    : read_crmf(request, conf);
}

bool slow_to_prove(const Request& request) {
    const x509::Spki* const key =
        std::visit([](const auto& wanted) { return key_of(wanted); }, request.unproven);
    return key != nullptr && slow_to_verify(*key);
}

pki::Status verify_wanted(Request& request) {
    if (std::holds_alternative<std::monostate>(request.unproven)) return {};
    const pki::Status verified =
        std::visit([](const auto& wanted) { return verify(wanted); }, request.unproven);
    if (!verified) return fail(verified.error().code, Reason::bad_pop, verified.error().text);
    request.possession_verified = true;
    return {};
}

}  // namespace ngx_enroll::cmp
