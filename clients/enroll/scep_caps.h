// What the CA says it can (RFC 8894 3.5.2), and what of that is used. Nobody vouches for the
// words: somebody on the way could take the strong ones out, so what is weak is used only when
// the command line says so.
#pragma once

#include <string>
#include <vector>

#include "libpki/cms/enveloped_data.h"
#include "libpki/cms/signed_data.h"

namespace enroll {

class Capabilities {
   public:
    // A word a line, in any case; unknown ones do no harm.
    static Capabilities parse(std::string_view text);

    // The word, or SCEPStandard where that includes it.
    bool has(std::string_view word) const;
    const std::vector<std::string>& words() const { return words_; }

   private:
    bool listed(std::string_view word) const;

    std::vector<std::string> words_;
};

struct ScepAlgorithms {
    pki::ossl::Hash digest = pki::ossl::Hash::sha256;
    pki::ossl::Cipher cipher = pki::ossl::Cipher::aes128;
    bool post = true;
    // What an answer may use: SHA-2 and AES, and what was asked for.
    pki::cms::HashRules hashes = {};
    pki::cms::CipherRules ciphers = {};
};

// `digest` ("sha256", also sha1, sha384, sha512) and `cipher` ("aes128", also aes192, aes256,
// des3) when they are not empty, else by what the CA has. malformed: unknown names;
// unsupported: the CA has nothing that is good enough.
pki::Result<ScepAlgorithms> choose_algorithms(const Capabilities& capabilities,
                                              const std::string& digest,
                                              const std::string& cipher, bool force_get);

}  // namespace enroll
