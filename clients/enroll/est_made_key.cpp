#include "clients/enroll/est_made_key.h"

#include "clients/common/files.h"
#include "clients/enroll/secrets.h"
#include "libpki/base/base64.h"
#include "libpki/base/limits.h"
#include "libpki/cms/ber.h"
#include "libpki/cms/key_package.h"
#include "libpki/x509/certs_only.h"
#include "libpki/x509/decrypt_key_oids.h"
#include "libpki/x509/oids.h"

namespace enroll {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::fail;
using pki::Result;
namespace cms = pki::cms;
namespace der = pki::der;
namespace oid = pki::x509::oid;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

namespace {

constexpr std::size_t kMostKeyFile = 256;

// SMIMECapability: an algorithm, and the one that it wraps a key with.
void write_capability(der::Writer& w, Bytes id, Bytes wrap = {}) {
    w.sequence([&] {
        w.oid(id);
        if (!wrap.empty()) w.sequence([&] { w.oid(wrap); });
    });
}

// RFC 7030 4.4.1: what we can open, the best first.
Buffer capabilities() {
    der::Writer w;
    w.sequence([&] {
        write_capability(w, oid::kAes256Cbc);
        write_capability(w, oid::kAes128Cbc);
        write_capability(w, oid::kRsaOaep);
        write_capability(w, oid::kEcdhSha256Kdf, oid::kAes256Wrap);
        write_capability(w, oid::kAes256Wrap);
        write_capability(w, oid::kAes192Wrap);
        write_capability(w, oid::kAes128Wrap);
    });
    return std::move(w).take();
}

Buffer octet_string(Bytes content) {
    der::Writer w;
    w.octet_string(content);
    return std::move(w).take();
}

// The name of the request's own key (RFC 5280 4.2.1.2).
Result<Buffer> own_identifier(EVP_PKEY* key) {
    PKI_TRY(const Buffer encoding, ossl::public_key_der(key));
    PKI_TRY(const x509::Spki spki, x509::parse_spki(encoding));
    return x509::key_identifier(spki);
}

// Hexadecimal: nobody mistakes a password for it.
Result<pki::Secret> read_shared_key(const std::string& path) {
    PKI_TRY(const pki::Secret text, read_secret(path, kMostKeyFile));
    const pki::Secret line = first_line(text.view());
    auto octets = pki::hex_decode(pki::as_text(line.view()));
    if (!octets) return fail(Errc::malformed, "not a key of AES in hexadecimal", path);
    pki::Secret key(*octets);
    OPENSSL_cleanse(octets->data(), octets->size());
    if (key.size() != 16 && key.size() != 24 && key.size() != 32)
        return fail(Errc::malformed, "not a key of AES in hexadecimal", path);
    return key;
}

Result<cms::DeliveredKey> open(Bytes message, const KeyProtection& protection, EVP_PKEY* key) {
    PKI_TRY(const Buffer lengths, cms::der_from_ber(message, pki::limits::kScepMessage));
    cms::KeyOpener opener;
    Buffer identifier = protection.identifier;
    // A server may seal it for the request's key without being asked to.
    if (protection.shared.size() == 0) {
        PKI_TRY(identifier, own_identifier(key));
        opener.key = key;
    } else {
        opener.key_encryption_key = protection.shared.view();
    }
    opener.key_identifier = identifier;
    return cms::open_key_message(lengths, opener);
}

}  // namespace

Result<KeyProtection> key_protection(const Arguments& arguments) {
    KeyProtection protection;
    protection.own_key = arguments.has("encrypt");
    if (!arguments.has("decrypt-key-id")) return protection;
    protection.identifier = pki::to_buffer(pki::as_bytes(arguments.text("decrypt-key-id")));
    PKI_TRY(protection.shared, read_shared_key(arguments.text("decrypt-key-file")));
    return protection;
}

Result<std::vector<Buffer>> protection_attributes(const KeyProtection& protection,
                                                  EVP_PKEY* request_key) {
    std::vector<Buffer> attributes;
    if (!protection.sealed()) return attributes;
    Buffer identifier = protection.identifier;
    if (protection.own_key) {
        PKI_TRY(identifier, own_identifier(request_key));
    }
    const Bytes type = protection.own_key ? oid::kAsymmDecryptKeyId : oid::kDecryptKeyId;
    attributes.push_back(x509::csr_attribute(type, octet_string(identifier)));
    attributes.push_back(x509::csr_attribute(oid::kSmimeCapabilities, capabilities()));
    return attributes;
}

Result<MadeKey> read_made_key(const HttpAnswer& answer, const KeyProtection& protection,
                              EVP_PKEY* request_key) {
    PKI_TRY(const pki::est::KeyParts parts,
            pki::est::parse_key_parts(answer.content_type, answer.body));
    if (protection.sealed() && !parts.sealed)
        return fail(Errc::denied, "the server has not encrypted the private key");
    MadeKey made;
    PKI_TRY(const std::vector<Bytes> certificates, x509::parse_certs_only(parts.certificates));
    for (const Bytes one : certificates) made.certificates.push_back(pki::to_buffer(one));
    if (!parts.sealed) {
        PKI_TRY(made.key, ossl::read_private_key_der(parts.private_key.view()));
        return made;
    }
    PKI_TRY(cms::DeliveredKey delivered,
            open(parts.private_key.view(), protection, request_key));
    PKI_TRY(made.key, ossl::read_private_key_der(delivered.private_key.view()));
    made.signer = std::move(delivered.signer);
    made.signer_chain = std::move(delivered.certificates);
    return made;
}

}  // namespace enroll
