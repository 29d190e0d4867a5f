#include "libpki/ossl/signature_stream.h"

#include "libpki/ossl/errors.h"
#include "libpki/ossl/signature_context.h"

namespace pki::ossl {

Result<SignatureStream> SignatureStream::begin(EVP_PKEY* key, const SignatureScheme& scheme) {
    const ErrorGuard guard;
    PKI_TRY(MdCtxPtr context, signing_context(key, scheme));
    const auto size = static_cast<std::size_t>(EVP_PKEY_get_size(key));
    return SignatureStream(std::move(context), size, is_eddsa(scheme));
}

Status SignatureStream::update(Bytes piece) {
    const ErrorGuard guard;
    if (gathers_)
        append(message_, piece);
    else if (EVP_DigestSignUpdate(context_.get(), piece.data(), piece.size()) != 1)
        return drained(Errc::internal, "signature: signing failed");
    return {};
}

Result<Buffer> SignatureStream::finish() {
    const ErrorGuard guard;
    Buffer out(size_);
    std::size_t length = out.size();
    const int done = gathers_ ? EVP_DigestSign(context_.get(), out.data(), &length,
                                               message_.data(), message_.size())
                              : EVP_DigestSignFinal(context_.get(), out.data(), &length);
    if (done != 1) return drained(Errc::internal, "signature: signing failed");
    out.resize(length);
    return out;
}

Result<VerificationStream> VerificationStream::begin(EVP_PKEY* key,
                                                     const SignatureScheme& scheme) {
    const ErrorGuard guard;
    PKI_TRY(MdCtxPtr context, verifying_context(key, scheme));
    return VerificationStream(std::move(context), is_eddsa(scheme));
}

Status VerificationStream::update(Bytes piece) {
    const ErrorGuard guard;
    if (gathers_)
        append(message_, piece);
    else if (EVP_DigestVerifyUpdate(context_.get(), piece.data(), piece.size()) != 1)
        return drained(Errc::internal, "signature: verifying failed");
    return {};
}

Status VerificationStream::finish(Bytes signature) {
    const ErrorGuard guard;
    const int done =
        gathers_ ? EVP_DigestVerify(context_.get(), signature.data(), signature.size(),
                                    message_.data(), message_.size())
                 : EVP_DigestVerifyFinal(context_.get(), signature.data(), signature.size());
    if (done != 1) return drained(Errc::bad_signature, "signature does not verify");
    return {};
}

}  // namespace pki::ossl
