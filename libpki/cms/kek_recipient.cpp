#include "libpki/cms/kek_recipient.h"

#include "libpki/cms/algorithm.h"
#include "libpki/ossl/key_wrap.h"

namespace pki::cms {

using ossl::Cipher;

// SEQUENCE { version 4, kekid, keyEncryptionAlgorithm, encryptedKey };
// KEKIdentifier ::= SEQUENCE { keyIdentifier, date OPTIONAL, other OPTIONAL }
Result<Recipient> parse_kek_recipient(der::Reader fields) {
    PKI_TRY(const std::uint64_t version, fields.small_integer());
    if (version != 4) return fail(Errc::unsupported, "CMS: version of a recipient");
    Recipient recipient;
    recipient.kind = Recipient::Kind::key_encryption_key;
    PKI_TRY(der::Reader id, fields.enter(der::kSequence));
    PKI_TRY(recipient.id.key_identifier, id.content(der::kOctetString));
    if (id.next_is(der::kGeneralizedTime)) PKI_CHECK(id.any());
    if (id.next_is(der::kSequence)) PKI_CHECK(id.any());
    PKI_CHECK(id.finish());
    PKI_TRY(const der::Element algorithm, fields.element(der::kSequence));
    PKI_TRY(recipient.encrypted_key, fields.content(der::kOctetString));
    PKI_CHECK(fields.finish());
    PKI_TRY(recipient.wrap, parse_key_wrap(algorithm.encoding));
    return recipient;
}

Status write_kek_recipient(der::Writer& w, const KeyEncryptionKey& with, Bytes key) {
    const auto wrap = wrap_of_size(with.key.size());
    if (!wrap) return fail(Errc::unsupported, "CMS: size of a key-encryption key");
    PKI_TRY(const Buffer wrapped, ossl::wrap_key(*wrap, with.key, key));
    w.tlv(der::constructed(2), [&] {
        w.integer(4);
        w.sequence([&] { w.octet_string(with.identifier); });
        write_key_wrap(w, *wrap);
        w.octet_string(wrapped);
    });
    return {};
}

std::optional<Cipher> wrap_of_size(std::size_t octets) {
    for (const Cipher cipher : {Cipher::aes128, Cipher::aes192, Cipher::aes256})
        if (ossl::key_size(cipher) == octets) return cipher;
    return std::nullopt;
}

}  // namespace pki::cms
