#include "libpki/cms/enveloped_data.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include <algorithm>

#include "libpki/base/der_writer.h"
#include "libpki/base/limits.h"
#include "libpki/cms/ber.h"
#include "libpki/x509/oids.h"
#include "t/unit/cms_fixture.h"
#include "t/unit/unit.h"

namespace {

using pki::as_bytes;
using pki::as_text;
using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::Secret;
using pki::ossl::Cipher;
using pki::ossl::Hash;
using pki::ossl::RsaPadding;
using unit::cms_content;
using unit::CmsParty;
using unit::hex;
using unit::read_vector;
namespace cms = pki::cms;
namespace der = pki::der;
namespace limits = pki::limits;
namespace oid = pki::x509::oid;
namespace ossl = pki::ossl;

using Kind = cms::Recipient::Kind;

const CmsParty& rsa() {
    static const CmsParty party("rsa");
    return party;
}

// The other key stands first, so that an index of 0 would be wrong.
pki::Result<cms::Opened> open_with_keys(const cms::EnvelopedData& data) {
    static const CmsParty other("other");
    const cms::RecipientKey keys[] = {{other.certificate, other.key.get()},
                                      {rsa().certificate, rsa().key.get()}};
    return cms::open_enveloped_data(data, keys, {});
}

pki::Result<cms::Opened> open_with_password(const cms::EnvelopedData& data,
                                            std::string_view password) {
    std::vector<Secret> passwords;
    passwords.emplace_back(as_bytes("wrong"));
    passwords.emplace_back(as_bytes(password));
    return cms::open_enveloped_data(data, {}, passwords);
}

void opens(const std::string& file, Cipher cipher) {
    const Buffer message = read_vector("cms/enveloped_" + file + ".der");
    const auto data = cms::parse_enveloped_data(message);
    assert_ok(data);
    assert_true(pki::equal(data->content_type, oid::kData));
    assert_true(data->cipher == cipher);
    const auto opened = open_with_keys(*data);
    assert_ok(opened);
    assert_text(as_text(opened->content.view()), cms_content());
    assert_false(opened->by_password);
    assert_int_equal(opened->which, 1);
}

void messages_of_openssl_are_opened(void**) {
    opens("aes128", Cipher::aes128);
    opens("aes192", Cipher::aes192);
    opens("aes256", Cipher::aes256);
    opens("des3", Cipher::des3);
    opens("des", Cipher::des);
    opens("keyid", Cipher::aes128);
    opens("ec_and_rsa", Cipher::aes128);
    opens("password_and_rsa", Cipher::aes128);
}

void oaep_of_openssl_is_opened(void**) {
    opens("oaep", Cipher::aes128);
    for (const char* hash : {"sha256", "sha384", "sha512"})
        opens(std::string("oaep_") + hash, Cipher::aes256);
    opens("oaep_mixed", Cipher::aes128);
    const Buffer mixed = read_vector("cms/enveloped_oaep_mixed.der");
    const auto data = cms::parse_enveloped_data(mixed);
    const RsaPadding& padding = data->recipients.at(0).padding;
    assert_true(padding.oaep && padding.hash == Hash::sha256 && padding.mgf1 == Hash::sha1);
    assert_text(as_text(padding.label), "label");
}

void passwords_of_openssl_open(void**) {
    for (const char* cipher : {"aes128", "aes192", "aes256", "des3"}) {
        const Buffer message =
            read_vector("cms/enveloped_password_" + std::string(cipher) + ".der");
        const auto data = cms::parse_enveloped_data(message);
        assert_ok(data);
        const auto opened = open_with_password(*data, "secret");
        assert_ok(opened);
        assert_text(as_text(opened->content.view()), cms_content());
        assert_true(opened->by_password);
        assert_int_equal(opened->which, 1);
        assert_error(Errc::bad_signature, open_with_password(*data, "Secret"));
        assert_error(Errc::not_found, open_with_keys(*data));
    }
}

void indefinite_lengths_are_opened(void**) {
    const Buffer ber = read_vector("cms/enveloped_indefinite.der");
    assert_error(Errc::malformed, cms::parse_enveloped_data(ber));
    const auto message = cms::der_from_ber(ber, limits::kScepMessage);
    const auto data = cms::parse_enveloped_data(*message);
    assert_ok(data);
    assert_true(data->encrypted.size() > 1);
    const auto opened = open_with_keys(*data);
    assert_ok(opened);
    assert_text(as_text(opened->content.view()), cms_content(240));
}

void messages_for_others_are_not_opened(void**) {
    const Buffer ec = read_vector("cms/enveloped_ec.der");
    const Buffer aes = read_vector("cms/enveloped_aes128.der");
    const CmsParty other("other");
    const cms::RecipientKey keys[] = {{other.certificate, other.key.get()}};
    std::vector<Secret> passwords;
    passwords.emplace_back(as_bytes("secret"));
    assert_error(Errc::not_found,
                 cms::open_enveloped_data(*cms::parse_enveloped_data(aes), keys, passwords));
    assert_error(Errc::not_found,
                 cms::open_enveloped_data(*cms::parse_enveloped_data(aes), {}, {}));
    assert_error(Errc::unsupported, open_with_keys(*cms::parse_enveloped_data(ec)));
}

// Whatever is wrong beyond the recipient, the sender reads the same.
void cannot_be_opened(const cms::EnvelopedData& data) {
    const auto opened = open_with_keys(data);
    assert_error(Errc::bad_signature, opened);
    assert_text(opened.error().message(), "CMS: the envelope cannot be opened");
    assert_int_equal(opened.error().offset, 0);
    assert_int_equal(ERR_peek_error(), 0);
}

Buffer raw_encrypt(Bytes block) {
    const ossl::PkeyCtxPtr context(EVP_PKEY_CTX_new(rsa().key.get(), nullptr));
    Buffer out(256);
    std::size_t size = out.size();
    assert_int_equal(EVP_PKEY_encrypt_init(context.get()), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_NO_PADDING), 1);
    assert_int_equal(
        EVP_PKEY_encrypt(context.get(), out.data(), &size, block.data(), block.size()), 1);
    return out;
}

void wrong_keys_have_one_error(void**) {
    const Buffer key(16, 7), iv(16, 9);
    const auto encrypted = ossl::encrypt_cbc(Cipher::aes128, key, iv, as_bytes("content"));
    Buffer type_1(256, 0xff), zero_in_padding(256, 0xaa), no_end(256, 0xaa);
    type_1[0] = 0, type_1[1] = 1, type_1[239] = 0;
    std::ranges::copy(key, type_1.end() - 16);
    zero_in_padding[0] = 0, zero_in_padding[1] = 2, zero_in_padding[50] = 0;
    zero_in_padding[239] = 0;
    std::ranges::copy(key, zero_in_padding.end() - 16);
    no_end[0] = 0, no_end[1] = 2;
    const RsaPadding oaep{true, Hash::sha256, Hash::sha256, {}};
    const std::vector<Buffer> wrong = {
        raw_encrypt(type_1),
        raw_encrypt(zero_in_padding),
        raw_encrypt(no_end),
        *ossl::rsa_encrypt(rsa().key.get(), {}, Buffer(16, 8)),
        *ossl::rsa_encrypt(rsa().key.get(), {}, Buffer(8, 7)),
        *ossl::rsa_encrypt(rsa().key.get(), {}, Buffer(32, 7)),
        *ossl::rsa_encrypt(rsa().key.get(), oaep, key),
        Buffer(),
        Buffer(255, 1),
        Buffer(256, 0xff),
        Buffer(300, 1),
    };
    const Buffer message = read_vector("cms/enveloped_aes128.der");
    for (const Buffer& encrypted_key : wrong) {
        auto data = *cms::parse_enveloped_data(message);
        data.recipients.at(0).encrypted_key = encrypted_key;
        data.iv = iv;
        data.encrypted = {Bytes(*encrypted)};
        const auto opened = open_with_keys(data);
        // Of all keys one in 256 finds a padding, and garbage before it.
        if (opened)
            assert_false(opened->content.equals(as_bytes("content")));
        else
            cannot_be_opened(data);
    }
    auto good = *cms::parse_enveloped_data(message);
    const auto right = ossl::rsa_encrypt(rsa().key.get(), {}, key);
    good.recipients.at(0).encrypted_key = *right;
    good.iv = iv;
    good.encrypted = {Bytes(*encrypted)};
    assert_ok(open_with_keys(good));
}

void wrong_contents_have_the_same_error(void**) {
    const Buffer key(16, 7), iv(16, 9), block(16, 0);
    const auto encrypted_key = ossl::rsa_encrypt(rsa().key.get(), {}, key);
    const auto bad_padding = ossl::encrypt_blocks(Cipher::aes128, key, iv, block);
    const auto good = ossl::encrypt_cbc(Cipher::aes128, key, iv, as_bytes("content"));
    const Buffer message = read_vector("cms/enveloped_aes128.der");
    auto data = *cms::parse_enveloped_data(message);
    data.recipients.at(0).encrypted_key = *encrypted_key;
    data.iv = iv;
    for (const std::vector<Bytes>& parts :
         std::initializer_list<std::vector<Bytes>>{{bad_padding->view()},
                                                   {},
                                                   {Bytes()},
                                                   {Bytes(*good).first(15)},
                                                   {*good, Bytes(*good).first(1)},
                                                   {bad_padding->view().first(8)}}) {
        data.encrypted = parts;
        cannot_be_opened(data);
    }
    data.encrypted = {Bytes(*good).first(5), Bytes(), Bytes(*good).subspan(5)};
    const auto opened = open_with_keys(data);
    assert_ok(opened);
    assert_text(as_text(opened->content.view()), "content");
}

void wrong_passwords_have_the_same_error(void**) {
    const Buffer message = read_vector("cms/enveloped_password_aes128.der");
    const auto good = *cms::parse_enveloped_data(message);
    const auto same = [](const cms::EnvelopedData& data, std::string_view password) {
        const auto opened = open_with_password(data, password);
        assert_error(Errc::bad_signature, opened);
        assert_text(opened.error().message(), "CMS: the envelope cannot be opened");
    };
    same(good, "");
    same(good, "Secret");
    const Bytes wrapped = good.recipients.at(0).encrypted_key;
    for (const std::size_t size : {std::size_t{0}, std::size_t{16}, wrapped.size() - 1}) {
        auto changed = good;
        changed.recipients.at(0).encrypted_key = wrapped.first(size);
        same(changed, "secret");
    }
    auto changed = good;
    const Buffer text = pki::to_buffer(good.encrypted.at(0));
    changed.encrypted = {Bytes(text).first(16)};
    same(changed, "secret");
    changed = good;
    changed.cipher = Cipher::aes256;
    same(changed, "secret");
}

void ciphers_need_permission(void**) {
    const auto check = [](const char* file, const cms::CipherRules& allowed) {
        const Buffer message = read_vector(std::string("cms/enveloped_") + file + ".der");
        return cms::check_cipher(*cms::parse_enveloped_data(message), allowed);
    };
    assert_ok(check("aes128", {}));
    assert_ok(check("aes256", {}));
    assert_error(Errc::unsupported, check("des3", {false, true}));
    assert_ok(check("des3", {true, false}));
    assert_error(Errc::unsupported, check("des", {true, false}));
    assert_ok(check("des", {false, true}));
    assert_error(Errc::unsupported, check("password_des3", {}));
    const Buffer message = read_vector("cms/enveloped_password_aes128.der");
    auto data = *cms::parse_enveloped_data(message);
    data.recipients.at(0).password.cipher = Cipher::des3;
    assert_error(Errc::unsupported, cms::check_cipher(data, {}));
}

void unknown_cipher_is_found_later(void**) {
    Buffer message = read_vector("cms/enveloped_aes128.der");
    const Buffer aes = hex("0609 60864801650304 0102");
    std::ranges::search(message, aes)[10] = 0x7f;
    const auto data = cms::parse_enveloped_data(message);
    assert_ok(data);
    assert_false(data->cipher.has_value());
    assert_error(Errc::unsupported, cms::check_cipher(*data, {true, true}));
    assert_error(Errc::unsupported, open_with_keys(*data));
}

// EnvelopedData around these RecipientInfos.
Buffer envelope(const std::vector<Buffer>& recipients) {
    der::Writer w;
    w.sequence([&] {
        w.oid(oid::kEnvelopedData);
        w.tlv(der::constructed(0), [&] {
            w.sequence([&] {
                w.integer(0);
                w.set([&] {
                    for (const Buffer& one : recipients) w.raw(one);
                });
                w.raw(
                    hex("3038 0609 2a864886f70d010701 301d 0609 60864801650304 0102"
                        "0410 000102030405060708090a0b0c0d0e0f"
                        "800c 000102030405060708090a0b"));
            });
        });
    });
    return std::move(w).take();
}

const char* const kOther = "a100";
const char* const kRsa = "301a 020100 3005 3000 020105 300b 0609 2a864886f70d010101 0401 07";

void number_of_recipients_is_bounded(void**) {
    std::vector<Buffer> recipients(limits::kRecipients, hex(kRsa));
    const Buffer most = envelope(recipients);
    const auto data = cms::parse_enveloped_data(most);
    assert_ok(data);
    assert_int_equal(data->recipients.size(), limits::kRecipients);
    recipients.push_back(hex(kOther));
    assert_error(Errc::malformed, cms::parse_enveloped_data(envelope(recipients)));
    recipients.assign(1000, hex(kRsa));
    assert_error(Errc::malformed, cms::parse_enveloped_data(envelope(recipients)));
    assert_error(Errc::malformed, cms::parse_enveloped_data(envelope({})));
}

void recipients_are_read(void**) {
    const auto kind = [](const char* recipient) {
        const Buffer message = envelope({hex(recipient)});
        const auto data = cms::parse_enveloped_data(message);
        assert_ok(data);
        return data->recipients.at(0).kind;
    };
    assert_true(kind(kRsa) == Kind::rsa);
    assert_true(kind("a100") == Kind::unsupported);
    assert_true(kind("a200") == Kind::unsupported);
    assert_true(kind("a400") == Kind::unsupported);
    assert_true(kind("3014 020100 3005 3000 020105 3005 0603 2a0301 0401 07") ==
                Kind::unsupported);
    for (const char* malformed :
         {"0500", "a500", "3000", "3014 020100 3004 3000 0200 3005 0603 2a0301 0401 07",
          "301c 020100 3005 3000 020105 300b 0609 2a864886f70d010101 0401 07 0500"})
        assert_error(Errc::malformed, cms::parse_enveloped_data(envelope({hex(malformed)})));
}

// pwri with these iterations, PBKDF2 and PWRI-KEK with AES-128.
std::string password_recipient(const std::string& iterations, const std::string& rest = "") {
    der::Writer w;
    w.tlv(der::constructed(3), [&] {
        w.integer(0);
        w.tlv(der::constructed(0), [&] {
            w.oid(oid::kPbkdf2);
            w.sequence([&] {
                w.octet_string(hex("0102030405060708"));
                w.raw(hex(iterations + rest));
            });
        });
        w.raw(
            hex("302c 060b 2a864886f70d0109100309 301d 0609 60864801650304 0102"
                "0410 000102030405060708090a0b0c0d0e0f"));
        w.octet_string(Buffer(32, 1));
    });
    return pki::hex_encode(w.view());
}

void iterations_are_bounded(void**) {
    const auto kind = [](const std::string& recipient) {
        const Buffer message = envelope({hex(recipient)});
        return cms::parse_enveloped_data(message)->recipients.at(0).kind;
    };
    assert_true(kind(password_recipient("020101")) == Kind::password);
    assert_true(kind(password_recipient("0203 0186a0")) == Kind::password);
    assert_true(kind(password_recipient("0203 0186a1")) == Kind::unsupported);
    assert_true(kind(password_recipient("0209 00ffffffffffffffff")) == Kind::unsupported);
    assert_true(kind(password_recipient("020101", "020110")) == Kind::password);
    for (const auto& malformed :
         {password_recipient("020100"), password_recipient("0201ff"), password_recipient(""),
          password_recipient("020101", "020111"), password_recipient("020101", "0500"),
          password_recipient("0209 01ffffffffffffffff")})
        assert_error(Errc::malformed, cms::parse_enveloped_data(envelope({hex(malformed)})));
    const Buffer other_prf =
        envelope({hex(password_recipient("020101", "300c 0608 2a864886f70d0205 0500"))});
    assert_true(cms::parse_enveloped_data(other_prf)->recipients.at(0).kind ==
                Kind::unsupported);
    // Nothing was derived, and it is not taken for somebody else's.
    std::vector<Secret> passwords;
    passwords.emplace_back(as_bytes("secret"));
    const Buffer many = envelope({hex(password_recipient("0204 7fffffff"))});
    assert_error(Errc::unsupported,
                 cms::open_enveloped_data(*cms::parse_enveloped_data(many), {}, passwords));
}

void other_messages_are_refused(void**) {
    assert_error(Errc::unsupported,
                 cms::parse_enveloped_data(read_vector("cms/signed_sha256.der")));
    const Buffer good = read_vector("cms/enveloped_aes128.der");
    for (std::size_t size = 0; size < good.size(); size++)
        assert_error(Errc::malformed, cms::parse_enveloped_data(Bytes(good).first(size)));
    Buffer trailing = good;
    trailing.push_back(0);
    assert_error(Errc::malformed, cms::parse_enveloped_data(trailing));
}

using MessagePtr = std::unique_ptr<CMS_ContentInfo, ossl::Deleter<CMS_ContentInfo_free>>;

// OpenSSL opens what we seal, with a key or with a password.
std::string opened_by_openssl(Bytes message, const CmsParty* party, std::string password) {
    const unsigned char* in = message.data();
    const MessagePtr theirs(
        d2i_CMS_ContentInfo(nullptr, &in, static_cast<long>(message.size())));
    assert_non_null(theirs.get());
    if (party == nullptr)
        CMS_decrypt_set1_password(theirs.get(),
                                  reinterpret_cast<unsigned char*>(password.data()),
                                  static_cast<ossl_ssize_t>(password.size()));
    const ossl::BioPtr out(BIO_new(BIO_s_mem()));
    const int done = CMS_decrypt(theirs.get(), party == nullptr ? nullptr : party->key.get(),
                                 nullptr, nullptr, out.get(), CMS_BINARY);
    if (done != 1) ERR_print_errors_fp(stderr);
    assert_int_equal(done, 1);
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

constexpr Cipher kAll[] = {Cipher::aes128, Cipher::aes192, Cipher::aes256, Cipher::des3,
                           Cipher::des};

void round_trip(Cipher cipher, const RsaPadding& padding) {
    cms::SealingSpec spec;
    spec.cipher = cipher;
    spec.content = as_bytes("content");
    spec.recipient_certificate = rsa().certificate;
    spec.padding = padding;
    const auto message = cms::build_enveloped_data(spec);
    assert_ok(message);
    const auto data = cms::parse_enveloped_data(*message);
    assert_ok(data);
    const auto opened = open_with_keys(*data);
    assert_ok(opened);
    assert_text(as_text(opened->content.view()), "content");
    assert_int_equal(ERR_peek_error(), 0);
    if (cipher != Cipher::des) {
        assert_text(opened_by_openssl(*message, &rsa(), {}), "content");
    }
}

void what_is_sealed_for_a_key_opens(void**) {
    for (const Cipher cipher : kAll) round_trip(cipher, {});
    for (const Hash hash : {Hash::sha1, Hash::sha256, Hash::sha384, Hash::sha512})
        round_trip(Cipher::aes256, {true, hash, hash, {}});
    round_trip(Cipher::aes128, {true, Hash::sha256, Hash::sha1, as_bytes("label")});
}

void what_is_sealed_for_a_password_opens(void**) {
    for (const Cipher cipher : kAll) {
        cms::SealingSpec spec;
        spec.cipher = cipher;
        spec.content = as_bytes("content");
        spec.password = as_bytes("secret");
        const auto message = cms::build_enveloped_data(spec);
        assert_ok(message);
        const auto data = cms::parse_enveloped_data(*message);
        const auto opened = open_with_password(*data, "secret");
        assert_ok(opened);
        assert_text(as_text(opened->content.view()), "content");
        assert_error(Errc::bad_signature, open_with_password(*data, "secret "));
        if (cipher != Cipher::des) {
            assert_text(opened_by_openssl(*message, nullptr, "secret"), "content");
        }
    }
}

void keys_and_ivs_are_fresh(void**) {
    cms::SealingSpec spec;
    spec.content = as_bytes("content");
    spec.recipient_certificate = rsa().certificate;
    const auto a = cms::build_enveloped_data(spec), b = cms::build_enveloped_data(spec);
    const auto one = cms::parse_enveloped_data(*a), two = cms::parse_enveloped_data(*b);
    assert_false(pki::equal(one->iv, two->iv));
    assert_false(pki::equal(one->encrypted.at(0), two->encrypted.at(0)));
}

void nobody_to_seal_for(void**) {
    const CmsParty ec("p256");
    cms::SealingSpec spec;
    assert_error(Errc::unsupported, cms::build_enveloped_data(spec));
    spec.recipient_certificate = ec.certificate;
    assert_error(Errc::unsupported, cms::build_enveloped_data(spec));
    const Buffer nonsense = hex("3000");
    spec.recipient_certificate = nonsense;
    assert_error(Errc::malformed, cms::build_enveloped_data(spec));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(messages_of_openssl_are_opened),
        cmocka_unit_test(oaep_of_openssl_is_opened),
        cmocka_unit_test(passwords_of_openssl_open),
        cmocka_unit_test(indefinite_lengths_are_opened),
        cmocka_unit_test(messages_for_others_are_not_opened),
        cmocka_unit_test(wrong_keys_have_one_error),
        cmocka_unit_test(wrong_contents_have_the_same_error),
        cmocka_unit_test(wrong_passwords_have_the_same_error),
        cmocka_unit_test(ciphers_need_permission),
        cmocka_unit_test(unknown_cipher_is_found_later),
        cmocka_unit_test(number_of_recipients_is_bounded),
        cmocka_unit_test(recipients_are_read),
        cmocka_unit_test(iterations_are_bounded),
        cmocka_unit_test(other_messages_are_refused),
        cmocka_unit_test(what_is_sealed_for_a_key_opens),
        cmocka_unit_test(what_is_sealed_for_a_password_opens),
        cmocka_unit_test(keys_and_ivs_are_fresh),
        cmocka_unit_test(nobody_to_seal_for),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
