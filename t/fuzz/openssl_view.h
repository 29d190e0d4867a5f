// What OpenSSL sees, in our types, for targets that compare its parsers with ours.
#pragma once

#include <openssl/err.h>
#include <openssl/x509.h>

#include "libpki/ossl/handles.h"
#include "libpki/x509/extension.h"
#include "t/fuzz/fuzz.h"

namespace fuzz {

// The DER that one of the i2d functions writes.
template <class T>
pki::Buffer encoded(int (*i2d)(const T*, unsigned char**), const T* object) {
    unsigned char* der = nullptr;
    const int length = i2d(object, &der);
    PROPERTY(length > 0);
    pki::Buffer out(der, der + length);
    OPENSSL_free(der);
    return out;
}

inline pki::Bytes octets(const ASN1_STRING* string) {
    return {ASN1_STRING_get0_data(string),
            static_cast<std::size_t>(ASN1_STRING_length(string))};
}

inline pki::Bytes octets(const ASN1_OBJECT* object) {
    return {OBJ_get0_data(object), OBJ_length(object)};
}

// Same extensions in the same order.
inline void check_extensions(const pki::x509::Extensions& ours,
                             const STACK_OF(X509_EXTENSION) * theirs) {
    const int count = theirs == nullptr ? 0 : sk_X509_EXTENSION_num(theirs);
    PROPERTY(static_cast<std::size_t>(count) == ours.list.size());
    for (int i = 0; i < count; i++) {
        X509_EXTENSION* const extension = sk_X509_EXTENSION_value(theirs, i);
        const pki::x509::Extension& own = ours.list[static_cast<std::size_t>(i)];
        PROPERTY(pki::equal(octets(X509_EXTENSION_get_object(extension)), own.id));
        PROPERTY((X509_EXTENSION_get_critical(extension) != 0) == own.critical);
        PROPERTY(pki::equal(octets(X509_EXTENSION_get_data(extension)), own.value));
    }
}

}  // namespace fuzz
