#include "t/tools/reply.h"

#include <cstdio>

#include "libpki/base/base64.h"
#include "libpki/cms/enveloped_data.h"
#include "libpki/cms/signed_data.h"
#include "libpki/scep/attributes.h"
#include "libpki/x509/cert.h"
#include "libpki/x509/oids.h"

namespace forge {

namespace {

using pki::Buffer;
using pki::Bytes;
namespace cms = pki::cms;
namespace der = pki::der;
namespace oid = pki::x509::oid;

void print(const char* name, const std::string& value) {
    std::printf("%s %s\n", name, value.c_str());
}

void print_attributes(const cms::SignerInfo& signer) {
    const std::pair<const char*, Bytes> texts[] = {{"type", oid::kScepMessageType},
                                                   {"status", oid::kScepPkiStatus},
                                                   {"fail_info", oid::kScepFailInfo},
                                                   {"text", oid::kScepFailInfoText}};
    for (const auto& [name, type] : texts)
        if (const auto value = pki::scep::find_attribute(signer, type))
            print(name, std::string(pki::as_text(value->content)));
    const std::pair<const char*, Bytes> octets[] = {
        {"transaction", oid::kScepTransactionId},
        {"sender_nonce", oid::kScepSenderNonce},
        {"recipient_nonce", oid::kScepRecipientNonce}};
    for (const auto& [name, type] : octets)
        if (const auto value = pki::scep::find_attribute(signer, type))
            print(name, pki::hex_encode(value->encoding));
}

std::string algorithm_name(Bytes identifier) {
    auto fields = der::Reader(identifier).enter(der::kSequence);
    const auto type = fields ? fields->oid() : pki::Result<Bytes>(fields.error());
    return type ? pki::x509::oid_to_text(*type) : "?";
}

const char* digest_name(pki::ossl::Hash hash) {
    switch (hash) {
        case pki::ossl::Hash::sha1: return "sha1";
        case pki::ossl::Hash::sha256: return "sha256";
        case pki::ossl::Hash::sha384: return "sha384";
        case pki::ossl::Hash::sha512: return "sha512";
        case pki::ossl::Hash::md5: return "md5";
        case pki::ossl::Hash::none: break;
    }
    return "?";
}

const char* cipher_name(const cms::EnvelopedData& data) {
    constexpr const char* kNames[] = {"aes128", "aes192", "aes256", "des3", "des"};
    return data.cipher ? kNames[static_cast<int>(*data.cipher)] : "?";
}

void print_content(const Options& options, Bytes content) {
    const auto envelope = cms::parse_enveloped_data(content);
    if (!envelope) return print("envelope", "unreadable");
    print("cipher", cipher_name(*envelope));
    const Buffer certificate = options.certificate("cert");
    const pki::ossl::PkeyPtr key = options.key("key");
    const cms::RecipientKey own{certificate, key.get()};
    std::vector<pki::Secret> passwords;
    if (options.has("password"))
        passwords.emplace_back(pki::as_bytes(options.text("password")));
    const auto opened = cms::open_enveloped_data(*envelope, {&own, 1}, passwords);
    if (!opened) return print("envelope", opened.error().text);
    print("envelope", opened->by_password ? "password" : "key");
    const auto inside = cms::parse_signed_data(opened->content.view());
    if (!inside) return print("inside", "unreadable");
    for (const Bytes one : inside->certificates) print("certificate", pki::base64_encode(one));
    for (const Bytes one : inside->crls) print("crl", pki::base64_encode(one));
}

}  // namespace

void print_reply(const Options& options) {
    const Buffer message = options.file("message");
    const auto data = cms::parse_signed_data(message);
    if (!data || !data->signer) die("no CertRep");
    const Buffer ra_der = options.certificate("ra");
    const auto ra = pki::x509::parse_certificate(ra_der);
    if (!ra) die("the RA's certificate");
    const bool named = cms::names(data->signer->id, ra_der);
    const auto verified = cms::verify_signed_data(*data, ra->tbs.spki, {true, true});
    print("signed_by_ra", named && verified ? "yes" : "no");
    print("digest", digest_name(data->signer->digest));
    print("algorithm", algorithm_name(data->signer->signature_algorithm));
    print_attributes(*data->signer);
    if (data->content && !data->content->empty()) print_content(options, *data->content);
}

}  // namespace forge
