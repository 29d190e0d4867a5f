// Base64 and hexadecimal: each value has one encoding, white space and padding aside. What ours
// accepts OpenSSL decodes to the same bytes.
#include <openssl/evp.h>

#include "libpki/base/ascii.h"
#include "libpki/base/base64.h"
#include "t/fuzz/fuzz.h"

namespace {

using pki::Buffer;
using pki::Bytes;

// Without white space, and with all padding or none.
std::string canonical(Bytes text) {
    std::string out;
    for (const char c : pki::as_text(text))
        if (!pki::one_of(c, " \t\r\n=")) out += c;
    return out;
}

void check_against_openssl(std::string text, Bytes ours) {
    const std::size_t padding = (4 - text.size() % 4) % 4;
    text.append(padding, '=');
    Buffer out(text.size() + 4);
    const int length =
        EVP_DecodeBlock(out.data(), reinterpret_cast<const unsigned char*>(text.data()),
                        static_cast<int>(text.size()));
    PROPERTY(length == static_cast<int>(ours.size() + padding));
    PROPERTY(pki::equal(Bytes(out).first(ours.size()), ours));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes input(data, size);

    const auto back = pki::base64_decode(pki::as_bytes(pki::base64_encode(input)));
    PROPERTY(back && pki::equal(*back, input));
    if (const auto decoded = pki::base64_decode(input)) {
        PROPERTY(canonical(pki::as_bytes(pki::base64_encode(*decoded))) == canonical(input));
        check_against_openssl(canonical(input), *decoded);
    }

    const auto from_hex = pki::hex_decode(pki::hex_encode(input));
    PROPERTY(from_hex && pki::equal(*from_hex, input));
    if (const auto decoded = pki::hex_decode(pki::as_text(input)))
        PROPERTY(pki::hex_encode(*decoded) == pki::to_lower(pki::as_text(input)));
    return 0;
}
