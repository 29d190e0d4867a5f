#include "libpki/cms/capabilities.h"

#include <algorithm>

#include "libpki/base/limits.h"
#include "libpki/cms/algorithm.h"
#include "libpki/cms/kek_recipient.h"
#include "libpki/cms/key_transport.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/oids.h"

namespace pki::cms {

namespace {

using ossl::Cipher;
using ossl::Hash;
using ossl::RsaPadding;
namespace oid = x509::oid;

struct CipherRow {
    Bytes id;
    Cipher cipher;
};

// Of AES the key lengths are ordered as their strengths are.
constexpr CipherRow kContents[] = {
    {oid::kAes128Cbc, Cipher::aes128},
    {oid::kAes192Cbc, Cipher::aes192},
    {oid::kAes256Cbc, Cipher::aes256},
};

// Ciphers of content that we do not write.
constexpr Bytes kOtherContents[] = {oid::kDes3Cbc, oid::kDesCbc};

// A capability has no IV: only the name counts.
std::optional<Result<Cipher>> content_cipher(Bytes id) {
    for (const CipherRow& row : kContents)
        if (equal(row.id, id)) return row.cipher;
    for (const Bytes other : kOtherContents)
        if (equal(other, id)) return fail(Errc::unsupported, "SMIMECapabilities: cipher");
    return std::nullopt;
}

// id-alg-CMS3DESwrap (RFC 3370 4.3.1), which we do not write either.
constexpr std::uint8_t kDes3WrapOctets[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
                                            0x01, 0x09, 0x10, 0x03, 0x06};
constexpr Bytes kDes3Wrap{kDes3WrapOctets};

constexpr Bytes kWraps[] = {oid::kAes128Wrap, oid::kAes192Wrap, oid::kAes256Wrap, kDes3Wrap};
constexpr Bytes kSchemes[] = {oid::kEcdhSha256Kdf, oid::kEcdhSha384Kdf, oid::kEcdhSha512Kdf};

bool is_one_of(Bytes id, std::span<const Bytes> ids) {
    return std::ranges::any_of(ids, [&](Bytes one) { return equal(one, id); });
}

// RFC 4055 4.1 wants parameters with OAEP; without them the client leaves them to us.
Result<RsaPadding> padding_of(const x509::Algorithm& algorithm, Bytes capability) {
    if (equal(algorithm.id, oid::kRsaOaep) && algorithm.parameters.empty())
        return KeyCiphers().padding;
    return parse_key_transport(capability);
}

int rank(const RsaPadding& padding) {
    if (!padding.oaep) return 0;
    return padding.hash == Hash::sha1 ? 1 : 2;
}

}  // namespace

void Capabilities::Named::add(const Result<Cipher>& cipher) {
    any = true;
    if (cipher) ciphers.push_back(*cipher);
}

Result<Cipher> Capabilities::Named::best() const {
    if (!any) return Cipher::aes256;
    if (ciphers.empty())
        return fail(Errc::unsupported, "SMIMECapabilities: no cipher of those that we have");
    return *std::ranges::max_element(ciphers, {}, [](Cipher c) { return ossl::key_size(c); });
}

bool Capabilities::Named::has(Cipher cipher) const {
    return !any || std::ranges::find(ciphers, cipher) != ciphers.end();
}

// SMIMECapabilities ::= SEQUENCE OF SMIMECapability
Result<Capabilities> Capabilities::parse(Bytes encoding) {
    Capabilities found;
    if (encoding.empty()) return found;
    der::Reader input(encoding);
    PKI_TRY(der::Reader list, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    for (std::size_t count = 0; !list.at_end(); count++) {
        if (count == limits::kCmsAttributes)
            return fail(Errc::malformed, "SMIMECapabilities: too many", list.offset());
        PKI_TRY(const der::Element one, list.element(der::kSequence));
        PKI_CHECK(found.take(one.encoding));
    }
    return found;
}

// SMIMECapability ::= SEQUENCE { capabilityID, parameters OPTIONAL }: as an
// AlgorithmIdentifier.
Status Capabilities::take(Bytes capability) {
    PKI_TRY(const x509::Algorithm algorithm, x509::parse_algorithm(capability));
    if (const auto cipher = content_cipher(algorithm.id)) content_.add(*cipher);
    if (is_one_of(algorithm.id, kWraps)) wraps_.add(parse_key_wrap(capability));
    // RFC 5753 7.2: the key wrap is the parameter of the key agreement.
    if (is_one_of(algorithm.id, kSchemes) && !algorithm.parameters.empty())
        wraps_.add(parse_key_wrap(algorithm.parameters));
    if (!equal(algorithm.id, oid::kRsaEncryption) && !equal(algorithm.id, oid::kRsaOaep))
        return {};
    transports_ = true;
    const auto padding = padding_of(algorithm, capability);
    if (!padding && padding.error().code != Errc::unsupported) return padding.error();
    if (padding) paddings_.push_back(*padding);
    return {};
}

Result<KeyCiphers> Capabilities::content() const {
    KeyCiphers ciphers;
    PKI_TRY(ciphers.content, content_.best());
    return ciphers;
}

Result<KeyCiphers> Capabilities::for_agreement() const {
    PKI_TRY(KeyCiphers ciphers, content());
    PKI_TRY(ciphers.wrap, wraps_.best());
    return ciphers;
}

Result<KeyCiphers> Capabilities::for_transport() const {
    PKI_TRY(KeyCiphers ciphers, content());
    if (!transports_) return ciphers;
    if (paddings_.empty())
        return fail(Errc::unsupported, "SMIMECapabilities: no key transport that we have");
    ciphers.padding = *std::ranges::max_element(paddings_, {}, rank);
    return ciphers;
}

Result<KeyCiphers> Capabilities::for_wrapping(std::size_t key_octets) const {
    PKI_TRY(KeyCiphers ciphers, content());
    const auto wrap = wrap_of_size(key_octets);
    if (!wrap || !wraps_.has(*wrap))
        return fail(Errc::unsupported, "SMIMECapabilities: no key wrap for the shared key");
    return ciphers;
}

}  // namespace pki::cms
