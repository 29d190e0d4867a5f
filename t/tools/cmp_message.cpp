#include "t/tools/cmp_message.h"

#include "t/tools/cmp_body.h"
#include "t/tools/cmp_header.h"
#include "t/tools/cmp_write.h"

namespace forge {

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::der::constructed;
using pki::der::Writer;
namespace der = pki::der;

struct Parts {
    Buffer header;
    Buffer body;  // with its tag
    std::optional<Buffer> bits;
    std::vector<Buffer> extra_certs;
};

// RFC 9810 5.1.3: ProtectedPart.
Buffer protected_part(const Parts& parts) {
    return written([&](Writer& w) {
        w.sequence([&] {
            w.raw(parts.header);
            w.raw(parts.body);
        });
    });
}

std::vector<Buffer> extra_certs(const Options& options) {
    std::vector<Buffer> all;
    if (options.text("extra") == "none") return all;
    for (const std::string& file : options.list(options.has("extra") ? "extra" : "cert"))
        for (Buffer& one : Options::certificates_in(file)) all.push_back(std::move(one));
    if (options.has("extra_hex")) all.push_back(options.hex("extra_hex"));
    const std::vector<Buffer> once = all;
    for (std::size_t i = options.number("extra_times", 1); i > 1; i--)
        all.insert(all.end(), once.begin(), once.end());
    return all;
}

Parts captured_parts(const Options& options) {
    const Buffer message = options.file("captured");
    auto fields = der::Reader(message).enter(der::kSequence);
    if (!fields) die("captured is no message");
    Parts parts;
    parts.header = pki::to_buffer(fields->any()->encoding);
    parts.body = pki::to_buffer(fields->any()->encoding);
    if (fields->next_is(constructed(0)))
        parts.bits = pki::to_buffer(*fields->enter(constructed(0))->bit_string_octets());
    if (fields->next_is(constructed(1)))
        for (auto all = *fields->enter(constructed(1))->enter(der::kSequence); !all.at_end();)
            parts.extra_certs.push_back(pki::to_buffer(all.any()->encoding));
    if (options.lists("strip", "bits")) parts.bits.reset();
    if (options.has("extra")) parts.extra_certs = extra_certs(options);
    return parts;
}

Parts made_parts(const Options& options) {
    const Protection protection = plan_protection(options);
    const int tag = body_tag(options.text("type", "p10cr"));
    Parts parts;
    parts.header = build_header(options, protection);
    parts.body = written(
        [&](Writer& w) { w.tlv(constructed(tag), [&] { w.raw(build_body(options)); }); });
    parts.extra_certs = extra_certs(options);
    if (protection.protect) parts.bits = protection.protect(protected_part(parts));
    return parts;
}

}  // namespace

Buffer build_message(const Options& options) {
    Parts parts = options.has("captured") ? captured_parts(options) : made_parts(options);
    if (options.lists("flip", "body")) parts.body.back() ^= 1;
    if (options.lists("flip", "protection") && parts.bits) parts.bits->back() ^= 1;
    return written([&](Writer& w) {
        w.sequence([&] {
            w.raw(parts.header);
            w.raw(parts.body);
            if (parts.bits) w.tlv(constructed(0), [&] { w.bit_string(*parts.bits); });
            if (!parts.extra_certs.empty())
                w.tlv(constructed(1), [&] {
                    w.sequence([&] {
                        for (const Buffer& one : parts.extra_certs) w.raw(one);
                    });
                });
        });
    });
}

}  // namespace forge
