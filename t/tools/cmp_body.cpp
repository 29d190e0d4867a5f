#include "t/tools/cmp_body.h"

#include "libpki/base/base64.h"
#include "libpki/ossl/hash.h"
#include "t/tools/cmp_request.h"
#include "t/tools/cmp_write.h"

namespace forge {

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::der::constructed;
using pki::der::Writer;
namespace der = pki::der;

const std::string kTypes[] = {"ir",       "ip",      "cr",     "cp",     "p10cr", "popdecc",
                              "popdecr",  "kur",     "kup",    "krr",    "krp",   "rr",
                              "rp",       "ccr",     "ccp",    "ckuann", "cann",  "rann",
                              "crlann",   "pkiconf", "nested", "genm",   "genp",  "error",
                              "certConf", "pollReq", "pollRep"};

// SEQUENCE OF: `count` times the same.
template <class One>
Buffer several(std::size_t count, One&& one) {
    return written([&](Writer& w) {
        w.sequence([&] {
            for (std::size_t i = 0; i < count; i++) one(w, static_cast<std::int64_t>(i));
        });
    });
}

// --- certConf ---

Buffer certificate_hash(const Options& options) {
    if (options.has("cert_hash")) return options.hex("cert_hash");
    return *pki::ossl::digest(options.hash("cert_digest"), options.certificate("certificate"));
}

void write_hash_algorithm(Writer& w, const Options& options) {
    w.tlv(constructed(0), [&] {
        if (options.text("hash_alg") == "unknown")
            write_algorithm(w, "1.3.6.1.4.1.99999.4");
        else
            write_hash(w, options.hash("hash_alg"));
    });
}

Buffer cert_conf(const Options& options) {
    if (options.has("empty")) return several(0, [](Writer&, std::int64_t) {});
    const Buffer hash = certificate_hash(options);
    return several(options.number("count", 1), [&](Writer& w, std::int64_t i) {
        w.sequence([&] {
            w.octet_string(hash);
            write_integer(w, options.integer("id", 0) + i);
            if (options.has("status"))
                write_status(w, options.integer("status", 0), options.text("text"), -1);
            if (options.has("hash_alg")) write_hash_algorithm(w, options);
        });
    });
}

// --- rr ---

void write_revoked(Writer& w, const Options& options) {
    const std::string certificate = options.text("certificate");
    w.sequence([&] {
        if (!options.lists("omit", "serial"))
            w.primitive(der::context(1),
                        options.has("serial") ? options.hex("serial") : serial_of(certificate));
        if (!options.lists("omit", "issuer"))
            w.tlv(constructed(3), [&] {
                w.raw(options.has("issuer") ? subject_of(options.text("issuer"))
                                            : issuer_of(certificate));
            });
    });
}

void write_reason(Writer& w, std::uint8_t reason) {
    w.sequence([&] {
        w.sequence([&] {
            write_oid(w, "2.5.29.21");
            w.tlv(der::kOctetString, [&] { w.primitive(der::kEnumerated, {&reason, 1}); });
        });
    });
}

Buffer rev_req(const Options& options) {
    return several(options.number("count", 1), [&](Writer& w, std::int64_t) {
        w.sequence([&] {
            write_revoked(w, options);
            if (options.has("extension_hex")) w.raw(options.hex("extension_hex"));
            if (options.has("reason"))
                write_reason(w, static_cast<std::uint8_t>(options.number("reason", 0)));
        });
    });
}

// --- the others ---

Buffer poll_req(const Options& options) {
    return several(options.number("count", 1), [&](Writer& w, std::int64_t i) {
        w.sequence([&] { write_integer(w, options.integer("id", 0) + i); });
    });
}

// A PKIMessage of that body alone.
Buffer bare_message(Bytes body) {
    return written([&](Writer& w) {
        w.sequence([&] {
            w.sequence([&] {
                write_integer(w, 2);
                write_directory_name(w, kEmptyName);
                write_directory_name(w, kEmptyName);
            });
            w.tlv(constructed(body_tag("nested")), [&] { w.raw(body); });
        });
    });
}

Buffer nested(const Options& options) {
    return written([&](Writer& w) {
        w.sequence([&] {
            for (const std::string& file : options.list("inner")) {
                Buffer message = read_file(file);
                for (std::size_t i = options.number("depth", 0); i > 0; i--)
                    message = bare_message(
                        several(1, [&](Writer& inside, std::int64_t) { inside.raw(message); }));
                for (std::size_t i = options.number("times", 1); i > 0; i--) w.raw(message);
            }
        });
    });
}

Buffer error_content(const Options& options) {
    return written([&](Writer& w) {
        w.sequence([&] {
            write_status(w, options.integer("status", 2), options.text("text"),
                         options.integer("fail", -1));
        });
    });
}

}  // namespace

int body_tag(const std::string& type) {
    const auto* found = std::find(std::begin(kTypes), std::end(kTypes), type);
    if (found != std::end(kTypes)) return static_cast<int>(found - std::begin(kTypes));
    if (type.empty() || type.find_first_not_of("0123456789") != type.npos)
        die("no body: " + type);
    return std::stoi(type);
}

std::string body_name(int tag) {
    return tag < static_cast<int>(std::size(kTypes)) ? kTypes[tag] : std::to_string(tag);
}

Buffer build_body(const Options& options) {
    if (options.has("body")) return options.file("body");
    if (options.has("body_hex")) return options.hex("body_hex");
    const std::string type = options.text("type", "p10cr");
    if (type == "ir" || type == "cr" || type == "kur") return build_cert_requests(options);
    if (type == "p10cr") return options.file("csr");
    if (type == "certConf") return cert_conf(options);
    if (type == "rr") return rev_req(options);
    if (type == "pollReq") return poll_req(options);
    if (type == "nested") return nested(options);
    if (type == "error") return error_content(options);
    if (type == "genm")
        return written(
            [&](Writer& w) { w.sequence([&] { write_infos(w, options.list("ask")); }); });
    if (type == "pkiconf") return written([](Writer& w) { w.null(); });
    die("a body has to be given: " + type);
}

}  // namespace forge
