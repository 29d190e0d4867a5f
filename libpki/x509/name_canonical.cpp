// Names as a certificate holds them.
#include "libpki/base/ascii.h"
#include "libpki/base/limits.h"
#include "libpki/x509/name.h"
#include "libpki/x509/name_rule.h"
#include "libpki/x509/oids.h"
#include "libpki/x509/string_type.h"

namespace pki::x509 {

namespace {

Error too_long(const NameAttribute& attribute, std::size_t size, std::size_t max,
               const char* unit) {
    return fail(Errc::denied, "name: value too long",
                attribute_name(attribute.type) + ": " + std::to_string(size) + ' ' + unit +
                    ", at most " + std::to_string(max));
}

// The content as it stands is the text.
bool holds_utf8(std::uint8_t tag) {
    return tag == der::kPrintableString || tag == der::kIa5String || tag == der::kUtf8String;
}

bool ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return (c & 0x80) == 0; });
}

// ISO 3166 codes (RFC 5280 A.1, X520countryName).
bool is_country(std::string_view text) {
    return text.size() == 2 && std::ranges::all_of(text, is_letter);
}

Error refused(const char* text, const NameAttribute& attribute) {
    return fail(Errc::denied, text, attribute_name(attribute.type));
}

// For the types that have one string type only. serialNumber and dnQualifier with characters
// that PrintableString lacks are in the field, and are read as UTF8String.
Result<std::uint8_t> only_tag(const NameAttribute& attribute, std::uint8_t tag,
                              std::string_view text) {
    if (tag == der::kIa5String) {
        if (!ascii(text)) return refused("name: not ASCII", attribute);
        return tag;
    }
    if (equal(attribute.type, oid::kCountry)) {
        if (!is_country(text))
            return refused("name: not a country code of two letters", attribute);
        return tag;
    }
    return is_printable_string(text) ? tag : std::uint8_t{der::kUtf8String};
}

// The string type of the value as we write it.
Result<std::uint8_t> canonical_tag(const NameAttribute& attribute, const NameRule& rule) {
    const std::string_view content = as_text(attribute.value);
    if (rule.tag != der::kUtf8String) {
        if (holds_utf8(attribute.tag)) return only_tag(attribute, rule.tag, content);
        return only_tag(attribute, rule.tag, attribute_text(attribute));
    }
    const bool stays = (attribute.tag == der::kIa5String && rule.ia5_string) ||
                       (attribute.tag == der::kPrintableString && is_printable_string(content));
    return stays ? attribute.tag : std::uint8_t{der::kUtf8String};
}

Result<std::uint8_t> checked_tag(const NameAttribute& attribute) {
    const NameRule rule = name_rule(attribute.type);
    PKI_TRY(const std::uint8_t tag, canonical_tag(attribute, rule));
    const std::size_t length = string_length(attribute.tag, attribute.value);
    if (length > rule.max) return too_long(attribute, length, rule.max, "characters");
    return tag;
}

// The place behind the RDN that begins at `begin`.
std::size_t rdn_end(const Name& name, std::size_t begin) {
    std::size_t end = begin;
    while (end < name.attributes.size() &&
           name.attributes[end].rdn == name.attributes[begin].rdn)
        end++;
    return end;
}

// X.501 9.3: the attributes of an RDN are of different types.
Status check_rdn(const Name& name, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; i++)
        for (std::size_t j = begin; j < i; j++)
            if (equal(name.attributes[i].type, name.attributes[j].type))
                return refused("name: attribute twice in one RDN", name.attributes[i]);
    return {};
}

bool in_order(const NameAttribute& a, const NameAttribute& b) {
    return a.rdn != b.rdn || std::ranges::lexicographical_compare(a.encoding, b.encoding);
}

// Whether nothing needs to be written anew.
Result<bool> is_canonical(const Name& name) {
    bool canonical = true;
    for (std::size_t i = 0; i < name.attributes.size(); i++) {
        const NameAttribute& attribute = name.attributes[i];
        PKI_TRY(const std::uint8_t tag, checked_tag(attribute));
        canonical = canonical && tag == attribute.tag &&
                    (i == 0 || in_order(name.attributes[i - 1], attribute));
    }
    return canonical;
}

Result<Buffer> canonical_attribute(const NameAttribute& attribute) {
    PKI_TRY(const std::uint8_t tag, checked_tag(attribute));
    if (tag == attribute.tag) return to_buffer(attribute.encoding);
    const std::string text = attribute_text(attribute);
    if (text.size() > limits::kAttributeValue)
        return too_long(attribute, text.size(), limits::kAttributeValue, "bytes");
    der::Writer w;
    w.sequence([&] {
        w.oid(attribute.type);
        w.primitive(tag, as_bytes(text));
    });
    return std::move(w).take();
}

// X.690 11.6: the elements of a SET OF in the order of their encodings.
Status write_rdn(der::Writer& w, const Name& name, std::size_t begin, std::size_t end) {
    std::vector<Buffer> encodings;
    for (std::size_t i = begin; i < end; i++) {
        PKI_TRY(Buffer encoding, canonical_attribute(name.attributes[i]));
        encodings.push_back(std::move(encoding));
    }
    std::ranges::sort(encodings);
    w.set([&] {
        for (const Buffer& encoding : encodings) w.raw(encoding);
    });
    return {};
}

}  // namespace

Result<Buffer> canonical_name(const Name& name) {
    for (std::size_t i = 0; i < name.attributes.size(); i = rdn_end(name, i))
        PKI_CHECK(check_rdn(name, i, rdn_end(name, i)));
    PKI_TRY(const bool canonical, is_canonical(name));
    if (canonical) return to_buffer(name.encoding);
    der::Writer rdns;
    for (std::size_t i = 0; i < name.attributes.size(); i = rdn_end(name, i))
        PKI_CHECK(write_rdn(rdns, name, i, rdn_end(name, i)));
    der::Writer w;
    w.sequence([&] { w.raw(rdns.view()); });
    return std::move(w).take();
}

}  // namespace pki::x509
