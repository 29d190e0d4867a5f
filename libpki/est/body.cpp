#include "libpki/est/body.h"

#include "libpki/base/ascii.h"
#include "libpki/base/base64.h"
#include "libpki/base/limits.h"
#include "libpki/x509/certs_only.h"

namespace pki::est {

namespace {

constexpr std::string_view kSpace = " \t\r\n";

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kSpace);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// The base64 of every CSR begins with "M", so a SEQUENCE tag with a long length behind it
// is no base64 ("0" followed by a byte above ASCII).
bool is_der(Bytes body) { return body.size() >= 2 && body[0] == 0x30 && body[1] >= 0x80; }

// What stands between the armour lines (RFC 7468 section 7; "NEW" is the older form).
Result<std::string_view> inside_armour(std::string_view pem) {
    for (const std::string_view label : {"CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"}) {
        const std::string begin = "-----BEGIN " + std::string(label) + "-----";
        const std::string end = "-----END " + std::string(label) + "-----";
        if (!pem.starts_with(begin)) continue;
        pem.remove_prefix(begin.size());
        if (!pem.ends_with(end)) break;
        pem.remove_suffix(end.size());
        return pem;
    }
    return fail(Errc::malformed, "body: PEM that is not one CERTIFICATE REQUEST");
}

Result<Buffer> decode(Bytes body) {
    if (is_der(body)) return to_buffer(body);
    std::string_view text = trimmed(as_text(body));
    if (text.starts_with("-----")) {
        PKI_TRY(text, inside_armour(text));
    }
    return base64_decode(as_bytes(text));
}

}  // namespace

Result<Buffer> decode_csr_body(Bytes body) {
    if (body.size() > limits::kBody) return fail(Errc::malformed, "body: too large");
    PKI_TRY(Buffer der, decode(body));
    if (der.empty()) return fail(Errc::malformed, "body: empty");
    if (der.size() > limits::kCsr) return fail(Errc::malformed, "body: CSR too large");
    return der;
}

std::string certs_only_body(const std::vector<Bytes>& certificates) {
    return base64_encode(x509::build_certs_only(certificates));
}

bool media_type_is(std::string_view header, std::string_view media_type) {
    return equal_ignoring_case(trimmed(header.substr(0, header.find(';'))), media_type);
}

bool is_csr_media_type(std::string_view header) {
    return media_type_is(header, "application/pkcs10") ||
           media_type_is(header, "application/x-pem-file");
}

}  // namespace pki::est
