#include "libpki/cms/key_package.h"

#include <openssl/cms.h>
#include <openssl/err.h>

#include "libpki/base/der_writer.h"
#include "libpki/base/limits.h"
#include "libpki/cms/algorithm.h"
#include "libpki/cms/content_info.h"
#include "libpki/cms/signed_data.h"
#include "libpki/ossl/key_wrap.h"
#include "libpki/ossl/pbkdf2.h"
#include "libpki/x509/oids.h"
#include "t/unit/cms_fixture.h"
#include "t/unit/test_ca.h"
#include "t/unit/unit.h"

namespace {

using pki::as_bytes;
using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::Secret;
using pki::ossl::Cipher;
using pki::ossl::Hash;
using unit::CmsParty;
using unit::hex;
using unit::TestCa;
namespace cms = pki::cms;
namespace der = pki::der;
namespace oid = pki::x509::oid;
namespace ossl = pki::ossl;

using Kind = cms::Recipient::Kind;
using MessagePtr = std::unique_ptr<CMS_ContentInfo, ossl::Deleter<CMS_ContentInfo_free>>;

const TestCa& generator() {
    static const TestCa made = unit::make_ca({"CN=KGA", "ec:P-256", false});
    return made;
}

cms::KeyGenerator signs_with(const TestCa& ca) { return {ca.key.get(), ca.certificate, {}}; }

Secret fresh_key(const char* spec = "ec:P-256") {
    return *ossl::write_private_key_der(ossl::generate_key(spec)->get());
}

Buffer with_content_info(Bytes enveloped_data) {
    der::Writer w(enveloped_data.size() + 64);
    w.sequence([&] {
        w.oid(oid::kEnvelopedData);
        w.tlv(der::constructed(0), [&] { w.raw(enveloped_data); });
    });
    return std::move(w).take();
}

MessagePtr read_by_openssl(Bytes content_info) {
    const unsigned char* in = content_info.data();
    MessagePtr theirs(
        d2i_CMS_ContentInfo(nullptr, &in, static_cast<long>(content_info.size())));
    assert_non_null(theirs.get());
    return theirs;
}

Buffer contents(BIO* memory) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    return pki::to_buffer(as_bytes({data, static_cast<std::size_t>(size)}));
}

// What OpenSSL decrypts: the SignedData, around which its functions want a ContentInfo.
Buffer opened_by_openssl(Bytes sealed, const TestCa* party, std::string password) {
    const MessagePtr theirs = read_by_openssl(with_content_info(sealed));
    ossl::X509Ptr certificate;
    if (party != nullptr) {
        const unsigned char* in = party->certificate.data();
        certificate.reset(d2i_X509(nullptr, &in, static_cast<long>(party->certificate.size())));
    } else {
        CMS_decrypt_set1_password(theirs.get(),
                                  reinterpret_cast<unsigned char*>(password.data()),
                                  static_cast<ossl_ssize_t>(password.size()));
    }
    const ossl::BioPtr out(BIO_new(BIO_s_mem()));
    const int done = CMS_decrypt(theirs.get(), party ? party->key.get() : nullptr,
                                 certificate.get(), nullptr, out.get(), CMS_BINARY);
    if (done != 1) ERR_print_errors_fp(stderr);
    assert_int_equal(done, 1);
    return contents(out.get());
}

// OpenSSL finds the package in the SignedData, and the signature good.
Buffer package_by_openssl(Bytes signed_data) {
    der::Writer w(signed_data.size() + 64);
    w.sequence([&] {
        w.oid(oid::kSignedData);
        w.tlv(der::constructed(0), [&] { w.raw(signed_data); });
    });
    const MessagePtr theirs = read_by_openssl(w.view());
    const ossl::BioPtr out(BIO_new(BIO_s_mem()));
    const int done = CMS_verify(theirs.get(), nullptr, nullptr, nullptr, out.get(),
                                CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY);
    if (done != 1) ERR_print_errors_fp(stderr);
    assert_int_equal(done, 1);
    return contents(out.get());
}

Buffer package_of(Bytes key) {
    der::Writer w;
    w.sequence([&] { w.raw(key); });
    return std::move(w).take();
}

void arrives_at(const TestCa& party, Kind kind, std::size_t key_identifier) {
    const Secret key = fresh_key();
    const auto sealed =
        cms::seal_private_key(key.view(), signs_with(generator()), {party.certificate, {}});
    assert_ok(sealed);
    const auto data = *cms::parse_bare_enveloped_data(*sealed, {true, true});
    assert_int_equal(data.recipients.size(), 1);
    assert_true(data.recipients[0].kind == kind);
    assert_int_equal(data.recipients[0].id.key_identifier.size(), key_identifier);
    const auto opened =
        cms::open_private_key(*sealed, {party.certificate, party.key.get(), {}});
    assert_ok(opened);
    assert_true(opened->private_key.equals(key.view()));
    assert_true(pki::equal(opened->signer, generator().certificate));
    assert_true(pki::equal(package_by_openssl(opened_by_openssl(*sealed, &party, {})),
                           package_of(key.view())));
    assert_int_equal(ERR_peek_error(), 0);
}

void keys_arrive_at_certificates(void**) {
    for (const char* spec : {"ec:P-256", "ec:P-384", "ec:P-521"})
        arrives_at(unit::make_ca({"CN=EC", spec, false}), Kind::agreement, 4);
    arrives_at(unit::make_ca({"CN=RSA", "rsa:2048", false}), Kind::rsa, 4);
}

// Without a SubjectKeyIdentifier issuer and serial number name the certificate.
void certificates_without_an_identifier_are_named(void**) {
    arrives_at(unit::make_old_root("CN=Old"), Kind::agreement, 0);
}

void keys_arrive_with_a_password(void**) {
    const Secret key = fresh_key("rsa:2048");
    const auto sealed =
        cms::seal_private_key(key.view(), signs_with(generator()), {{}, as_bytes("secret")});
    assert_ok(sealed);
    const auto opened = cms::open_private_key(*sealed, {{}, nullptr, as_bytes("secret")});
    assert_ok(opened);
    assert_true(opened->private_key.equals(key.view()));
    assert_true(pki::equal(package_by_openssl(opened_by_openssl(*sealed, nullptr, "secret")),
                           package_of(key.view())));
    assert_error(Errc::bad_signature,
                 cms::open_private_key(*sealed, {{}, nullptr, as_bytes("Secret")}));
}

// By a name of our own: as a request of EST has it (RFC 7030 4.4.2).
void keys_arrive_at_keys_without_certificate(void**) {
    const Buffer name = hex("0a0b0c");
    for (const char* spec : {"rsa:2048", "ec:P-384"}) {
        const auto own = *ossl::generate_key(spec);
        const Buffer encoding = *ossl::public_key_der(own.get());
        const auto spki = *pki::x509::parse_spki(encoding);
        const Secret key = fresh_key();
        const auto sealed = cms::seal_key_message(
            key.view(), signs_with(generator()),
            {.certificate = {}, .password = {}, .key = &spki, .key_identifier = name},
            {Cipher::aes128, Cipher::aes256, {}});
        assert_ok(sealed);
        cms::KeyOpener opener{{}, own.get(), {}, {}, name};
        const auto opened = cms::open_key_message(*sealed, opener);
        assert_ok(opened);
        assert_true(opened->private_key.equals(key.view()));
        opener.key_identifier = generator().certificate;
        assert_error(Errc::not_found, cms::open_key_message(*sealed, opener));
        const MessagePtr theirs = read_by_openssl(*sealed);
        const ossl::BioPtr out(BIO_new(BIO_s_mem()));
        assert_int_equal(
            CMS_decrypt(theirs.get(), own.get(), nullptr, nullptr, out.get(), CMS_BINARY), 1);
        assert_true(
            pki::equal(package_by_openssl(contents(out.get())), package_of(key.view())));
    }
    assert_int_equal(ERR_peek_error(), 0);
}

Buffer decrypted_with_kek(Bytes sealed, Buffer kek, Buffer name) {
    const MessagePtr theirs = read_by_openssl(sealed);
    const ossl::BioPtr out(BIO_new(BIO_s_mem()));
    assert_int_equal(
        CMS_decrypt_set1_key(theirs.get(), kek.data(), kek.size(), name.data(), name.size()),
        1);
    assert_int_equal(
        CMS_decrypt(theirs.get(), nullptr, nullptr, nullptr, out.get(), CMS_BINARY), 1);
    return contents(out.get());
}

void keys_arrive_with_a_key_of_aes(void**) {
    const Buffer name = hex("0102030405");
    for (const std::size_t size : {16, 24, 32}) {
        const Buffer kek(size, 7);
        const Secret key = fresh_key();
        const cms::KeyRecipient recipient{{}, {}, nullptr, kek, name};
        const auto sealed =
            cms::seal_key_message(key.view(), signs_with(generator()), recipient);
        assert_ok(sealed);
        const auto opened = cms::open_key_message(*sealed, {{}, nullptr, {}, kek, name});
        assert_ok(opened);
        assert_true(opened->private_key.equals(key.view()));
        assert_true(pki::equal(package_by_openssl(decrypted_with_kek(*sealed, kek, name)),
                               package_of(key.view())));
        assert_error(Errc::not_found,
                     cms::open_key_message(*sealed, {{}, nullptr, {}, kek, hex("01")}));
        assert_error(Errc::bad_signature,
                     cms::open_key_message(*sealed, {{}, nullptr, {}, Buffer(size, 8), name}));
        // Where nobody asks for it, it is a kind that is passed over.
        assert_true(cms::parse_enveloped_data(*sealed)->recipients.at(0).kind ==
                    Kind::unsupported);
    }
    const Buffer odd(20, 7);
    assert_error(Errc::unsupported,
                 cms::seal_key_message(fresh_key().view(), signs_with(generator()),
                                       {{}, {}, nullptr, odd, name}));
    assert_int_equal(ERR_peek_error(), 0);
}

void every_kind_of_key_is_delivered_and_signs(void**) {
    const TestCa party = unit::make_ca({"CN=EC", "ec:P-256", false});
    for (const char* spec : {"rsa:2048", "ec:P-384", "ed25519", "ed448"}) {
        const Secret key = fresh_key(spec);
        const auto sealed =
            cms::seal_private_key(key.view(), signs_with(generator()), {party.certificate, {}});
        assert_ok(sealed);
        const auto opened =
            cms::open_private_key(*sealed, {party.certificate, party.key.get(), {}});
        assert_ok(opened);
        assert_true(opened->private_key.equals(key.view()));
        assert_ok(ossl::read_private_key_der(opened->private_key.view()));
    }
    for (const char* spec : {"rsa:2048", "ec:P-384", "ed25519"}) {
        const TestCa signer = unit::make_ca({"CN=KGA", spec, false});
        const Secret key = fresh_key();
        const auto sealed =
            cms::seal_private_key(key.view(), signs_with(signer), {party.certificate, {}});
        assert_ok(sealed);
        const auto opened =
            cms::open_private_key(*sealed, {party.certificate, party.key.get(), {}});
        assert_ok(opened);
        assert_true(pki::equal(opened->signer, signer.certificate));
    }
}

void chain_goes_along(void**) {
    const TestCa root = unit::make_ca({"CN=Root"});
    const TestCa signer = unit::make_ca({"CN=KGA", "ec:P-256", false}, &root);
    const Secret key = fresh_key();
    const auto sealed = cms::seal_private_key(
        key.view(), {signer.key.get(), signer.certificate, {root.certificate}},
        {{}, as_bytes("secret")});
    const auto opened = cms::open_private_key(*sealed, {{}, nullptr, as_bytes("secret")});
    assert_ok(opened);
    assert_int_equal(opened->certificates.size(), 2);
    assert_true(pki::equal(opened->certificates[1], root.certificate));
}

void recipients_without_encryption_are_refused(void**) {
    const TestCa ed25519 = unit::make_ca({"CN=Ed", "ed25519", false});
    const Secret key = fresh_key();
    const auto generated_by = signs_with(generator());
    assert_error(Errc::unsupported,
                 cms::seal_private_key(key.view(), generated_by, {ed25519.certificate, {}}));
    assert_error(Errc::unsupported, cms::seal_private_key(key.view(), generated_by, {}));
    assert_error(Errc::malformed, cms::seal_private_key(as_bytes("key"), generated_by,
                                                        {{}, as_bytes("secret")}));
    assert_int_equal(ERR_peek_error(), 0);
}

void nobody_else_opens_it(void**) {
    const TestCa party = unit::make_ca({"CN=EC", "ec:P-256", false});
    const TestCa other =
        unit::make_ca({.name = "CN=Other", .ca = false, .key_identifier = {5, 6, 7, 8}});
    const TestCa p384 = unit::make_ca({"CN=P", "ec:P-384", false});
    const TestCa rsa = unit::make_ca({"CN=RSA", "rsa:2048", false});
    const Secret key = fresh_key();
    const auto sealed =
        cms::seal_private_key(key.view(), signs_with(generator()), {party.certificate, {}});
    assert_error(Errc::not_found,
                 cms::open_private_key(*sealed, {other.certificate, other.key.get(), {}}));
    for (const TestCa* wrong : {&other, &p384, &rsa})
        assert_error(Errc::bad_signature,
                     cms::open_private_key(*sealed, {party.certificate, wrong->key.get(), {}}));
    assert_error(Errc::not_found,
                 cms::open_private_key(*sealed, {{}, nullptr, as_bytes("secret")}));
    assert_int_equal(ERR_peek_error(), 0);
}

// No octet can be changed without being noticed, except in what only the reader's own form
// decides (parameters and versions).
void changes_are_noticed(void**) {
    const TestCa party = unit::make_ca({"CN=EC", "ec:P-256", false});
    const Secret key = fresh_key();
    const Buffer sealed =
        *cms::seal_private_key(key.view(), signs_with(generator()), {party.certificate, {}});
    for (std::size_t i = 0; i < sealed.size(); i++) {
        Buffer changed = sealed;
        changed[i] ^= 0x40;
        const auto opened =
            cms::open_private_key(changed, {party.certificate, party.key.get(), {}});
        if (opened) assert_true(opened->private_key.equals(key.view()));
        assert_int_equal(ERR_peek_error(), 0);
    }
}

// An envelope around what its maker likes.
Buffer sealed_content(Bytes content, Bytes type) {
    cms::SealingSpec spec;
    spec.content = content;
    spec.content_type = type;
    spec.password = as_bytes("secret");
    return *cms::build_bare_enveloped_data(spec);
}

Secret signed_content(Bytes content, Bytes type, bool with_certificate = true) {
    cms::SigningSpec spec;
    spec.key = generator().key.get();
    spec.certificate = generator().certificate;
    spec.content_type = type;
    spec.content = content;
    if (with_certificate) spec.certificates = {spec.certificate};
    return *cms::build_bare_signed_data(spec);
}

void other_contents_are_refused(void**) {
    const cms::KeyOpener opener{{}, nullptr, as_bytes("secret")};
    const Secret key = fresh_key();
    const Buffer one = package_of(key.view());
    Buffer two = pki::to_buffer(key.view());
    pki::append(two, key.view());
    const auto open = [&](Bytes package, Bytes type) {
        const Secret message = signed_content(package, type);
        return cms::open_private_key(sealed_content(message.view(), oid::kSignedData), opener);
    };
    assert_ok(open(one, oid::kKeyPackage));
    assert_error(Errc::unsupported, open(one, oid::kData));
    assert_error(Errc::malformed, open(package_of(two), oid::kKeyPackage));
    assert_error(Errc::malformed, open(package_of({}), oid::kKeyPackage));
    assert_error(Errc::malformed, open(as_bytes("key"), oid::kKeyPackage));
    const Secret message = signed_content(one, oid::kKeyPackage);
    assert_error(Errc::unsupported,
                 cms::open_private_key(sealed_content(message.view(), oid::kData), opener));
    const Secret nameless = signed_content(one, oid::kKeyPackage, false);
    assert_error(
        Errc::not_found,
        cms::open_private_key(sealed_content(nameless.view(), oid::kSignedData), opener));
    Buffer forged = pki::to_buffer(message.view());
    forged.back() ^= 1;
    assert_error(Errc::bad_signature,
                 cms::open_private_key(sealed_content(forged, oid::kSignedData), opener));
}

// EnvelopedData with this RecipientInfo, for AES-128.
template <class Recipient>
Buffer envelope(Recipient&& recipient, Bytes encrypted) {
    der::Writer w;
    w.sequence([&] {
        w.integer(2);
        w.set([&] { recipient(w); });
        w.sequence([&] {
            w.oid(oid::kData);
            cms::write_cipher(w, Cipher::aes128, Buffer(16, 9));
            w.primitive(der::context(0), encrypted);
        });
    });
    return std::move(w).take();
}

pki::Result<Kind> kek_kind(const std::string& fields) {
    const Buffer message = envelope(
        [&](der::Writer& w) { w.tlv(der::constructed(2), [&] { w.raw(hex(fields)); }); },
        Buffer(16, 1));
    PKI_TRY(const auto data, cms::parse_bare_enveloped_data(message, {true, true, true}));
    return data.recipients.at(0).kind;
}

void key_encryption_keys_are_read(void**) {
    const std::string wrap = "300b 0609 608648016503040105 ", key = "0401 07";
    for (const std::string id :
         {"3003 0401 05 ", "3014 0401 05 180f 32303330303130313030303030305a ",
          "300a 0401 05 3005 0603 2a0301 "})
        assert_true(*kek_kind("020104 " + id + wrap + key) == Kind::key_encryption_key);
    assert_true(*kek_kind("020103 3003 0401 05" + wrap + key) == Kind::unsupported);
    assert_true(*kek_kind("020104 3003 0401 05 3005 0603 2a0301" + key) == Kind::unsupported);
    for (const std::string& bad : {"020104 3003 0401 05 " + wrap, "020104 3000 " + wrap + key,
                                  "020104 3005 0401 05 0500" + wrap + key,
                                  "020104 3003 0401 05 " + wrap + key + "0500"})
        assert_error(Errc::malformed, kek_kind(bad));
}

void write_password_recipient(der::Writer& w, Bytes wrapped) {
    w.tlv(der::constructed(3), [&] {
        w.integer(0);
        w.tlv(der::constructed(0), [&] {
            w.oid(oid::kPbkdf2);
            w.sequence([&] {
                w.octet_string(as_bytes("saltsalt"));
                w.integer(100);
                cms::write_hmac(w, Hash::sha256);
            });
        });
        cms::write_key_wrap(w, Cipher::aes256);
        w.octet_string(wrapped);
    });
}

Buffer password_wrap() {
    const Buffer key(16, 7), iv(16, 9);
    const Secret kek =
        *ossl::pbkdf2(Hash::sha256, as_bytes("secret"), as_bytes("saltsalt"), 100, 32);
    const Buffer wrapped = *ossl::wrap_key(Cipher::aes256, kek.view(), key);
    const Buffer encrypted =
        *ossl::encrypt_cbc(Cipher::aes128, key, iv, as_bytes(unit::cms_content()));
    return envelope([&](der::Writer& w) { write_password_recipient(w, wrapped); }, encrypted);
}

// RFC 9481 4.3 has AES key wrap for passwords, which some may write: read where it is wanted.
void passwords_with_aes_key_wrap_are_read(void**) {
    const Buffer sealed = password_wrap();
    assert_true(cms::parse_bare_enveloped_data(sealed, {})->recipients.at(0).kind ==
                Kind::unsupported);
    const auto data = cms::parse_bare_enveloped_data(sealed, {false, true});
    assert_true(data->recipients.at(0).kind == Kind::password);
    std::vector<Secret> passwords;
    passwords.emplace_back(as_bytes("secret"));
    const auto opened = cms::open_enveloped_data(*data, {}, passwords);
    assert_ok(opened);
    assert_text(pki::as_text(opened->content.view()), unit::cms_content());
    passwords[0] = Secret(as_bytes("Secret"));
    assert_error(Errc::bad_signature, cms::open_enveloped_data(*data, {}, passwords));
}

// What OpenSSL seals with key agreement, where SCEP (which does not ask for it) has none.
Buffer sealed_by_openssl(const CmsParty& party, const EVP_MD* hash, const EVP_CIPHER* cipher) {
    const unsigned char* in = party.certificate.data();
    const ossl::X509Ptr certificate(
        d2i_X509(nullptr, &in, static_cast<long>(party.certificate.size())));
    const std::string text = unit::cms_content();
    const ossl::BioPtr input(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    constexpr unsigned flags = CMS_BINARY | CMS_PARTIAL;
    const MessagePtr message(CMS_encrypt(nullptr, input.get(), cipher, flags));
    CMS_RecipientInfo* const recipient =
        CMS_add1_recipient_cert(message.get(), certificate.get(), CMS_KEY_PARAM | flags);
    EVP_PKEY_CTX_set_ecdh_kdf_md(CMS_RecipientInfo_get0_pkey_ctx(recipient), hash);
    assert_int_equal(CMS_final(message.get(), input.get(), nullptr, CMS_BINARY), 1);
    unsigned char* out = nullptr;
    const int size = i2d_CMS_ContentInfo(message.get(), &out);
    Buffer encoding(out, out + size);
    OPENSSL_free(out);
    return encoding;
}

void key_agreement_of_openssl_is_opened(void**) {
    const EVP_CIPHER* const ciphers[] = {EVP_aes_128_cbc(), EVP_aes_192_cbc(),
                                         EVP_aes_256_cbc()};
    const EVP_MD* const hashes[] = {EVP_sha256(), EVP_sha384(), EVP_sha512()};
    int turn = 0;
    for (const char* name : {"p256", "p384", "p521"}) {
        const CmsParty party(name);
        for (const EVP_MD* hash : hashes) {
            const Buffer message = sealed_by_openssl(party, hash, ciphers[turn++ % 3]);
            assert_true(cms::parse_enveloped_data(message)->recipients.at(0).kind ==
                        Kind::unsupported);
            const auto data =
                cms::parse_bare_enveloped_data(cms::bare_content(message), {true, false});
            assert_ok(data);
            const cms::RecipientKey keys[] = {{party.certificate, party.key.get()}};
            const auto opened = cms::open_enveloped_data(*data, keys, {});
            assert_ok(opened);
            assert_text(pki::as_text(opened->content.view()), unit::cms_content());
        }
    }
    const CmsParty party("p256");
    const Buffer old = sealed_by_openssl(party, EVP_sha1(), EVP_aes_128_cbc());
    const auto data = cms::parse_bare_enveloped_data(cms::bare_content(old), {true, false});
    assert_true(data->recipients.at(0).kind == Kind::unsupported);
}

struct Agreed {
    std::string start = "020103 a011 a10f 3009 0607 2a8648ce3d0201 0302 0001";
    std::string ukm = "a103 0401 07";
    std::string scheme = "3015 0606 2b8104010b01 300b 0609 608648016503040105";
    std::string key = "300a 3005 3000 020105 0401 07";
    std::size_t keys = 1;
};

pki::Result<std::vector<Kind>> kinds(const Agreed& agreed) {
    const Buffer message = envelope(
        [&](der::Writer& w) {
            w.tlv(der::constructed(1), [&] {
                w.raw(hex(agreed.start + agreed.ukm + agreed.scheme));
                w.sequence([&] {
                    for (std::size_t i = 0; i < agreed.keys; i++) w.raw(hex(agreed.key));
                });
            });
        },
        Buffer(16, 1));
    PKI_TRY(const auto data, cms::parse_bare_enveloped_data(message, {true, false}));
    std::vector<Kind> found;
    for (const cms::Recipient& one : data.recipients) found.push_back(one.kind);
    return found;
}

// RecipientEncryptedKeys of one kari count as recipients do.
void agreed_recipients_are_bounded(void**) {
    const auto most = kinds({.keys = pki::limits::kRecipients});
    assert_ok(most);
    assert_int_equal(most->size(), pki::limits::kRecipients);
    assert_true(most->front() == Kind::agreement);
    assert_error(Errc::malformed, kinds({.keys = pki::limits::kRecipients + 1}));
    assert_error(Errc::malformed, kinds({.keys = 100}));
    assert_error(Errc::malformed, kinds({.keys = 0}));
}

void agreed_recipients_are_read(void**) {
    assert_true(kinds({.ukm = ""})->at(0) == Kind::agreement);
    // A key identifier with a date and other attributes.
    for (const char* key : {"3008 a003 0401 05 0401 07",
                            "3019 a014 0401 05 180f 32303330303130313030303030305a 0401 07",
                            "300f a00a 0401 05 3005 0603 2a0301 0401 07"})
        assert_true(kinds({.key = key})->at(0) == Kind::agreement);
    const std::string tail = " 3009 0607 2a8648ce3d0201 0302 0001";
    for (const Agreed& other :
         {Agreed{.start = "020102 a011 a10f" + tail},                    // version
          Agreed{.start = "020103 a007 3005 3000 020105"},               // a static key
          Agreed{.start = "020103 a00c a10a 3004 0602 2a03 0302 0001"},  // of another kind
          Agreed{.scheme = "3012 0603 2a0301 300b 0609 608648016503040105"},
          Agreed{.scheme = "300f 0606 2b8104010b01 3005 0603 2a0301"}})
        assert_true(kinds(other)->at(0) == Kind::unsupported);
    for (const Agreed& bad :
         {Agreed{.ukm = "a102 0500"}, Agreed{.key = "3007 a002 0400 0401 07"},
          Agreed{.key = "300c 3005 3000 020105 0401 07 0500"}, Agreed{.key = "0500"},
          Agreed{.start = "020103 a013 a111" + tail + "0500"},
          Agreed{.start = "020103 a013 a10f" + tail + "0500"},
          Agreed{.scheme = "3008 0606 2b8104010b01"},
          Agreed{.scheme = "3018 0606 2b8104010b01 300e 0609 608648016503040105 020101"}})
        assert_error(Errc::malformed, kinds(bad));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(keys_arrive_at_certificates),
        cmocka_unit_test(certificates_without_an_identifier_are_named),
        cmocka_unit_test(keys_arrive_with_a_password),
        cmocka_unit_test(keys_arrive_at_keys_without_certificate),
        cmocka_unit_test(keys_arrive_with_a_key_of_aes),
        cmocka_unit_test(key_encryption_keys_are_read),
        cmocka_unit_test(every_kind_of_key_is_delivered_and_signs),
        cmocka_unit_test(chain_goes_along),
        cmocka_unit_test(recipients_without_encryption_are_refused),
        cmocka_unit_test(nobody_else_opens_it),
        cmocka_unit_test(changes_are_noticed),
        cmocka_unit_test(other_contents_are_refused),
        cmocka_unit_test(passwords_with_aes_key_wrap_are_read),
        cmocka_unit_test(key_agreement_of_openssl_is_opened),
        cmocka_unit_test(agreed_recipients_are_bounded),
        cmocka_unit_test(agreed_recipients_are_read),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
