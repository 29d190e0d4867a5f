#include "signerd/issue_revoked.h"

#include "libpki/base/base64.h"
#include "signerd/revocation_rules.h"

namespace signerd {

using pki::Errc;
using pki::fail;

// The store knows serials without a sign octet.
Objection object_to_client(Store& store, const pki::x509::Certificate& shown) {
    PKI_TRY(const pki::Buffer serial, pki::hex_decode(pki::x509::serial_text(shown.tbs)));
    PKI_TRY(const auto revocation, store.find_revocation(serial, shown.encoding));
    if (!revocation) return std::optional<pki::Error>();
    return std::optional(fail(Errc::unauthenticated, "the client certificate is revoked",
                              revocation_text(*revocation)));
}

Objection object_to_key(Store& store, const pki::x509::Spki& key) {
    PKI_TRY(const bool blocked, store.is_blocked(pki::ossl::sha256(key.encoding)));
    if (!blocked) return std::optional<pki::Error>();
    return std::optional(fail(Errc::denied, "the key was revoked as compromised"));
}

}  // namespace signerd
