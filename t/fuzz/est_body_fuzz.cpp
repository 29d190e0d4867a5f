// What comes out of a body goes in again in each form, and comes out the same.
#include "libpki/base/base64.h"
#include "libpki/base/limits.h"
#include "libpki/est/body.h"
#include "libpki/x509/cert.h"
#include "t/fuzz/fuzz.h"

namespace {

using pki::as_bytes;
using pki::Buffer;
using pki::Bytes;

void check_form(Bytes body, const Buffer& der) {
    if (body.size() > pki::limits::kBody) return;
    const auto decoded = pki::est::decode_csr_body(body);
    PROPERTY(decoded && *decoded == der);
}

bool has_long_sequence_header(Bytes der) {
    return der.size() >= 2 && der[0] == 0x30 && der[1] >= 0x80;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto der = pki::est::decode_csr_body({data, size});
    if (!der) return 0;
    PROPERTY(!der->empty() && der->size() <= pki::limits::kCsr);
    check_form(as_bytes(pki::base64_encode(*der)), *der);
    for (const char* label : {"CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"})
        check_form(as_bytes(pki::x509::to_pem(label, *der)), *der);
    if (has_long_sequence_header(*der)) check_form(*der, *der);
    return 0;
}
