#include "t/tools/cmp_header.h"

#include "libpki/base/base64.h"
#include "t/tools/cmp_write.h"

namespace forge {

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::der::Writer;
namespace der = pki::der;

Buffer general_name(const std::string& text, Bytes otherwise) {
    if (text.substr(0, 4) == "hex:") return *pki::hex_decode(text.substr(4));
    return written([&](Writer& w) {
        if (text.empty())
            write_directory_name(w, otherwise);
        else if (text == "null")
            write_directory_name(w, kEmptyName);
        else if (text == "dns")
            w.primitive(der::context(2), pki::as_bytes("device.example"));
        else
            write_directory_name(w, subject_of(text));
    });
}

// [tag] EXPLICIT OCTET STRING.
void write_octets(Writer& w, int tag, const Options& options, const std::string& name,
                  const Buffer* otherwise) {
    if (options.text(name) == "none" || (!options.has(name) && !otherwise)) return;
    const Buffer octets = options.has(name) ? options.hex(name) : *otherwise;
    w.tlv(der::constructed(tag), [&] { w.octet_string(octets); });
}

std::vector<std::string> unknown_infos(std::size_t count) {
    std::vector<std::string> infos;
    for (std::size_t i = 0; i < count; i++)
        infos.push_back("1.3.6.1.4.1.99999.1." + std::to_string(i) + ":0500");
    return infos;
}

void write_confirm_wait(Writer& w, const Options& options) {
    w.sequence([&] {
        write_oid(w, "1.3.6.1.5.5.7.4.14");
        write_time(w, options.integer("wait", 0), options.text("wait_form") == "utc");
    });
}

void write_cert_profiles(Writer& w, const Options& options) {
    w.sequence([&] {
        write_oid(w, "1.3.6.1.5.5.7.4.21");
        w.sequence([&] {
            for (const std::string& name : options.list("cert_profile")) write_text(w, name);
        });
    });
}

void write_padding(Writer& w, std::size_t size) {
    w.sequence([&] {
        write_oid(w, "1.3.6.1.4.1.99999.2");
        w.octet_string(Buffer(size));
    });
}

Buffer general_info(const Options& options) {
    return written([&](Writer& w) {
        if (options.has("implicit")) write_infos(w, {"implicitConfirm:0500"});
        if (options.has("wait")) write_confirm_wait(w, options);
        if (options.has("cert_profile")) write_cert_profiles(w, options);
        write_infos(w, options.list("info"));
        write_infos(w, unknown_infos(options.number("infos", 0)));
        if (options.has("pad")) write_padding(w, options.number("pad", 0));
    });
}

}  // namespace

Buffer build_header(const Options& options, const Protection& protection) {
    const Buffer transaction = random_octets(16), nonce = random_octets(16);
    const Buffer infos = general_info(options);
    const auto explicitly = [](Writer& w, int tag, Bytes value) {
        if (!value.empty()) w.tlv(der::constructed(tag), [&] { w.raw(value); });
    };
    return written([&](Writer& w) {
        w.sequence([&] {
            write_integer(w, options.integer("pvno", 2));
            w.raw(general_name(options.text("sender"), protection.sender));
            w.raw(general_name(options.text("recipient"), kEmptyName));
            if (options.text("time") != "none")
                w.tlv(der::constructed(0), [&] {
                    write_time(w, options.integer("time", 0),
                               options.text("time_form") == "utc");
                });
            explicitly(w, 1, protection.algorithm);
            write_octets(w, 2, options, "kid", protection.kid ? &*protection.kid : nullptr);
            write_octets(w, 3, options, "recip_kid", nullptr);
            write_octets(w, 4, options, "transaction", &transaction);
            write_octets(w, 5, options, "nonce", &nonce);
            write_octets(w, 6, options, "recip_nonce", nullptr);
            if (options.has("free_text"))
                w.tlv(der::constructed(7),
                      [&] { w.sequence([&] { write_text(w, options.text("free_text")); }); });
            if (!infos.empty())
                w.tlv(der::constructed(8), [&] { w.sequence([&] { w.raw(infos); }); });
        });
    });
}

}  // namespace forge
