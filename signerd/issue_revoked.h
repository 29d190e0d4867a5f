// What is revoked, in the issue path: as credential, as key, and as the answer of before.
#pragma once

#include "libpki/x509/cert.h"
#include "signerd/store/store.h"

namespace signerd {

// nullopt: nothing speaks against it. An Error of the Result is one of the store.
using Objection = pki::Result<std::optional<pki::Error>>;

// A client that shows a certificate of ours that is revoked, or on hold, is nobody. Those of
// other CAs are not in the store: nginx has their CRLs.
Objection object_to_client(Store& store, const pki::x509::Certificate& shown);

// A key of which a certificate was revoked for keyCompromise belongs to somebody else as well.
Objection object_to_key(Store& store, const pki::x509::Spki& key);

}  // namespace signerd
