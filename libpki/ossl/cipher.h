// Block ciphers in CBC mode, for CMS (RFC 3370, RFC 3565). CBC has no integrity: who holds a
// key by which others may encrypt must not tell them what was wrong with a plaintext, be it
// the padding or what comes out of it.
#pragma once

#include "libpki/base/result.h"
#include "libpki/base/secret.h"
#include "libpki/ossl/handles.h"

namespace pki::ossl {

// DES comes from OpenSSL's legacy provider, in a library context of its own: nothing else of
// the process sees it. unsupported where that cannot be loaded.
enum class Cipher : std::uint8_t { aes128, aes192, aes256, des3, des };

std::size_t key_size(Cipher cipher);
std::size_t iv_size(Cipher cipher);  // also the size of a block

// With the padding of RFC 5652 6.3.
Result<Buffer> encrypt_cbc(Cipher cipher, Bytes key, Bytes iv, Bytes plain);
// bad_signature with one text for every failure; looks at the padding in constant time.
Result<Secret> decrypt_cbc(Cipher cipher, Bytes key, Bytes iv, Bytes text);

// Whole blocks, without padding. bad_signature when they are not.
Result<Secret> encrypt_blocks(Cipher cipher, Bytes key, Bytes iv, Bytes blocks);
Result<Secret> decrypt_blocks(Cipher cipher, Bytes key, Bytes iv, Bytes blocks);

}  // namespace pki::ossl
