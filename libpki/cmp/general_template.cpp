// What a profile wants, told to a client before it asks (RFC 9810 5.3.19.16, RFC 9483 4.3.3).
#include <algorithm>

#include "libpki/cmp/general.h"
#include "libpki/x509/crmf_oids.h"
#include "libpki/x509/extension_write.h"
#include "libpki/x509/oids.h"

namespace pki::cmp {

namespace {

namespace oid = x509::oid;

// Sizes that clients make; a rule between two of them gets its smallest one.
constexpr std::uint64_t kRsaSizes[] = {2048, 3072, 4096, 8192};

std::vector<std::uint64_t> rsa_sizes(const x509::KeyRule& rule) {
    std::vector<std::uint64_t> sizes;
    for (const std::uint64_t bits : kRsaSizes)
        if (bits >= rule.min_bits && bits <= rule.max_bits) sizes.push_back(bits);
    if (sizes.empty()) sizes.push_back(rule.min_bits);
    return sizes;
}

Bytes curve_oid(ossl::Curve curve) {
    switch (curve) {
        case ossl::Curve::p256: return oid::kP256;
        case ossl::Curve::p384: return oid::kP384;
        case ossl::Curve::p521: return oid::kP521;
        case ossl::Curve::none: break;
    }
    return {};
}

void write_key_algorithm(der::Writer& w, const x509::KeyRule& rule) {
    w.sequence([&] {
        switch (rule.type) {
            case ossl::KeyType::rsa:
                w.oid(oid::kRsaEncryption);
                w.null();
                break;
            case ossl::KeyType::ec:
                w.oid(oid::kEcPublicKey);
                w.oid(curve_oid(rule.curve));
                break;
            case ossl::KeyType::ed25519: w.oid(oid::kEd25519); break;
            case ossl::KeyType::ed448: w.oid(oid::kEd448); break;
        }
    });
}

// The one value that a rule leaves; nothing where the client has a choice.
std::string only_value(const x509::SubjectRule& rule) {
    if (rule.patterns.size() != 1) return {};
    const std::string& pattern = rule.patterns[0];
    return pattern.find_first_of("*\\") == pattern.npos ? pattern : std::string();
}

void write_open_attribute(der::Writer& w, Bytes type) {
    w.set([&] {
        w.sequence([&] {
            w.oid(type);
            w.primitive(der::kUtf8String, {});
        });
    });
}

// One RDN. A value that its type cannot hold is not told: who asks for it is refused.
void write_attribute(der::Writer& w, Bytes type, const std::string& value) {
    const auto name =
        value.empty() ? Result<Buffer>(Buffer()) : x509::build_name({{type, value}});
    const auto rdn =
        name ? der::only(*name, der::kSequence) : Result<der::Element>(name.error());
    if (!rdn) return write_open_attribute(w, type);
    w.raw(rdn->content);
}

bool wants_subject(const x509::Profile& profile) {
    return std::ranges::any_of(profile.subject,
                               [](const auto& row) { return row.second.required; });
}

void write_subject(der::Writer& w, const x509::Profile& profile) {
    if (!wants_subject(profile)) return;
    const auto write_name = [&] {
        for (const auto& [type, rule] : profile.subject)
            if (rule.required) write_attribute(w, type, only_value(rule));
    };
    w.tlv(der::constructed(5), [&] { w.sequence(write_name); });
}

// Types whose empty value can be written; the others say themselves what they are.
std::vector<std::uint8_t> san_tags(const x509::Profile& profile) {
    std::vector<std::uint8_t> tags;
    for (const auto type : {x509::SanType::email, x509::SanType::dns, x509::SanType::uri})
        if (profile.san.contains(type)) tags.push_back(der::context(static_cast<int>(type)));
    if (!profile.san_ip.empty())
        tags.push_back(der::context(static_cast<int>(x509::SanType::ip)));
    return tags;
}

void write_san(der::Writer& w, const x509::Profile& profile) {
    const std::vector<std::uint8_t> tags = san_tags(profile);
    if (tags.empty()) return;
    x509::write_extension(w, oid::kSubjectAltName, false, [&] {
        w.sequence([&] {
            for (const std::uint8_t tag : tags) w.primitive(tag, {});
        });
    });
}

void write_usages(der::Writer& w, const x509::Profile& profile) {
    if (profile.key_usage != 0)
        x509::write_extension(w, oid::kKeyUsage, true,
                              [&] { w.named_bits(profile.key_usage); });
    if (profile.extended_key_usage.empty()) return;
    x509::write_extension(w, oid::kExtendedKeyUsage, false, [&] {
        w.sequence([&] {
            for (const Buffer& purpose : profile.extended_key_usage) w.oid(purpose);
        });
    });
}

// [9] Extensions, which are never empty.
void write_extensions(der::Writer& w, const x509::Profile& profile) {
    der::Writer extensions;
    write_san(extensions, profile);
    write_usages(extensions, profile);
    if (!extensions.view().empty()) w.primitive(der::constructed(9), extensions.view());
}

template <class Body>
void write_control(der::Writer& w, Bytes type, Body&& value) {
    w.sequence([&] {
        w.oid(type);
        value();
    });
}

// RFC 9810 5.3.19.16: lengths for RSA, an AlgorithmIdentifier for the others.
void write_key_spec(der::Writer& w, const x509::KeyRule& rule) {
    if (rule.type != ossl::KeyType::rsa)
        return write_control(w, oid::kRegAlgId, [&] { write_key_algorithm(w, rule); });
    for (const std::uint64_t bits : rsa_sizes(rule))
        write_control(w, oid::kRegRsaKeyLen, [&] { w.integer(bits); });
}

}  // namespace

// CertReqTemplateContent ::= SEQUENCE { certTemplate, keySpec Controls OPTIONAL }
Result<Buffer> cert_req_template_value(const x509::Profile& profile) {
    der::Writer w;
    const auto write_template = [&] {
        write_subject(w, profile);
        write_extensions(w, profile);
    };
    const auto write_key_specs = [&] {
        for (const x509::KeyRule& rule : profile.keys) write_key_spec(w, rule);
    };
    w.sequence([&] {
        w.sequence(write_template);
        if (!profile.keys.empty()) w.sequence(write_key_specs);
    });
    return std::move(w).take();
}

std::vector<Buffer> key_pair_types(const x509::Profile& profile, bool encryption) {
    std::vector<Buffer> types;
    for (const x509::KeyRule& rule : profile.keys) {
        const bool encrypts = rule.type == ossl::KeyType::rsa || rule.type == ossl::KeyType::ec;
        if (encryption && !encrypts) continue;
        der::Writer w;
        write_key_algorithm(w, rule);
        Buffer type = std::move(w).take();
        if (std::ranges::find(types, type) == types.end()) types.push_back(std::move(type));
    }
    return types;
}

}  // namespace pki::cmp
