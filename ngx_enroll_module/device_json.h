// What devices send to enroll_bootstrap and enroll_renewal, and what they get: JSON (RFC 8259)
// of one flat object. Knows nothing of nginx.
#pragma once

#include <string>
#include <vector>

#include "libpki/base/result.h"
#include "libpki/base/secret.h"

namespace ngx_enroll {

// A string of JSON without its escapes, wiped when it goes.
class JsonText {
   public:
    JsonText() = default;
    // Room for that many characters.
    explicit JsonText(std::size_t room) : bytes_(room) {}

    void append(char c) { bytes_.data()[size_++] = static_cast<std::uint8_t>(c); }
    std::string_view view() const { return pki::as_text(bytes_.view().first(size_)); }

   private:
    pki::Secret bytes_;
    std::size_t size_ = 0;
};

struct DeviceRequest {
    JsonText token;  // empty in a renewal
    JsonText csr;    // PEM, or the base64 of DER: pki::est::decode_csr_body()
};

enum class DeviceForm { bootstrap, renewal };

// {"token": "...", "csr": "..."}, in any order, or {"csr": "..."} in a renewal: at most
// limits::kJsonRequest bytes of one object with these members, each once, and nothing else.
// Their values are strings of ASCII, without NUL. malformed with the offset and a text that the
// device may see. Not checked: what the strings say.
pki::Result<DeviceRequest> parse_device_request(pki::Bytes body, DeviceForm form);

// {"certificate": "...", "ca_bundle": "..."}, both in PEM: `chain` has the issuing CA first.
// "certificate" is what a TLS server or client sends, so a root, which signs itself and comes
// last, is in the bundle alone.
std::string device_reply(pki::Bytes certificate, const std::vector<pki::Bytes>& chain);

}  // namespace ngx_enroll
