#include "libpki/est/key_parts.h"

#include "libpki/base/base64.h"
#include "libpki/base/limits.h"
#include "libpki/est/media_type.h"
#include "libpki/x509/certs_only.h"
#include "t/unit/unit.h"

namespace {

using pki::as_bytes;
using pki::Bytes;
using pki::Errc;
using unit::hex;
namespace est = pki::est;

const pki::Buffer kKey = hex("302e020100300506032b6570042204200102");
const std::string kType = "multipart/mixed; boundary=b";
const std::string kKeyPart = "--b\r\nContent-Type: application/pkcs8\r\n\r\nMAA=\r\n";
const std::string kCertificatePart =
    "--b\r\nContent-Type: application/pkcs7-mime; smime-type=certs-only\r\n\r\nMAA=\r\n";
const std::string kEnd = "--b--\r\n";

pki::Result<est::KeyParts> parse(const std::string& body, const std::string& type = kType) {
    return est::parse_key_parts(type, as_bytes(body));
}

void what_is_written_is_read(void**) {
    const pki::Buffer certificate = unit::read_vector("cert/p256.der");
    for (const bool sealed : {false, true}) {
        const pki::Secret body =
            est::key_parts_body(pki::Buffer(1000, 7), sealed, {certificate, certificate});
        const auto parts = est::parse_key_parts(est::kKeyPartsType, body.view());
        assert_ok(parts);
        assert_true(parts->private_key.equals(pki::Buffer(1000, 7)));
        assert_true(parts->sealed == sealed);
        assert_int_equal(pki::x509::parse_certs_only(parts->certificates)->size(), 2);
    }
}

// RFC 7030 4.4.2, to the letter: types, encodings, CRLF, the key first.
void the_form_is_that_of_mime(void**) {
    const pki::Buffer certificate = unit::read_vector("cert/p256.der");
    const pki::Secret body = est::key_parts_body(kKey, false, {certificate});
    const std::string text(pki::as_text(body.view()));
    const std::string mark = "--est-private-key-and-certificate";
    assert_text(text.substr(0, text.find("\r\n\r\n")),
                mark +
                    "\r\nContent-Type: application/pkcs8\r\n"
                    "Content-Transfer-Encoding: base64");
    assert_true(text.find("\r\n" + mark +
                          "\r\nContent-Type: application/pkcs7-mime; smime-type=certs-only\r\n"
                          "Content-Transfer-Encoding: base64\r\n\r\n") != text.npos);
    assert_true(text.ends_with("\r\n" + mark + "--\r\n"));
    std::size_t line = 0;
    for (std::size_t i = 0; i < text.size(); i++) {
        if (text[i] == '\n') assert_true(i > 0 && text[i - 1] == '\r');
        line = text[i] == '\n' ? 0 : line + 1;
        assert_true(line <= 77);
    }
    const pki::Secret other = est::key_parts_body(kKey, true, {certificate});
    assert_true(pki::as_text(other.view())
                    .find("application/pkcs7-mime; smime-type=server-generated-key\r\n") !=
                std::string_view::npos);
}

void other_forms_are_read(void**) {
    assert_ok(parse(kKeyPart + kCertificatePart + kEnd));
    assert_ok(parse("Preamble --b\r\n" + kCertificatePart + kKeyPart + kEnd + "Epilogue"));
    assert_ok(
        parse("--b \nX-Other: 1\nCONTENT-TYPE:\n application/pkcs8\n\nMA\tA =\n"
              "--b\ncontent-type:application/pkcs7-mime\n\nMAA=\n--b--"));
    assert_ok(parse(kKeyPart + "--b\r\n\r\nof no type\r\n" + kCertificatePart + kEnd));
    const auto sealed = parse(
        "--b\r\nContent-Type: Application/PKCS7-MIME; name=k.p7m; "
        "smime-type=\"Server-Generated-Key\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        "MAA=\r\n" +
        kCertificatePart + kEnd);
    assert_ok(sealed);
    assert_true(sealed->sealed);
    assert_hex(sealed->private_key.view(), "3000");
}

void other_answers_are_refused(void**) {
    for (const char* type : {"", "application/pkcs8", "multipart/mixed", "multipart/mixed; b=c",
                             "multipart/mixed; boundary=", "multipart/mixed; boundary=\"b",
                             "multipart/related; boundary=b"})
        assert_error(Errc::unsupported, parse(kKeyPart + kCertificatePart + kEnd, type));
    for (const std::string& body :
         {std::string(), std::string("--b--"), kKeyPart + kEnd, kCertificatePart + kEnd,
          kKeyPart + kCertificatePart, kKeyPart + kKeyPart + kCertificatePart + kEnd,
          kKeyPart + kCertificatePart + kCertificatePart + kEnd,
          kCertificatePart + "--b\r\nContent-Type: application/pkcs8\r\n\r\n!\r\n" + kEnd,
          kCertificatePart + "--b\r\nContent-Type: application/pkcs8\r\n\r\n\r\n" + kEnd,
          kCertificatePart + "--b\r\nContent-Type: application/pkcs8\r\n" + kEnd,
          "--bc\r\n" + kKeyPart.substr(5) + kCertificatePart + kEnd})
        assert_error(Errc::malformed, parse(body));
}

void answers_are_bounded(void**) {
    std::string parts, headers;
    for (int i = 0; i < 5; i++) parts += "--b\r\n\r\nx\r\n";
    assert_error(Errc::malformed, parse(parts + kEnd));
    for (int i = 0; i < 17; i++) headers += "X: y\r\n";
    assert_error(Errc::malformed,
                 parse("--b\r\n" + headers + kKeyPart.substr(5) + kCertificatePart + kEnd));
    const std::string large(pki::limits::kScepMessage, ' ');
    assert_error(Errc::malformed, parse(large + kKeyPart + kCertificatePart + kEnd));
}

void parameters_are_read(void**) {
    const struct {
        const char *header, *value;
    } cases[] = {
        {"a/b; x=y", "y"},
        {"a/b;X=y", "y"},
        {"a/b ; q=\";\" ; x = y", "y"},
        {"a/b; x=\"a \\\"b\"", "a \"b"},
        {"a/b; x=y; x=z", "y"},
        {"a/b", ""},
        {"a/b; x", ""},
        {"a/b; x=\"y", ""},
        {"a/b; x=\"y\\", ""},
        {"a/b; xx=y", ""},
        {"", ""},
        {"; ; x=y", ""},
    };
    for (const auto& c : cases) assert_text(est::media_parameter(c.header, "x"), c.value);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read), cmocka_unit_test(the_form_is_that_of_mime),
        cmocka_unit_test(other_forms_are_read),    cmocka_unit_test(other_answers_are_refused),
        cmocka_unit_test(answers_are_bounded),     cmocka_unit_test(parameters_are_read),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
