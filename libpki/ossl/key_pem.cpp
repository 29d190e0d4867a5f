#include <openssl/pem.h>

#include <algorithm>

#include "libpki/base/ascii.h"
#include "libpki/ossl/errors.h"
#include "libpki/ossl/key.h"

namespace pki::ossl {

namespace {

// OpenSSL asks for a password only where one is needed; there is nobody to ask.
int refuse_password(char*, int, int, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

// Behind the key other PEM blocks and explanatory text may follow (RFC 7468 2), as exports
// from PKCS#12 have them, but nothing that is no text.
bool is_text(std::string_view rest) {
    return std::ranges::all_of(
        rest, [](char c) { return (c & 0xe0) != 0 ? c != 0x7f : one_of(c, "\t\r\n"); });
}

std::string_view contents(BIO* memory) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    return {data, static_cast<std::size_t>(size)};
}

}  // namespace

Result<PkeyPtr> read_private_key(Bytes pem) {
    const ErrorGuard guard;
    const BioPtr input(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    if (!input) return drained(Errc::internal, "private key: no memory");
    bool encrypted = false;
    PkeyPtr key(PEM_read_bio_PrivateKey(input.get(), nullptr, refuse_password, &encrypted));
    if (encrypted) return fail(Errc::unsupported, "private key: encrypted");
    if (!key) return drained(Errc::malformed, "private key: no PEM key that we can read");
    if (!is_text(contents(input.get())))
        return fail(Errc::malformed, "private key: trailing data");
    return key;
}

// OpenSSL wipes the memory of a BIO when it grows and when it goes.
Result<Secret> write_private_key(EVP_PKEY* key) {
    const ErrorGuard guard;
    const BioPtr output(BIO_new(BIO_s_mem()));
    if (!output || PEM_write_bio_PKCS8PrivateKey(output.get(), key, nullptr, nullptr, 0,
                                                 nullptr, nullptr) != 1)
        return drained(Errc::internal, "private key: not writable");
    return Secret(as_bytes(contents(output.get())));
}

}  // namespace pki::ossl
