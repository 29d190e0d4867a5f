// Signatures over a message that comes in pieces. They are those of sign() and verify().
//
// With EdDSA the pieces are gathered until the end: who feeds them bounds their sum.
#pragma once

#include "libpki/ossl/key.h"

namespace pki::ossl {

class SignatureStream {
   public:
    // Holds the key for as long as it lives. unsupported when key and scheme do not match.
    static Result<SignatureStream> begin(EVP_PKEY* key, const SignatureScheme& scheme);

    Status update(Bytes piece);
    Result<Buffer> finish();  // once

   private:
    SignatureStream(MdCtxPtr context, std::size_t size, bool gathers)
        : context_(std::move(context)), size_(size), gathers_(gathers) {}

    MdCtxPtr context_;
    std::size_t size_;  // of the largest signature
    bool gathers_;
    Buffer message_;
};

class VerificationStream {
   public:
    static Result<VerificationStream> begin(EVP_PKEY* key, const SignatureScheme& scheme);

    Status update(Bytes piece);
    Status finish(Bytes signature);  // bad_signature when it does not verify; once

   private:
    VerificationStream(MdCtxPtr context, bool gathers)
        : context_(std::move(context)), gathers_(gathers) {}

    MdCtxPtr context_;
    bool gathers_;
    Buffer message_;
};

}  // namespace pki::ossl
