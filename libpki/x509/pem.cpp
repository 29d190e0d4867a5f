#include "libpki/base/base64.h"
#include "libpki/x509/cert.h"

namespace pki::x509 {

namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";
constexpr std::size_t kLine = 64;  // RFC 7468 section 2

struct Block {
    std::string_view label;
    std::string_view text;  // base64, and headers where there are some
};

// Takes the next block off, which is there.
Result<Block> take_block(std::string_view& rest) {
    rest.remove_prefix(rest.find(kBegin) + kBegin.size());
    const std::size_t label_end = rest.find(kDashes);
    if (label_end == std::string_view::npos) return fail(Errc::malformed, "PEM: open armour");
    Block block{rest.substr(0, label_end), {}};
    rest.remove_prefix(label_end + kDashes.size());
    std::string end_line(kEnd);
    end_line.append(block.label).append(kDashes);
    const std::size_t end = rest.find(end_line);
    if (end == std::string_view::npos) return fail(Errc::malformed, "PEM: block without end");
    block.text = rest.substr(0, end);
    rest.remove_prefix(end + end_line.size());
    return block;
}

}  // namespace

Result<std::vector<Buffer>> certificates_from_pem(std::string_view pem) {
    std::vector<Buffer> certificates;
    while (pem.find(kBegin) != std::string_view::npos) {
        PKI_TRY(const Block block, take_block(pem));
        if (block.label != "CERTIFICATE") continue;
        PKI_TRY(Buffer der, base64_decode(as_bytes(block.text)));
        certificates.push_back(std::move(der));
    }
    if (certificates.empty()) return fail(Errc::malformed, "PEM: no certificate");
    return certificates;
}

std::string certificate_to_pem(Bytes der) { return to_pem("CERTIFICATE", der); }

std::string to_pem(std::string_view label, Bytes der) {
    const std::string text = base64_encode(der);
    std::string out;
    out.append(kBegin).append(label).append(kDashes).append("\n");
    for (std::size_t at = 0; at < text.size(); at += kLine)
        out.append(text, at, kLine).append("\n");
    out.append(kEnd).append(label).append(kDashes).append("\n");
    return out;
}

}  // namespace pki::x509
