// What the tests of OCSP have in common: a CA, CertIDs of its certificates, and OpenSSL's.
#pragma once

#include <openssl/ocsp.h>

#include "libpki/x509/ocsp.h"
#include "t/unit/test_ca.h"
#include "t/unit/unit.h"

namespace unit::ocsp {

using pki::Buffer;
using pki::Bytes;
namespace der = pki::der;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

using RequestPtr = std::unique_ptr<OCSP_REQUEST, ossl::Deleter<OCSP_REQUEST_free>>;
using CertIdPtr = std::unique_ptr<OCSP_CERTID, ossl::Deleter<OCSP_CERTID_free>>;

inline const TestCa& test_ca() {
    static const TestCa ca = make_ca({.name = "CN=Test CA"});
    return ca;
}

// The bits of its key.
inline Bytes ca_key_bits() {
    static const Buffer spki = *ossl::public_key_der(test_ca().key.get());
    return x509::parse_spki(spki)->key_bits;
}

inline Buffer cert_id(Bytes serial, ossl::Hash hash = ossl::Hash::sha256) {
    return x509::build_ocsp_cert_id(hash, test_ca().name, ca_key_bits(), serial);
}

inline ossl::X509Ptr openssl_certificate(Bytes encoding) {
    const unsigned char* in = encoding.data();
    return ossl::X509Ptr(d2i_X509(nullptr, &in, static_cast<long>(encoding.size())));
}

inline CertIdPtr openssl_cert_id(const EVP_MD* hash, Bytes serial) {
    const ossl::X509Ptr issuer = openssl_certificate(test_ca().certificate);
    const ossl::BnPtr number(
        BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
    ASN1_INTEGER* const integer = BN_to_ASN1_INTEGER(number.get(), nullptr);
    CertIdPtr id(OCSP_cert_id_new(hash, X509_get_subject_name(issuer.get()),
                                  X509_get0_pubkey_bitstr(issuer.get()), integer));
    ASN1_INTEGER_free(integer);
    return id;
}

inline const Buffer kSerial = hex("7f00112233445566778899aabbccddeeff001122");
inline const Buffer kHighSerial = hex("ff01");

inline Buffer single(Bytes id, Bytes behind = {}) {
    der::Writer w;
    w.sequence([&] {
        w.raw(id);
        w.raw(behind);
    });
    return std::move(w).take();
}

inline Buffer octet_string(std::size_t size) {
    der::Writer w;
    w.octet_string(Buffer(size, 0x77));
    return std::move(w).take();
}

}  // namespace unit::ocsp
