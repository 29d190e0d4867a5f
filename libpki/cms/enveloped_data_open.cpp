#include "libpki/cms/enveloped_data.h"

#include "libpki/base/limits.h"
#include "libpki/cms/kek_recipient.h"
#include "libpki/cms/key_agreement.h"
#include "libpki/cms/password_recipient.h"
#include "libpki/ossl/digest.h"
#include "libpki/ossl/key_wrap.h"

namespace pki::cms {

namespace {

// The only thing that a sender learns.
Error cannot_open() { return fail(Errc::bad_signature, "CMS: the envelope cannot be opened"); }

Result<Secret> decrypt_content(const EnvelopedData& data, Bytes key) {
    Buffer joined;
    for (const Bytes part : data.encrypted) append(joined, part);
    auto content = ossl::decrypt_cbc(*data.cipher, key, data.iv, joined);
    if (!content && content.error().code == Errc::bad_signature) return cannot_open();
    return content;
}

bool is_for(const SignerId& id, const RecipientKey& own) {
    if (!own.certificate.empty()) return names(id, own.certificate);
    return !id.key_identifier.empty() && equal(id.key_identifier, own.key_identifier);
}

std::optional<std::size_t> index_of(const SignerId& id, std::span<const RecipientKey> keys) {
    for (std::size_t i = 0; i < keys.size(); i++)
        if (is_for(id, keys[i])) return i;
    return std::nullopt;
}

std::optional<std::size_t> index_of(const SignerId& id,
                                    std::span<const KeyEncryptionKey> keys) {
    for (std::size_t i = 0; i < keys.size(); i++)
        if (equal(id.key_identifier, keys[i].identifier)) return i;
    return std::nullopt;
}

// Whatever was wrong with the key, there is one to decrypt with.
Result<Opened> open_by_key(const EnvelopedData& data, const Recipient& recipient, EVP_PKEY* own,
                           std::size_t which) {
    PKI_TRY(const Secret key,
            ossl::rsa_decrypt_key(own, recipient.padding, recipient.encrypted_key,
                                  ossl::key_size(*data.cipher)));
    PKI_TRY(Secret content, decrypt_content(data, key.view()));
    return Opened{std::move(content), false, which};
}

// Key wrap tells a wrong key from a right one, and nobody else can have made what unwraps.
Result<Opened> open_by_agreement(const EnvelopedData& data, const Recipient& recipient,
                                 EVP_PKEY* own, std::size_t which) {
    PKI_TRY(const std::optional<Secret> key, unwrap_agreed_key(recipient, own));
    if (!key || key->size() != ossl::key_size(*data.cipher)) return cannot_open();
    PKI_TRY(Secret content, decrypt_content(data, key->view()));
    return Opened{std::move(content), false, which};
}

// The same.
Result<Opened> open_by_kek(const EnvelopedData& data, const Recipient& recipient, Bytes own,
                           std::size_t which) {
    const auto key = ossl::unwrap_key(recipient.wrap, own, recipient.encrypted_key);
    if (!key || key->size() != ossl::key_size(*data.cipher)) return cannot_open();
    PKI_TRY(Secret content, decrypt_content(data, key->view()));
    return Opened{std::move(content), false, which};
}

struct Unwrapped {
    Secret key;  // random when no password fits
    std::optional<std::size_t> which;
};

Result<Unwrapped> unwrap_by_password(const Recipient& recipient,
                                     std::span<const Secret> passwords, std::size_t size) {
    Unwrapped found{Secret(size), std::nullopt};
    PKI_CHECK(ossl::random_bytes(found.key.data()));
    for (std::size_t i = 0; i < passwords.size(); i++) {
        PKI_TRY(std::optional<Secret> key, unwrap_key(recipient, passwords[i].view(), size));
        if (!key || found.which) continue;
        found.key = *std::move(key);
        found.which = i;
    }
    return found;
}

Result<Opened> open_by_password(const EnvelopedData& data, const Recipient& recipient,
                                std::span<const Secret> passwords) {
    // Each of them costs all of the iterations.
    if (recipient.password.iterations * passwords.size() > limits::kPasswordIterations)
        return cannot_open();
    PKI_TRY(const Unwrapped found,
            unwrap_by_password(recipient, passwords, ossl::key_size(*data.cipher)));
    PKI_TRY(Secret content, decrypt_content(data, found.key.view()));
    if (!found.which) return cannot_open();
    return Opened{std::move(content), true, *found.which};
}

}  // namespace

Result<Opened> open_enveloped_data(const EnvelopedData& data,
                                   std::span<const RecipientKey> keys,
                                   std::span<const Secret> passwords,
                                   std::span<const KeyEncryptionKey> wrapping) {
    if (!data.cipher) return fail(Errc::unsupported, "CMS: cipher");
    bool unsupported = false;
    for (const Recipient& recipient : data.recipients) {
        unsupported |= recipient.kind == Recipient::Kind::unsupported;
        if (recipient.kind == Recipient::Kind::rsa) {
            if (const auto which = index_of(recipient.id, keys))
                return open_by_key(data, recipient, keys[*which].key, *which);
        }
        if (recipient.kind == Recipient::Kind::agreement) {
            if (const auto which = index_of(recipient.id, keys))
                return open_by_agreement(data, recipient, keys[*which].key, *which);
        }
        if (recipient.kind == Recipient::Kind::key_encryption_key) {
            if (const auto which = index_of(recipient.id, wrapping))
                return open_by_kek(data, recipient, wrapping[*which].key, *which);
        }
        if (recipient.kind == Recipient::Kind::password && !passwords.empty())
            return open_by_password(data, recipient, passwords);
    }
    if (unsupported) return fail(Errc::unsupported, "CMS: kind of the recipient");
    return fail(Errc::not_found, "CMS: the envelope is for somebody else");
}

}  // namespace pki::cms
