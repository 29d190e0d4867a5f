// Writing names.
#include "libpki/base/ascii.h"
#include "libpki/base/base64.h"
#include "libpki/x509/name.h"
#include "libpki/x509/name_rule.h"
#include "libpki/x509/string_type.h"

namespace pki::x509 {

namespace {

Status check_part(const NamePart& part, std::uint8_t tag) {
    PKI_CHECK(check_string(tag, as_bytes(part.value)));
    if (tag == der::kPrintableString && !is_printable_string(part.value))
        return fail(Errc::malformed, "name: not a PrintableString", part.value);
    return {};
}

std::string_view trimmed_front(std::string_view text) {
    return text.substr(std::min(text.find_first_not_of(' '), text.size()));
}

// One character of a value behind a backslash: a special one or two hexadecimal digits
// (RFC 4514 section 3, pair).
Status take_escape(std::string_view& text, std::string& value) {
    if (text.empty()) return fail(Errc::malformed, "name: backslash at the end");
    if (one_of(text[0], " \"#+,;<=>\\")) {
        value += text[0];
        text.remove_prefix(1);
        return {};
    }
    PKI_TRY(const Buffer octet, hex_decode(text.substr(0, 2)));
    value += as_text(octet);
    text.remove_prefix(2);
    return {};
}

// Up to the next comma; spaces at the end count only when escaped. A "#" in front would be
// the DER of a value that is no string (RFC 4514 2.4).
Result<std::string> take_value(std::string_view& text) {
    if (text.starts_with('#')) return fail(Errc::unsupported, "name: value in hexadecimal");
    std::string value;
    std::size_t keep = 0;
    while (!text.empty() && text[0] != ',') {
        const char c = text[0];
        text.remove_prefix(1);
        if (c == '\\') {
            PKI_CHECK(take_escape(text, value));
            keep = value.size();
            continue;
        }
        if (one_of(c, "\"+;<>"))
            return fail(Errc::malformed, "name: special character without a backslash");
        value += c;
        if (c != ' ') keep = value.size();
    }
    value.resize(keep);
    return value;
}

}  // namespace

Result<Buffer> build_name(const std::vector<NamePart>& parts) {
    der::Writer w;
    Status status;
    w.sequence([&] {
        for (const NamePart& part : parts) {
            const std::uint8_t tag = name_rule(part.type).tag;
            if (status) status = check_part(part, tag);
            w.set([&] {
                w.sequence([&] {
                    w.oid(part.type);
                    w.primitive(tag, as_bytes(part.value));
                });
            });
        }
    });
    if (!status) return std::move(status).error();
    return std::move(w).take();
}

Result<Buffer> name_from_text(std::string_view text) {
    std::vector<Buffer> types;
    std::vector<std::string> values;
    text = trimmed_front(text);
    while (!text.empty()) {
        const std::size_t equals = text.find('=');
        if (equals == text.npos)
            return fail(Errc::malformed, "name: attribute without \"=\"", std::string(text));
        PKI_TRY(Buffer type, attribute_type(text.substr(0, equals)));
        text = trimmed_front(text.substr(equals + 1));
        PKI_TRY(std::string value, take_value(text));
        types.push_back(std::move(type));
        values.push_back(std::move(value));
        if (text.empty()) break;
        text = trimmed_front(text.substr(1));
        if (text.empty()) return fail(Errc::malformed, "name: comma at the end");
    }
    std::vector<NamePart> parts;
    for (std::size_t i = 0; i < types.size(); i++) parts.push_back({types[i], values[i]});
    return build_name(parts);
}

}  // namespace pki::x509
