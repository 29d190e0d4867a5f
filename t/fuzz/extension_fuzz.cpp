// The readers of extension values against OpenSSL's; the first octet selects one. Ours are
// stricter by intent: DER instead of BER, the demands of RFC 5280 4.2.1.
#include <openssl/x509v3.h>

#include "t/fuzz/fuzz.h"
#include "t/fuzz/openssl_view.h"

namespace {

using pki::Bytes;
using pki::equal;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

template <class T, auto Free>
std::unique_ptr<T, ossl::Deleter<Free>> decoded(T* (*d2i)(T**, const unsigned char**, long),
                                                Bytes value) {
    const unsigned char* end = value.data();
    std::unique_ptr<T, ossl::Deleter<Free>> out(
        d2i(nullptr, &end, static_cast<long>(value.size())));
    PROPERTY(out != nullptr && end == value.data() + value.size());
    return out;
}

void key_usage(Bytes value) {
    const auto ours = x509::parse_key_usage(value);
    if (!ours) return;
    const auto theirs =
        decoded<ASN1_BIT_STRING, ASN1_BIT_STRING_free>(d2i_ASN1_BIT_STRING, value);
    for (int bit = 0; bit < 16; bit++)
        PROPERTY(ASN1_BIT_STRING_get_bit(theirs.get(), bit) == (*ours >> bit & 1));
}

void extended_key_usage(Bytes value) {
    const auto ours = x509::parse_extended_key_usage(value);
    if (!ours) return;
    const auto theirs =
        decoded<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free>(d2i_EXTENDED_KEY_USAGE, value);
    PROPERTY(static_cast<std::size_t>(sk_ASN1_OBJECT_num(theirs.get())) == ours->size());
    for (std::size_t i = 0; i < ours->size(); i++)
        PROPERTY(equal(fuzz::octets(sk_ASN1_OBJECT_value(theirs.get(), static_cast<int>(i))),
                       (*ours)[i]));
}

void basic_constraints(Bytes value) {
    const auto ours = x509::parse_basic_constraints(value);
    if (!ours) return;
    const auto theirs =
        decoded<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free>(d2i_BASIC_CONSTRAINTS, value);
    PROPERTY((theirs->ca != 0) == ours->ca);
    PROPERTY((theirs->pathlen != nullptr) == ours->path_length.has_value());
    std::uint64_t length = 0;
    if (theirs->pathlen == nullptr) return;
    PROPERTY(ASN1_INTEGER_get_uint64(&length, theirs->pathlen) == 1);
    PROPERTY(length == *ours->path_length);
}

// Ours skips issuer and serial number, which end in [2].
void authority_key_identifier(Bytes value) {
    const auto ours = x509::parse_authority_key_identifier(value);
    if (!ours) return;
    const bool key_identifier_alone =
        value.size() == 2 || ours->data() + ours->size() == value.data() + value.size();
    if (!key_identifier_alone) return;
    const auto theirs =
        decoded<AUTHORITY_KEYID, AUTHORITY_KEYID_free>(d2i_AUTHORITY_KEYID, value);
    PROPERTY(theirs->issuer == nullptr && theirs->serial == nullptr);
    const Bytes identifier = theirs->keyid == nullptr ? Bytes() : fuzz::octets(theirs->keyid);
    PROPERTY(equal(identifier, *ours));
}

void subject_key_identifier(Bytes value) {
    const auto ours = x509::parse_subject_key_identifier(value);
    if (!ours) return;
    const auto theirs =
        decoded<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>(d2i_ASN1_OCTET_STRING, value);
    PROPERTY(equal(fuzz::octets(theirs.get()), *ours));
}

constexpr void (*kReaders[])(Bytes) = {key_usage, extended_key_usage, basic_constraints,
                                       authority_key_identifier, subject_key_identifier};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    kReaders[data[0] % std::size(kReaders)](Bytes(data, size).subspan(1));
    ERR_clear_error();
    return 0;
}
