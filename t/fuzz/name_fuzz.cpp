// parse_name() and same_name() against OpenSSL: what ours accepts has the same attributes with
// the same text there, and two names are the same to both or to neither. Ours is stricter:
// control characters, empty values and RDNs, surrogates, and sizes beyond limits.h are refused.
// canonical_name() keeps the name, changes nothing the second time, and encodes as OpenSSL
// does.
#include <openssl/x509.h>

#include "libpki/ossl/handles.h"
#include "libpki/x509/name.h"
#include "t/fuzz/openssl_view.h"

namespace {

using pki::Buffer;
using pki::Bytes;
namespace der = pki::der;
namespace x509 = pki::x509;

using NamePtr = std::unique_ptr<X509_NAME, pki::ossl::Deleter<X509_NAME_free>>;

NamePtr openssl_name(Bytes encoding) {
    const unsigned char* at = encoding.data();
    NamePtr name(d2i_X509_NAME(nullptr, &at, static_cast<long>(encoding.size())));
    PROPERTY(name != nullptr && at == encoding.data() + encoding.size());
    return name;
}

std::string openssl_text(const ASN1_STRING* value) {
    unsigned char* text = nullptr;
    const int length = ASN1_STRING_to_UTF8(&text, value);
    PROPERTY(length >= 0);
    std::string out(reinterpret_cast<const char*>(text), static_cast<std::size_t>(length));
    OPENSSL_free(text);
    return out;
}

void check_attribute(const x509::NameAttribute& ours, const X509_NAME_ENTRY* theirs) {
    const ASN1_OBJECT* type = X509_NAME_ENTRY_get_object(theirs);
    PROPERTY(pki::equal(ours.type, {OBJ_get0_data(type), OBJ_length(type)}));
    const ASN1_STRING* value = X509_NAME_ENTRY_get_data(theirs);
    PROPERTY(ours.tag == ASN1_STRING_type(value));
    PROPERTY(x509::attribute_text(ours) == openssl_text(value));
    PROPERTY(static_cast<int>(ours.rdn) == X509_NAME_ENTRY_set(theirs));
}

void check_attributes(const x509::Name& ours, const X509_NAME* theirs) {
    PROPERTY(static_cast<int>(ours.attributes.size()) == X509_NAME_entry_count(theirs));
    for (std::size_t i = 0; i < ours.attributes.size(); i++)
        check_attribute(ours.attributes[i], X509_NAME_get_entry(theirs, static_cast<int>(i)));
}

bool one_attribute_per_rdn(const x509::Name& name) {
    return name.empty() || name.attributes.back().rdn + 1 == name.attributes.size();
}

// The same text in the string types that we write is the same name.
void check_rebuilt(const x509::Name& name) {
    std::vector<x509::NamePart> parts;
    for (const x509::NameAttribute& a : name.attributes)
        parts.push_back({a.type, x509::attribute_text(a)});
    const auto encoding = x509::build_name(parts);
    if (!encoding || !one_attribute_per_rdn(name)) return;
    const auto rebuilt = x509::parse_name(*encoding);
    PROPERTY(rebuilt && x509::same_name(name, *rebuilt));
}

// The name as OpenSSL writes it, not as it came.
Buffer written_by_openssl(const X509_NAME* from) {
    const NamePtr name(X509_NAME_new());
    for (int i = 0; i < X509_NAME_entry_count(from); i++) {
        const X509_NAME_ENTRY* entry = X509_NAME_get_entry(from, i);
        const bool joins = i > 0 && X509_NAME_ENTRY_set(entry) ==
                                        X509_NAME_ENTRY_set(X509_NAME_get_entry(from, i - 1));
        PROPERTY(X509_NAME_add_entry(name.get(), entry, -1, joins ? -1 : 0) == 1);
    }
    return fuzz::encoded(i2d_X509_NAME, name.get());
}

void check_canonical(const x509::Name& name) {
    const auto encoding = x509::canonical_name(name);
    if (!encoding) return;
    const auto canonical = x509::parse_name(*encoding);
    PROPERTY(canonical && x509::same_name(name, *canonical));
    const auto again = x509::canonical_name(*canonical);
    PROPERTY(again && *again == *encoding);
    PROPERTY(written_by_openssl(openssl_name(*encoding).get()) == *encoding);
}

// Text is written last RDN first, and read first RDN first.
void check_text(const x509::Name& name) {
    const auto encoding = x509::name_from_text(x509::name_text(name));
    if (!encoding) return;
    const auto back = x509::parse_name(*encoding);
    const std::size_t count = name.attributes.size();
    PROPERTY(back && back->attributes.size() == count);
    for (std::size_t i = 0; i < count; i++) {
        const x509::NameAttribute& before = name.attributes[i];
        const x509::NameAttribute& after = back->attributes[count - 1 - i];
        PROPERTY(pki::equal(before.type, after.type));
        PROPERTY(x509::attribute_text(before) == x509::attribute_text(after));
    }
}

}  // namespace

// One name or two, one behind the other.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    der::Reader input({data, size});
    const auto first = input.any();
    if (!first) return 0;
    const auto a = x509::parse_name(first->encoding);
    if (!a) return 0;
    const NamePtr their_a = openssl_name(a->encoding);
    check_attributes(*a, their_a.get());
    check_rebuilt(*a);
    check_text(*a);
    check_canonical(*a);
    PROPERTY(x509::same_name(*a, *a));

    const auto b = x509::parse_name(input.rest());
    if (!b) return 0;
    const NamePtr their_b = openssl_name(b->encoding);
    PROPERTY(x509::same_name(*a, *b) == (X509_NAME_cmp(their_a.get(), their_b.get()) == 0));
    PROPERTY(x509::same_name(*a, *b) == x509::same_name(*b, *a));
    return 0;
}
