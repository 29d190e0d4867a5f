// The files that the configuration names, and itself.
#pragma once

#include <string>

#include "libpki/base/result.h"

namespace signerd {

// A regular file of at most `max` bytes. The detail of an error is the system's reason.
pki::Result<std::string> read_text_file(const std::string& path, std::size_t max);

// A private key's file: regular, owned by this process's user or root, no permission for
// group and others. Its content is not looked at.
pki::Status check_key_file(const std::string& path);

}  // namespace signerd
