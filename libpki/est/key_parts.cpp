#include "libpki/est/key_parts.h"

#include <optional>

#include "libpki/base/ascii.h"
#include "libpki/base/base64.h"
#include "libpki/base/limits.h"
#include "libpki/est/body.h"
#include "libpki/est/media_type.h"
#include "libpki/x509/certs_only.h"

namespace pki::est {

namespace {

constexpr std::string_view kBoundary = kKeyPartsType.substr(kKeyPartsType.find('=') + 1);
constexpr std::string_view kPlain = "application/pkcs8";
constexpr std::string_view kCms = "application/pkcs7-mime";
constexpr std::string_view kSealedKey = "server-generated-key";
constexpr std::size_t kLine = 64;
constexpr std::size_t kMostParts = 4;
constexpr std::size_t kMostHeaders = 16;

// --- writing ---

// Text in memory of one size, of which nothing is left behind.
class Text {
   public:
    explicit Text(std::size_t size) : octets_(size) {}

    Text& add(std::string_view text) {
        std::ranges::copy(text, octets_.data().begin() + static_cast<std::ptrdiff_t>(used_));
        used_ += text.size();
        return *this;
    }
    Secret take() { return Secret(octets_.view().first(used_)); }

   private:
    Secret octets_;
    std::size_t used_ = 0;
};

std::string part_head(std::string_view type) {
    return "--" + std::string(kBoundary) + "\r\nContent-Type: " + std::string(type) +
           "\r\nContent-Transfer-Encoding: base64\r\n\r\n";
}

// With the line breaks of MIME (RFC 2045 6.8).
void add_lines(Text& text, std::string_view base64) {
    while (!base64.empty()) {
        text.add(base64.substr(0, kLine)).add("\r\n");
        base64.remove_prefix(std::min(kLine, base64.size()));
    }
}

// --- reading ---

std::string_view take_line(std::string_view& text) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

enum class Delimiter { none, part, end };

// RFC 2046 5.1.1: white space may stand behind it.
Delimiter delimiter(std::string_view line, std::string_view boundary) {
    if (!line.starts_with("--")) return Delimiter::none;
    line.remove_prefix(2);
    if (!line.starts_with(boundary)) return Delimiter::none;
    line.remove_prefix(boundary.size());
    const bool end = line.starts_with("--");
    if (end) line.remove_prefix(2);
    if (line.find_first_not_of(" \t") != line.npos) return Delimiter::none;
    return end ? Delimiter::end : Delimiter::part;
}

// What stands between the delimiters; what is before the first and behind the last is for
// nobody.
Result<std::vector<std::string_view>> split(std::string_view text, std::string_view boundary) {
    std::vector<std::string_view> parts;
    const char* begin = nullptr;
    while (!text.empty()) {
        const char* const line_begin = text.data();
        const Delimiter found = delimiter(take_line(text), boundary);
        if (found == Delimiter::none) continue;
        if (begin != nullptr)
            parts.emplace_back(begin, static_cast<std::size_t>(line_begin - begin));
        if (found == Delimiter::end) return parts;
        if (parts.size() == kMostParts)
            return fail(Errc::malformed, "multipart: too many parts");
        begin = text.data();
    }
    return fail(Errc::malformed, "multipart: it has no end");
}

struct Part {
    std::string type;  // Content-Type
    std::string_view text;
};

// Header lines; one that begins with white space goes on with the line before (RFC 5322 2.2.3).
Result<Part> read_part(std::string_view text) {
    std::vector<std::string> headers;
    for (;;) {
        if (text.empty()) return fail(Errc::malformed, "multipart: a part without content");
        const std::string_view line = take_line(text);
        if (line.empty()) break;
        const bool folded = line.front() == ' ' || line.front() == '\t';
        if (folded && !headers.empty()) {
            headers.back() += line;
            continue;
        }
        if (headers.size() == kMostHeaders)
            return fail(Errc::malformed, "multipart: too many headers");
        headers.emplace_back(line);
    }
    Part part{{}, text};
    constexpr std::string_view kName = "content-type:";
    for (const std::string& header : headers)
        if (to_lower(std::string_view(header).substr(0, kName.size())) == kName)
            part.type = header.substr(kName.size());
    return part;
}

Result<Secret> decoded(std::string_view text) {
    PKI_TRY(Buffer der, base64_decode(as_bytes(text)));
    if (der.empty()) return fail(Errc::malformed, "multipart: an empty part");
    Result<Secret> secret = Secret(Bytes(der));
    OPENSSL_cleanse(der.data(), der.size());
    return secret;
}

Status take_key(KeyParts& parts, const Part& part, bool sealed) {
    if (parts.private_key.size() != 0)
        return fail(Errc::malformed, "multipart: a second private key");
    PKI_TRY(parts.private_key, decoded(part.text));
    parts.sealed = sealed;
    return {};
}

Status take_certificates(KeyParts& parts, const Part& part) {
    if (!parts.certificates.empty())
        return fail(Errc::malformed, "multipart: certificates twice");
    PKI_TRY(parts.certificates, base64_decode(as_bytes(part.text)));
    return {};
}

// What is of another type is nothing that we know.
Status take_part(KeyParts& parts, const Part& part) {
    if (media_type_is(part.type, kPlain)) return take_key(parts, part, false);
    if (!media_type_is(part.type, kCms)) return {};
    if (equal_ignoring_case(media_parameter(part.type, "smime-type"), kSealedKey))
        return take_key(parts, part, true);
    return take_certificates(parts, part);
}

}  // namespace

Secret key_parts_body(Bytes private_key, bool sealed, const std::vector<Bytes>& certificates) {
    std::string key = base64_encode(private_key);
    const std::string rest = base64_encode(x509::build_certs_only(certificates));
    const std::string key_head =
        part_head(sealed ? std::string(kCms) + "; smime-type=" + std::string(kSealedKey)
                         : std::string(kPlain));
    const std::string rest_head = part_head(std::string(kCms) + "; smime-type=certs-only");
    const std::size_t breaks = 2 * ((key.size() + rest.size()) / kLine + 2);
    Text text(key_head.size() + key.size() + rest_head.size() + rest.size() + breaks +
              kBoundary.size() + 6);
    text.add(key_head);
    add_lines(text, key);
    text.add(rest_head);
    add_lines(text, rest);
    text.add("--").add(kBoundary).add("--\r\n");
    OPENSSL_cleanse(key.data(), key.size());
    return text.take();
}

Result<KeyParts> parse_key_parts(std::string_view content_type, Bytes body) {
    const std::string boundary = media_parameter(content_type, "boundary");
    if (!media_type_is(content_type, "multipart/mixed") || boundary.empty())
        return fail(Errc::unsupported, "multipart: the answer is no multipart/mixed");
    if (body.size() > limits::kScepMessage)
        return fail(Errc::malformed, "multipart: too large");
    PKI_TRY(const auto texts, split(as_text(body), boundary));
    KeyParts parts;
    for (const std::string_view text : texts) {
        PKI_TRY(const Part part, read_part(text));
        PKI_CHECK(take_part(parts, part));
    }
    if (parts.private_key.size() == 0)
        return fail(Errc::malformed, "multipart: no private key");
    if (parts.certificates.empty()) return fail(Errc::malformed, "multipart: no certificate");
    return parts;
}

}  // namespace pki::est
