#include "t/tools/request.h"

#include "libpki/base/der_writer.h"
#include "libpki/cms/algorithm.h"
#include "libpki/cms/content_info.h"
#include "libpki/cms/set_of.h"
#include "libpki/cms/signed_data.h"
#include "libpki/ossl/hash.h"
#include "libpki/ossl/key.h"
#include "libpki/scep/attributes.h"
#include "libpki/x509/algorithm.h"
#include "t/tools/envelope.h"

namespace forge {

namespace {

using pki::Buffer;
using pki::Bytes;
namespace der = pki::der;
namespace oid = pki::x509::oid;

constexpr std::size_t kPiece = 100;  // octets of a string

// What the SignerInfo has beside names of algorithms.
struct Signed {
    Buffer attributes;  // as they are sent
    Buffer signature;
};

Buffer content_of(const Options& options) {
    if (options.has("envelope")) return options.file("envelope");
    if (options.has("lightweight")) return request_content(options);
    const Buffer envelope = build_envelope(options);
    return options.has("ber") ? indefinite(envelope) : envelope;
}

Buffer transaction_of(const Options& options) {
    if (options.has("transaction_hex")) return options.hex("transaction_hex");
    return pki::to_buffer(pki::as_bytes(options.text("transaction", "forged")));
}

std::vector<Buffer> attributes_of(const Options& options, const Buffer& content) {
    std::vector<Buffer> all;
    const auto add = [&](const char* name, Bytes type, std::size_t tag, Bytes value) {
        if (options.lists("omit", name)) return;
        const auto attribute =
            pki::scep::build_attribute(type, static_cast<std::uint8_t>(tag), value);
        all.push_back(attribute);
        if (options.lists("double", name)) all.push_back(attribute);
    };
    const std::string type = options.text("type", "19");
    const Buffer nonce = options.has("nonce") ? options.hex("nonce") : Buffer(16, 0x4e);
    const Buffer digest = options.has("message_digest")
                              ? options.hex("message_digest")
                              : *pki::ossl::digest(options.hash("digest"), content);
    add("type", oid::kScepMessageType, der::kPrintableString, pki::as_bytes(type));
    add("transaction", oid::kScepTransactionId,
        options.number("transaction_tag", der::kPrintableString), transaction_of(options));
    add("nonce", oid::kScepSenderNonce, der::kOctetString, nonce);
    add("content_type", oid::kContentType, der::kOid, oid::kData);
    add("message_digest", oid::kMessageDigest, der::kOctetString, digest);
    return all;
}

Buffer joined(const std::vector<Bytes>& elements) {
    Buffer all;
    for (const Bytes one : elements) pki::append(all, one);
    return all;
}

pki::ossl::SignatureScheme scheme_of(EVP_PKEY* key, pki::ossl::Hash hash) {
    auto scheme = pki::ossl::default_scheme(key);
    if (!scheme) die("the key signs nothing");
    if (scheme->hash != pki::ossl::Hash::none) scheme->hash = hash;
    return *scheme;
}

Signed signed_part(const Options& options, EVP_PKEY* key, const Buffer& content) {
    const auto attributes = attributes_of(options, content);
    std::vector<Bytes> views(attributes.begin(), attributes.end());
    const Buffer sorted = pki::cms::join_sorted(views);
    Signed all{sorted, {}};
    if (options.text("order") == "reverse") {
        // In DER's order the shortest is the first one.
        std::sort(views.begin(), views.end(),
                  [](Bytes a, Bytes b) { return a.size() > b.size(); });
        all.attributes = joined(views);
    }
    der::Writer set;
    set.primitive(der::kSet, options.text("signed") == "sent" ? all.attributes : sorted);
    auto signature = pki::ossl::sign(key, scheme_of(key, options.hash("digest")), set.view());
    if (!signature) die("no signature");
    all.signature = *std::move(signature);
    return all;
}

Signed captured_part(const Options& options) {
    const Buffer message = options.file("captured");
    const auto data = pki::cms::parse_signed_data(message);
    if (!data || !data->signer) die("captured is no message");
    return {pki::to_buffer(data->signer->attributes_encoding),
            pki::to_buffer(data->signer->signature)};
}

void write_algorithm(der::Writer& w, const Options& options, EVP_PKEY* key) {
    const auto scheme = scheme_of(key, options.hash("digest"));
    if (scheme.type != pki::ossl::KeyType::rsa || options.text("algorithm") == "full")
        return pki::x509::write_signature_algorithm(w, scheme);
    w.sequence([&] {
        w.oid(oid::kRsaEncryption);
        w.null();
    });
}

Buffer signer_info(const Options& options, EVP_PKEY* key, const Signed& part) {
    const Buffer named = options.certificate(options.has("sid") ? "sid" : "cert");
    const auto id = pki::cms::issuer_and_serial(named);
    if (!id) die("the signer's certificate");
    der::Writer w;
    w.sequence([&] {
        w.integer(1);
        pki::cms::write_issuer_and_serial(w, *id);
        pki::cms::write_digest_algorithm(w, options.hash("digest"));
        w.primitive(der::constructed(0), part.attributes);
        write_algorithm(w, options, key);
        w.octet_string(part.signature);
    });
    return std::move(w).take();
}

void write_indefinite(Buffer& out, const der::Element& element) {
    const auto add = [&](std::initializer_list<std::uint8_t> octets) {
        out.insert(out.end(), octets.begin(), octets.end());
    };
    const bool pieces = (element.tag == der::kOctetString || element.tag == der::context(0)) &&
                        element.content.size() > kPiece;
    if ((element.tag & 0x20) == 0 && !pieces) return pki::append(out, element.encoding);
    add({static_cast<std::uint8_t>(element.tag | 0x20), 0x80});
    if (pieces)
        for (std::size_t at = 0; at < element.content.size(); at += kPiece) {
            const auto size = std::min(kPiece, element.content.size() - at);
            add({der::kOctetString, static_cast<std::uint8_t>(size)});
            pki::append(out, element.content.subspan(at, size));
        }
    else
        for (der::Reader inside(element.content); !inside.at_end();)
            write_indefinite(out, *inside.any());
    add({0, 0});
}

}  // namespace

Buffer indefinite(Bytes encoding) {
    Buffer out;
    write_indefinite(out, *der::Reader(encoding).any());
    return out;
}

Buffer build_request(const Options& options) {
    const pki::ossl::PkeyPtr key = options.key("key");
    const Buffer content = content_of(options);
    Signed part = options.has("captured") ? captured_part(options)
                                          : signed_part(options, key.get(), content);
    if (options.text("flip") == "signature") part.signature.back() ^= 1;
    const auto certificates = options.certificates(options.has("certs") ? "certs" : "cert");
    const Buffer signer = signer_info(options, key.get(), part);
    const Buffer message = pki::cms::build_content_info(
        oid::kSignedData, content.size() + 8192, [&](der::Writer& w) {
            w.integer(1);
            w.set([&] { pki::cms::write_digest_algorithm(w, options.hash("digest")); });
            w.sequence([&] {
                w.oid(oid::kData);
                w.tlv(der::constructed(0), [&] { w.octet_string(content); });
            });
            w.tlv(der::constructed(0), [&] {
                for (const Buffer& one : certificates) w.raw(one);
            });
            w.set([&] { w.raw(signer); });
        });
    return options.has("ber") ? indefinite(message) : message;
}

}  // namespace forge
