// Keys and requests: what the client asks with.
#pragma once

#include "clients/enroll/options.h"
#include "libpki/ossl/key.h"
#include "libpki/x509/cert.h"
#include "libpki/x509/csr_parts.h"

namespace enroll {

// The key in the file or, where there is no such file, a new one of this type ("ec:P-256"),
// which is in the file, readable for its owner alone, before anybody hears of it. A type that
// was asked for (not the fallback) must be that of the key. Never overwrites.
pki::Result<pki::ossl::PkeyPtr> obtain_key(const std::string& path, const std::string& type,
                                           bool type_given, Report& report);

// What a request is made of; DER.
struct RequestNames {
    pki::Buffer subject;
    pki::Buffer san;                 // empty: none
    pki::x509::CsrParts parts = {};  // what else a PKCS#10 has
};
// From --subject and --san. At least one name.
pki::Result<RequestNames> names_from(const Arguments& arguments);
// Those of a certificate, byte by byte (RFC 7030 4.2.2).
pki::Result<RequestNames> names_from(const pki::x509::Certificate& certificate);

// A new request. `challenge` is not written into it when that is empty.
pki::Result<pki::Buffer> make_request(const RequestNames& names, const std::string& challenge,
                                      EVP_PKEY* key);
// The same or, with --csr and when that file is there, the one in it: it must be for this
// key. A new one is kept there.
pki::Result<pki::Buffer> obtain_request(const Arguments& arguments, const RequestNames& names,
                                        const std::string& challenge, EVP_PKEY* key,
                                        Report& report);

// The certificate of --cert, first in its file, which must be for the key.
struct OwnCertificate {
    std::vector<pki::Buffer> chain;
    pki::x509::Certificate certificate;  // views into the first one
};
pki::Result<OwnCertificate> read_own(const std::string& path, EVP_PKEY* key);

}  // namespace enroll
