#include "libpki/ossl/digest.h"

#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <new>

#include "libpki/ossl/errors.h"
#include "libpki/ossl/handles.h"

namespace pki::ossl {

namespace {

// What OpenSSL always has can fail for want of memory only.
void require(bool done) {
    if (!done) throw std::bad_alloc();
}

template <class Digest>
Digest digest(const EVP_MD* algorithm, Bytes bytes) {
    const ErrorGuard guard;
    Digest out{};
    require(EVP_Digest(bytes.data(), bytes.size(), out.data(), nullptr, algorithm, nullptr) ==
            1);
    return out;
}

}  // namespace

Sha256 sha256(std::initializer_list<Bytes> parts) {
    const ErrorGuard guard;
    const MdCtxPtr context(EVP_MD_CTX_new());
    require(context && EVP_DigestInit_ex2(context.get(), EVP_sha256(), nullptr) == 1);
    for (const Bytes part : parts)
        require(EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1);
    Sha256 out{};
    require(EVP_DigestFinal_ex(context.get(), out.data(), nullptr) == 1);
    return out;
}

Sha256Stream::Sha256Stream() : context_(EVP_MD_CTX_new()) {
    const ErrorGuard guard;
    require(context_ && EVP_DigestInit_ex2(context_.get(), EVP_sha256(), nullptr) == 1);
}

void Sha256Stream::update(Bytes bytes) {
    const ErrorGuard guard;
    require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

Sha256 Sha256Stream::finish() {
    const ErrorGuard guard;
    Sha256 out{};
    require(EVP_DigestFinal_ex(context_.get(), out.data(), nullptr) == 1);
    return out;
}

Sha384 sha384(Bytes bytes) { return digest<Sha384>(EVP_sha384(), bytes); }
Sha512 sha512(Bytes bytes) { return digest<Sha512>(EVP_sha512(), bytes); }
Sha1 sha1(Bytes bytes) { return digest<Sha1>(EVP_sha1(), bytes); }

Sha256 hmac_sha256(Bytes key, Bytes message) {
    const ErrorGuard guard;
    constexpr std::uint8_t kNoKey[] = {0};  // a null pointer would mean the key of last time
    const std::uint8_t* const octets = key.empty() ? kNoKey : key.data();
    Sha256 out{};
    require(HMAC(EVP_sha256(), octets, static_cast<int>(key.size()), message.data(),
                 message.size(), out.data(), nullptr) != nullptr);
    return out;
}

Status random_bytes(std::span<std::uint8_t> out) {
    const ErrorGuard guard;
    if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1)
        return drained(Errc::internal, "random: no entropy");
    return {};
}

}  // namespace pki::ossl
