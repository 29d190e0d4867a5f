// Proofs of possession (RFC 4211 4).
#include "libpki/x509/crmf.h"

#include <openssl/crmf.h>
#include <openssl/err.h>

#include "libpki/x509/algorithm.h"
#include "t/unit/crmf_fixture.h"

#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::Reason;
using unit::assert_reason;
using unit::hex;
using unit::message;
using unit::name_of;
using unit::request_of;
namespace der = pki::der;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

// --- messages of openssl cmp ---

void other_proofs_of_openssl_prove_nothing_to_us(void**) {
    constexpr std::pair<const char*, x509::Possession> kProofs[] = {
        {"ir_ra_verified", x509::Possession::ra_verified},
        {"ir_no_proof", x509::Possession::none},
        {"ir_key_encipherment", x509::Possession::unsupported}};
    for (const auto& [name, possession] : kProofs) {
        const Buffer der = request_of(name);
        const auto request = x509::parse_cert_request(der);
        assert_ok(request);
        assert_true(request->possession == possession);
        assert_false(request->csr.spki.encoding.empty());
        assert_error(Errc::bad_signature, x509::verify_possession(*request));
        assert_reason(Reason::bad_pop, x509::verify_possession(*request));
    }
}

// --- the proof ---

void proofs_have_their_form(void**) {
    assert_ok(x509::parse_cert_request(message({.behind = hex("8000")})));
    assert_ok(x509::parse_cert_request(message({.behind = hex("a203 810100")})));
    assert_ok(x509::parse_cert_request(message({.behind = hex("a300")})));
    for (const char* popo : {"800100", "a000", "a100", "a107 3005 06032b6570", "a400",
                             "8000 8000", "a10b 3005 06032b6570 03020100", "820100"})
        assert_error(Errc::malformed, x509::parse_cert_request(message({.behind = hex(popo)})));
}

// What the key signs here is put behind the request.
struct Signed {
    ossl::PkeyPtr key;
    Buffer subject = name_of("CN=device");
    Buffer request;  // CertRequest

    Signed() : key(*ossl::generate_key("ec:P-256")) {
        const Buffer spki = *ossl::public_key_der(key.get());
        const auto whole = x509::build_cert_request({.subject = subject, .public_key = spki});
        assert_ok(whole);
        request = pki::to_buffer(der::only(*whole, der::kSequence)->content);
    }

    Buffer message(Bytes input, Bytes signed_bytes) const {
        const ossl::SignatureScheme scheme = *ossl::default_scheme(key.get());
        der::Writer w;
        w.sequence([&] {
            w.raw(request);
            w.tlv(der::constructed(1), [&] {
                w.raw(input);
                x509::write_signature_algorithm(w, scheme);
                w.bit_string(*ossl::sign(key.get(), scheme, signed_bytes));
            });
        });
        return std::move(w).take();
    }
};

// POPOSigningKeyInput with that tag.
Buffer signing_input(std::uint8_t tag, Bytes subject, EVP_PKEY* key) {
    der::Writer w;
    w.tlv(tag, [&] {
        w.tlv(der::constructed(0),
              [&] { w.tlv(der::constructed(4), [&] { w.raw(subject); }); });
        w.raw(*ossl::public_key_der(key));
    });
    return std::move(w).take();
}

Buffer input_message(const Signed& own, Bytes subject, EVP_PKEY* key) {
    return own.message(signing_input(der::constructed(0), subject, key),
                       signing_input(der::kSequence, subject, key));
}

void an_input_repeats_the_template(void**) {
    const Signed own;
    const Buffer same = input_message(own, own.subject, own.key.get());
    const auto request = x509::parse_cert_request(same);
    assert_ok(request);
    assert_false(request->pop_input.empty());
    assert_ok(x509::verify_possession(*request));

    const auto other_key = ossl::generate_key("ec:P-256");
    const Buffer other_name = name_of("CN=another");
    for (const Buffer& der : {input_message(own, other_name, own.key.get()),
                              input_message(own, own.subject, other_key->get()),
                              input_message(own, hex("3000"), own.key.get())}) {
        const auto refused = x509::parse_cert_request(der);
        assert_ok(refused);
        assert_reason(Reason::bad_pop, x509::verify_possession(*refused));
    }
}

void an_input_with_a_mac_proves_nothing(void**) {
    const Signed own;
    der::Writer w;
    w.tlv(der::constructed(0), [&] {
        w.raw(hex("300b 3005 06032b6570 03020000"));
        w.raw(*ossl::public_key_der(own.key.get()));
    });
    const Buffer der = own.message(w.view(), w.view());
    const auto request = x509::parse_cert_request(der);
    assert_ok(request);
    assert_reason(Reason::bad_pop, x509::verify_possession(*request));
}

// OpenSSL agrees that the value is signed with the tag of a SEQUENCE.
void openssl_verifies_an_input_too(void**) {
    const Signed own;
    const Buffer der = input_message(own, own.subject, own.key.get());
    const Buffer messages = x509::build_cert_requests({der});
    const unsigned char* in = messages.data();
    OSSL_CRMF_MSGS* theirs =
        d2i_OSSL_CRMF_MSGS(nullptr, &in, static_cast<long>(messages.size()));
    assert_non_null(theirs);
    assert_int_equal(OSSL_CRMF_MSGS_verify_popo(theirs, 0, 0, nullptr, nullptr), 1);
    sk_OSSL_CRMF_MSG_pop_free(theirs, OSSL_CRMF_MSG_free);
}

void a_changed_request_is_not_proven(void**) {
    const Buffer der = request_of("ir_p256");
    const auto at = std::ranges::search(der, std::string_view("device")).begin() - der.begin();
    Buffer changed = der;
    changed[static_cast<std::size_t>(at)] = 'D';
    const auto request = x509::parse_cert_request(changed);
    assert_ok(request);
    assert_error(Errc::bad_signature, x509::verify_possession(*request));
    assert_reason(Reason::bad_pop, x509::verify_possession(*request));
    assert_int_equal(ERR_peek_error(), 0);
}

void algorithms_that_we_do_not_have_are_said_so(void**) {
    const Signed own;
    const auto with = [&](std::string_view algorithm) {
        der::Writer w;
        w.sequence([&] {
            w.raw(own.request);
            w.tlv(der::constructed(1), [&] {
                w.raw(hex(algorithm));
                w.bit_string({});
            });
        });
        return std::move(w).take();
    };
    for (const char* algorithm : {"3005 06032b6501", "3009 06072a8648ce3d0401"}) {
        const Buffer der = with(algorithm);
        const auto request = x509::parse_cert_request(der);
        assert_ok(request);
        assert_error(Errc::unsupported, x509::verify_possession(*request));
        assert_reason(Reason::bad_alg, x509::verify_possession(*request));
    }
    const Buffer ed25519 = with("3005 06032b6570");
    const auto request = x509::parse_cert_request(ed25519);
    assert_reason(Reason::bad_pop, x509::verify_possession(*request));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(other_proofs_of_openssl_prove_nothing_to_us),
        cmocka_unit_test(proofs_have_their_form),
        cmocka_unit_test(an_input_repeats_the_template),
        cmocka_unit_test(an_input_with_a_mac_proves_nothing),
        cmocka_unit_test(openssl_verifies_an_input_too),
        cmocka_unit_test(a_changed_request_is_not_proven),
        cmocka_unit_test(algorithms_that_we_do_not_have_are_said_so),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
