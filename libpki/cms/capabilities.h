// SMIMECapabilities (RFC 8551 2.5.2), as far as they choose how a private key is encrypted for
// who sent them (RFC 7030 4.4.1).
#pragma once

#include "libpki/cms/key_package.h"

namespace pki::cms {

// What we use of the algorithms that a list names. A kind of algorithm of which the list has
// none is the recipient's to read in any form; one of which it has none that we know is none.
class Capabilities {
   public:
    // From the complete SEQUENCE; empty: nothing is said. malformed; more than
    // limits::kCmsAttributes capabilities are too many.
    static Result<Capabilities> parse(Bytes encoding);

    // Content with AES, the strongest that is named, and the key of the content: wrapped by
    // an agreed key, encrypted by RSA, or wrapped by a key of AES of this size. unsupported.
    Result<KeyCiphers> for_agreement() const;
    Result<KeyCiphers> for_transport() const;
    Result<KeyCiphers> for_wrapping(std::size_t key_octets) const;

   private:
    struct Named {
        bool any = false;  // ours or not
        std::vector<ossl::Cipher> ciphers;

        void add(const Result<ossl::Cipher>& cipher);
        // The strongest.
        Result<ossl::Cipher> best() const;
        bool has(ossl::Cipher cipher) const;
    };

    Status take(Bytes capability);
    Result<KeyCiphers> content() const;

    Named content_;
    Named wraps_;
    bool transports_ = false;
    std::vector<ossl::RsaPadding> paddings_;
};

}  // namespace pki::cms
