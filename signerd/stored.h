// What comes out of the store is looked at before it is an answer. SQLite has no checksums: a
// page that the disk or somebody's hand has changed is a page like any other.
#pragma once

#include "libpki/x509/cert.h"
#include "signerd/generation.h"
#include "signerd/idempotency.h"

namespace signerd {

// What an earlier request with the same key means, and the certificate where it is the answer.
struct Stored {
    Earlier means = Earlier::expired;
    CertificateRecord certificate;
};

// Is it a certificate for this key, the one that the record speaks of, and signed by
// its CA? The signature is not checked when the CA is gone or has another key by now.
pki::Status check_stored(const CertificateRecord& record, const pki::x509::Spki& key,
                         const Generation& generation);

// The same without a request: whatever its key is.
pki::Status check_stored(const CertificateRecord& record, const Generation& generation);

// The certificate of a transaction, looked at. internal when it is not there.
pki::Result<CertificateRecord> certificate_of(Store& store, const Transaction& transaction,
                                              const Generation& generation);

// A profile may have another CA by now than the one that issued an earlier answer. nullptr:
// that one is gone.
const Ca* find_ca(const Generation& generation, const std::string& name);

// Not looked at: names and validity.
bool is_signed(const pki::x509::Certificate& certificate, EVP_PKEY* key);

// The error for a store that contradicts itself; it says what to do.
pki::Error damaged(const std::string& finding, const std::string& serial);

}  // namespace signerd
