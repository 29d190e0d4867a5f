#include "signerd/outside/secret_file.h"

#include "signerd/config_files.h"

namespace signerd {

pki::Result<pki::Secret> read_secret_file(const std::string& path, std::size_t min) {
    PKI_CHECK(check_key_file(path));
    PKI_TRY(std::string text, read_text_file(path, kMostSecretFile));
    pki::Secret secret(pki::as_bytes(without_line_end(text)));
    OPENSSL_cleanse(text.data(), text.size());
    if (secret.size() >= min) return secret;
    return pki::fail(pki::Errc::malformed, "the secret is too short",
                     "at least " + std::to_string(min) + " bytes");
}

}  // namespace signerd
