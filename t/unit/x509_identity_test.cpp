// Renewal keeps the identity (RFC 7030 4.2.2).
#include "libpki/x509/profile.h"
#include "libpki/x509/tbs.h"
#include "t/unit/request_fixture.h"

namespace {

using pki::Buffer;
using unit::Request;
namespace x509 = pki::x509;

// A certificate with this subject and SAN; its signature is not a signature.
Buffer certificate(std::string_view subject, const std::vector<std::string>& san) {
    const Buffer serial{1}, name = *x509::name_from_text(subject), key = unit::p256_key();
    const Buffer names = san.empty() ? Buffer() : *x509::build_san(san);
    x509::TbsSpec spec;
    spec.serial = serial;
    spec.scheme = {pki::ossl::KeyType::ec, pki::ossl::Hash::sha256, false};
    spec.issuer = spec.subject = name;
    spec.spki = key;
    spec.subject_key_identifier = serial;
    spec.san = names;
    return x509::assemble_certificate(x509::build_tbs(spec), spec.scheme,
                                      unit::hex("3006020101020101"));
}

std::string identity_verdict(const Request& request, const Buffer& der) {
    const Buffer encoding = request.encode();
    const auto status =
        x509::check_same_identity(*x509::parse_csr(encoding), *x509::parse_certificate(der));
    return status ? "same" : status.error().message();
}

void renewal_keeps_the_subject(void**) {
    Request request;
    assert_text(identity_verdict(request, certificate("O=EXAMPLE, CN=Device-1", {})), "same");
    const std::string refusal =
        "renewal: the subject is not that of the certificate: \"CN=device-1,O=Example\"";
    assert_text(identity_verdict(request, certificate("O=Example, CN=device-2", {})), refusal);
    assert_text(identity_verdict(request, certificate("CN=device-1, O=Example", {})), refusal);
}

void renewal_keeps_the_san(void**) {
    const std::string refusal = "renewal: the SAN is not that of the certificate";
    const Buffer without = certificate("O=Example, CN=device-1", {});
    const Buffer with =
        certificate("O=Example, CN=device-1", {"dns:a.example", "ip:192.0.2.1"});
    Request request;
    assert_text(identity_verdict(request, with), refusal);
    request.san = {"dns:a.example"};
    assert_text(identity_verdict(request, with), refusal);
    assert_text(identity_verdict(request, without), refusal);
    request.san = {"ip:192.0.2.1", "dns:A.example"};
    assert_text(identity_verdict(request, with), "same");
    request.san.push_back("dns:b.example");
    assert_text(identity_verdict(request, with), refusal);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(renewal_keeps_the_subject),
        cmocka_unit_test(renewal_keeps_the_san),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
