// der::Reader against OpenSSL: what ours accepts OpenSSL reads as the same tag and content.
// Ours is stricter: no indefinite or longer than necessary lengths, no multi-byte tags
// (X.690 10.1), minimal integers and arcs (8.3.2, 8.19.2). And what is read can be written
// again.
#include <openssl/asn1.h>
#include <openssl/bn.h>

#include "libpki/base/der_reader.h"
#include "libpki/base/der_writer.h"
#include "libpki/ossl/handles.h"
#include "libpki/x509/oids.h"
#include "t/fuzz/fuzz.h"

namespace {

using pki::Buffer;
using pki::Bytes;
namespace der = pki::der;

using IntegerPtr = std::unique_ptr<ASN1_INTEGER, pki::ossl::Deleter<ASN1_INTEGER_free>>;
using ObjectPtr = std::unique_ptr<ASN1_OBJECT, pki::ossl::Deleter<ASN1_OBJECT_free>>;
using BitStringPtr = std::unique_ptr<ASN1_BIT_STRING, pki::ossl::Deleter<ASN1_BIT_STRING_free>>;

// Calls a d2i_ function, which must take all of the encoding.
template <class Pointer, class D2i>
Pointer decoded(D2i d2i, Bytes encoding) {
    const unsigned char* at = encoding.data();
    Pointer object(d2i(nullptr, &at, static_cast<long>(encoding.size())));
    PROPERTY(object != nullptr && at == encoding.data() + encoding.size());
    return object;
}

void check_header(const der::Element& e) {
    const unsigned char* at = e.encoding.data();
    long length = 0;
    int tag = 0, tag_class = 0;
    const int form =
        ASN1_get_object(&at, &length, &tag, &tag_class, static_cast<long>(e.encoding.size()));
    PROPERTY((form & 0x81) == 0);
    PROPERTY((tag | tag_class | (form & V_ASN1_CONSTRUCTED)) == e.tag);
    PROPERTY(at == e.content.data() && length == static_cast<long>(e.content.size()));

    der::Writer w;
    w.primitive(e.tag, e.content);
    PROPERTY(pki::equal(w.view(), e.encoding));
}

void check_integer(Bytes encoding) {
    const auto magnitude = der::Reader(encoding).unsigned_integer();
    if (!magnitude) return;
    const auto theirs = decoded<IntegerPtr>(d2i_ASN1_INTEGER, encoding);
    const pki::ossl::BnPtr number(ASN1_INTEGER_to_BN(theirs.get(), nullptr));
    const pki::ossl::BnPtr ours(
        BN_bin2bn(magnitude->data(), static_cast<int>(magnitude->size()), nullptr));
    PROPERTY(BN_cmp(number.get(), ours.get()) == 0);
    der::Writer w;
    w.integer(*magnitude);
    PROPERTY(pki::equal(w.view(), encoding));
}

void check_oid(Bytes encoding) {
    const auto content = der::Reader(encoding).oid();
    if (!content) return;
    const auto theirs = decoded<ObjectPtr>(d2i_ASN1_OBJECT, encoding);
    const std::string text = pki::x509::oid_to_text(*content);
    if (text.starts_with("hex:")) return;
    std::string their_text(text.size() + 1, '\0');
    const int length =
        OBJ_obj2txt(their_text.data(), static_cast<int>(their_text.size()), theirs.get(), 1);
    PROPERTY(length == static_cast<int>(text.size()) && text == their_text.c_str());
    const auto back = pki::x509::oid_from_text(text);
    PROPERTY(back && pki::equal(*back, *content));
}

void check_bit_string(Bytes encoding) {
    const auto octets = der::Reader(encoding).bit_string_octets();
    if (!octets) return;
    const auto theirs = decoded<BitStringPtr>(d2i_ASN1_BIT_STRING, encoding);
    PROPERTY(pki::equal(*octets, {ASN1_STRING_get0_data(theirs.get()),
                                  static_cast<std::size_t>(ASN1_STRING_length(theirs.get()))}));
}

void walk(der::Reader reader, int depth) {
    while (!reader.at_end()) {
        const auto element = reader.any();
        if (!element) return;
        check_header(*element);
        check_integer(element->encoding);
        check_oid(element->encoding);
        check_bit_string(element->encoding);
        const bool is_constructed = (element->tag & V_ASN1_CONSTRUCTED) != 0;
        if (is_constructed && depth < 20) walk(der::Reader(element->content), depth + 1);
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    walk(der::Reader({data, size}), 0);
    return 0;
}
