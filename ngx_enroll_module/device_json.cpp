#include "ngx_enroll_module/device_json.h"

#include "libpki/base/base64.h"
#include "libpki/base/limits.h"
#include "libpki/x509/cert.h"

namespace ngx_enroll {

namespace {

using pki::Errc;
using pki::fail;
using pki::Result;
using pki::Status;

constexpr int kNoDigit = -1;

int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return kNoDigit;
}

// Goes over the text once, without recursion: what is nested is refused where it begins.
class JsonReader {
   public:
    explicit JsonReader(std::string_view text) : text_(text) {}

    pki::Error error(const char* what) const { return fail(Errc::malformed, what, at_); }

    bool at_end() const { return at_ == text_.size(); }

    // Behind white space (RFC 8259 section 2): is this the next character? Takes it then.
    bool take(char c) {
        skip_space();
        if (at_end() || text_[at_] != c) return false;
        at_++;
        return true;
    }

    void skip_space() {
        const std::size_t next = text_.find_first_not_of(" \t\r\n", at_);
        at_ = next == std::string_view::npos ? text_.size() : next;
    }

    // RFC 8259 section 7.
    Result<JsonText> string(const char* otherwise) {
        if (!take('"')) return error(otherwise);
        JsonText value(longest_string());
        while (!at_end() && text_[at_] != '"') {
            PKI_TRY(const char c, character());
            value.append(c);
        }
        if (at_end()) return error("JSON: a string without an end");
        at_++;
        return value;
    }

   private:
    // An escape is longer than what it stands for.
    std::size_t longest_string() const {
        std::size_t end = at_;
        while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
        return std::min(end, text_.size()) - at_;
    }

    Result<char> character() {
        const auto c = static_cast<unsigned char>(text_[at_]);
        if (c < 0x20) return error("JSON: a control character in a string");
        // Neither base64 nor PEM has any.
        if (c > 0x7e) return error("JSON: a character in a string that is not ASCII");
        at_++;
        return c == '\\' ? escape() : Result<char>(static_cast<char>(c));
    }

    Result<char> escape() {
        constexpr std::string_view kLetters = "\"\\/bfnrt";
        constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
        if (at_end()) return error("JSON: a string without an end");
        if (text_[at_] == 'u') return code_point();
        const std::size_t letter = kLetters.find(text_[at_]);
        if (letter == std::string_view::npos) return error("JSON: no such escape");
        at_++;
        return kMeanings[letter];
    }

    Result<char> code_point() {
        const std::string_view digits = text_.substr(at_ + 1, 4);
        int value = digits.size() < 4 ? kNoDigit : 0;
        for (const char c : digits) {
            const int digit = digit_of(c);
            value = value == kNoDigit || digit == kNoDigit ? kNoDigit : value * 16 + digit;
        }
        if (value == kNoDigit) return error("JSON: no such escape");
        if (value == 0 || value > 0x7e)
            return error("JSON: a character in a string that is not ASCII");
        at_ += 5;
        return static_cast<char>(value);
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

// The members as they turn up.
struct Members {
    DeviceRequest request;
    bool token = false;
    bool csr = false;
};

Status take_member(JsonReader& reader, Members& members, DeviceForm form) {
    PKI_TRY(const JsonText name, reader.string("JSON: the name of a member is missing"));
    const bool csr = name.view() == "csr";
    const bool token = name.view() == "token" && form == DeviceForm::bootstrap;
    if (!csr && !token)
        return reader.error(form == DeviceForm::bootstrap
                                ? "JSON: a member that is neither \"token\" nor \"csr\""
                                : "JSON: a member that is not \"csr\"");
    bool& present = csr ? members.csr : members.token;
    if (present)
        return reader.error(csr ? "JSON: \"csr\" stands twice"
                                : "JSON: \"token\" stands twice");
    present = true;
    if (!reader.take(':')) return reader.error("JSON: a colon is missing");
    JsonText& value = csr ? members.request.csr : members.request.token;
    PKI_TRY(value, reader.string(csr ? "JSON: \"csr\" must be a string"
                                     : "JSON: \"token\" must be a string"));
    return {};
}

Result<Members> take_object(JsonReader& reader, DeviceForm form) {
    Members members;
    if (!reader.take('{')) return reader.error("JSON: the request must be an object");
    if (!reader.take('}')) {
        do {
            PKI_CHECK(take_member(reader, members, form));
        } while (reader.take(','));
        if (!reader.take('}')) return reader.error("JSON: the object has no end");
    }
    reader.skip_space();
    if (!reader.at_end()) return reader.error("JSON: something stands behind the object");
    return members;
}

// RFC 7468 section 3, with line breaks as JSON writes them.
void append_pem(std::string& to, pki::Bytes certificate) {
    constexpr std::size_t kLine = 64;
    const std::string text = pki::base64_encode(certificate);
    to += "-----BEGIN CERTIFICATE-----\\n";
    for (std::size_t i = 0; i < text.size(); i += kLine) to += text.substr(i, kLine) + "\\n";
    to += "-----END CERTIFICATE-----\\n";
}

bool signs_itself(pki::Bytes der) {
    const auto certificate = pki::x509::parse_certificate(der);
    return certificate &&
           pki::equal(certificate->tbs.subject.encoding, certificate->tbs.issuer.encoding);
}

}  // namespace

Result<DeviceRequest> parse_device_request(pki::Bytes body, DeviceForm form) {
    if (body.size() > pki::limits::kJsonRequest)
        return fail(Errc::malformed, "JSON: the request is too large");
    JsonReader reader(pki::as_text(body));
    PKI_TRY(Members members, take_object(reader, form));
    if (!members.token && form == DeviceForm::bootstrap)
        return reader.error("JSON: \"token\" is missing");
    if (!members.csr) return reader.error("JSON: \"csr\" is missing");
    return std::move(members.request);
}

std::string device_reply(pki::Bytes certificate, const std::vector<pki::Bytes>& chain) {
    std::string out = "{\"certificate\": \"";
    append_pem(out, certificate);
    for (const pki::Bytes issuer : chain)
        if (!signs_itself(issuer)) append_pem(out, issuer);
    out += "\", \"ca_bundle\": \"";
    for (const pki::Bytes issuer : chain) append_pem(out, issuer);
    return out + "\"}\n";
}

}  // namespace ngx_enroll
