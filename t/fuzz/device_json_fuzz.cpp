// Requests of devices: what is accepted is JSON to jansson as well, an object with the same
// strings, and with nothing else in it.
#include <jansson.h>

#include <memory>

#include "libpki/base/limits.h"
#include "ngx_enroll_module/device_json.h"
#include "t/fuzz/fuzz.h"

namespace {

using ngx_enroll::DeviceForm;

struct JsonFree {
    void operator()(json_t* json) const { json_decref(json); }
};

bool has(const json_t* object, const char* name, std::string_view value) {
    const json_t* const found = json_object_get(object, name);
    return json_is_string(found) &&
           value == std::string_view(json_string_value(found), json_string_length(found));
}

void check(std::string_view body, DeviceForm form) {
    const auto request = ngx_enroll::parse_device_request(pki::as_bytes(body), form);
    if (!request) {
        PROPERTY(request.error().code == pki::Errc::malformed);
        PROPERTY(request.error().offset <= body.size());
        return;
    }
    PROPERTY(body.size() <= pki::limits::kJsonRequest);
    const std::unique_ptr<json_t, JsonFree> json(
        json_loadb(body.data(), body.size(), JSON_REJECT_DUPLICATES, nullptr));
    PROPERTY(json_is_object(json.get()));
    const bool bootstrap = form == DeviceForm::bootstrap;
    PROPERTY(json_object_size(json.get()) == (bootstrap ? 2 : 1));
    PROPERTY(has(json.get(), "csr", request->csr.view()));
    PROPERTY(!bootstrap || has(json.get(), "token", request->token.view()));
    PROPERTY(bootstrap || request->token.view().empty());
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view body = pki::as_text({data, size});
    check(body, DeviceForm::bootstrap);
    check(body, DeviceForm::renewal);
    return 0;
}
