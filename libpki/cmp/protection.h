// The protection of a message (RFC 9810 5.1.3, RFC 9481 3 and 6.1): a signature, or a MAC with
// a key that a shared secret gives.
#pragma once

#include <vector>

#include "libpki/base/secret.h"
#include "libpki/cmp/message.h"
#include "libpki/ossl/key.h"
#include "libpki/x509/spki.h"

namespace pki::cmp {

enum class ProtectionKind : std::uint8_t { none, signature, pbm, pbmac1 };

// What a MAC key is made of and what it is used with.
struct MacParameters {
    ProtectionKind kind = ProtectionKind::pbm;
    Bytes salt;  // up to limits::kCmpSalt
    std::uint64_t iterations = 0;
    ossl::Hash hash = ossl::Hash::sha256;  // PBM: owf; PBMAC1: prf of PBKDF2
    ossl::Hash mac = ossl::Hash::sha256;   // HMAC with this hash
    std::size_t key_length = 0;            // PBMAC1: octets, 16 to 64
};

struct Protection {
    ProtectionKind kind = ProtectionKind::none;
    ossl::SignatureScheme scheme;  // signature
    MacParameters mac;             // the MACs
};

// From protectionAlg. kind none: neither algorithm nor bits are there; one without the other is
// bad_signature (Reason::bad_message_check). unsupported (Reason::bad_alg): an algorithm that
// we do not have. Not checked: the number of iterations, which check_mac() does. SHA-1 as owf
// and HMAC-SHA1 as mac are what many clients still have by default (RFC 4211 4.4) and are
// accepted: neither needs resistance to collisions. Signatures with SHA-1 are not.
Result<Protection> parse_protection(const Message& message);

// What a server takes. More iterations than limits::kPasswordIterations are never computed.
struct MacRules {
    bool pbm = true;
    bool pbmac1 = true;
    std::uint64_t min_iterations = 100;
    std::uint64_t max_iterations = 100'000;
    std::size_t min_salt = 8;
};
// unsupported with Reason::bad_alg. To be asked before anything is computed.
Status check_mac(const MacParameters& mac, const MacRules& rules);

// Over SEQUENCE { header, body }. bad_signature (Reason::bad_message_check); unsupported when
// key and algorithm do not match. Whose key it is, is the caller's matter.
Status verify_signature(const Message& message, const ossl::SignatureScheme& scheme,
                        const x509::Spki& signer);

// The key that the secret gives, so that the answer need not derive it again (RFC 9810 5.1.3.1
// wants the parameters to stay the same in one transaction).
Result<Secret> derive_mac_key(const MacParameters& mac, Bytes secret);

// In constant time. bad_signature (Reason::bad_message_check).
Status verify_mac(const Message& message, const MacParameters& mac, Bytes key);

// How our messages are protected: with a signature, a MAC, or (errors that nobody's key can
// answer) not at all.
struct Protector {
    // A signature by `key`, of which `certificate` is; extraCerts are that and `chain`. sender
    // is the certificate's subject, senderKID its SubjectKeyIdentifier or, without one, absent.
    EVP_PKEY* key = nullptr;
    Bytes certificate;
    std::vector<Bytes> chain;
    bool pss = false;  // RSA

    // Else a MAC: with these parameters, salt included, and the key that they gave. senderKID
    // is `reference`.
    const MacParameters* mac = nullptr;
    Bytes mac_key;
    Bytes reference;
};

// Puts it all together. `body` is the element inside the explicit tag. `extra_certs` come
// behind those of the protector.
Result<Buffer> build_message(const HeaderSpec& header, BodyType type, Bytes body,
                             const Protector& protector,
                             const std::vector<Bytes>& extra_certs = {});

}  // namespace pki::cmp
