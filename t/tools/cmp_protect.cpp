#include "t/tools/cmp_protect.h"

#include <memory>

#include "libpki/base/base64.h"
#include "libpki/ossl/key.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/cert.h"
#include "libpki/x509/name.h"
#include "libpki/x509/oids.h"
#include "t/tools/cmp_verify.h"
#include "t/tools/cmp_write.h"

namespace forge {

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::der::Writer;
using pki::ossl::Hash;

// --- MACs ---

Hash hash_of(const Options& options, const std::string& name) {
    return options.has(name) ? options.hash(name) : Hash::sha256;
}

Buffer pbm_algorithm(const Options& options, Bytes salt) {
    return written([&](Writer& w) {
        w.sequence([&] {
            write_oid(w, "1.2.840.113533.7.66.13");
            w.sequence([&] {
                w.octet_string(salt);
                write_hash(w, hash_of(options, "owf"));
                write_integer(w, options.integer("iterations", 500));
                write_hmac(w, hash_of(options, "mac"));
            });
        });
    });
}

// RFC 8018 7.1, with PBKDF2 (A.2).
Buffer pbmac1_algorithm(const Options& options, Bytes salt) {
    return written([&](Writer& w) {
        w.sequence([&] {
            write_oid(w, "1.2.840.113549.1.5.14");
            w.sequence([&] {
                w.sequence([&] {
                    write_oid(w, "1.2.840.113549.1.5.12");
                    w.sequence([&] {
                        w.octet_string(salt);
                        write_integer(w, options.integer("iterations", 500));
                        write_integer(w, options.integer("key_length", 32));
                        write_hmac(w, hash_of(options, "owf"));
                    });
                });
                write_hmac(w, hash_of(options, "mac"));
            });
        });
    });
}

Buffer mac_key(const Options& options, bool pbm, Bytes salt) {
    if (options.text("derive") == "no") return Buffer(32, 0x55);
    const std::string secret = options.text("secret");
    const Hash owf = hash_of(options, "owf");
    const std::size_t iterations = options.number("iterations", 500);
    if (pbm) return pbm_key(owf, pki::as_bytes(secret), salt, iterations);
    return pbmac1_key(owf, pki::as_bytes(secret), salt, iterations,
                      options.number("key_length", 32));
}

Buffer reference_name(Bytes reference) {
    auto name = pki::x509::build_name(
        {{pki::x509::oid::kCommonName, std::string(pki::as_text(reference))}});
    return name ? *std::move(name) : pki::to_buffer(kEmptyName);
}

Protection plan_mac(const Options& options, bool pbm) {
    const Buffer salt = options.has("salt") ? options.hex("salt") : random_octets(16);
    const Buffer reference = options.has("reference_hex")
                                 ? options.hex("reference_hex")
                                 : pki::to_buffer(pki::as_bytes(options.text("reference")));
    Protection plan;
    plan.algorithm = pbm ? pbm_algorithm(options, salt) : pbmac1_algorithm(options, salt);
    plan.sender = reference_name(reference);
    plan.kid = reference;
    plan.protect = [key = mac_key(options, pbm, salt), hash = hash_of(options, "mac")](
                       Bytes part) { return hmac(hash, key, part); };
    return plan;
}

// --- signatures ---

std::optional<Buffer> key_identifier_of(const pki::x509::Certificate& certificate) {
    const auto* extension =
        certificate.tbs.extensions.find(pki::x509::oid::kSubjectKeyIdentifier);
    if (!extension) return {};
    const auto inside = pki::der::only(extension->value, pki::der::kOctetString);
    return inside ? std::optional(pki::to_buffer(inside->content)) : std::nullopt;
}

pki::ossl::SignatureScheme scheme_of(const Options& options, EVP_PKEY* key) {
    auto scheme = pki::ossl::default_scheme(key);
    if (!scheme) die("the key signs nothing");
    if (options.has("hash") && scheme->hash != Hash::none) scheme->hash = options.hash("hash");
    scheme->pss = options.has("pss");
    return *scheme;
}

Protection plan_signature(const Options& options) {
    const Buffer der = options.certificate("cert");
    const auto certificate = pki::x509::parse_certificate(der);
    if (!certificate) die("cert: " + certificate.error().message());
    const std::shared_ptr<EVP_PKEY> key = options.key("key");
    const auto scheme = scheme_of(options, key.get());
    Protection plan;
    plan.algorithm =
        written([&](Writer& w) { pki::x509::write_signature_algorithm(w, scheme); });
    plan.sender = pki::to_buffer(certificate->tbs.subject.encoding);
    plan.kid = key_identifier_of(*certificate);
    plan.protect = [key, scheme](Bytes part) {
        auto signature = pki::ossl::sign(key.get(), scheme, part);
        if (!signature) die("no signature: " + signature.error().message());
        return *std::move(signature);
    };
    return plan;
}

// --- what else may be said ---

Buffer claimed_algorithm(const Options& options) {
    const std::string name = options.text("claim");
    if (name.substr(0, 4) == "hex:") return *pki::hex_decode(name.substr(4));
    if (name == "pbm") return pbm_algorithm(options, Buffer(16, 0x5a));
    if (name == "pbmac1") return pbmac1_algorithm(options, Buffer(16, 0x5a));
    const std::map<std::string, std::string> others{{"unknown", "1.3.6.1.4.1.99999.3"},
                                                    {"rsa", "1.2.840.113549.1.1.11"},
                                                    {"ecdsa", "1.2.840.10045.4.3.2"},
                                                    {"ecdsa_sha1", "1.2.840.10045.4.1"},
                                                    {"ed25519", "1.3.101.112"}};
    const auto found = others.find(name);
    if (found == others.end()) die("no algorithm: " + name);
    return written([&](Writer& w) { write_algorithm(w, found->second, name == "rsa"); });
}

Protection plan_honestly(const Options& options) {
    const std::string otherwise = options.has("secret") ? "pbm" : "signature";
    const std::string kind = options.text(
        "protect", options.has("cert") || options.has("secret") ? otherwise : "none");
    if (kind == "signature") return plan_signature(options);
    if (kind == "pbm" || kind == "pbmac1") return plan_mac(options, kind == "pbm");
    if (kind != "none") die("no protection: " + kind);
    Protection none;
    none.sender =
        options.has("cert") ? subject_of(options.text("cert")) : pki::to_buffer(kEmptyName);
    return none;
}

}  // namespace

Protection plan_protection(const Options& options) {
    Protection plan = plan_honestly(options);
    if (options.has("claim")) plan.algorithm = claimed_algorithm(options);
    if (options.lists("strip", "algorithm")) plan.algorithm.clear();
    if (options.lists("strip", "bits")) plan.protect = nullptr;
    return plan;
}

}  // namespace forge
