// The answer to every SCEP request that could be read: CertRep (RFC 8894 3.3.2).
#pragma once

#include <string>
#include <vector>

#include "libpki/scep/message.h"
#include "libpki/scep/status.h"

namespace pki::scep {

// The RA, or the CA itself.
struct Signing {
    EVP_PKEY* key = nullptr;
    Bytes certificate;  // DER
    bool include_certificate = true;
    // The digests below SHA-256 that an answer may have, for requests that had them. Without,
    // they are answered with SHA-256: who can choose what is signed must not choose MD5.
    cms::HashRules hashes = {};
};

struct CertRep {
    PkiStatus status = PkiStatus::failure;
    FailInfo fail_info = FailInfo::bad_request;  // with failure
    std::string fail_text =
        {};  // with failure; UTF-8, cut at limits::kScepFailText; empty: none
    // With success, in what is sealed: the issued certificate first.
    std::vector<Bytes> certificates = {};
    std::vector<Bytes> crls = {};
    // Seals the answer to a signer whose key cannot (RFC 8894 3.1); for an RSA key not looked
    // at.
    Bytes password = {};
};

// ContentInfo. Digest, cipher and key transport are those of the request, AES-128 where it had
// no envelope. transactionID and its string type, and the nonce, are given back as they came;
// the senderNonce is fresh. With an RSA key the SignerInfo says rsaEncryption, which every
// client reads. unsupported when success cannot be sealed: the signer's key is not RSA, and
// there is no password.
Result<Buffer> build_cert_rep(const Request& request, const CertRep& reply,
                              const Signing& signing);

}  // namespace pki::scep
