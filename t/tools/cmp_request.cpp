#include "t/tools/cmp_request.h"

#include "libpki/base/base64.h"
#include "libpki/ossl/key.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/extension_write.h"
#include "libpki/x509/name.h"
#include "libpki/x509/san.h"
#include "t/tools/cmp_write.h"

namespace forge {

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::der::constructed;
using pki::der::Writer;
namespace der = pki::der;

// --- the extensions that are asked for ---

void write_purposes(Writer& w, const Options& options) {
    if (!options.has("eku")) return;
    pki::x509::write_extension(w, oid("2.5.29.37"), false, [&] {
        w.sequence([&] {
            for (const std::string& purpose : options.list("eku")) write_oid(w, purpose);
        });
    });
}

void write_given(Writer& w, const std::string& text) {
    const std::size_t colon = text.find(':');
    const auto value = pki::hex_decode(text.substr(colon + 1));
    if (colon == text.npos || !value) die("extension: " + text);
    pki::x509::write_extension(w, oid(text.substr(0, colon)), false, [&] { w.raw(*value); });
}

Buffer extensions_of(const Options& options) {
    return written([&](Writer& w) {
        if (options.has("san")) {
            const auto san = pki::x509::build_san(options.list("san"));
            if (!san) die("san: " + san.error().message());
            pki::x509::write_extension(w, oid("2.5.29.17"), false, [&] { w.raw(*san); });
        }
        if (options.has("ca"))
            pki::x509::write_extension(w, oid("2.5.29.19"), true,
                                       [&] { w.sequence([&] { w.boolean(true); }); });
        if (options.has("usage"))
            pki::x509::write_extension(w, oid("2.5.29.15"), true, [&] {
                w.named_bits(static_cast<std::uint32_t>(options.number("usage", 0)));
            });
        write_purposes(w, options);
        for (const std::string& one : options.list("extension")) write_given(w, one);
    });
}

// --- the template ---

Buffer subject_name(const Options& options) {
    if (options.has("subject_of")) return subject_of(options.text("subject_of"));
    const std::string text = options.text("subject", "CN=forged");
    if (text == "none") return {};
    auto name = pki::x509::name_from_text(text == "null" ? "" : text);
    if (!name) die("subject: " + name.error().message());
    return *std::move(name);
}

std::string new_key_name(const Options& options) {
    return options.has("new_key") ? "new_key" : "key";
}

// SubjectPublicKeyInfo; empty: none.
Buffer public_key(const Options& options) {
    const std::string text = options.text("new_key");
    if (text == "none") return {};
    if (text == "empty")
        return written([&](Writer& w) {
            w.sequence([&] {
                w.sequence([&] {
                    write_oid(w, "1.2.840.10045.2.1");
                    write_oid(w, "1.2.840.10045.3.1.7");
                });
                w.bit_string({});
            });
        });
    auto spki = pki::ossl::public_key_der(options.key(new_key_name(options)).get());
    if (!spki) die("new_key: " + spki.error().message());
    return *std::move(spki);
}

void write_validity(Writer& w, const Options& options) {
    if (!options.has("not_before") && !options.has("not_after")) return;
    w.tlv(constructed(4), [&] {
        if (options.has("not_before"))
            w.tlv(constructed(0), [&] { write_time(w, options.integer("not_before", 0)); });
        if (options.has("not_after"))
            w.tlv(constructed(1), [&] { write_time(w, options.integer("not_after", 0)); });
    });
}

// RFC 4211 5; a Name is a CHOICE, so its tag is explicit.
void write_template(Writer& w, const Options& options) {
    const Buffer subject = subject_name(options), key = public_key(options);
    const Buffer extensions = extensions_of(options);
    w.sequence([&] {
        if (options.has("template_serial"))
            w.primitive(der::context(1), options.hex("template_serial"));
        if (options.has("template_issuer"))
            w.tlv(constructed(3), [&] { w.raw(subject_of(options.text("template_issuer"))); });
        write_validity(w, options);
        if (!subject.empty()) w.tlv(constructed(5), [&] { w.raw(subject); });
        if (!key.empty()) w.primitive(constructed(6), der::only(key, der::kSequence)->content);
        if (!extensions.empty()) w.primitive(constructed(9), extensions);
    });
}

// --- controls ---

void write_old_certificate(Writer& w, const Options& options) {
    const std::string old = options.text("old");
    const Buffer issuer =
        options.has("old_issuer") ? subject_of(options.text("old_issuer")) : issuer_of(old);
    const Buffer serial =
        options.has("old_serial") ? options.hex("old_serial") : serial_of(old);
    w.sequence([&] {
        write_oid(w, "1.3.6.1.5.5.7.5.1.5");
        w.sequence([&] {
            write_directory_name(w, issuer);
            w.primitive(der::kInteger, serial);
        });
    });
}

Buffer controls_of(const Options& options) {
    return written([&](Writer& w) {
        if (options.has("old")) write_old_certificate(w, options);
        for (const auto& [name, type] : {std::pair{"reg_token", "1"}, {"authenticator", "2"}})
            if (options.has(name))
                w.sequence([&] {
                    write_oid(w, std::string("1.3.6.1.5.5.7.5.1.") + type);
                    write_text(w, options.text(name));
                });
        if (options.has("rsa_bits"))
            w.sequence([&] {
                write_oid(w, "1.3.6.1.5.5.7.5.1.12");
                write_integer(w, options.integer("rsa_bits", 0));
            });
    });
}

// --- the proof of possession ---

pki::ossl::SignatureScheme scheme_of(const Options& options, EVP_PKEY* key) {
    auto scheme = pki::ossl::default_scheme(key);
    if (!scheme) die("the key signs nothing");
    if (options.has("pop_hash")) scheme->hash = options.hash("pop_hash");
    return *scheme;
}

// POPOSigningKeyInput; empty: none.
Buffer signing_input(const Options& options) {
    if (!options.has("pop_input")) return {};
    const bool other = options.text("pop_input") == "other";
    const Buffer key =
        other ? *pki::ossl::public_key_der(pki::ossl::generate_key("ec:P-256")->get())
              : public_key(options);
    return written([&](Writer& w) {
        w.sequence([&] {
            w.tlv(constructed(0), [&] {
                const Buffer name = subject_name(options);
                write_directory_name(w, name.empty() ? Bytes(kEmptyName) : Bytes(name));
            });
            w.raw(key);
        });
    });
}

void write_signed_proof(Writer& w, const Options& options, Bytes cert_request) {
    const auto key = options.key(options.has("pop_key") ? "pop_key" : new_key_name(options));
    const auto scheme = scheme_of(options, key.get());
    const Buffer input = signing_input(options);
    auto signature =
        pki::ossl::sign(key.get(), scheme, input.empty() ? cert_request : Bytes(input));
    if (!signature) die("no proof: " + signature.error().message());
    if (options.text("pop") == "wrong") signature->back() ^= 1;
    w.tlv(constructed(1), [&] {
        if (!input.empty())
            w.primitive(constructed(0), der::only(input, der::kSequence)->content);
        pki::x509::write_signature_algorithm(w, scheme);
        w.bit_string(*signature);
    });
}

void write_proof(Writer& w, const Options& options, Bytes cert_request) {
    const std::string how = options.text(
        "pop", public_key(options).empty() || options.text("new_key") == "empty" ? "none"
                                                                                 : "signature");
    if (how == "none") return;
    if (how == "raverified") return w.primitive(der::context(0), {});
    if (how == "signature" || how == "wrong")
        return write_signed_proof(w, options, cert_request);
    // SubsequentMessage encrCert, of keyEncipherment or keyAgreement.
    const std::uint8_t encrypted = 0;
    w.tlv(constructed(how == "agreement" ? 3 : 2), [&] {
        w.primitive(der::context(1), {&encrypted, 1});
    });
}

Buffer cert_request_message(const Options& options, std::int64_t id) {
    const Buffer controls = controls_of(options);
    const Buffer request = written([&](Writer& w) {
        w.sequence([&] {
            write_integer(w, id);
            write_template(w, options);
            if (!controls.empty()) w.sequence([&] { w.raw(controls); });
        });
    });
    return written([&](Writer& w) {
        w.sequence([&] {
            w.raw(request);
            write_proof(w, options, request);
        });
    });
}

}  // namespace

Buffer build_cert_requests(const Options& options) {
    const std::int64_t first = options.integer("id", 0);
    return written([&](Writer& w) {
        w.sequence([&] {
            for (std::int64_t i = 0; i < options.integer("count", 1); i++)
                w.raw(cert_request_message(options, first + i));
        });
    });
}

}  // namespace forge
