// CMP of the client: what it shows of templates, and who may sign for a server.
#include "clients/enroll/cmp_session.h"
#include "clients/enroll/cmp_template.h"
#include "libpki/base/der_writer.h"
#include "libpki/cmp/general.h"
#include "libpki/x509/oids.h"
#include "t/unit/test_ca.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Errc;
using unit::hex;
namespace cmp = pki::cmp;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

x509::Profile profile() {
    x509::Profile out;
    out.keys.push_back({.type = ossl::KeyType::ec, .curve = ossl::Curve::p256});
    out.keys.push_back({.type = ossl::KeyType::rsa, .min_bits = 2048, .max_bits = 3072});
    out.keys.push_back({.type = ossl::KeyType::ed25519});
    out.key_usage = x509::kDigitalSignature;
    return out;
}

void templates(void**) {
    const Buffer value = *cmp::cert_req_template_value(profile());
    const auto read = enroll::read_template(value);
    assert_ok(read);
    assert_text(read->subject, "");
    assert_int_equal(read->extensions.size(), 1);
    assert_text(read->extensions[0], "2.5.29.15");
    assert_int_equal(read->keys.size(), 4);
    assert_text(read->keys[0], "ec:P-256");
    assert_text(read->keys[1], "rsa:2048");
    assert_text(read->keys[2], "rsa:3072");
    assert_text(read->keys[3], "ed25519");
    for (std::size_t size = 0; size < value.size(); size++)
        assert_error(Errc::malformed, enroll::read_template(pki::Bytes(value).first(size)));
}

void key_types(void**) {
    const std::vector<Buffer> types = cmp::key_pair_types(profile(), false);
    const Buffer value = cmp::algorithms_value({types.begin(), types.end()});
    const auto read = enroll::read_key_types(value);
    assert_ok(read);
    assert_int_equal(read->size(), 3);
    assert_text(read->at(0), "ec:P-256");
    assert_text(read->at(1), "rsa");
    assert_text(read->at(2), "ed25519");
    // One that we do not know, and what is no algorithm.
    assert_text(*enroll::key_algorithm_text(hex("30 05 06 03 2a 03 04")), "1.2.3.4");
    assert_error(Errc::malformed, enroll::read_key_types(hex("30 02 05 00")));
}

// A certificate of the CA below it, which is for nothing.
void a_device_is_no_server(void**) {
    const unit::TestCa root = unit::make_ca({"CN=Root"});
    const unit::TestCa device = unit::make_ca(
        {.name = "CN=device", .ca = false, .key_usage = x509::kDigitalSignature}, &root);
    const unit::TestCa below = unit::make_ca({"CN=Issuing"}, &root);
    const enroll::CmpTrust trust{{root.certificate}, {}};
    const std::vector<pki::Bytes> purposes{x509::oid::kCmcRa};
    const auto check = [&](const unit::TestCa& who) {
        return enroll::check_cmp_role(who.certificate, {}, trust, purposes, 1'800'000'000);
    };
    assert_error(Errc::denied, check(device));
    assert_ok(check(below));
    assert_ok(check(root));
    assert_error(Errc::denied, check(unit::make_ca({"CN=Stranger"})));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(templates),
        cmocka_unit_test(key_types),
        cmocka_unit_test(a_device_is_no_server),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
