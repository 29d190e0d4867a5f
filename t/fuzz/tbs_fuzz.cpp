// build_tbs: whatever it is told to write, parse_tbs and OpenSSL read back.
#include <fuzzer/FuzzedDataProvider.h>
#include <openssl/x509v3.h>

#include "libpki/x509/algorithm.h"
#include "libpki/x509/oids.h"
#include "libpki/x509/tbs.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/openssl_view.h"

namespace {

using pki::Buffer;
using pki::equal;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;
namespace oid = pki::x509::oid;

constexpr std::int64_t kLastSecond = 253402300799;  // 9999-12-31T23:59:59Z

const ossl::SignatureScheme kSchemes[] = {
    {ossl::KeyType::rsa, ossl::Hash::sha256, false},
    {ossl::KeyType::rsa, ossl::Hash::sha512, true},
    {ossl::KeyType::ec, ossl::Hash::sha384, false},
    {ossl::KeyType::ed25519, ossl::Hash::none, false},
};

// What the spec looks at.
struct Material {
    Buffer serial, name, spki, subject_key, authority_key, san;
};

// An Ed25519 key needs no arithmetic to be well formed.
Buffer spki_of(Buffer key) {
    key.resize(32);
    pki::der::Writer w;
    w.sequence([&] {
        w.sequence([&] { w.oid(oid::kEd25519); });
        w.bit_string(key);
    });
    return std::move(w).take();
}

Material take_material(FuzzedDataProvider& input) {
    const auto some = [&](std::size_t most) { return input.ConsumeBytes<std::uint8_t>(most); };
    Material m;
    m.serial = some(19);
    m.serial.insert(m.serial.begin(), 0x01);
    m.name = *x509::name_from_text(input.ConsumeBool() ? "O=Example, CN=device" : "");
    m.spki = spki_of(some(32));
    m.subject_key = some(20);
    m.authority_key = some(300);
    if (input.ConsumeBool()) m.san = *x509::build_san({"dns:a.example", "ip:192.0.2.1"});
    return m;
}

std::vector<std::string> take_urls(FuzzedDataProvider& input) {
    std::vector<std::string> urls(input.ConsumeIntegralInRange<std::size_t>(0, 3));
    for (std::string& url : urls)
        url.assign(input.ConsumeIntegralInRange<std::size_t>(1, 300), 'u');
    return urls;
}

x509::TbsSpec take_spec(FuzzedDataProvider& input, const Material& m) {
    x509::TbsSpec spec;
    spec.serial = m.serial;
    spec.scheme = input.PickValueInArray(kSchemes);
    spec.issuer = m.name;
    spec.subject = m.name;
    spec.not_before = input.ConsumeIntegralInRange<std::int64_t>(0, kLastSecond);
    spec.not_after = input.ConsumeIntegralInRange<std::int64_t>(spec.not_before, kLastSecond);
    spec.spki = m.spki;
    spec.subject_key_identifier = m.subject_key;
    spec.authority_key_identifier = m.authority_key;
    spec.ca = input.ConsumeBool();
    if (input.ConsumeBool()) spec.path_length = input.ConsumeIntegral<std::uint64_t>();
    spec.key_usage = input.ConsumeIntegralInRange<std::uint16_t>(0, 0x1ff);
    if (input.ConsumeBool()) spec.extended_key_usage = {oid::kClientAuth, oid::kIpsecIke};
    spec.san = m.san;
    spec.must_staple = input.ConsumeBool();
    spec.crl_urls = take_urls(input);
    spec.ocsp_urls = take_urls(input);
    spec.ca_issuers_urls = take_urls(input);
    spec.ocsp_no_check = input.ConsumeBool();
    return spec;
}

void check_extensions(const x509::TbsSpec& spec, const x509::Extensions& extensions) {
    const auto* constraints = extensions.find(oid::kBasicConstraints);
    PROPERTY(constraints != nullptr && constraints->critical);
    const auto found = x509::parse_basic_constraints(constraints->value);
    PROPERTY(found.has_value() && found->ca == spec.ca);
    if (spec.ca) PROPERTY(found->path_length == spec.path_length);
    const auto* usage = extensions.find(oid::kKeyUsage);
    PROPERTY((usage != nullptr) == (spec.key_usage != 0));
    if (usage != nullptr) PROPERTY(*x509::parse_key_usage(usage->value) == spec.key_usage);
    const auto* san = extensions.find(oid::kSubjectAltName);
    PROPERTY((san != nullptr) == !spec.san.empty());
    const auto* authority = extensions.find(oid::kAuthorityKeyIdentifier);
    PROPERTY((authority != nullptr) == !spec.authority_key_identifier.empty());
    if (authority != nullptr)
        PROPERTY(equal(*x509::parse_authority_key_identifier(authority->value),
                       spec.authority_key_identifier));
    PROPERTY((extensions.find(oid::kCrlDistributionPoints) != nullptr) ==
             !spec.crl_urls.empty());
    PROPERTY((extensions.find(oid::kTlsFeature) != nullptr) == spec.must_staple);
    PROPERTY((extensions.find(oid::kOcspNoCheck) != nullptr) == spec.ocsp_no_check);
}

void check_tbs(const x509::TbsSpec& spec, const x509::Tbs& tbs) {
    PROPERTY(equal(tbs.serial, spec.serial));
    PROPERTY(equal(tbs.issuer.encoding, spec.issuer));
    PROPERTY(equal(tbs.subject.encoding, spec.subject));
    PROPERTY(equal(tbs.spki.encoding, spec.spki));
    PROPERTY(tbs.not_before == spec.not_before && tbs.not_after == spec.not_after);
    check_extensions(spec, tbs.extensions);
}

// Every extension that we write decodes as what it says it is.
void check_openssl(const Buffer& certificate) {
    const unsigned char* end = certificate.data();
    const ossl::X509Ptr theirs(d2i_X509(nullptr, &end, static_cast<long>(certificate.size())));
    PROPERTY(theirs != nullptr && end == certificate.data() + certificate.size());
    for (int i = 0; i < X509_get_ext_count(theirs.get()); i++) {
        X509_EXTENSION* const extension = X509_get_ext(theirs.get(), i);
        const X509V3_EXT_METHOD* const method = X509V3_EXT_get(extension);
        void* const value = X509V3_EXT_d2i(extension);
        PROPERTY(method != nullptr && value != nullptr);
        ASN1_item_free(static_cast<ASN1_VALUE*>(value), ASN1_ITEM_ptr(method->it));
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzedDataProvider input(data, size);
    const Material material = take_material(input);
    const x509::TbsSpec spec = take_spec(input, material);
    const Buffer der = x509::build_tbs(spec);
    const auto tbs = x509::parse_tbs(der);
    PROPERTY(tbs.has_value());
    check_tbs(spec, *tbs);
    const Buffer signature(64, 0x5a);
    const Buffer certificate = x509::assemble_certificate(der, spec.scheme, signature);
    const auto parsed = x509::parse_certificate(certificate);
    PROPERTY(parsed.has_value() && equal(parsed->signature, signature));
    PROPERTY(x509::parse_signature_algorithm(parsed->signature_algorithm).has_value());
    check_openssl(certificate);
    PROPERTY(ERR_peek_error() == 0);
    return 0;
}
