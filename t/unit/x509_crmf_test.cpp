#include "libpki/x509/crmf.h"

#include <openssl/crmf.h>
#include <openssl/err.h>

#include "libpki/base/limits.h"
#include "libpki/base/time.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/cert.h"
#include "libpki/x509/crmf_oids.h"
#include "libpki/x509/oids.h"
#include "t/unit/cmp_vectors.h"
#include "t/unit/unit.h"

namespace {

using pki::as_text;
using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::Reason;
using unit::cmp_body;
using unit::hex;
namespace der = pki::der;
namespace limits = pki::limits;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;
namespace oid = pki::x509::oid;

// The CertReqMsg of a message with one.
Buffer request_of(const std::string& name) {
    const Buffer body = cmp_body(name);
    const auto messages = der::only(body, der::kSequence);
    assert_ok(messages);
    return pki::to_buffer(messages->content);
}

template <class T>
void assert_reason(Reason reason, const pki::Result<T>& result) {
    assert_false(result.has_value());
    assert_int_equal(result.error().reason, reason);
}

// --- requests put together here: fields of the template, controls, what stands behind ---

struct Parts {
    Buffer id = hex("020100");
    Buffer fields = {};    // of the template
    Buffer controls = {};  // without the SEQUENCE around them
    Buffer behind = {};    // of the CertReqMsg
};

Buffer message(const Parts& parts) {
    der::Writer w;
    w.sequence([&] {
        w.sequence([&] {
            w.raw(parts.id);
            w.sequence([&] { w.raw(parts.fields); });
            if (!parts.controls.empty()) w.sequence([&] { w.raw(parts.controls); });
        });
        w.raw(parts.behind);
    });
    return std::move(w).take();
}

Buffer with_fields(std::string_view fields) { return message({.fields = hex(fields)}); }

Buffer control(Bytes type, std::string_view value) {
    der::Writer w;
    w.sequence([&] {
        w.oid(type);
        w.raw(hex(value));
    });
    return std::move(w).take();
}

Buffer name_of(std::string_view text) { return *x509::name_from_text(text); }

// --- what openssl cmp sends ---

void requests_of_openssl_are_read(void**) {
    constexpr std::pair<const char*, const char*> kKeys[] = {{"p256", "ec:P-256"},
                                                             {"p384", "ec:P-384"},
                                                             {"rsa2048", "rsa:2048"},
                                                             {"ed25519", "ed25519"}};
    for (const auto& [name, key] : kKeys) {
        const Buffer der = request_of(std::string("ir_") + name);
        const auto request = x509::parse_cert_request(der);
        assert_ok(request);
        assert_int_equal(request->id, 0);
        assert_text(x509::name_text(request->csr.subject), "CN=device.example.com,O=Example");
        assert_text(request->csr.spki.describe(), key);
        assert_true(request->csr.san.has_value());
        assert_int_equal(request->csr.san->names.size(), 2);
        assert_text(x509::general_name_text(request->csr.san->names[1]), "ip:192.0.2.7");
        assert_true(request->possession == x509::Possession::signature);
        assert_ok(x509::verify_possession(*request));
        assert_true(request->controls.empty());
        assert_int_equal(ERR_peek_error(), 0);
    }
}

// The fields, as OpenSSL reads them itself.
void openssl_sees_the_same_fields(void**) {
    const Buffer der = request_of("ir_days");
    const auto request = x509::parse_cert_request(der);
    assert_ok(request);
    const unsigned char* in = der.data();
    OSSL_CRMF_MSG* theirs = d2i_OSSL_CRMF_MSG(nullptr, &in, static_cast<long>(der.size()));
    assert_non_null(theirs);
    assert_int_equal(OSSL_CRMF_MSG_get_certReqId(theirs), request->id);
    const OSSL_CRMF_CERTTEMPLATE* const wanted = OSSL_CRMF_MSG_get0_tmpl(theirs);
    const X509_NAME* const issuer = OSSL_CRMF_CERTTEMPLATE_get0_issuer(wanted);
    const unsigned char* encoded = nullptr;
    std::size_t length = 0;
    assert_int_equal(X509_NAME_get0_der(issuer, &encoded, &length), 1);
    assert_true(pki::equal(request->issuer, {encoded, length}));
    assert_int_equal(request->not_after - request->not_before, 30 * 86400);
    OSSL_CRMF_MSG_free(theirs);
}

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

void an_update_names_the_old_certificate(void**) {
    const Buffer der = request_of("kur");
    const Buffer old = unit::read_vector("cmp/old.der");
    const auto request = x509::parse_cert_request(der);
    const auto certificate = x509::parse_certificate(old);
    assert_ok(request);
    assert_ok(certificate);
    assert_true(request->old_cert_id.has_value());
    assert_hex(request->old_cert_id->serial, pki::hex_encode(certificate->tbs.serial));
    assert_hex(request->old_cert_id->issuer, pki::hex_encode(certificate->tbs.issuer.encoding));
    assert_int_equal(request->controls.size(), 1);
    assert_ok(x509::verify_possession(*request));
}

// --- the views ---

void a_moved_request_still_sees_its_key(void**) {
    const Buffer der = request_of("ir_p256");
    std::vector<x509::CertRequest> kept;
    for (int i = 0; i < 5; i++) {
        auto request = x509::parse_cert_request(der);
        assert_ok(request);
        kept.push_back(*std::move(request));
    }
    x509::CertRequest assigned;
    assigned = std::move(kept[0]);
    assert_text(assigned.csr.spki.describe(), "ec:P-256");
    assert_ptr_equal(assigned.csr.spki.encoding.data(), assigned.spki_der.data());
    assert_text(x509::general_name_text(assigned.csr.san->names[0]), "dns:device.example.com");
    assert_ok(x509::verify_possession(assigned));
    assert_ok(x509::verify_possession(kept[4]));
}

void it_is_no_pkcs10(void**) {
    const Buffer der = request_of("ir_p256");
    const auto request = x509::parse_cert_request(der);
    assert_ok(request);
    assert_ptr_equal(request->csr.encoding.data(), der.data());
    assert_false(x509::verify_possession(request->csr).has_value());
    assert_false(x509::parse_csr(der).has_value());
}

// --- the template ---

void an_empty_template_is_read(void**) {
    const Buffer der = with_fields("");
    const auto request = x509::parse_cert_request(der);
    assert_ok(request);
    assert_hex(request->csr.subject.encoding, "3000");
    assert_true(request->csr.spki.encoding.empty());
    assert_true(request->issuer.empty() && request->wanted_algorithm.empty());
    assert_int_equal(request->not_before, 0);
    assert_int_equal(request->not_after, 0);
    assert_true(request->possession == x509::Possession::none);
    assert_error(Errc::bad_signature, x509::verify_possession(*request));
}

// RFC 4211 5: the CA's own fields.
void what_the_ca_decides_is_not_asked_for(void**) {
    assert_ok(x509::parse_cert_request(with_fields("800102")));
    for (const char* fields :
         {"800101", "80020002", "8000", "810105", "a20506032b6570", "87020080", "88020080"}) {
        const Buffer der = with_fields(fields);
        assert_error(Errc::malformed, x509::parse_cert_request(der));
        assert_reason(Reason::bad_cert_template, x509::parse_cert_request(der));
    }
}

void names_and_times_are_tagged_explicitly(void**) {
    const Buffer validity = with_fields(
        "a422 a00f170d3330303130313030303030305a a10f170d3331303130313030303030305a");
    const auto both = x509::parse_cert_request(validity);
    assert_ok(both);
    assert_text(pki::format_iso8601(both->not_before), "2030-01-01T00:00:00Z");
    assert_text(pki::format_iso8601(both->not_after), "2031-01-01T00:00:00Z");
    assert_ok(x509::parse_cert_request(with_fields("a400")));
    assert_ok(x509::parse_cert_request(with_fields("a502 3000")));
    for (const char* fields :
         {"a40f 800d3330303130313030303030305a", "a411 a10d170b333030313031303030305a", "a500",
          "a504 30003000", "a502 3100", "a302 0500", "a502 3000 a302 3000",
          "a411 a20f170d3330303130313030303030305a"})
        assert_error(Errc::malformed, x509::parse_cert_request(with_fields(fields)));
}

void a_key_may_be_asked_for(void**) {
    const Buffer der = with_fields("a618 3013 06072a8648ce3d0201 06082a8648ce3d030107 030100");
    const auto request = x509::parse_cert_request(der);
    assert_ok(request);
    assert_true(request->csr.spki.encoding.empty());
    assert_hex(request->wanted_algorithm, "301306072a8648ce3d020106082a8648ce3d030107");
    for (const char* fields :
         {"a617 3013 06072a8648ce3d0201 06082a8648ce3d030107 0300", "a602 0500", "a600",
          "a61a 3013 06072a8648ce3d0201 06082a8648ce3d030107 030100 0500"})
        assert_error(Errc::malformed, x509::parse_cert_request(with_fields(fields)));
}

void keys_are_those_of_a_pkcs10(void**) {
    const Buffer brainpool = unit::read_vector("spki/brainpool.der");
    const Buffer even = unit::read_vector("spki/rsa_exponent_even.der");
    const auto with_key = [](const Buffer& spki) {
        der::Writer w;
        w.primitive(der::constructed(6), der::only(spki, der::kSequence)->content);
        return message({.fields = std::move(w).take()});
    };
    assert_error(Errc::unsupported, x509::parse_cert_request(with_key(brainpool)));
    assert_error(Errc::weak_key, x509::parse_cert_request(with_key(even)));
}

void extensions_are_those_of_a_pkcs10(void**) {
    const Buffer usage = with_fields("a910 300e 0603551d0f 0101ff 0404 03020780");
    const auto request = x509::parse_cert_request(usage);
    assert_ok(request);
    assert_int_equal(request->csr.extensions.list.size(), 1);
    assert_true(request->csr.extensions.find(oid::kKeyUsage)->critical);
    assert_false(request->csr.san.has_value());
    assert_ok(x509::parse_cert_request(with_fields("a900")));
    // Twice the same, a SAN that is none, two tags.
    for (const char* fields :
         {"a914 3008 0603550101 040100 3008 0603550101 040100", "a909 3007 0603551d11 0400",
          "a90d 300b 0603551d11 0404 30028200", "a902 3000", "a900 a900", "b000"})
        assert_error(Errc::malformed, x509::parse_cert_request(with_fields(fields)));
}

// The offset of an error counts from the start of the whole, in a copy too.
void errors_count_from_the_start(void**) {
    const Buffer der =
        with_fields("a502 3000 a914 3008 0603550101 040100 3008 0603550101 040100");
    const auto request = x509::parse_cert_request(der);
    assert_error(Errc::malformed, request);
    assert_text(request.error().detail, "2.5.1.1");
    assert_hex(Bytes(der).subspan(request.error().offset, 2), "3008");
    assert_int_equal(request.error().offset, der.size() - 10);
}

// --- certReqId, controls, regInfo ---

void ids_are_not_negative(void**) {
    const auto with_id = [](std::string_view id) { return message({.id = hex(id)}); };
    const Buffer largest = with_id("02047fffffff");
    assert_int_equal(x509::parse_cert_request(largest)->id, 0x7fffffff);
    for (const char* id : {"0201ff", "0205 0080000000", "02020001", "0200", "0a0100"})
        assert_error(Errc::malformed, x509::parse_cert_request(with_id(id)));
}

void controls_are_read(void**) {
    Parts parts;
    pki::append(parts.controls, control(oid::kRegToken, "0c03616263"));
    pki::append(parts.controls, control(oid::kRegAuthenticator, "0c0178"));
    pki::append(parts.controls, control(oid::kRegRsaKeyLen, "02020c00"));
    pki::append(parts.controls, control(oid::kRegAlgId, "300d 06092a864886f70d010101 0500"));
    pki::append(parts.controls, control(oid::kServerAuth, "3003020101"));
    const Buffer der = message(parts);
    const auto request = x509::parse_cert_request(der);
    assert_ok(request);
    assert_text(as_text(*request->reg_token), "abc");
    assert_text(as_text(*request->authenticator), "x");
    assert_int_equal(request->wanted_rsa_bits, 3072);
    assert_hex(request->wanted_algorithm, "300d06092a864886f70d0101010500");
    assert_int_equal(request->controls.size(), 5);
    assert_true(pki::equal(request->controls[4], oid::kServerAuth));
}

void controls_that_are_wrong_are_refused(void**) {
    const auto with = [](Buffer controls) {
        return message({.controls = std::move(controls)});
    };
    Buffer twice = control(oid::kServerAuth, "0500");
    pki::append(twice, control(oid::kServerAuth, "020100"));
    assert_error(Errc::malformed, x509::parse_cert_request(with(twice)));
    for (const char* value : {"1303616263", "0c03616263 0500", ""})
        assert_error(Errc::malformed,
                     x509::parse_cert_request(with(control(oid::kRegToken, value))));
    for (const char* value : {"020180", "0209 0100000000 00000000", "0500"})
        assert_error(Errc::malformed,
                     x509::parse_cert_request(with(control(oid::kRegRsaKeyLen, value))));
    assert_error(Errc::malformed,
                 x509::parse_cert_request(with(control(oid::kRegAlgId, "3000"))));
    // An empty SEQUENCE of them.
    assert_error(Errc::malformed, x509::parse_cert_request(hex("3009 3007 020100 3000 3000")));
}

void one_algorithm_is_asked_for(void**) {
    Parts parts;
    parts.fields = hex("a60a 3005 06032b6570 030100");
    parts.controls = control(oid::kRegAlgId, "3005 06032b6570");
    assert_ok(x509::parse_cert_request(message(parts)));
    parts.controls = control(oid::kRegAlgId, "3005 06032b6571");
    assert_error(Errc::malformed, x509::parse_cert_request(message(parts)));
}

void the_old_certificate_has_a_serial_number(void**) {
    const auto with_id = [](std::string_view id) {
        return message({.controls = control(oid::kRegOldCertId, id)});
    };
    const Buffer other_name = with_id("3006 8201 61 020105");
    const auto request = x509::parse_cert_request(other_name);
    assert_ok(request);
    assert_true(request->old_cert_id->issuer.empty());
    assert_hex(request->old_cert_id->serial, "05");
    for (const char* id :
         {"3007 a402 3000 020100", "3007 a402 3000 0201ff", "3008 a402 3000 02020005",
          "3006 a402 3000 0200",
          "301c a402 3000 0216 0080000000000000000000000000000000000000000000"})
        assert_reason(Reason::bad_cert_id, x509::parse_cert_request(with_id(id)));
    for (const char* id : {"3000", "3003 020105", "3004 a402 3000", "3007 a400 020105 0500",
                           "3009 a404 3000 3000 020105", "3009 a402 3000 020105 0500"})
        assert_error(Errc::malformed, x509::parse_cert_request(with_id(id)));
}

void controls_and_information_are_bounded(void**) {
    Parts parts;
    for (std::uint8_t i = 0; i < limits::kCmpControls; i++)
        pki::append(parts.controls, control(Bytes(&i, 1), "0500"));
    assert_ok(x509::parse_cert_request(message(parts)));
    Parts more = parts;
    const std::uint8_t last = limits::kCmpControls;
    pki::append(more.controls, control(Bytes(&last, 1), "0500"));
    assert_error(Errc::malformed, x509::parse_cert_request(message(more)));
    parts.behind = hex("3007 3005 06012a 0500");
    assert_error(Errc::malformed, x509::parse_cert_request(message(parts)));
    parts.controls.clear();
    assert_ok(x509::parse_cert_request(message(parts)));
    for (const char* info : {"3005 3003 06012a", "3009 3007 06012a 0500 0500", "0500"})
        assert_error(Errc::malformed, x509::parse_cert_request(message({.behind = hex(info)})));
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

// --- several requests, bounds ---

void the_number_of_requests_is_bounded(void**) {
    const Buffer one = with_fields("");
    const Buffer two = x509::build_cert_requests({one, one});
    assert_int_equal(x509::parse_cert_requests(two, 2)->size(), 2);
    assert_error(Errc::malformed, x509::parse_cert_requests(two, 1));
    assert_error(Errc::malformed, x509::parse_cert_requests(hex("3000"), 1));
    Buffer behind = x509::build_cert_requests({one});
    behind.push_back(0);
    assert_error(Errc::malformed, x509::parse_cert_requests(behind, 1));
}

void large_and_truncated_requests_are_refused(void**) {
    const Buffer large(limits::kCsr + 1, 0x30);
    assert_error(Errc::malformed, x509::parse_cert_request(large));
    assert_error(Errc::malformed, x509::parse_cert_template(large));
    const Buffer der = request_of("kur");
    for (std::size_t size = 0; size < der.size(); size++) {
        const auto request = x509::parse_cert_request(Bytes(der).first(size));
        assert_false(request.has_value());
        assert_true(request.error().offset <= size);
    }
}

// --- templates that describe a certificate ---

void a_template_may_describe_a_certificate(void**) {
    const Buffer der =
        hex("3023 800102 81020080 a20506032b6570 a30f 300d 310b 3009 0603550403 0c0261 62"
            "87020080");
    const auto described = x509::parse_cert_template(der);
    assert_ok(described);
    assert_hex(described->serial, "0080");
    assert_hex(described->issuer, "300d310b300906035504030c026162");
    assert_hex(described->csr.subject.encoding, "3000");
    for (const char* serial : {"3003 810100", "3003 810180", "3004 81020001", "3002 8100"})
        assert_reason(Reason::bad_cert_id, x509::parse_cert_template(hex(serial)));
}

// --- what we write ---

void what_is_built_is_read(void**) {
    const Buffer subject = name_of("CN=device");
    const Buffer extensions = hex("3010 300e 0603551d0f 0101ff 0404 03020780");
    const Buffer issuer = name_of("CN=CA");
    const Buffer serial = hex("0080");
    const x509::CertId old{issuer, serial};
    for (const char* spec : {"rsa:2048", "ec:P-384", "ed25519", "ed448"}) {
        const auto key = ossl::generate_key(spec);
        assert_ok(key);
        const Buffer spki = *ossl::public_key_der(key->get());
        const auto der = x509::build_cert_request({.id = 7,
                                                   .subject = subject,
                                                   .public_key = spki,
                                                   .extensions = extensions,
                                                   .old_cert_id = &old,
                                                   .key = key->get()});
        assert_ok(der);
        const auto request = x509::parse_cert_request(*der);
        assert_ok(request);
        assert_ok(x509::verify_possession(*request));
        assert_int_equal(request->id, 7);
        assert_hex(request->csr.subject.encoding, pki::hex_encode(subject));
        assert_hex(request->csr.spki.encoding, pki::hex_encode(spki));
        assert_hex(request->extensions_der, pki::hex_encode(extensions));
        assert_hex(request->old_cert_id->issuer, pki::hex_encode(issuer));
        assert_hex(request->old_cert_id->serial, "0080");
    }
}

void a_wish_for_a_key_is_built(void**) {
    const Buffer subject = name_of("CN=device");
    const Buffer algorithm = hex("3005 06032b6570");
    const auto der = x509::build_cert_request({.subject = subject, .algorithm = algorithm});
    assert_ok(der);
    const auto request = x509::parse_cert_request(*der);
    assert_ok(request);
    assert_hex(request->wanted_algorithm, "300506032b6570");
    assert_true(request->possession == x509::Possession::none);
    const auto verified = x509::build_cert_request({.subject = subject, .ra_verified = true});
    assert_ok(verified);
    assert_true(x509::parse_cert_request(*verified)->possession ==
                x509::Possession::ra_verified);
}

void openssl_verifies_what_is_built(void**) {
    const Buffer subject = name_of("CN=device");
    const auto key = ossl::generate_key("ec:P-256");
    const Buffer spki = *ossl::public_key_der(key->get());
    const auto der =
        x509::build_cert_request({.subject = subject, .public_key = spki, .key = key->get()});
    assert_ok(der);
    const Buffer messages = x509::build_cert_requests({*der});
    const unsigned char* in = messages.data();
    OSSL_CRMF_MSGS* theirs =
        d2i_OSSL_CRMF_MSGS(nullptr, &in, static_cast<long>(messages.size()));
    assert_non_null(theirs);
    assert_int_equal(OSSL_CRMF_MSGS_verify_popo(theirs, 0, 0, nullptr, nullptr), 1);
    sk_OSSL_CRMF_MSG_pop_free(theirs, OSSL_CRMF_MSG_free);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(requests_of_openssl_are_read),
        cmocka_unit_test(openssl_sees_the_same_fields),
        cmocka_unit_test(other_proofs_of_openssl_prove_nothing_to_us),
        cmocka_unit_test(an_update_names_the_old_certificate),
        cmocka_unit_test(a_moved_request_still_sees_its_key),
        cmocka_unit_test(it_is_no_pkcs10),
        cmocka_unit_test(an_empty_template_is_read),
        cmocka_unit_test(what_the_ca_decides_is_not_asked_for),
        cmocka_unit_test(names_and_times_are_tagged_explicitly),
        cmocka_unit_test(a_key_may_be_asked_for),
        cmocka_unit_test(keys_are_those_of_a_pkcs10),
        cmocka_unit_test(extensions_are_those_of_a_pkcs10),
        cmocka_unit_test(errors_count_from_the_start),
        cmocka_unit_test(ids_are_not_negative),
        cmocka_unit_test(controls_are_read),
        cmocka_unit_test(controls_that_are_wrong_are_refused),
        cmocka_unit_test(one_algorithm_is_asked_for),
        cmocka_unit_test(the_old_certificate_has_a_serial_number),
        cmocka_unit_test(controls_and_information_are_bounded),
        cmocka_unit_test(proofs_have_their_form),
        cmocka_unit_test(an_input_repeats_the_template),
        cmocka_unit_test(an_input_with_a_mac_proves_nothing),
        cmocka_unit_test(openssl_verifies_an_input_too),
        cmocka_unit_test(a_changed_request_is_not_proven),
        cmocka_unit_test(algorithms_that_we_do_not_have_are_said_so),
        cmocka_unit_test(the_number_of_requests_is_bounded),
        cmocka_unit_test(large_and_truncated_requests_are_refused),
        cmocka_unit_test(a_template_may_describe_a_certificate),
        cmocka_unit_test(what_is_built_is_read),
        cmocka_unit_test(a_wish_for_a_key_is_built),
        cmocka_unit_test(openssl_verifies_what_is_built),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
