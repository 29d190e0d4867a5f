// Signatures and MACs: those of OpenSSL verify here, ours verify there, and nothing else does.
#include "libpki/cmp/protection.h"

#include <openssl/cmp.h>
#include <openssl/err.h>

#include <memory>

#include "libpki/cmp/status.h"
#include "t/unit/test_ca.h"
#include "t/unit/unit.h"

namespace {

using pki::as_bytes;
using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::Reason;
using pki::Secret;
using pki::ossl::Deleter;
using pki::ossl::Hash;
using pki::ossl::KeyType;
using unit::read_vector;
namespace cmp = pki::cmp;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

using cmp::BodyType;
using cmp::MacParameters;
using cmp::ProtectionKind;

using MsgPtr = std::unique_ptr<OSSL_CMP_MSG, Deleter<OSSL_CMP_MSG_free>>;
using CtxPtr = std::unique_ptr<OSSL_CMP_CTX, Deleter<OSSL_CMP_CTX_free>>;

constexpr std::string_view kSecret = "secret";
constexpr std::string_view kSalt = "salt of 16 bytes";

MacParameters mac_of(ProtectionKind kind, Hash hash = Hash::sha256, Hash mac = Hash::sha256) {
    return {kind, as_bytes(kSalt), 1000, hash, mac, kind == ProtectionKind::pbm ? 0u : 32u};
}

pki::Status verify_with_secret(const cmp::Message& message, std::string_view secret) {
    PKI_TRY(const cmp::Protection protection, cmp::parse_protection(message));
    PKI_CHECK(cmp::check_mac(protection.mac, {}));
    PKI_TRY(const Secret key, cmp::derive_mac_key(protection.mac, as_bytes(secret)));
    return cmp::verify_mac(message, protection.mac, key.view());
}

// By the first certificate that the message brings.
pki::Status verify_with_signer(const cmp::Message& message) {
    PKI_TRY(const cmp::Protection protection, cmp::parse_protection(message));
    PKI_TRY(const x509::Certificate signer, x509::parse_certificate(message.extra_certs.at(0)));
    return cmp::verify_signature(message, protection.scheme, signer.tbs.spki);
}

Buffer error_body() {
    return cmp::build_error(
        {{cmp::PkiStatus::rejection, "no", cmp::FailInfo::bad_alg}, {}, {}});
}

Buffer built(const cmp::Protector& protector, const std::vector<Bytes>& extra = {}) {
    static const std::vector<std::uint8_t> kId(16, 1), kNonce(16, 2);
    cmp::HeaderSpec header;
    header.transaction_id = kId;
    header.recip_nonce = kNonce;
    header.sender_nonce = kNonce;
    header.message_time = 1'800'000'000;
    const auto message =
        cmp::build_message(header, BodyType::error, error_body(), protector, extra);
    assert_ok(message);
    assert_int_equal(ERR_peek_error(), 0);
    return *message;
}

Buffer with_mac(const MacParameters& mac, std::string_view secret = kSecret) {
    const Secret key = *cmp::derive_mac_key(mac, as_bytes(secret));
    cmp::Protector protector;
    protector.mac = &mac;
    protector.mac_key = key.view();
    protector.reference = as_bytes("reference");
    return built(protector);
}

MsgPtr theirs(Bytes message) {
    const std::uint8_t* in = message.data();
    return MsgPtr(d2i_OSSL_CMP_MSG(nullptr, &in, static_cast<long>(message.size())));
}

bool openssl_accepts(Bytes message, std::string_view secret, X509* trusted) {
    const MsgPtr read = theirs(message);
    const CtxPtr context(OSSL_CMP_CTX_new(nullptr, nullptr));
    OSSL_CMP_CTX_set_log_verbosity(context.get(), 0);
    if (!secret.empty())
        OSSL_CMP_CTX_set1_secretValue(context.get(),
                                      reinterpret_cast<const unsigned char*>(secret.data()),
                                      static_cast<int>(secret.size()));
    if (trusted != nullptr) OSSL_CMP_CTX_set1_srvCert(context.get(), trusted);
    const bool valid = read && OSSL_CMP_validate_msg(context.get(), read.get()) == 1;
    ERR_clear_error();
    return valid;
}

ossl::X509Ptr x509_of(Bytes certificate) {
    const std::uint8_t* in = certificate.data();
    return ossl::X509Ptr(d2i_X509(nullptr, &in, static_cast<long>(certificate.size())));
}

void their_macs_verify(void**) {
    for (const char* name :
         {"pbm_ir", "pbm_ip", "pbm_certconf", "pbm_pkiconf", "pbm_implicit_ir",
          "pbm_implicit_ip", "pbm_genm", "pbm_genp", "pbm_sha512_cr", "pbm_sha512_certconf",
          "pbmac1_sha256_ir", "pbmac1_sha512_ir"}) {
        const Buffer der = read_vector(std::string("cmp/") + name + ".der");
        const auto message = cmp::parse_message(der);
        assert_ok(message);
        assert_ok(verify_with_secret(*message, kSecret));
        assert_text(pki::as_text(*message->header.sender_kid), "reference");
        assert_error(Errc::bad_signature, verify_with_secret(*message, "Secret"));
        assert_error(Errc::bad_signature, verify_with_secret(*message, ""));
    }
}

void what_openssl_does_by_default(void**) {
    const Buffer der = read_vector("cmp/pbm_ir.der");
    const auto message = *cmp::parse_message(der);
    const auto protection = cmp::parse_protection(message);
    assert_ok(protection);
    assert_int_equal(protection->kind, ProtectionKind::pbm);
    assert_int_equal(protection->mac.hash, Hash::sha256);
    assert_int_equal(protection->mac.mac, Hash::sha1);
    assert_int_equal(protection->mac.iterations, 500);
    assert_int_equal(protection->mac.salt.size(), 16);
}

void pbmac1_of_others(void**) {
    const Buffer der = read_vector("cmp/pbmac1_sha512_ir.der");
    const auto message = *cmp::parse_message(der);
    const auto protection = cmp::parse_protection(message);
    assert_ok(protection);
    assert_int_equal(protection->kind, ProtectionKind::pbmac1);
    assert_int_equal(protection->mac.hash, Hash::sha512);
    assert_int_equal(protection->mac.mac, Hash::sha512);
    assert_int_equal(protection->mac.key_length, 64);
    assert_text(pki::as_text(protection->mac.salt), kSalt);
}

void their_signatures_verify(void**) {
    for (const char* key : {"p256", "p384", "rsa"})
        for (const char* body : {"_cr", "_cp", "_certconf", "_pkiconf"}) {
            const Buffer der = read_vector(std::string("cmp/") + key + body + ".der");
            const auto message = cmp::parse_message(der);
            assert_ok(message);
            assert_ok(verify_with_signer(*message));
        }
}

// Every octet of what is protected, and of the protection.
void nothing_else_verifies(void**) {
    const Buffer signed_message = read_vector("cmp/p256_pkiconf.der");
    const Buffer mac_message = read_vector("cmp/pbm_pkiconf.der");
    for (std::size_t i = 0; i < mac_message.size(); i++) {
        Buffer changed = mac_message;
        changed[i] ^= 1;
        const auto message = cmp::parse_message(changed);
        if (message) assert_false(verify_with_secret(*message, kSecret).has_value());
    }
    const auto whole = *cmp::parse_message(signed_message);
    const std::size_t certificates =
        static_cast<std::size_t>(whole.extra_certs[0].data() - signed_message.data());
    for (std::size_t i = 0; i < certificates; i++) {
        Buffer changed = signed_message;
        changed[i] ^= 1;
        const auto message = cmp::parse_message(changed);
        if (message && !message->extra_certs.empty())
            assert_false(verify_with_signer(*message).has_value());
    }
    assert_int_equal(ERR_peek_error(), 0);
}

void openssl_verifies_our_macs(void**) {
    for (const Hash hash : {Hash::sha1, Hash::sha256, Hash::sha384, Hash::sha512})
        for (const Hash mac : {Hash::sha1, Hash::sha256, Hash::sha384, Hash::sha512}) {
            const Buffer message = with_mac(mac_of(ProtectionKind::pbm, hash, mac));
            assert_true(openssl_accepts(message, kSecret, nullptr));
            assert_false(openssl_accepts(message, "other", nullptr));
        }
}

void openssl_verifies_our_signatures(void**) {
    for (const char* key : {"rsa:2048", "ec:P-256", "ec:P-384", "ec:P-521"}) {
        const unit::TestCa signer = unit::make_ca(
            {.name = "CN=RA", .key = key, .ca = false, .key_usage = x509::kDigitalSignature});
        cmp::Protector protector;
        protector.key = signer.key.get();
        protector.certificate = signer.certificate;
        const Buffer message = built(protector);
        const ossl::X509Ptr certificate = x509_of(signer.certificate);
        assert_true(openssl_accepts(message, {}, certificate.get()));
        Buffer changed = message;
        changed[20] ^= 1;
        assert_false(openssl_accepts(changed, {}, certificate.get()));
    }
}

void our_macs_verify_here(void**) {
    for (const ProtectionKind kind : {ProtectionKind::pbm, ProtectionKind::pbmac1})
        for (const Hash hash : {Hash::sha1, Hash::sha256, Hash::sha384, Hash::sha512}) {
            const MacParameters mac = mac_of(kind, hash, hash);
            const Buffer der = with_mac(mac);
            const auto message = cmp::parse_message(der);
            assert_ok(message);
            const auto read = cmp::parse_protection(*message);
            assert_ok(read);
            assert_int_equal(read->kind, kind);
            assert_text(pki::as_text(read->mac.salt), kSalt);
            assert_int_equal(read->mac.iterations, 1000);
            assert_int_equal(read->mac.hash, hash);
            assert_int_equal(read->mac.mac, hash);
            assert_int_equal(read->mac.key_length, mac.key_length);
            assert_ok(verify_with_secret(*message, kSecret));
        }
}

void our_signatures_verify_here(void**) {
    for (const bool pss : {false, true})
        for (const char* key : {"rsa:2048", "ec:P-256", "ed25519", "ed448"}) {
            const unit::TestCa signer = unit::make_ca({.name = "CN=RA", .key = key});
            cmp::Protector protector;
            protector.key = signer.key.get();
            protector.certificate = signer.certificate;
            protector.pss = pss;
            const Buffer der = built(protector);
            const auto message = cmp::parse_message(der);
            assert_ok(message);
            assert_ok(verify_with_signer(*message));
            const auto protection = *cmp::parse_protection(*message);
            assert_true(protection.scheme.pss ==
                        (pss && protection.scheme.type == KeyType::rsa));
            assert_hex(*message->header.sender_kid, "01020304");
            assert_hex(cmp::directory_name(message->header.sender),
                       pki::hex_encode(signer.name));
        }
}

void the_certificates_of_a_message(void**) {
    const unit::TestCa root = unit::make_ca({.name = "CN=Root"});
    const unit::TestCa signer = unit::make_ca({.name = "CN=RA", .ca = false}, &root);
    const unit::TestCa other = unit::make_ca({.name = "CN=Other"});
    cmp::Protector protector;
    protector.key = signer.key.get();
    protector.certificate = signer.certificate;
    protector.chain = {root.certificate};
    const Buffer der = built(protector, {other.certificate, root.certificate});
    const auto message = *cmp::parse_message(der);
    assert_int_equal(message.extra_certs.size(), 3);
    assert_true(pki::equal(message.extra_certs[0], signer.certificate));
    assert_true(pki::equal(message.extra_certs[1], root.certificate));
    assert_true(pki::equal(message.extra_certs[2], other.certificate));
}

void without_protection(void**) {
    const Buffer der = built({});
    const auto message = *cmp::parse_message(der);
    assert_true(message.header.protection_algorithm.empty());
    assert_false(message.header.sender_kid.has_value());
    const auto protection = cmp::parse_protection(message);
    assert_ok(protection);
    assert_int_equal(protection->kind, ProtectionKind::none);
    // Whoever asks all the same gets no for an answer.
    assert_error(Errc::bad_signature,
                 cmp::verify_mac(message, mac_of(ProtectionKind::pbm), as_bytes("key")));
    const unit::TestCa signer = unit::make_ca({.name = "CN=RA"});
    const auto certificate = *x509::parse_certificate(signer.certificate);
    assert_error(Errc::bad_signature,
                 cmp::verify_signature(message, {KeyType::ec, Hash::sha256, false},
                                       certificate.tbs.spki));
}

// RFC 9810 5.1.1: both or neither.
void half_a_protection(void**) {
    const Buffer der = read_vector("cmp/pbm_ir.der");
    auto message = *cmp::parse_message(der);
    message.protection.reset();
    const auto no_bits = cmp::parse_protection(message);
    assert_error(Errc::bad_signature, no_bits);
    assert_int_equal(no_bits.error().reason, Reason::bad_message_check);
    message = *cmp::parse_message(der);
    message.header.protection_algorithm = {};
    const auto no_algorithm = cmp::parse_protection(message);
    assert_error(Errc::bad_signature, no_algorithm);
    assert_int_equal(no_algorithm.error().reason, Reason::bad_message_check);
}

void a_key_of_another_kind(void**) {
    const Buffer der = read_vector("cmp/p256_cr.der");
    const auto message = *cmp::parse_message(der);
    const unit::TestCa rsa = unit::make_ca({.name = "CN=RSA", .key = "rsa:2048"});
    const auto certificate = *x509::parse_certificate(rsa.certificate);
    const auto protection = *cmp::parse_protection(message);
    const auto verified =
        cmp::verify_signature(message, protection.scheme, certificate.tbs.spki);
    assert_error(Errc::unsupported, verified);
    assert_int_equal(cmp::fail_info(verified.error()), cmp::FailInfo::bad_message_check);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(their_macs_verify),
        cmocka_unit_test(what_openssl_does_by_default),
        cmocka_unit_test(pbmac1_of_others),
        cmocka_unit_test(their_signatures_verify),
        cmocka_unit_test(nothing_else_verifies),
        cmocka_unit_test(openssl_verifies_our_macs),
        cmocka_unit_test(openssl_verifies_our_signatures),
        cmocka_unit_test(our_macs_verify_here),
        cmocka_unit_test(our_signatures_verify_here),
        cmocka_unit_test(the_certificates_of_a_message),
        cmocka_unit_test(without_protection),
        cmocka_unit_test(half_a_protection),
        cmocka_unit_test(a_key_of_another_kind),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
