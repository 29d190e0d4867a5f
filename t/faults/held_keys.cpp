// Slow keys that wait, for tests of what else is served meanwhile: a library to be loaded
// before all others (LD_PRELOAD). While there is a file HELD_KEYS.decrypt, HELD_KEYS.sign or
// HELD_KEYS.verify, who decrypts or signs with an RSA key, or verifies with one on a curve
// beyond P-256, waits, and there is a file with ".waits" behind that name. Never installed.

#include <dlfcn.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

namespace {

// Before main(): nginx makes its environment anew.
const char* prefix = nullptr;
[[gnu::constructor]] void read_prefix() {
    const char* const path = std::getenv("HELD_KEYS");
    if (path != nullptr) prefix = strdup(path);
}

void wait_for(const char* what) {
    const std::string file = std::string(prefix) + what;
    while (access(file.c_str(), F_OK) == 0) {
        const int waits = open((file + ".waits").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        if (waits >= 0) close(waits);
        usleep(10000);
    }
}

void hold(EVP_PKEY_CTX* context, const char* what) {
    if (prefix != nullptr && EVP_PKEY_is_a(EVP_PKEY_CTX_get0_pkey(context), "RSA") == 1)
        wait_for(what);
}

void hold_curve(EVP_PKEY_CTX* context) {
    EVP_PKEY* const key = EVP_PKEY_CTX_get0_pkey(context);
    if (prefix != nullptr && EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_bits(key) > 256)
        wait_for(".verify");
}

template <class F>
F* next(F*, const char* name) {
    return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

#define NEXT(function) static const auto real = next(::function, #function)

}  // namespace

extern "C" {

int EVP_PKEY_decrypt(EVP_PKEY_CTX* ctx, unsigned char* out, size_t* outlen,
                     const unsigned char* in, size_t inlen) {
    NEXT(EVP_PKEY_decrypt);
    hold(ctx, ".decrypt");
    return real(ctx, out, outlen, in, inlen);
}

int EVP_DigestSign(EVP_MD_CTX* ctx, unsigned char* sigret, size_t* siglen,
                   const unsigned char* tbs, size_t tbslen) {
    NEXT(EVP_DigestSign);
    hold(EVP_MD_CTX_get_pkey_ctx(ctx), ".sign");
    return real(ctx, sigret, siglen, tbs, tbslen);
}

int EVP_DigestVerify(EVP_MD_CTX* ctx, const unsigned char* sigret, size_t siglen,
                     const unsigned char* tbs, size_t tbslen) {
    NEXT(EVP_DigestVerify);
    hold_curve(EVP_MD_CTX_get_pkey_ctx(ctx));
    return real(ctx, sigret, siglen, tbs, tbslen);
}

}  // extern "C"
