// Clients and an RA of SCEP, for tests. What cannot fail here is not checked.
#pragma once

#include <string>
#include <vector>

#include "libpki/cms/ber.h"
#include "libpki/scep/cert_rep.h"
#include "libpki/scep/client.h"
#include "libpki/x509/certs_only.h"
#include "libpki/x509/csr.h"
#include "t/unit/test_ca.h"
#include "t/unit/unit.h"

namespace unit {

// Making an RSA key takes a while: there is one for each purpose.
inline EVP_PKEY* scep_rsa_key(int which = 0) {
    static const pki::ossl::PkeyPtr keys[] = {*pki::ossl::generate_key("rsa:2048"),
                                              *pki::ossl::generate_key("rsa:2048"),
                                              *pki::ossl::generate_key("rsa:2048")};
    return keys[which].get();
}

inline pki::ossl::PkeyPtr borrowed(EVP_PKEY* key) {
    return pki::ossl::PkeyPtr(EVP_PKEY_dup(key));
}

// The RA, which signs and opens with one key.
struct ScepRa {
    TestCa ca = make_ca({.name = "CN=SCEP CA"});
    TestCa ra =
        make_ca_with(borrowed(scep_rsa_key(0)),
                     {.name = "CN=SCEP RA",
                      .ca = false,
                      .key_usage = pki::x509::kDigitalSignature | pki::x509::kKeyEncipherment},
                     &ca);
    pki::x509::Certificate certificate = *pki::x509::parse_certificate(ra.certificate);
    pki::scep::Signing signing{ra.key.get(), ra.certificate};
    pki::cms::RecipientKey own{ra.certificate, ra.key.get()};

    pki::Result<pki::Buffer> open(const pki::scep::Request& request,
                                  std::string_view password = {}) const;
};

// The content of the envelope.
inline pki::Result<pki::Buffer> ScepRa::open(const pki::scep::Request& request,
                                             std::string_view password) const {
    std::vector<pki::Secret> passwords;
    if (!password.empty()) passwords.emplace_back(pki::as_bytes(password));
    PKI_TRY(const pki::cms::Opened opened,
            pki::cms::open_enveloped_data(*request.envelope, {&own, 1}, passwords));
    return pki::to_buffer(opened.content.view());
}

struct ScepClient {
    explicit ScepClient(pki::ossl::PkeyPtr client_key) : key(std::move(client_key)) {
        certificate =
            *pki::scep::build_self_signed(key.get(), name, kTestNotBefore, kTestNotAfter);
        pki::x509::CsrSpec spec{.subject = name, .san = {}, .challenge_password = "secret"};
        csr = *pki::x509::build_csr(spec, key.get());
    }

    pki::ossl::PkeyPtr key;
    pki::Buffer name = *pki::x509::name_from_text("CN=device");
    pki::Buffer certificate;
    pki::Buffer csr;
    std::string transaction = "transaction-1";
    pki::Buffer nonce = pki::Buffer(16, 0x4e);
    std::string password;  // empty: the RA's key seals

    pki::scep::RequestSpec request(const ScepRa& ra) const {
        pki::scep::RequestSpec spec;
        spec.transaction_id = transaction;
        spec.sender_nonce = nonce;
        spec.key = key.get();
        spec.signer_certificate = certificate;
        spec.recipient_certificate = ra.ra.certificate;
        spec.password = pki::as_bytes(password);
        spec.content = csr;
        return spec;
    }
    pki::Result<pki::scep::Response> read(pki::Bytes reply, const ScepRa& ra,
                                          pki::scep::ResponseRules rules = {}) const {
        const pki::cms::RecipientKey own{certificate, key.get()};
        std::vector<pki::Secret> passwords;
        if (!password.empty()) passwords.emplace_back(pki::as_bytes(password));
        if (rules.transaction_id.empty()) rules.transaction_id = transaction;
        if (rules.sender_nonce.empty()) rules.sender_nonce = nonce;
        return pki::scep::read_response(reply, ra.certificate, {&own, 1}, passwords, rules);
    }
};

inline ScepClient rsa_client() { return ScepClient(borrowed(scep_rsa_key(1))); }
inline ScepClient ec_client() { return ScepClient(*pki::ossl::generate_key("ec:P-256")); }

// DER anew, with another element (or none) wherever `what` stands.
inline pki::Buffer replaced(pki::Bytes der, pki::Bytes what, pki::Bytes with) {
    pki::der::Writer w;
    pki::der::Reader reader(der);
    while (!reader.at_end()) {
        const pki::der::Element element = *reader.any();
        if (pki::equal(element.encoding, what))
            w.raw(with);
        else if (element.tag & 0x20)
            w.tlv(element.tag, [&] { w.raw(replaced(element.content, what, with)); });
        else
            w.raw(element.encoding);
    }
    return std::move(w).take();
}

}  // namespace unit
