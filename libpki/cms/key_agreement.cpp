#include "libpki/cms/key_agreement.h"

#include "libpki/base/limits.h"
#include "libpki/cms/algorithm.h"
#include "libpki/ossl/digest.h"
#include "libpki/ossl/key_agreement.h"
#include "libpki/ossl/key_wrap.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/oids.h"

namespace pki::cms {

namespace {

using ossl::Cipher;
using ossl::Curve;
using ossl::Hash;
namespace oid = x509::oid;

constexpr std::size_t kUkmOctets = 16;  // of ours

struct SchemeRow {
    Bytes id;
    Hash kdf;
};

// dhSinglePass-stdDH-sha*kdf-scheme (RFC 5753 7.1.4).
constexpr SchemeRow kSchemes[] = {
    {oid::kEcdhSha256Kdf, Hash::sha256},
    {oid::kEcdhSha384Kdf, Hash::sha384},
    {oid::kEcdhSha512Kdf, Hash::sha512},
};

// RFC 5753 3.1.1: the parameters are absent, NULL, or the curve, which the recipient's key
// says.
Status parse_originator_key(KeyAgreement& agreement, der::Reader fields) {
    PKI_TRY(const der::Element encoding, fields.element(der::kSequence));
    PKI_TRY(const x509::Algorithm algorithm, x509::parse_algorithm(encoding.encoding));
    if (!equal(algorithm.id, oid::kEcPublicKey))
        return fail(Errc::unsupported, "CMS: key of the sender",
                    x509::oid_to_text(algorithm.id));
    PKI_TRY(agreement.point, fields.bit_string_octets());
    return fields.finish();
}

// originator [0] EXPLICIT OriginatorIdentifierOrKey: static keys of senders are unsupported.
Status parse_originator(KeyAgreement& agreement, der::Reader& fields) {
    PKI_TRY(der::Reader choice, fields.enter(der::constructed(0)));
    if (!choice.next_is(der::constructed(1)))
        return fail(Errc::unsupported, "CMS: key of the sender");
    PKI_TRY(const der::Reader key, choice.enter(der::constructed(1)));
    PKI_CHECK(choice.finish());
    return parse_originator_key(agreement, key);
}

// ukm [1] EXPLICIT OCTET STRING OPTIONAL
Status parse_ukm(KeyAgreement& agreement, der::Reader& fields) {
    if (!fields.next_is(der::constructed(1))) return {};
    PKI_TRY(der::Reader inner, fields.enter(der::constructed(1)));
    PKI_TRY(agreement.ukm, inner.content(der::kOctetString));
    return inner.finish();
}

// The parameters of the key agreement are the AlgorithmIdentifier of the key wrap.
Status parse_scheme(KeyAgreement& agreement, der::Reader& fields) {
    PKI_TRY(const der::Element encoding, fields.element(der::kSequence));
    PKI_TRY(const x509::Algorithm algorithm, x509::parse_algorithm(encoding.encoding));
    const auto row = std::ranges::find_if(
        kSchemes, [&](const SchemeRow& r) { return equal(r.id, algorithm.id); });
    if (row == std::end(kSchemes))
        return fail(Errc::unsupported, "CMS: key agreement", x509::oid_to_text(algorithm.id));
    agreement.kdf = row->kdf;
    agreement.wrap_algorithm = algorithm.parameters;
    PKI_TRY(agreement.wrap, parse_key_wrap(algorithm.parameters));
    return {};
}

// KeyAgreeRecipientIdentifier ::= CHOICE { issuerAndSerialNumber, rKeyId [0] IMPLICIT SEQUENCE
// { subjectKeyIdentifier, date OPTIONAL, other OPTIONAL } }
Result<SignerId> parse_recipient_id(der::Reader& fields) {
    if (!fields.next_is(der::constructed(0))) return parse_signer_id(fields);
    PKI_TRY(der::Reader key_id, fields.enter(der::constructed(0)));
    SignerId id;
    PKI_TRY(id.key_identifier, key_id.content(der::kOctetString));
    if (id.key_identifier.empty())
        return fail(Errc::malformed, "CMS: empty key identifier", key_id.offset());
    if (key_id.next_is(der::kGeneralizedTime)) PKI_CHECK(key_id.any());
    if (key_id.next_is(der::kSequence)) PKI_CHECK(key_id.any());
    PKI_CHECK(key_id.finish());
    return id;
}

Result<std::vector<Recipient>> parse_keys(const KeyAgreement& agreement, der::Reader keys) {
    std::vector<Recipient> found;
    while (!keys.at_end()) {
        if (found.size() == limits::kRecipients)
            return fail(Errc::malformed, "CMS: too many recipients", keys.offset());
        PKI_TRY(der::Reader fields, keys.enter(der::kSequence));
        Recipient recipient;
        recipient.kind = Recipient::Kind::agreement;
        recipient.agreement = agreement;
        PKI_TRY(recipient.id, parse_recipient_id(fields));
        PKI_TRY(recipient.encrypted_key, fields.content(der::kOctetString));
        PKI_CHECK(fields.finish());
        found.push_back(std::move(recipient));
    }
    if (found.empty()) return fail(Errc::malformed, "CMS: no recipient", keys.offset());
    return found;
}

// ECC-CMS-SharedInfo (RFC 5753 7.2): SEQUENCE { keyInfo, entityUInfo [0] EXPLICIT OCTET STRING
// OPTIONAL, suppPubInfo [2] EXPLICIT OCTET STRING }, the last being the bits of the key.
Buffer shared_info(const KeyAgreement& agreement) {
    const std::size_t bits = 8 * ossl::key_size(agreement.wrap);
    const std::uint8_t size[] = {0, 0, static_cast<std::uint8_t>(bits >> 8),
                                 static_cast<std::uint8_t>(bits)};
    der::Writer w(64 + agreement.ukm.size() + agreement.wrap_algorithm.size());
    w.sequence([&] {
        w.raw(agreement.wrap_algorithm);
        if (!agreement.ukm.empty())
            w.tlv(der::constructed(0), [&] { w.octet_string(agreement.ukm); });
        w.tlv(der::constructed(2), [&] { w.octet_string(size); });
    });
    return std::move(w).take();
}

Result<Secret> wrapping_key(const KeyAgreement& agreement, EVP_PKEY* own, EVP_PKEY* peer) {
    PKI_TRY(const Secret secret, ossl::agree(own, peer));
    return ossl::x963_kdf(agreement.kdf, secret.view(), shared_info(agreement),
                          ossl::key_size(agreement.wrap));
}

struct CurveRow {
    Curve curve;
    std::size_t point;  // octets, uncompressed
    const char* spec;
    Bytes scheme;
    Hash kdf;
};

constexpr CurveRow kCurves[] = {
    {Curve::p256, 65, "ec:P-256", oid::kEcdhSha256Kdf, Hash::sha256},
    {Curve::p384, 97, "ec:P-384", oid::kEcdhSha384Kdf, Hash::sha384},
    {Curve::p521, 133, "ec:P-521", oid::kEcdhSha512Kdf, Hash::sha512},
};

// Curves of ours have points of different lengths.
const CurveRow* curve_of(std::size_t point) {
    const auto row = std::ranges::find(kCurves, point, &CurveRow::point);
    return row == std::end(kCurves) ? nullptr : row;
}

Buffer wrap_algorithm(Cipher cipher) {
    der::Writer w(32);
    write_key_wrap(w, cipher);
    return std::move(w).take();
}

void write_fields(der::Writer& w, const KeyAgreement& agreement, Bytes scheme) {
    w.integer(3);  // RFC 5652 6.2.2
    w.tlv(der::constructed(0), [&] {
        w.tlv(der::constructed(1), [&] {
            w.sequence([&] { w.oid(oid::kEcPublicKey); });  // RFC 5753 3.1.1: no parameters
            w.bit_string(agreement.point);
        });
    });
    w.tlv(der::constructed(1), [&] { w.octet_string(agreement.ukm); });
    w.sequence([&] {
        w.oid(scheme);
        w.raw(agreement.wrap_algorithm);
    });
}

void write_recipient_id(der::Writer& w, const SignerId& id) {
    if (id.key_identifier.empty()) return write_issuer_and_serial(w, id);
    w.tlv(der::constructed(0), [&] { w.octet_string(id.key_identifier); });
}

}  // namespace

// SEQUENCE { version 3, originator, ukm, keyEncryptionAlgorithm, recipientEncryptedKeys }
Result<std::vector<Recipient>> parse_agreement_recipients(der::Reader fields) {
    PKI_TRY(const std::uint64_t version, fields.small_integer());
    if (version != 3) return fail(Errc::unsupported, "CMS: version of a recipient");
    KeyAgreement agreement;
    PKI_CHECK(parse_originator(agreement, fields));
    PKI_CHECK(parse_ukm(agreement, fields));
    PKI_CHECK(parse_scheme(agreement, fields));
    PKI_TRY(const der::Reader keys, fields.enter(der::kSequence));
    PKI_CHECK(fields.finish());
    return parse_keys(agreement, keys);
}

Result<std::optional<Secret>> unwrap_agreed_key(const Recipient& recipient, EVP_PKEY* own) {
    const KeyAgreement& agreement = recipient.agreement;
    const CurveRow* const row = curve_of(agreement.point.size());
    if (row == nullptr) return std::optional<Secret>();
    ossl::PublicKeyParts parts;
    parts.type = ossl::KeyType::ec;
    parts.curve = row->curve;
    parts.point = agreement.point;
    const auto peer = ossl::make_public_key(parts);
    if (!peer) return std::optional<Secret>();
    const auto kek = wrapping_key(agreement, own, peer->get());
    if (!kek && kek.error().code == Errc::unsupported) return std::optional<Secret>();
    if (!kek) return kek.error();
    auto key = ossl::unwrap_key(agreement.wrap, kek->view(), recipient.encrypted_key);
    if (!key) return std::optional<Secret>();
    return std::optional(*std::move(key));
}

Status write_agreement_recipient(der::Writer& w, const SealingSpec& spec, EVP_PKEY* peer,
                                 Bytes key) {
    PKI_TRY(const Buffer theirs, ossl::public_point(peer));
    const CurveRow* const row = curve_of(theirs.size());
    if (row == nullptr) return fail(Errc::unsupported, "CMS: curve of the recipient");
    PKI_TRY(const ossl::PkeyPtr ephemeral, ossl::generate_key(row->spec));
    PKI_TRY(const Buffer ours, ossl::public_point(ephemeral.get()));
    Buffer ukm(kUkmOctets);
    PKI_CHECK(ossl::random_bytes(ukm));
    const Cipher cipher = spec.wrap.value_or(spec.cipher);
    const Buffer wrap = wrap_algorithm(cipher);
    const KeyAgreement agreement{ours, ukm, row->kdf, cipher, wrap};
    PKI_TRY(const Secret kek, wrapping_key(agreement, ephemeral.get(), peer));
    PKI_TRY(const Buffer wrapped, ossl::wrap_key(cipher, kek.view(), key));
    PKI_TRY(const SignerId id, recipient_id(spec));
    w.tlv(der::constructed(1), [&] {
        write_fields(w, agreement, row->scheme);
        w.sequence([&] {
            w.sequence([&] {
                write_recipient_id(w, id);
                w.octet_string(wrapped);
            });
        });
    });
    return {};
}

}  // namespace pki::cms
