#include "libpki/ossl/errors.h"

#include <openssl/err.h>

#include <array>

namespace pki::ossl {

ErrorGuard::~ErrorGuard() { ERR_clear_error(); }

Error drained(Errc code, const char* text) {
    const ErrorGuard guard;
    const unsigned long first = ERR_peek_error();
    if (first == 0) return fail(code, text);
    if (const char* reason = ERR_reason_error_string(first); reason != nullptr)
        return fail(code, text, std::string(reason));
    std::array<char, 256> number{};
    ERR_error_string_n(first, number.data(), number.size());
    return fail(code, text, std::string(number.data()));
}

}  // namespace pki::ossl
