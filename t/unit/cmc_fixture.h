// PKIData and the SignedData around it, for tests. What cannot fail here is not checked.
#pragma once

#include <string>
#include <vector>

#include "libpki/base/der_writer.h"
#include "libpki/cmc/message.h"
#include "libpki/cmc/oids.h"
#include "libpki/x509/crmf.h"
#include "t/unit/test_ca.h"

namespace unit {

inline pki::Buffer octets(pki::Bytes content) {
    pki::der::Writer w;
    w.octet_string(content);
    return std::move(w).take();
}

inline pki::Buffer cmc_control(std::uint64_t id, pki::Bytes type,
                               const std::vector<pki::Buffer>& values) {
    pki::der::Writer w;
    w.sequence([&] {
        w.integer(id);
        w.oid(type);
        w.set([&] {
            for (const pki::Buffer& value : values) w.raw(value);
        });
    });
    return std::move(w).take();
}

inline pki::Buffer cmc_pkcs10(std::uint64_t id, pki::Bytes csr) {
    pki::der::Writer w;
    w.tlv(pki::der::constructed(0), [&] {
        w.integer(id);
        w.raw(csr);
    });
    return std::move(w).take();
}

// From a CertReqMsg, whose number it has.
inline pki::Buffer cmc_crmf(pki::Buffer message) {
    message[0] = pki::der::constructed(1);
    return message;
}

// An orm, a TaggedContentInfo or an OtherMsg, by its tag.
inline pki::Buffer cmc_other(std::uint64_t id, std::uint8_t tag = pki::der::kSequence) {
    pki::der::Writer w;
    w.tlv(tag, [&] {
        w.integer(id);
        w.oid(pki::x509::oid::kServerAuth);
        w.null();
    });
    return std::move(w).take();
}

struct CmcParts {
    std::vector<pki::Buffer> controls = {};
    std::vector<pki::Buffer> requests = {};
    std::vector<pki::Buffer> messages = {};
    std::vector<pki::Buffer> others = {};
};

inline pki::Buffer pki_data(const CmcParts& parts) {
    pki::der::Writer w;
    w.sequence([&] {
        for (const auto* list :
             {&parts.controls, &parts.requests, &parts.messages, &parts.others})
            w.sequence([&] {
                for (const pki::Buffer& part : *list) w.raw(part);
            });
    });
    return std::move(w).take();
}

inline pki::Buffer full_request(const TestCa& signer, pki::Bytes content,
                                pki::Bytes type = pki::cmc::oid::kPkiData) {
    pki::cms::SigningSpec spec;
    spec.key = signer.key.get();
    spec.certificate = signer.certificate;
    spec.content_type = type;
    spec.content = content;
    spec.certificates = {signer.certificate};
    return *pki::cms::build_signed_data(spec);
}

// A client with a key that is to be certified.
struct CmcClient {
    pki::ossl::PkeyPtr key = *pki::ossl::generate_key("ec:P-256");
    pki::Buffer subject = *pki::x509::name_from_text("CN=device");
    pki::Buffer spki = *pki::ossl::public_key_der(key.get());

    pki::Buffer csr() const {
        pki::x509::CsrSpec spec;
        spec.subject = subject;
        return *pki::x509::build_csr(spec, key.get());
    }
    pki::x509::CertRequestSpec crmf(std::int64_t id) const {
        pki::x509::CertRequestSpec spec;
        spec.id = id;
        spec.subject = subject;
        spec.public_key = spki;
        spec.key = key.get();
        return spec;
    }
};

}  // namespace unit
