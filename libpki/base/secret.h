// Bytes that are wiped when they go, cannot be copied by accident and are
// compared in constant time.
#pragma once

#include <openssl/crypto.h>

#include <utility>

#include "libpki/base/bytes.h"

namespace pki {

// Time depends on the lengths only.
inline bool equal_constant_time(Bytes a, Bytes b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

class Secret {
   public:
    Secret() = default;
    explicit Secret(std::size_t size) : bytes_(size) {}
    explicit Secret(Bytes from) : bytes_(from.begin(), from.end()) {}
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    Secret(Secret&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
    Secret& operator=(Secret&& other) noexcept {
        wipe();
        bytes_ = std::exchange(other.bytes_, {});
        return *this;
    }
    ~Secret() { wipe(); }

    Bytes view() const { return bytes_; }
    std::span<std::uint8_t> data() { return bytes_; }
    std::size_t size() const { return bytes_.size(); }
    bool equals(Bytes other) const { return equal_constant_time(bytes_, other); }

   private:
    void wipe() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

    Buffer bytes_;  // never resized: a reallocation would leave a copy behind
};

}  // namespace pki
