// Keys that a server makes: what the client asks for, and what it takes.
#include "clients/enroll/est_made_key.h"
#include "libpki/cms/capabilities.h"
#include "libpki/x509/certs_only.h"
#include "libpki/x509/csr_decrypt_keys.h"
#include "t/unit/test_ca.h"
#include "t/unit/unit.h"

namespace {

using enroll::KeyProtection;
using pki::Buffer;
using pki::Errc;
namespace cms = pki::cms;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

const Buffer kShared(32, 7);
const Buffer kName = {'l', 'i', 'n', 'e', '-', '7'};

KeyProtection shared() {
    KeyProtection protection;
    protection.identifier = kName;
    protection.shared = pki::Secret(kShared);
    return protection;
}

KeyProtection own() {
    KeyProtection protection;
    protection.own_key = true;
    return protection;
}

struct Server {
    unit::TestCa ca = unit::make_ca({.name = "CN=Root"});
    ossl::PkeyPtr made = *ossl::generate_key("ec:P-256");
    pki::Secret pkcs8 = *ossl::write_private_key_der(made.get());

    enroll::HttpAnswer plain() const { return answer(pkcs8.view(), false); }
    enroll::HttpAnswer sealed(const cms::KeyRecipient& recipient) const {
        const cms::KeyGenerator generator{ca.key.get(), ca.certificate, {}};
        const Buffer message = *cms::seal_key_message(pkcs8.view(), generator, recipient);
        return answer(message, true);
    }
    enroll::HttpAnswer answer(pki::Bytes key, bool sealed) const {
        const pki::Secret body = pki::est::key_parts_body(key, sealed, {ca.certificate});
        return {200, std::string(pki::est::kKeyPartsType), 0, pki::to_buffer(body.view())};
    }
};

// The CSR that asks for it, and what it says.
struct Asked {
    Asked(const KeyProtection& protection, EVP_PKEY* key) {
        enroll::RequestNames names{*x509::name_from_text("CN=a"), {}};
        names.parts.attributes = *enroll::protection_attributes(protection, key);
        der = *enroll::make_request(names, {}, key);
        csr = *x509::parse_csr(der);
        keys = *x509::parse_decrypt_keys(csr);
    }
    Buffer der;
    x509::Csr csr;
    x509::DecryptKeys keys;
};

void nothing_is_asked_for_without_protection(void**) {
    const auto key = *ossl::generate_key("ec:P-256");
    const Asked asked({}, key.get());
    assert_false(asked.keys.symmetric || asked.keys.asymmetric);
    const Server server;
    const auto made = enroll::read_made_key(server.plain(), {}, key.get());
    assert_ok(made);
    assert_true(ossl::same_public_key(made->key.get(), server.made.get()));
    assert_true(made->signer.empty());
    assert_int_equal(made->certificates.size(), 1);
}

void sealed_for_the_key_of_the_request(void**) {
    const Server server;
    for (const char* type : {"ec:P-256", "ec:P-384", "rsa:2048"}) {
        const auto key = *ossl::generate_key(type);
        const Asked asked(own(), key.get());
        assert_true(asked.keys.asymmetric.has_value());
        assert_true(pki::equal(*asked.keys.asymmetric, x509::key_identifier(asked.csr.spki)));
        const auto can = *cms::Capabilities::parse(asked.keys.capabilities);
        assert_ok(can.for_agreement());
        assert_ok(can.for_transport());
        cms::KeyRecipient recipient;
        recipient.key = &asked.csr.spki;
        recipient.key_identifier = *asked.keys.asymmetric;
        const auto made = enroll::read_made_key(server.sealed(recipient), own(), key.get());
        assert_ok(made);
        assert_true(ossl::same_public_key(made->key.get(), server.made.get()));
        assert_true(made->signer == server.ca.certificate);
        assert_ok(enroll::read_made_key(server.sealed(recipient), {}, key.get()));
        const auto stranger = *ossl::generate_key(type);
        assert_false(
            enroll::read_made_key(server.sealed(recipient), own(), stranger.get()).has_value());
    }
}

void sealed_with_a_shared_key(void**) {
    const Server server;
    const auto key = *ossl::generate_key("ed25519");
    const Asked asked(shared(), key.get());
    assert_true(asked.keys.symmetric && pki::equal(*asked.keys.symmetric, kName));
    assert_ok(cms::Capabilities::parse(asked.keys.capabilities)->for_wrapping(32));
    cms::KeyRecipient recipient;
    recipient.key_encryption_key = kShared;
    recipient.key_identifier = kName;
    const auto made = enroll::read_made_key(server.sealed(recipient), shared(), key.get());
    assert_ok(made);
    assert_true(ossl::same_public_key(made->key.get(), server.made.get()));
}

void never_less_than_was_asked_for(void**) {
    const Server server;
    const auto key = *ossl::generate_key("ec:P-256");
    assert_error(Errc::denied, enroll::read_made_key(server.plain(), own(), key.get()));
    assert_error(Errc::denied, enroll::read_made_key(server.plain(), shared(), key.get()));
    cms::KeyRecipient recipient;
    recipient.key_encryption_key = kShared;
    recipient.key_identifier = kName;
    assert_false(enroll::read_made_key(server.sealed(recipient), {}, key.get()).has_value());
    enroll::HttpAnswer other = server.plain();
    other.content_type = "application/pkcs7-mime";
    assert_false(enroll::read_made_key(other, {}, key.get()).has_value());
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_asked_for_without_protection),
        cmocka_unit_test(sealed_for_the_key_of_the_request),
        cmocka_unit_test(sealed_with_a_shared_key),
        cmocka_unit_test(never_less_than_was_asked_for),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
