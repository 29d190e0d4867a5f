#include "libpki/cms/enveloped_data.h"

#include "libpki/base/limits.h"
#include "libpki/cms/algorithm.h"
#include "libpki/cms/content_info.h"
#include "libpki/cms/kek_recipient.h"
#include "libpki/cms/key_agreement.h"
#include "libpki/cms/key_transport.h"
#include "libpki/cms/password_recipient.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/nested.h"

namespace pki::cms {

namespace {

using ossl::Cipher;
namespace oid = x509::oid;

// KeyTransRecipientInfo ::= SEQUENCE { version, rid, keyEncryptionAlgorithm, encryptedKey }
Result<Recipient> parse_rsa_recipient(der::Reader fields) {
    PKI_TRY(const std::uint64_t version, fields.small_integer());
    if (version != 0 && version != 2)  // RFC 5652 6.2.1
        return fail(Errc::unsupported, "CMS: version of a recipient");
    Recipient recipient;
    recipient.kind = Recipient::Kind::rsa;
    PKI_TRY(recipient.id, parse_signer_id(fields));
    PKI_TRY(const der::Element algorithm, fields.element(der::kSequence));
    PKI_TRY(recipient.encrypted_key, fields.content(der::kOctetString));
    PKI_CHECK(fields.finish());
    PKI_TRY(recipient.padding, parse_key_transport(algorithm.encoding));
    return recipient;
}

Result<std::vector<Recipient>> one(Result<Recipient> recipient) {
    if (!recipient) return std::move(recipient).error();
    return std::vector{*std::move(recipient)};
}

// RecipientInfo ::= CHOICE { ktri, kari [1], kekri [2], pwri [3], ori [4] }; a kari has as many
// recipients as it likes.
Result<std::vector<Recipient>> parse_recipient(der::Reader& set, const RecipientRules& rules) {
    if (set.next_is(der::kSequence)) {
        PKI_TRY(const der::Reader fields, set.enter(der::kSequence));
        return one(parse_rsa_recipient(fields));
    }
    if (set.next_is(der::constructed(3))) {
        PKI_TRY(const der::Reader fields, set.enter(der::constructed(3)));
        return one(parse_password_recipient(fields, rules.password_key_wrap));
    }
    if (set.next_is(der::constructed(2)) && rules.key_encryption_key) {
        PKI_TRY(const der::Reader fields, set.enter(der::constructed(2)));
        return one(parse_kek_recipient(fields));
    }
    if (set.next_is(der::constructed(1)) && rules.key_agreement) {
        PKI_TRY(const der::Reader fields, set.enter(der::constructed(1)));
        return parse_agreement_recipients(fields);
    }
    const std::size_t offset = set.offset();
    PKI_TRY(const der::Element other, set.any());
    if (other.tag != der::constructed(1) && other.tag != der::constructed(2) &&
        other.tag != der::constructed(4))
        return fail(Errc::malformed, "CMS: kind of a recipient", offset);
    return std::vector{Recipient()};
}

// What we cannot use may still stand beside what we can.
Status parse_recipients(EnvelopedData& data, der::Reader& fields, const RecipientRules& rules) {
    PKI_TRY(der::Reader set, fields.enter(der::kSet));
    while (!set.at_end()) {
        const std::size_t offset = set.offset();
        auto found = parse_recipient(set, rules);
        if (!found && found.error().code != Errc::unsupported) return std::move(found).error();
        if (!found) found = std::vector{Recipient()};
        if (data.recipients.size() + found->size() > limits::kRecipients)
            return fail(Errc::malformed, "CMS: too many recipients", offset);
        std::ranges::move(*found, std::back_inserter(data.recipients));
    }
    if (data.recipients.empty())
        return fail(Errc::malformed, "CMS: no recipient", fields.offset());
    return {};
}

Status parse_content_cipher(EnvelopedData& data, der::Reader& fields) {
    PKI_TRY(const der::Element algorithm, fields.element(der::kSequence));
    const auto choice = parse_cipher(algorithm.encoding);
    if (!choice && choice.error().code != Errc::unsupported) return choice.error();
    if (!choice) return {};
    data.cipher = choice->cipher;
    data.iv = choice->iv;
    return {};
}

// encryptedContent [0] IMPLICIT OCTET STRING OPTIONAL: primitive or, from BER, constructed of
// OCTET STRINGs (X.690 8.7.3), which der_from_ber() cannot know to be one string.
Status parse_encrypted(EnvelopedData& data, der::Reader& fields) {
    if (!fields.next_is(der::constructed(0))) {
        PKI_TRY(const Bytes whole, fields.content(der::context(0)));
        data.encrypted.push_back(whole);
        return {};
    }
    PKI_TRY(der::Reader parts, fields.enter(der::constructed(0)));
    while (!parts.at_end()) {
        if (data.encrypted.size() == limits::kBerElements)
            return fail(Errc::malformed, "CMS: too many parts", parts.offset());
        PKI_TRY(const Bytes part, parts.content(der::kOctetString));
        data.encrypted.push_back(part);
    }
    return {};
}

// EncryptedContentInfo ::= SEQUENCE { contentType, contentEncryptionAlgorithm,
// encryptedContent }
Status parse_content(EnvelopedData& data, der::Reader& fields) {
    PKI_TRY(der::Reader content, fields.enter(der::kSequence));
    PKI_TRY(data.content_type, content.oid());
    PKI_CHECK(parse_content_cipher(data, content));
    if (!content.at_end()) PKI_CHECK(parse_encrypted(data, content));
    return content.finish();
}

// EnvelopedData ::= SEQUENCE { version, originatorInfo [0] OPTIONAL, recipientInfos,
// encryptedContentInfo, unprotectedAttrs [1] OPTIONAL }
Result<EnvelopedData> parse_fields(Bytes encoding, const RecipientRules& rules) {
    der::Reader input(encoding);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    PKI_TRY(const std::uint64_t version, fields.small_integer());
    if (version > 4)  // RFC 5652 6.1: 0, 2, 3 or 4, as the forms inside say themselves
        return fail(Errc::unsupported, "CMS: version", fields.offset());
    if (fields.next_is(der::constructed(0))) PKI_CHECK(fields.any());
    EnvelopedData data;
    PKI_CHECK(parse_recipients(data, fields, rules));
    PKI_CHECK(parse_content(data, fields));
    if (fields.next_is(der::constructed(1))) PKI_CHECK(fields.any());
    PKI_CHECK(fields.finish());
    return data;
}

Status check_one(Cipher cipher, const CipherRules& allowed) {
    if (cipher == Cipher::des3 && !allowed.des3)
        return fail(Errc::unsupported, "CMS: cipher 3DES");
    if (cipher == Cipher::des && !allowed.des)
        return fail(Errc::unsupported, "CMS: cipher DES");
    return {};
}

}  // namespace

Result<EnvelopedData> parse_enveloped_data(Bytes content_info) {
    PKI_TRY(const der::Element content, parse_content_info(content_info, oid::kEnvelopedData));
    return x509::nested(content_info, content.encoding, parse_fields(content.encoding, {}));
}

Result<EnvelopedData> parse_bare_enveloped_data(Bytes enveloped_data,
                                                const RecipientRules& rules) {
    return parse_fields(enveloped_data, rules);
}

Status check_cipher(const EnvelopedData& data, const CipherRules& allowed) {
    if (!data.cipher) return fail(Errc::unsupported, "CMS: cipher");
    PKI_CHECK(check_one(*data.cipher, allowed));
    for (const Recipient& recipient : data.recipients)
        if (recipient.kind == Recipient::Kind::password)
            PKI_CHECK(check_one(recipient.password.cipher, allowed));
    return {};
}

}  // namespace pki::cms
