// parse_san() against OpenSSL: what ours accepts has the same names there. Ours is stricter:
// the syntax of each type is checked, x400Address and ediPartyName are not supported. Names
// that build_san() can write come out as they went in.
#include <openssl/x509v3.h>

#include "libpki/ossl/handles.h"
#include "libpki/x509/name.h"
#include "libpki/x509/san.h"
#include "t/fuzz/fuzz.h"

namespace {

using pki::Bytes;
namespace x509 = pki::x509;
using x509::SanType;

using NamesPtr = std::unique_ptr<GENERAL_NAMES, pki::ossl::Deleter<GENERAL_NAMES_free>>;

bool same_string(Bytes ours, const ASN1_STRING* theirs) {
    return pki::equal(ours, {ASN1_STRING_get0_data(theirs),
                             static_cast<std::size_t>(ASN1_STRING_length(theirs))});
}

bool same_oid(Bytes ours, const ASN1_OBJECT* theirs) {
    return pki::equal(ours, {OBJ_get0_data(theirs), OBJ_length(theirs)});
}

bool same_name(const x509::GeneralName& ours, const GENERAL_NAME* theirs) {
    if (static_cast<int>(ours.type) != theirs->type) return false;
    switch (ours.type) {
        case SanType::dns: return same_string(ours.value, theirs->d.dNSName);
        case SanType::email: return same_string(ours.value, theirs->d.rfc822Name);
        case SanType::uri: return same_string(ours.value, theirs->d.uniformResourceIdentifier);
        case SanType::ip: return same_string(ours.value, theirs->d.iPAddress);
        case SanType::registered_id: return same_oid(ours.value, theirs->d.registeredID);
        case SanType::other_name:
            return same_oid(ours.other_type, theirs->d.otherName->type_id);
        case SanType::directory_name: {
            const auto name = x509::parse_name(ours.value);
            return name && static_cast<int>(name->attributes.size()) ==
                               X509_NAME_entry_count(theirs->d.directoryName);
        }
    }
    return false;
}

bool can_be_written(const x509::GeneralName& name) {
    return name.type == SanType::dns || name.type == SanType::email ||
           name.type == SanType::uri || name.type == SanType::ip;
}

void check_rebuilt(const x509::San& san) {
    std::vector<std::string> texts;
    for (const x509::GeneralName& name : san.names) {
        texts.push_back(x509::general_name_text(name));
        if (!can_be_written(name)) return;
    }
    const auto encoding = x509::build_san(texts);
    PROPERTY(encoding && pki::equal(*encoding, san.encoding));
}

void check_against_openssl(const x509::San& san) {
    const unsigned char* at = san.encoding.data();
    const NamesPtr theirs(
        d2i_GENERAL_NAMES(nullptr, &at, static_cast<long>(san.encoding.size())));
    const bool opaque = std::ranges::any_of(
        san.names, [](const auto& name) { return name.type == SanType::other_name; });
    if (!theirs && opaque) return;
    PROPERTY(theirs && at == san.encoding.data() + san.encoding.size());
    PROPERTY(static_cast<int>(san.names.size()) == sk_GENERAL_NAME_num(theirs.get()));
    for (std::size_t i = 0; i < san.names.size(); i++)
        PROPERTY(same_name(san.names[i],
                           sk_GENERAL_NAME_value(theirs.get(), static_cast<int>(i))));
}

}  // namespace

// One SAN or two, one behind the other.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    pki::der::Reader input({data, size});
    const auto first = input.any();
    if (!first) return 0;
    const auto san = x509::parse_san(first->encoding);
    if (!san) return 0;
    check_against_openssl(*san);
    check_rebuilt(*san);
    PROPERTY(x509::same_san(*san, *san));
    if (const auto other = x509::parse_san(input.rest()))
        PROPERTY(x509::same_san(*san, *other) == x509::same_san(*other, *san));
    return 0;
}
