#include "libpki/scep/operation.h"

#include <optional>
#include <string>

#include "libpki/base/ascii.h"
#include "libpki/base/base64.h"

namespace pki::scep {

namespace {

constexpr Operation kOperations[] = {Operation::get_ca_caps, Operation::get_ca_cert,
                                     Operation::get_next_ca_cert, Operation::pki_operation};

Result<Operation> find_operation(std::string_view text) {
    for (const Operation operation : kOperations)
        if (name(operation) == text) return operation;
    return fail(Errc::not_found, "SCEP: unknown operation", std::string(text));
}

// The value of the argument when it has this name; the second one is malformed.
Status take(std::string_view argument, std::string_view wanted,
            std::optional<std::string_view>& value) {
    const std::size_t equals = argument.find('=');
    if (equals == argument.npos || argument.substr(0, equals) != wanted) return {};
    if (value) return fail(Errc::malformed, "SCEP: argument twice", std::string(wanted));
    value = argument.substr(equals + 1);
    return {};
}

// The octet behind a "%", which it takes from the text.
Result<char> take_escape(std::string_view& text) {
    auto octet = hex_decode(text.substr(0, 2));
    if (!octet || octet->size() != 1)
        return fail(Errc::malformed, "SCEP: percent-escape in the message");
    text.remove_prefix(2);
    return static_cast<char>((*octet)[0]);
}

// RFC 4648 section 5 in the letters of section 4.
char standard_letter(char c) { return c == '-' ? '+' : c == '_' ? '/' : c; }

// Base64 of at most `max` characters out of what stands in the query.
Result<std::string> unescape(std::string_view raw, std::size_t max) {
    std::string out;
    while (!raw.empty()) {
        char c = raw[0];
        raw.remove_prefix(1);
        if (c == '%') {
            PKI_TRY(c, take_escape(raw));
        }
        if (one_of(c, " \t\r\n")) continue;
        if (out.size() == max) return fail(Errc::malformed, "SCEP: message too large");
        out += standard_letter(c);
    }
    return out;
}

}  // namespace

std::string_view name(Operation operation) {
    switch (operation) {
        case Operation::get_ca_caps: return "GetCACaps";
        case Operation::get_ca_cert: return "GetCACert";
        case Operation::get_next_ca_cert: return "GetNextCACert";
        case Operation::pki_operation: return "PKIOperation";
    }
    return "unknown";
}

Result<Query> parse_query(std::string_view raw_args) {
    std::optional<std::string_view> operation, message;
    while (!raw_args.empty()) {
        const std::string_view argument = raw_args.substr(0, raw_args.find('&'));
        raw_args.remove_prefix(std::min(argument.size() + 1, raw_args.size()));
        PKI_CHECK(take(argument, "operation", operation));
        PKI_CHECK(take(argument, "message", message));
    }
    if (!operation) return fail(Errc::malformed, "SCEP: no operation");
    Query query;
    PKI_TRY(query.operation, find_operation(*operation));
    query.message = message.value_or(std::string_view());
    query.has_message = message.has_value();
    return query;
}

Result<Buffer> decode_message(std::string_view raw, std::size_t max) {
    PKI_TRY(const std::string text, unescape(raw, (max + 2) / 3 * 4));
    PKI_TRY(Buffer message, base64_decode(as_bytes(text)));
    if (message.empty()) return fail(Errc::malformed, "SCEP: no message");
    if (message.size() > max) return fail(Errc::malformed, "SCEP: message too large");
    return message;
}

}  // namespace pki::scep
