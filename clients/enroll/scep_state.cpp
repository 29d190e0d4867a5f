#include "clients/enroll/scep_state.h"

#include <unistd.h>

#include <filesystem>

#include "clients/common/certificates.h"
#include "clients/common/files.h"
#include "libpki/base/base64.h"

namespace enroll {

using pki::Buffer;
using pki::Errc;
using pki::fail;

namespace {

constexpr std::size_t kMostState = std::size_t{256} * 1024;

struct TextMember {
    const char* name;
    std::string ScepState::*value;
    bool path = false;
};
constexpr TextMember kTexts[] = {
    {"url", &ScepState::url},
    {"ca_name", &ScepState::ca_name},
    {"transaction_id", &ScepState::transaction_id},
    {"digest", &ScepState::digest},
    {"cipher", &ScepState::cipher},
    {"cacert", &ScepState::cacert, true},
    {"tls_cacert", &ScepState::tls_cacert, true},
    {"key", &ScepState::key, true},
    {"certified_key", &ScepState::certified_key, true},
    {"out", &ScepState::out, true},
    {"chain_out", &ScepState::chain_out, true},
};

// The next call may come from another folder.
std::string absolute(const std::string& path) {
    std::error_code problem;
    const auto whole = std::filesystem::absolute(path, problem);
    return path.empty() || problem ? path : whole.string();
}

void set_text(json_t* object, const char* name, const std::string& value) {
    json_object_set_new(object, name, json_string(value.c_str()));
}

pki::Result<Buffer> bytes_member(const json_t* object, const char* name) {
    const std::string text = member_text(object, name);
    if (text.empty()) return fail(Errc::malformed, "a state without", name);
    return pki::base64_decode(pki::as_bytes(text));
}

}  // namespace

pki::Status save_state(const std::string& path, const ScepState& state) {
    const JsonPtr object(json_object());
    for (const TextMember& member : kTexts)
        set_text(object.get(), member.name,
                 member.path ? absolute(state.*member.value) : state.*member.value);
    json_object_set_new(object.get(), "get", json_boolean(state.get));
    json_object_set_new(object.get(), "any_ra", json_boolean(state.any_ra));
    json_t* fingerprints = json_array();
    for (const std::string& one : state.fingerprints)
        json_array_append_new(fingerprints, json_string(one.c_str()));
    json_object_set_new(object.get(), "fingerprints", fingerprints);
    set_text(object.get(), "signer", pki::base64_encode(state.signer));
    set_text(object.get(), "subject", pki::base64_encode(state.subject));
    const std::string text = json_indented(object.get()) + "\n";
    return write_files({{path, pki::as_bytes(text), kKeyMode}}, Existing::replace);
}

pki::Result<ScepState> load_state(const std::string& path) {
    PKI_TRY(const Buffer text, read_file(path, kMostState));
    PKI_TRY(const JsonPtr object, parse_json_object(text));
    ScepState state;
    for (const TextMember& member : kTexts)
        state.*member.value = member_text(object.get(), member.name);
    state.get = json_is_true(json_object_get(object.get(), "get"));
    state.any_ra = json_is_true(json_object_get(object.get(), "any_ra"));
    std::size_t index;
    json_t* one;
    json_array_foreach(json_object_get(object.get(), "fingerprints"), index, one) {
        if (json_is_string(one)) state.fingerprints.emplace_back(json_string_value(one));
    }
    PKI_TRY(state.signer, bytes_member(object.get(), "signer"));
    PKI_TRY(state.subject, bytes_member(object.get(), "subject"));
    if (state.url.empty() || state.transaction_id.empty() || state.key.empty())
        return fail(Errc::malformed, "not a state of enroll scep", path);
    return state;
}

void forget_state(const std::string& path) {
    if (!path.empty()) unlink(path.c_str());
}

}  // namespace enroll
