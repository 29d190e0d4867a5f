// The files that the configuration names, and itself.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "libpki/base/result.h"

namespace signerd {

// A regular file of at most `max` bytes. The detail of an error is the system's reason.
pki::Result<std::string> read_text_file(const std::string& path, std::size_t max);

// A private key's file: regular, owned by this process's user or root, no permission for
// group and others. Its content is not looked at.
pki::Status check_key_file(const std::string& path);

// The same for a secret of another process, whose user is `owner`. Of the content only the size
// is looked at, a line's end included.
constexpr std::size_t kLeastSecretFile = 16;
constexpr std::size_t kMostSecretFile = 4096;
pki::Status check_secret_file(const std::string& path, uid_t owner);

// That nobody but this process's user and root decides what is at this path: owner, and no
// permission to write for group and others. One that does not exist (yet) passes. The error
// says what cures it.
pki::Status check_unwritable(const std::string& path);
// The same for a folder in which only single entries matter: others may write to it when its
// sticky bit keeps them from what is not theirs.
pki::Status check_folder(const std::string& path);

// Without the one at its end, LF or CR LF, which an editor has put there.
std::string_view without_line_end(std::string_view text);

// "." where the path has none.
std::string folder_of(const std::string& path);

}  // namespace signerd
