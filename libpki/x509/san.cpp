#include "libpki/x509/san.h"

#include "libpki/base/ascii.h"
#include "libpki/base/limits.h"
#include "libpki/x509/name.h"

namespace pki::x509 {

namespace {

constexpr std::size_t kDnsName = 253;  // RFC 1035 2.3.4: 255 octets with lengths and root
constexpr std::size_t kDnsLabel = 63;

// RFC 1123 2.1: a hyphen neither begins nor ends a label.
bool valid_label(std::string_view label) {
    return !label.empty() && label.size() <= kDnsLabel && !label.starts_with('-') &&
           !label.ends_with('-') && std::ranges::all_of(label, [](char c) {
               return is_letter(c) || is_digit(c) || c == '-' || c == '_';
           });
}

// RFC 5280 4.2.1.6: the preferred name syntax; "_" because devices use it. A dot at the end
// would make two spellings of one name, and a number there an address (RFC 1123 2.1).
bool valid_host(std::string_view name) {
    if (name.size() > kDnsName) return false;
    for (;;) {
        const std::size_t dot = name.find('.');
        const std::string_view label = name.substr(0, dot);
        if (!valid_label(label)) return false;
        if (dot == name.npos) return !std::ranges::all_of(label, is_digit);
        name.remove_prefix(dot + 1);
    }
}

// "*" as RFC 6125 6.4.3 has it.
bool valid_dns(std::string_view name) {
    if (name.size() > kDnsName) return false;
    if (name.starts_with("*.")) name.remove_prefix(2);
    return valid_host(name);
}

// RFC 5321 4.1.2: Dot-string.
bool valid_local_part(std::string_view local) {
    const auto atext = [](char c) {
        return is_letter(c) || is_digit(c) || one_of(c, "!#$%&'*+-/=?^_`{|}~");
    };
    return !local.empty() && !local.starts_with('.') && !local.ends_with('.') &&
           local.find("..") == local.npos &&
           std::ranges::all_of(local, [&](char c) { return c == '.' || atext(c); });
}

// RFC 5280 4.2.1.6: a Mailbox, no phrase or comment around it. Quoted local parts are
// refused: readers disagree on where such an address ends.
bool valid_email(std::string_view address) {
    const std::size_t at = address.find('@');
    return at != address.npos && valid_local_part(address.substr(0, at)) &&
           valid_host(address.substr(at + 1));
}

bool graphic(std::string_view text) { return std::ranges::all_of(text, is_graphic); }

// RFC 5280 4.2.1.6: not relative, a scheme and something behind it.
bool valid_uri(std::string_view uri) {
    const std::string_view scheme = uri.substr(0, uri.find(':'));
    return graphic(uri) && !scheme.empty() && is_letter(scheme[0]) &&
           scheme.size() + 1 < uri.size() && std::ranges::all_of(scheme, [](char c) {
               return is_letter(c) || is_digit(c) || one_of(c, "+-.");
           });
}

// OtherName ::= SEQUENCE { type-id OBJECT IDENTIFIER, value [0] EXPLICIT ANY }
Status read_other_name(der::Reader& fields, GeneralName& name) {
    PKI_TRY(name.other_type, fields.oid());
    PKI_TRY(der::Reader value, fields.enter(der::constructed(0)));
    PKI_CHECK(fields.finish());
    name.value = value.rest();
    PKI_CHECK(value.any());
    return value.finish();
}

// Name is a CHOICE, so its tag is EXPLICIT. The SAN is issued as it came, so what a strict
// parser would not read is refused here.
Status check_directory_name(Bytes encoding) {
    PKI_TRY(const Name directory, parse_name(encoding));
    if (directory.empty()) return fail(Errc::malformed, "SAN: empty directoryName");
    const auto canonical = canonical_name(directory);
    if (canonical && equal(*canonical, encoding)) return {};
    return fail(Errc::malformed, "SAN: directoryName is not canonical",
                canonical ? std::string() : canonical.error().detail);
}

Status check_value(const GeneralName& name) {
    const std::string_view text = as_text(name.value);
    const std::size_t size = name.value.size();
    const auto check = [](bool valid, const char* problem) {
        return valid ? Status() : Status(fail(Errc::malformed, problem));
    };
    switch (name.type) {
        case SanType::dns: return check(valid_dns(text), "SAN: bad dNSName");
        case SanType::email: return check(valid_email(text), "SAN: bad rfc822Name");
        case SanType::uri: return check(valid_uri(text), "SAN: bad URI");
        case SanType::ip: return check(size == 4 || size == 16, "SAN: bad iPAddress");
        case SanType::registered_id:
            return check(der::valid_oid(name.value), "SAN: bad registeredID");
        case SanType::directory_name: return check_directory_name(name.value);
        case SanType::other_name: return {};
    }
    return {};
}

Result<SanType> type_of_tag(std::uint8_t tag) {
    switch (tag) {
        case der::constructed(0): return SanType::other_name;
        case der::context(1): return SanType::email;
        case der::context(2): return SanType::dns;
        case der::constructed(4): return SanType::directory_name;
        case der::context(6): return SanType::uri;
        case der::context(7): return SanType::ip;
        case der::context(8): return SanType::registered_id;
        case der::constructed(3): return fail(Errc::unsupported, "SAN: x400Address");
        case der::constructed(5): return fail(Errc::unsupported, "SAN: ediPartyName");
    }
    return fail(Errc::malformed, "SAN: unknown GeneralName");
}

Result<GeneralName> parse_general_name(der::Reader& names) {
    const std::size_t offset = names.offset();
    der::Reader inside = names;
    PKI_TRY(const der::Element element, names.any());
    auto type = type_of_tag(element.tag);
    if (!type) {
        type.error().offset = offset;
        return std::move(type).error();
    }
    GeneralName name{*type, element.content, {}, element.encoding};
    if (name.type == SanType::other_name) {
        PKI_TRY(der::Reader fields, inside.enter(element.tag));
        PKI_CHECK(read_other_name(fields, name));
    }
    if (auto status = check_value(name); !status) {
        status.error().offset = offset;
        return std::move(status).error();
    }
    return name;
}

// Host names compare without case (RFC 5280 7.2, 7.5), everything else byte by byte.
std::string comparable(const GeneralName& name) {
    std::string text(as_text(name.encoding));
    std::size_t host = text.size();
    if (name.type == SanType::dns) host -= name.value.size();
    if (name.type == SanType::email) host = text.rfind('@');
    std::transform(text.begin() + static_cast<std::ptrdiff_t>(host), text.end(),
                   text.begin() + static_cast<std::ptrdiff_t>(host),
                   [](char c) { return to_lower(c); });
    return text;
}

std::vector<std::string> comparable(const San& san) {
    std::vector<std::string> out;
    for (const GeneralName& name : san.names) out.push_back(comparable(name));
    std::ranges::sort(out);
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

}  // namespace

// GeneralNames ::= SEQUENCE SIZE (1..MAX) OF GeneralName
Result<San> parse_san(Bytes encoding) {
    der::Reader input(encoding);
    PKI_TRY(der::Reader names, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    San san{encoding, {}};
    while (!names.at_end()) {
        if (san.names.size() == limits::kGeneralNames)
            return fail(Errc::malformed, "SAN: too many names", names.offset());
        PKI_TRY(GeneralName name, parse_general_name(names));
        san.names.push_back(name);
    }
    if (san.names.empty()) return fail(Errc::malformed, "SAN: no names");
    return san;
}

bool same_san(const San& a, const San& b) { return comparable(a) == comparable(b); }

}  // namespace pki::x509
