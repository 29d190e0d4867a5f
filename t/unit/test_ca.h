// Certificates for tests, made with libpki. What cannot fail here is not checked.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libpki/base/der_writer.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/cert.h"
#include "libpki/x509/oids.h"
#include "libpki/x509/tbs.h"

namespace unit {

constexpr std::int64_t kTestNotBefore = 1'750'000'000;
constexpr std::int64_t kTestNotAfter = 2'000'000'000;

// A certificate and its key.
struct TestCa {
    pki::Buffer name;
    pki::ossl::PkeyPtr key;
    pki::Buffer certificate;

    std::string pem() const { return pki::x509::certificate_to_pem(certificate); }
    std::string key_pem() const {
        return std::string(pki::as_text(pki::ossl::write_private_key(key.get())->view()));
    }
};

struct TestCaSpec {
    std::string name;
    std::string key = "ec:P-256";
    bool ca = true;
    std::optional<std::uint64_t> path_length = {};
    std::uint16_t key_usage = pki::x509::kKeyCertSign | pki::x509::kCrlSign;
    pki::Buffer key_identifier = {1, 2, 3, 4};
};

inline pki::Buffer sign_tbs(pki::Bytes tbs, EVP_PKEY* key) {
    const auto scheme = *pki::ossl::default_scheme(key);
    return pki::x509::assemble_certificate(tbs, scheme, *pki::ossl::sign(key, scheme, tbs));
}

// Around a key that is there already; self-signed without an issuer.
inline TestCa make_ca_with(pki::ossl::PkeyPtr key, const TestCaSpec& spec,
                           const TestCa* issuer = nullptr) {
    static std::uint8_t serial = 0;
    const pki::Buffer serial_octets{1, ++serial};
    TestCa made{*pki::x509::name_from_text(spec.name), std::move(key), {}};
    EVP_PKEY* signer = issuer ? issuer->key.get() : made.key.get();
    const pki::Buffer spki = *pki::ossl::public_key_der(made.key.get());
    pki::x509::TbsSpec tbs;
    tbs.serial = serial_octets;
    tbs.scheme = *pki::ossl::default_scheme(signer);
    tbs.issuer = issuer ? issuer->name : made.name;
    tbs.subject = made.name;
    tbs.not_before = kTestNotBefore;
    tbs.not_after = kTestNotAfter;
    tbs.spki = spki;
    tbs.subject_key_identifier = spec.key_identifier;
    tbs.ca = spec.ca;
    tbs.path_length = spec.path_length;
    tbs.key_usage = spec.key_usage;
    made.certificate = sign_tbs(pki::x509::build_tbs(tbs), signer);
    return made;
}

inline TestCa make_ca(const TestCaSpec& spec, const TestCa* issuer = nullptr) {
    return make_ca_with(*pki::ossl::generate_key(spec.key), spec, issuer);
}

// A root of version 1 (RFC 5280 4.1.2.1), as they were made before there were extensions.
inline TestCa make_old_root(const std::string& name) {
    TestCa made{*pki::x509::name_from_text(name), *pki::ossl::generate_key("ec:P-256"), {}};
    pki::der::Writer w;
    w.sequence([&] {
        w.integer(std::uint64_t{7});
        pki::x509::write_signature_algorithm(w, *pki::ossl::default_scheme(made.key.get()));
        w.raw(made.name);
        w.sequence([&] {
            w.time(kTestNotBefore);
            w.time(kTestNotAfter);
        });
        w.raw(made.name);
        w.raw(*pki::ossl::public_key_der(made.key.get()));
    });
    made.certificate = sign_tbs(w.view(), made.key.get());
    return made;
}

}  // namespace unit
