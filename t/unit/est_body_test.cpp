#include "libpki/est/body.h"

#include "libpki/base/limits.h"
#include "libpki/x509/cert.h"
#include "libpki/x509/certs_only.h"
#include "t/unit/unit.h"

namespace {

using pki::as_bytes;
using pki::Buffer;
using pki::Errc;

// As long as a small CSR, so that it spans lines.
Buffer some_der(std::size_t content = 300) {
    Buffer der = unit::hex("3082 0000");
    der.resize(4 + content, 0x5a);
    der[2] = static_cast<std::uint8_t>(content >> 8);
    der[3] = static_cast<std::uint8_t>(content);
    return der;
}

// Whether the body holds some_der(), or "refused".
std::string decoded(std::string_view body) {
    const auto der = pki::est::decode_csr_body(as_bytes(body));
    if (!der) return "refused";
    return *der == some_der() ? "the CSR" : "something else";
}

std::string with_line_ends(std::string_view text, std::string_view line_end) {
    std::string out;
    for (const char c : text) out += c == '\n' ? std::string(line_end) : std::string(1, c);
    return out;
}

std::string armoured(std::string_view label) { return pki::x509::to_pem(label, some_der()); }

void base64_on_one_line_and_on_many(void**) {
    const std::string text = pki::base64_encode(some_der());
    assert_text(decoded(text), "the CSR");
    assert_text(decoded(text + "\n"), "the CSR");
    assert_text(decoded("\r\n " + text + "\r\n\r\n\r\n"), "the CSR");
    std::string folded;
    for (std::size_t i = 0; i < text.size(); i += 64) folded += text.substr(i, 64) + "\r\n";
    assert_text(decoded(folded), "the CSR");
    std::string unpadded = text;
    while (unpadded.back() == '=') unpadded.pop_back();
    assert_text(decoded(unpadded), "the CSR");
}

void raw_der(void**) {
    assert_text(decoded(pki::as_text(some_der())), "the CSR");
    for (const char* header : {"3080", "308130", "30820130", "3083000130"}) {
        const Buffer der = unit::hex(header);
        const auto out = pki::est::decode_csr_body(der);
        assert_ok(out);
        assert_hex(*out, header);
    }
}

void pem_in_both_forms(void**) {
    for (const char* label : {"CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"}) {
        assert_text(decoded(armoured(label)), "the CSR");
        assert_text(decoded(with_line_ends(armoured(label), "\r\n")), "the CSR");
        assert_text(decoded("\n" + armoured(label) + "\n\n"), "the CSR");
    }
}

void other_pem_is_refused(void**) {
    const std::string pem = armoured("CERTIFICATE REQUEST");
    assert_text(decoded(armoured("CERTIFICATE")), "refused");
    assert_text(decoded(armoured("PRIVATE KEY")), "refused");
    assert_text(decoded("Certificate Request:\n" + pem), "refused");
    assert_text(decoded(pem + "trailing"), "refused");
    assert_text(decoded(pem + pem), "refused");
    assert_text(decoded(pem.substr(0, pem.size() / 2)), "refused");
    assert_text(decoded("-----BEGIN CERTIFICATE REQUEST-----"), "refused");
    assert_text(decoded("-----BEGIN CERTIFICATE REQUEST-----END CERTIFICATE REQUEST-----"),
                "refused");
    assert_text(decoded("-----"), "refused");
    std::string mixed = armoured("NEW CERTIFICATE REQUEST");
    mixed.replace(mixed.find("END NEW"), 7, "END");
    assert_text(decoded(mixed), "refused");
}

void bodies_without_a_csr(void**) {
    for (const char* body : {"", " ", "\r\n\r\n", "====", "not base64!", "M"})
        assert_text(decoded(body), "refused");
    assert_text(
        decoded("-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n"),
        "refused");
}

void sizes_are_bounded(void**) {
    const auto decode = [](const Buffer& body) { return pki::est::decode_csr_body(body); };
    assert_ok(decode(some_der(pki::limits::kCsr - 4)));
    assert_error(Errc::malformed, decode(some_der(pki::limits::kCsr - 3)));
    std::string text = pki::base64_encode(some_der(pki::limits::kCsr - 4));
    text.resize(pki::limits::kBody, '\n');
    assert_ok(pki::est::decode_csr_body(as_bytes(text)));
    text += '\n';
    assert_error(Errc::malformed, pki::est::decode_csr_body(as_bytes(text)));
}

void media_types(void**) {
    assert_true(pki::est::is_csr_media_type("application/pkcs10"));
    assert_true(pki::est::is_csr_media_type("Application/PKCS10; charset=utf-8"));
    assert_true(pki::est::is_csr_media_type(" application/pkcs10 ;a=b"));
    assert_true(pki::est::is_csr_media_type("application/x-pem-file"));
    for (const char* other : {"", ";", "application/pkcs1", "application/pkcs100", "text/plain",
                              "application/pkcs7-mime", "x application/pkcs10"})
        assert_false(pki::est::is_csr_media_type(other));
    assert_true(pki::est::media_type_is("application/pkcs7-mime; smime-type=certs-only",
                                        "application/pkcs7-mime"));
}

// strongSwan 5.9.8 counts a line break as data.
void replies_are_on_one_line(void**) {
    const Buffer certificate = some_der();
    const std::string body = pki::est::certs_only_body({certificate, certificate});
    assert_true(body.find_first_of("\r\n") == body.npos);
    const auto der = pki::base64_decode(as_bytes(body));
    assert_ok(der);
    const auto certificates = pki::x509::parse_certs_only(*der);
    assert_ok(certificates);
    assert_int_equal(certificates->size(), 2);
    assert_hex((*certificates)[1], pki::hex_encode(certificate));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(base64_on_one_line_and_on_many),
        cmocka_unit_test(raw_der),
        cmocka_unit_test(pem_in_both_forms),
        cmocka_unit_test(other_pem_is_refused),
        cmocka_unit_test(bodies_without_a_csr),
        cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(media_types),
        cmocka_unit_test(replies_are_on_one_line),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
