// Keys with names, and certificates from one to another: what each way to make a CA shares.
#pragma once

#include <optional>
#include <string>

#include "libpki/ossl/key.h"
#include "libpki/x509/cert.h"

namespace signerctl {

// A key, and what of it stands in certificates.
struct Identity {
    pki::ossl::PkeyPtr key;
    pki::ossl::SignatureScheme scheme;
    pki::Buffer name;
    pki::Buffer spki;
    pki::Buffer key_identifier;
};

struct Validity {
    std::int64_t not_before = 0;
    std::int64_t not_after = 0;
};

// From five minutes before `now` (clocks of devices are late), seconds since 1970.
Validity validity(std::int64_t now, std::int64_t days);

// "O=Example, CN=Example Root CA" as a Name; malformed when it is empty.
pki::Result<pki::Buffer> ca_name(const std::string& text);

// With a new key, as ossl::generate_key() has it.
pki::Result<Identity> make_identity(pki::Buffer name, const std::string& key_spec);

// Of a certificate that is there, with a copy of its private key; its key identifier is the
// one that stands in it, if any. denied when it is for another key.
pki::Result<Identity> identity_of(const pki::x509::Certificate& certificate, EVP_PKEY* key);

// A CA certificate with keyCertSign and cRLSign. Self-signed where both are one object.
pki::Result<pki::Buffer> certify(const Identity& issuer, const Identity& subject,
                                 const Validity& valid,
                                 std::optional<std::uint64_t> path_length);

pki::Result<bool> same_name(const pki::Buffer& a, const pki::Buffer& b);

}  // namespace signerctl
