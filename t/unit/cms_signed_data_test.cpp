#include "libpki/cms/signed_data.h"

#include <openssl/cms.h>
#include <openssl/err.h>

#include <algorithm>

#include "libpki/base/limits.h"
#include "libpki/cms/ber.h"
#include "libpki/x509/certs_only.h"
#include "libpki/x509/oids.h"
#include "t/unit/cms_fixture.h"
#include "t/unit/unit.h"

namespace {

using pki::as_bytes;
using pki::as_text;
using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::ossl::Hash;
using unit::cms_content;
using unit::CmsParty;
using unit::hex;
using unit::read_vector;
namespace cms = pki::cms;
namespace limits = pki::limits;
namespace oid = pki::x509::oid;
namespace ossl = pki::ossl;

constexpr cms::HashRules kAll{true, true};

const CmsParty& rsa() {
    static const CmsParty party("rsa");
    return party;
}

Buffer attribute(Bytes type, std::string_view value) {
    return cms::build_attribute(type, hex(value));
}

cms::SigningSpec spec_of(const CmsParty& party) {
    cms::SigningSpec spec;
    spec.key = party.key.get();
    spec.certificate = party.certificate;
    spec.content_type = oid::kData;
    spec.content = as_bytes("content");
    spec.certificates = {party.certificate};
    return spec;
}

void verifies(const std::string& file, const CmsParty& signer) {
    const Buffer message = read_vector("cms/" + file + ".der");
    const auto data = cms::parse_signed_data(message);
    assert_ok(data);
    assert_text(as_text(data->content.value()), cms_content());
    assert_true(pki::equal(data->content_type, oid::kData));
    assert_ok(cms::verify_signed_data(*data, signer.spki(), kAll));
    const auto certificate = cms::signer_certificate(*data);
    assert_ok(certificate);
    assert_true(pki::equal(*certificate, signer.certificate));
    assert_error(Errc::bad_signature,
                 cms::verify_signed_data(*data, CmsParty("other").spki(), kAll));
}

void messages_of_openssl_are_verified(void**) {
    for (const char* hash : {"md5", "sha1", "sha256", "sha384", "sha512", "pss", "keyid"})
        verifies(std::string("signed_") + hash, rsa());
}

void ecdsa_of_openssl_is_verified(void**) {
    for (const char* name : {"p256", "p384", "p521"}) {
        const CmsParty party(name);
        const Buffer message = read_vector("cms/signed_" + std::string(name) + ".der");
        const auto data = cms::parse_signed_data(message);
        assert_ok(data);
        assert_ok(cms::verify_signed_data(*data, party.spki(), {}));
    }
}

// The key of another curve, or type, is not the signer's.
void ecdsa_with_its_own_curve(void**) {
    const Buffer message = read_vector("cms/signed_p256.der");
    const auto data = cms::parse_signed_data(message);
    assert_error(Errc::bad_signature,
                 cms::verify_signed_data(*data, CmsParty("p384").spki(), kAll));
    assert_error(Errc::unsupported, cms::verify_signed_data(*data, rsa().spki(), kAll));
}

void old_hashes_need_permission(void**) {
    const Buffer md5 = read_vector("cms/signed_md5.der");
    const Buffer sha1 = read_vector("cms/signed_sha1.der");
    const auto with_md5 = cms::parse_signed_data(md5), with_sha1 = cms::parse_signed_data(sha1);
    assert_error(Errc::unsupported, cms::verify_signed_data(*with_md5, rsa().spki(), {true}));
    assert_error(Errc::unsupported,
                 cms::verify_signed_data(*with_sha1, rsa().spki(), {false, true}));
    assert_ok(cms::verify_signed_data(*with_md5, rsa().spki(), {false, true}));
    assert_ok(cms::verify_signed_data(*with_sha1, rsa().spki(), {true, false}));
}

void indefinite_lengths_are_rewritten(void**) {
    const Buffer ber = read_vector("cms/signed_indefinite.der");
    assert_error(Errc::malformed, cms::parse_signed_data(ber));
    const auto der = cms::der_from_ber(ber, limits::kScepMessage);
    assert_ok(der);
    const auto data = cms::parse_signed_data(*der);
    assert_ok(data);
    assert_text(as_text(data->content.value()), cms_content(240));
    assert_ok(cms::verify_signed_data(*data, rsa().spki(), {}));
}

// A captured signature does not carry other content.
void swapped_content_is_noticed(void**) {
    const Buffer message = read_vector("cms/signed_sha256.der");
    auto data = *cms::parse_signed_data(message);
    data.content = as_bytes("content of b message\n");
    const auto swapped = cms::verify_signed_data(data, rsa().spki(), {});
    assert_error(Errc::bad_signature, swapped);
    assert_text(swapped.error().text, "CMS: messageDigest is that of other content");
    data.content.reset();
    assert_error(Errc::bad_signature, cms::verify_signed_data(data, rsa().spki(), {}));
}

void other_content_type_is_noticed(void**) {
    const Buffer message = read_vector("cms/signed_sha256.der");
    auto data = *cms::parse_signed_data(message);
    data.content_type = oid::kSignedData;
    const auto changed = cms::verify_signed_data(data, rsa().spki(), {});
    assert_error(Errc::bad_signature, changed);
    assert_text(changed.error().text, "CMS: contentType is that of other content");
}

void needed_attributes_are_missed(void**) {
    const Buffer message = read_vector("cms/signed_sha256.der");
    for (const Bytes type : {oid::kContentType, oid::kMessageDigest}) {
        auto data = *cms::parse_signed_data(message);
        std::erase_if(data.signer->attributes,
                      [&](const cms::Attribute& a) { return pki::equal(a.type, type); });
        assert_error(Errc::bad_signature, cms::verify_signed_data(data, rsa().spki(), {}));
    }
}

// RFC 5652 5.3 lets id-data be signed without attributes; such a signature over content that
// is the encoding of attributes would be one over these.
void signature_without_attributes_is_refused(void**) {
    const Buffer message = read_vector("cms/signed_noattr.der");
    const auto data = cms::parse_signed_data(message);
    assert_ok(data);
    assert_error(Errc::bad_signature, cms::verify_signed_data(*data, rsa().spki(), kAll));
}

void message_without_signer(void**) {
    const Buffer one = read_vector("certs_only/one.der");
    const auto data = cms::parse_signed_data(one);
    assert_ok(data);
    assert_false(data->signer.has_value());
    assert_false(data->content.has_value());
    assert_int_equal(data->certificates.size(), 1);
    assert_error(Errc::bad_signature, cms::verify_signed_data(*data, rsa().spki(), kAll));
    assert_error(Errc::not_found, cms::signer_certificate(*data));
    const Buffer crl = read_vector("certs_only/crl.der");
    assert_int_equal(cms::parse_signed_data(crl)->crls.size(), 1);
}

void message_without_content(void**) {
    const Buffer message = read_vector("cms/signed_detached.der");
    auto data = *cms::parse_signed_data(message);
    assert_false(data.content.has_value());
    assert_error(Errc::bad_signature, cms::verify_signed_data(data, rsa().spki(), kAll));
    const std::string content = cms_content();
    data.content = as_bytes(content);
    assert_ok(cms::verify_signed_data(data, rsa().spki(), kAll));
}

void signer_without_certificate(void**) {
    const Buffer message = read_vector("cms/signed_nocerts.der");
    const auto data = cms::parse_signed_data(message);
    assert_ok(data);
    assert_error(Errc::not_found, cms::signer_certificate(*data));
    assert_ok(cms::verify_signed_data(*data, rsa().spki(), {}));
}

void certificate_of_the_signer_is_found_among_others(void**) {
    const CmsParty p256("p256"), other("other");
    auto spec = spec_of(rsa());
    spec.certificates = {p256.certificate, other.certificate, rsa().certificate};
    const auto message = cms::build_signed_data(spec);
    const auto data = cms::parse_signed_data(*message);
    assert_true(pki::equal(*cms::signer_certificate(*data), rsa().certificate));
}

// Some devices write the issuer with other string types than the certificate has.
void issuer_may_be_written_anew(void**) {
    const auto own = cms::issuer_and_serial(rsa().certificate);
    const auto printable =
        hex("301f 3110 300e 0603 55040a 1307 4578616d706c65 310b 3009 0603 550403 1302 7273");
    Buffer name = pki::to_buffer(own->issuer);
    for (const char* type : {"55040a0c", "5504030c"})
        std::ranges::search(name, hex(type))[3] = 0x13;
    assert_false(pki::equal(name, own->issuer));
    assert_true(cms::names({name, own->serial, {}}, rsa().certificate));
    assert_false(cms::names({printable, own->serial, {}}, rsa().certificate));
    assert_false(cms::names({name, hex("05"), {}}, rsa().certificate));
    assert_false(cms::names({name, own->serial, {}}, hex("3000")));
}

// What a device sends, out of order, and what it has signed.
Buffer reversed(const cms::SignerInfo& signer) {
    std::vector<Buffer> all;
    pki::der::Reader set(signer.attributes_encoding);
    while (!set.at_end()) all.push_back(pki::to_buffer(set.any()->encoding));
    Buffer joined;
    for (auto one = all.rbegin(); one != all.rend(); ++one) pki::append(joined, *one);
    return joined;
}

void unsorted_attributes_signed_sorted(void**) {
    const Buffer message = read_vector("cms/signed_sha256.der");
    auto data = *cms::parse_signed_data(message);
    const Buffer unsorted = reversed(*data.signer);
    data.signer->attributes_encoding = unsorted;
    assert_ok(cms::verify_signed_data(data, rsa().spki(), {}));
    Buffer changed = unsorted;
    changed.back() ^= 1;
    data.signer->attributes_encoding = changed;
    assert_error(Errc::bad_signature, cms::verify_signed_data(data, rsa().spki(), {}));
}

void unsorted_attributes_signed_as_sent(void**) {
    const Buffer message = read_vector("cms/signed_sha256.der");
    auto data = *cms::parse_signed_data(message);
    const Buffer unsorted = reversed(*data.signer);
    pki::der::Writer set;
    set.primitive(pki::der::kSet, unsorted);
    const auto signature =
        ossl::sign(rsa().key.get(), {ossl::KeyType::rsa, Hash::sha256, false}, set.view());
    data.signer->attributes_encoding = unsorted;
    data.signer->signature = *signature;
    assert_ok(cms::verify_signed_data(data, rsa().spki(), {}));
}

void signature_algorithm_may_name_key_or_hash(void**) {
    const Buffer message = read_vector("cms/signed_sha256.der");
    auto data = *cms::parse_signed_data(message);
    const auto with = [&](const char* algorithm) {
        const Buffer encoding = hex(algorithm);
        data.signer->signature_algorithm = encoding;
        return cms::verify_signed_data(data, rsa().spki(), kAll);
    };
    assert_ok(with("300d 0609 2a864886f70d010101 0500"));                          // RSA
    assert_ok(with("300b 0609 2a864886f70d010101"));                               // no NULL
    assert_ok(with("300d 0609 2a864886f70d01010b 0500"));                          // SHA-256
    assert_error(Errc::bad_signature, with("300d 0609 2a864886f70d01010c 0500"));  // SHA-384
    assert_error(Errc::bad_signature, with("300d 0609 2a864886f70d010105 0500"));  // SHA-1
    assert_error(Errc::bad_signature, with("300d 0609 2a864886f70d010104 0500"));  // MD5
    assert_error(Errc::unsupported, with("3009 0607 2a8648ce3d0201"));             // an EC key
    assert_error(Errc::unsupported, with("3004 0602 2a03"));
}

void ec_key_may_be_named_as_algorithm(void**) {
    const Buffer message = read_vector("cms/signed_p256.der");
    auto data = *cms::parse_signed_data(message);
    const Buffer ec = hex("3009 0607 2a8648ce3d0201");
    data.signer->signature_algorithm = ec;
    assert_ok(cms::verify_signed_data(data, CmsParty("p256").spki(), {}));
}

void unknown_digest_is_unsupported_and_no_sooner(void**) {
    const Buffer message = read_vector("cms/signed_sha256.der");
    Buffer changed = message;
    const Buffer sha256 = hex("0609 608648016503040201");
    const auto found = std::ranges::find_end(changed, sha256);
    found[10] = 0x0c;
    const auto data = cms::parse_signed_data(changed);
    assert_ok(data);
    assert_error(Errc::unsupported, cms::verify_signed_data(*data, rsa().spki(), kAll));
}

void two_signers_are_refused(void**) {
    assert_error(Errc::malformed, cms::parse_signed_data(read_vector("cms/signed_two.der")));
}

Buffer with_attributes(const std::vector<Buffer>& attributes) {
    auto spec = spec_of(rsa());
    spec.attributes = attributes;
    return *cms::build_signed_data(spec);
}

void attributes_have_one_value_and_one_place(void**) {
    const Buffer type = hex("2a0301");
    const Buffer once = attribute(type, "0500");
    assert_ok(cms::parse_signed_data(with_attributes({once})));
    for (const std::vector<Buffer>& wrong :
         std::initializer_list<std::vector<Buffer>>{{once, attribute(type, "020105")},
                                                    {attribute(oid::kMessageDigest, "0400")},
                                                    {attribute(type, "05000500")},
                                                    {attribute(type, "")},
                                                    {hex("3006 0603 2a0301 00")},
                                                    {hex("0500")}})
        assert_error(Errc::malformed, cms::parse_signed_data(with_attributes(wrong)));
}

void number_of_attributes_is_bounded(void**) {
    std::vector<Buffer> many;
    for (std::uint8_t i = 0; i + 2u < limits::kCmsAttributes; i++)
        many.push_back(attribute(Buffer{0x2a, 3, i}, "0500"));
    assert_ok(cms::parse_signed_data(with_attributes(many)));
    many.push_back(attribute(hex("2a04"), "0500"));
    assert_error(Errc::malformed, cms::parse_signed_data(with_attributes(many)));
}

void number_of_certificates_is_bounded(void**) {
    const Buffer certificate = hex("3000");
    auto spec = spec_of(rsa());
    spec.certificates.assign(limits::kChain, certificate);
    spec.crls.assign(limits::kChain, certificate);
    assert_ok(cms::parse_signed_data(*cms::build_signed_data(spec)));
    spec.crls.push_back(certificate);
    assert_error(Errc::malformed, cms::parse_signed_data(*cms::build_signed_data(spec)));
    spec.crls.clear();
    spec.certificates.push_back(certificate);
    assert_error(Errc::malformed, cms::parse_signed_data(*cms::build_signed_data(spec)));
}

void other_messages_are_refused(void**) {
    assert_error(Errc::unsupported,
                 cms::parse_signed_data(read_vector("cms/enveloped_aes128.der")));
    Buffer trailing = read_vector("cms/signed_sha256.der");
    trailing.push_back(0);
    assert_error(Errc::malformed, cms::parse_signed_data(trailing));
    assert_error(Errc::malformed, cms::parse_signed_data({}));
    const Buffer good = read_vector("cms/signed_sha256.der");
    for (std::size_t size = 0; size < good.size(); size += 7)
        assert_error(Errc::malformed, cms::parse_signed_data(Bytes(good).first(size)));
}

// OpenSSL verifies what we build: content, attributes and signature.
void read_by_openssl(Bytes message, std::string_view content) {
    const unsigned char* in = message.data();
    CMS_ContentInfo* theirs =
        d2i_CMS_ContentInfo(nullptr, &in, static_cast<long>(message.size()));
    assert_non_null(theirs);
    const ossl::BioPtr out(BIO_new(BIO_s_mem()));
    if (CMS_verify(theirs, nullptr, nullptr, nullptr, out.get(),
                   CMS_NO_SIGNER_CERT_VERIFY | CMS_BINARY) != 1)
        ERR_print_errors_fp(stderr);
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    assert_text(std::string_view(data, static_cast<std::size_t>(size)), content);
    assert_int_equal(ERR_peek_error(), 0);
    CMS_ContentInfo_free(theirs);
}

void round_trip(const CmsParty& party, Hash digest, bool key_oid) {
    auto spec = spec_of(party);
    spec.digest = digest;
    spec.rsa_encryption_oid = key_oid;
    spec.attributes = {attribute(hex("2a0305"), "0500"), attribute(hex("2a0301"), "0500")};
    const auto message = cms::build_signed_data(spec);
    assert_ok(message);
    const auto data = cms::parse_signed_data(*message);
    assert_ok(data);
    assert_ok(cms::verify_signed_data(*data, party.spki(), kAll));
    assert_int_equal(data->signer->attributes.size(), 4);
    assert_true(data->signer->find(hex("2a0301")) < data->signer->find(hex("2a0305")));
    assert_int_equal(ERR_peek_error(), 0);
    read_by_openssl(*message, "content");
}

void what_is_built_verifies(void**) {
    for (const Hash hash : {Hash::md5, Hash::sha1, Hash::sha256, Hash::sha384, Hash::sha512})
        for (const bool key_oid : {true, false}) round_trip(rsa(), hash, key_oid);
    for (const char* name : {"p256", "p384", "p521"})
        for (const Hash hash : {Hash::sha1, Hash::sha256, Hash::sha384, Hash::sha512})
            round_trip(CmsParty(name), hash, true);
}

void message_without_content_is_built(void**) {
    auto spec = spec_of(rsa());
    spec.content.reset();
    const auto message = cms::build_signed_data(spec);
    const auto data = cms::parse_signed_data(*message);
    assert_ok(data);
    assert_false(data->content.has_value());
    assert_ok(cms::verify_signed_data(*data, rsa().spki(), {}));
}

void what_cannot_be_signed(void**) {
    const CmsParty p256("p256");
    auto spec = spec_of(p256);
    spec.digest = Hash::md5;
    assert_error(Errc::unsupported, cms::build_signed_data(spec));
    spec.digest = Hash::none;
    assert_error(Errc::unsupported, cms::build_signed_data(spec));
    spec.digest = Hash::sha256;
    spec.certificate = {};
    assert_error(Errc::malformed, cms::build_signed_data(spec));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(messages_of_openssl_are_verified),
        cmocka_unit_test(ecdsa_of_openssl_is_verified),
        cmocka_unit_test(ecdsa_with_its_own_curve),
        cmocka_unit_test(old_hashes_need_permission),
        cmocka_unit_test(indefinite_lengths_are_rewritten),
        cmocka_unit_test(swapped_content_is_noticed),
        cmocka_unit_test(other_content_type_is_noticed),
        cmocka_unit_test(needed_attributes_are_missed),
        cmocka_unit_test(signature_without_attributes_is_refused),
        cmocka_unit_test(message_without_signer),
        cmocka_unit_test(message_without_content),
        cmocka_unit_test(signer_without_certificate),
        cmocka_unit_test(certificate_of_the_signer_is_found_among_others),
        cmocka_unit_test(issuer_may_be_written_anew),
        cmocka_unit_test(unsorted_attributes_signed_sorted),
        cmocka_unit_test(unsorted_attributes_signed_as_sent),
        cmocka_unit_test(signature_algorithm_may_name_key_or_hash),
        cmocka_unit_test(ec_key_may_be_named_as_algorithm),
        cmocka_unit_test(unknown_digest_is_unsupported_and_no_sooner),
        cmocka_unit_test(two_signers_are_refused),
        cmocka_unit_test(attributes_have_one_value_and_one_place),
        cmocka_unit_test(number_of_attributes_is_bounded),
        cmocka_unit_test(number_of_certificates_is_bounded),
        cmocka_unit_test(other_messages_are_refused),
        cmocka_unit_test(what_is_built_verifies),
        cmocka_unit_test(message_without_content_is_built),
        cmocka_unit_test(what_cannot_be_signed),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
