// The CA that comes after another one. Bytes in, values out: files and the clock are the
// command's.
#pragma once

#include "clients/signerctl/ca.h"

namespace signerctl {

// The CA as it is.
struct OldCa {
    pki::x509::Certificate root;
    EVP_PKEY* root_key = nullptr;
    pki::x509::Certificate issuing;
};

struct Life {
    std::int64_t days = 0;
    bool cut = false;  // may end earlier, with what is above it
};

struct NextSpec {
    pki::Buffer root_name;  // Name
    std::string root_key;   // ossl::generate_key()
    std::int64_t root_days = 0;
    pki::Buffer name;  // of the issuing CA
    std::string key;
    Life life;
};

// RFC 9810 4.4: the old root's key certified by the new root, and the reverse.
struct CrossCertificates {
    pki::Buffer old_with_new;
    pki::Buffer new_with_old;
};

struct NextCa {
    NewCa ca;
    CrossCertificates cross;
};

// "CN=Example Issuing CA" becomes "CN=Example Issuing CA G2", and that "... G3". denied for a
// name that has no CN or one that gets too long, or several attributes in one RDN.
pki::Result<pki::Buffer> next_name(const pki::x509::Name& name);

// A new root, an issuing CA below it and the certificates between the roots; what was made is
// verified from either root as check_ca_chain() does it. Refuses an old root that is no CA,
// not valid at `now` or of another key, a new root that ends before it, an issuing CA with the
// name of the old one or of its root, or one that outlives its root.
pki::Result<NextCa> make_next_ca(const OldCa& old, const NextSpec& spec, std::int64_t now);

// An issuing CA below the old root: `root_key` and `root` of the answer are empty.
pki::Result<NewCa> make_next_issuing(const OldCa& old, const NextSpec& spec, std::int64_t now);

}  // namespace signerctl
