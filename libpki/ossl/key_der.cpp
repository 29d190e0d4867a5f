#include <openssl/x509.h>

#include "libpki/base/der_reader.h"
#include "libpki/ossl/errors.h"
#include "libpki/ossl/key.h"

namespace pki::ossl {

namespace {

using Pkcs8Ptr = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Deleter<PKCS8_PRIV_KEY_INFO_free>>;

// PrivateKeyInfo ::= SEQUENCE { version, privateKeyAlgorithm, privateKey, attributes [0]
// OPTIONAL, publicKey [1] OPTIONAL }: OpenSSL's decoder gets only what looks like one.
Status check_shape(Bytes der) {
    der::Reader input(der);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    PKI_TRY(const std::uint64_t version, fields.small_integer());
    if (version > 1) return fail(Errc::unsupported, "private key: version");
    PKI_CHECK(fields.element(der::kSequence));
    PKI_CHECK(fields.element(der::kOctetString));
    if (fields.next_is(der::constructed(0))) PKI_CHECK(fields.any());
    if (fields.next_is(der::context(1))) PKI_CHECK(fields.any());
    return fields.finish();
}

}  // namespace

Result<PkeyPtr> read_private_key_der(Bytes pkcs8) {
    const ErrorGuard guard;
    PKI_CHECK(check_shape(pkcs8));
    const unsigned char* end = pkcs8.data();
    const Pkcs8Ptr info(
        d2i_PKCS8_PRIV_KEY_INFO(nullptr, &end, static_cast<long>(pkcs8.size())));
    PkeyPtr key(info ? EVP_PKCS82PKEY(info.get()) : nullptr);
    if (!key) return drained(Errc::malformed, "private key: no PKCS#8 that we can read");
    return key;
}

// OpenSSL wipes the octets of a PrivateKeyInfo when it goes, i2d writes into ours.
Result<Secret> write_private_key_der(EVP_PKEY* key) {
    const ErrorGuard guard;
    const Pkcs8Ptr info(EVP_PKEY2PKCS8(key));
    const int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr) : 0;
    if (size <= 0) return drained(Errc::internal, "private key: not writable");
    Secret der(static_cast<std::size_t>(size));
    unsigned char* end = der.data().data();
    if (i2d_PKCS8_PRIV_KEY_INFO(info.get(), &end) != size)
        return drained(Errc::internal, "private key: not writable");
    return der;
}

}  // namespace pki::ossl
