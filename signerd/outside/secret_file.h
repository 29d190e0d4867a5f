// Secrets that the outside child shares with a service.
#pragma once

#include "libpki/base/result.h"
#include "libpki/base/secret.h"

namespace signerd {

// The content of the file without the line break at its end, of at least `min` bytes. The file
// is one that nobody else can read, as with a private key.
pki::Result<pki::Secret> read_secret_file(const std::string& path, std::size_t min);

}  // namespace signerd
