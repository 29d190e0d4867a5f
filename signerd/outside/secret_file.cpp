#include "signerd/outside/secret_file.h"

#include "signerd/config_files.h"

namespace signerd {

namespace {

constexpr std::size_t kMaxSecret = 4096;

}  // namespace

pki::Result<pki::Secret> read_secret_file(const std::string& path, std::size_t min) {
    PKI_CHECK(check_key_file(path));
    PKI_TRY(std::string text, read_text_file(path, kMaxSecret));
    std::string_view content = text;
    if (content.ends_with('\n')) content.remove_suffix(1);
    if (content.ends_with('\r')) content.remove_suffix(1);
    pki::Secret secret(pki::as_bytes(content));
    OPENSSL_cleanse(text.data(), text.size());
    if (secret.size() >= min) return secret;
    return pki::fail(pki::Errc::malformed, "the secret is too short",
                     "at least " + std::to_string(min) + " bytes");
}

}  // namespace signerd
