// parse_key_parts: the first line is the Content-Type, the rest the body. What is read is
// written and read again, and comes out the same.
#include "libpki/base/limits.h"
#include "libpki/est/key_parts.h"
#include "libpki/x509/certs_only.h"
#include "t/fuzz/fuzz.h"

namespace {

using pki::Bytes;
namespace est = pki::est;

void write_again(const est::KeyParts& parts) {
    const auto certificates = pki::x509::parse_certs_only(parts.certificates);
    if (!certificates) return;
    const pki::Secret body =
        est::key_parts_body(parts.private_key.view(), parts.sealed, *certificates);
    if (body.size() > pki::limits::kScepMessage) return;
    const auto again = est::parse_key_parts(est::kKeyPartsType, body.view());
    PROPERTY(again && again->sealed == parts.sealed);
    PROPERTY(again->private_key.equals(parts.private_key.view()));
    const auto same = pki::x509::parse_certs_only(again->certificates);
    PROPERTY(same && same->size() == certificates->size());
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = pki::as_text({data, size});
    const std::size_t line = std::min(input.find('\n'), input.size());
    const Bytes body = Bytes(data, size).subspan(std::min(line + 1, size));
    const auto parts = est::parse_key_parts(input.substr(0, line), body);
    if (!parts) return 0;
    PROPERTY(parts->private_key.size() != 0 && !parts->certificates.empty());
    write_again(*parts);
    return 0;
}
