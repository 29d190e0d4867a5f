#include "clients/enroll/scep_caps.h"

#include <algorithm>
#include <array>

#include "libpki/base/ascii.h"

namespace enroll {

using pki::Errc;
using pki::fail;
using pki::Result;
using pki::ossl::Cipher;
using pki::ossl::Hash;

namespace {

constexpr std::size_t kMostWords = 64;

// RFC 8894 3.5.2: what SCEPStandard says at once.
constexpr std::array<std::string_view, 4> kStandard{"AES", "POSTPKIOperation", "SHA-256",
                                                    "SCEPStandard"};

template <class Value>
struct Named {
    std::string_view name;
    Value value;
};

constexpr Named<Hash> kDigests[] = {{"sha256", Hash::sha256},
                                    {"sha384", Hash::sha384},
                                    {"sha512", Hash::sha512},
                                    {"sha1", Hash::sha1}};
constexpr Named<Cipher> kCiphers[] = {{"aes128", Cipher::aes128},
                                      {"aes192", Cipher::aes192},
                                      {"aes256", Cipher::aes256},
                                      {"des3", Cipher::des3}};

template <class Value, std::size_t N>
Result<Value> by_name(const Named<Value> (&table)[N], const std::string& name) {
    for (const Named<Value>& row : table)
        if (row.name == name) return row.value;
    return fail(Errc::malformed, "unknown algorithm", name);
}

Result<Hash> choose_digest(const Capabilities& capabilities, const std::string& name) {
    if (!name.empty()) return by_name(kDigests, name);
    if (capabilities.has("SHA-256")) return Hash::sha256;
    if (capabilities.has("SHA-512")) return Hash::sha512;
    return fail(Errc::unsupported, "the CA offers no SHA-2",
                "--digest sha1 for an old one, --digest sha256 to try");
}

Result<Cipher> choose_cipher(const Capabilities& capabilities, const std::string& name) {
    if (!name.empty()) return by_name(kCiphers, name);
    if (capabilities.has("AES")) return Cipher::aes128;
    return fail(Errc::unsupported, "the CA offers no AES",
                "--cipher des3 for an old one, --cipher aes128 to try");
}

}  // namespace

Capabilities Capabilities::parse(std::string_view text) {
    Capabilities parsed;
    while (!text.empty() && parsed.words_.size() < kMostWords) {
        const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
        std::string_view word = text.substr(0, end);
        while (word.ends_with(' ')) word.remove_suffix(1);
        if (!word.empty()) parsed.words_.emplace_back(word);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parsed;
}

bool Capabilities::listed(std::string_view word) const {
    return std::ranges::any_of(
        words_, [&](const std::string& one) { return pki::equal_ignoring_case(one, word); });
}

bool Capabilities::has(std::string_view word) const {
    if (listed(word)) return true;
    return std::ranges::find(kStandard, word) != kStandard.end() && listed("SCEPStandard");
}

Result<ScepAlgorithms> choose_algorithms(const Capabilities& capabilities,
                                         const std::string& digest, const std::string& cipher,
                                         bool force_get) {
    ScepAlgorithms chosen;
    PKI_TRY(chosen.digest, choose_digest(capabilities, digest));
    PKI_TRY(chosen.cipher, choose_cipher(capabilities, cipher));
    chosen.post = !force_get && capabilities.has("POSTPKIOperation");
    chosen.hashes.sha1 = chosen.digest == Hash::sha1;
    chosen.ciphers.des3 = chosen.cipher == Cipher::des3;
    return chosen;
}

}  // namespace enroll
