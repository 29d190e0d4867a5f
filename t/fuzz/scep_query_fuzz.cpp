// Queries: what parse_query finds stands in the query, what it finds makes a query in which the
// same is found, and a message that decodes is the same in each way of writing it.
#include <string>

#include "libpki/base/base64.h"
#include "libpki/scep/operation.h"
#include "t/fuzz/fuzz.h"

namespace {

using pki::Buffer;
namespace scep = pki::scep;

constexpr std::size_t kMax = 4096;

void check_form(const std::string& raw, const Buffer& message) {
    const auto decoded = scep::decode_message(raw, kMax);
    PROPERTY(decoded && *decoded == message);
}

void check_forms(const Buffer& message) {
    const std::string text = pki::base64_encode(message);
    std::string url, escaped;
    for (const char c : text) {
        if (c != '=') url += c == '+' ? '-' : c == '/' ? '_' : c;
        escaped += "%" + pki::hex_encode(pki::as_bytes({&c, 1})) + "%0A";
    }
    check_form(text, message);
    check_form(url, message);
    check_form(escaped, message);
}

void check_message(std::string_view raw) {
    const auto message = scep::decode_message(raw, kMax);
    if (!message) return;
    PROPERTY(!message->empty() && message->size() <= kMax);
    check_forms(*message);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view args = pki::as_text({data, size});
    check_message(args);
    const auto query = scep::parse_query(args);
    if (!query) return 0;
    const std::string argument = "operation=" + std::string(name(query->operation));
    PROPERTY(args.find(argument) != args.npos);
    PROPERTY(query->has_message || query->message.empty());
    if (!query->has_message) return 0;
    const std::string again = "message=" + std::string(query->message) + "&" + argument;
    PROPERTY(args.find("message=" + std::string(query->message)) != args.npos);
    const auto reparsed = scep::parse_query(again);
    PROPERTY(reparsed && reparsed->operation == query->operation);
    PROPERTY(reparsed->message == query->message);
    check_message(query->message);
    return 0;
}
