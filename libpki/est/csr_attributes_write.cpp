#include <algorithm>

#include "libpki/base/der_writer.h"
#include "libpki/est/csr_attributes.h"
#include "libpki/est/csr_attributes_oids.h"
#include "libpki/x509/extension_write.h"
#include "libpki/x509/oids.h"

namespace pki::est {

namespace {

namespace xoid = x509::oid;

template <class Body>
Buffer attribute(Bytes type, Body&& values) {
    der::Writer w;
    w.sequence([&] {
        w.oid(type);
        w.set([&] { values(w); });
    });
    return std::move(w).take();
}

bool all_have_values(const std::vector<ExtensionDemand>& extensions) {
    return std::ranges::all_of(extensions, [](const auto& e) { return e.value.has_value(); });
}

// Extension, and without a value ExtensionTemplate.
void write_demand(der::Writer& w, const ExtensionDemand& extension) {
    w.sequence([&] {
        w.oid(extension.id);
        if (extension.critical) w.boolean(true);
        if (extension.value) w.octet_string(*extension.value);
    });
}

void write_values(der::Writer& w, const std::vector<ExtensionDemand>& extensions) {
    w.sequence([&] {
        for (const ExtensionDemand& e : extensions)
            if (e.value) write_demand(w, e);
    });
}

// --- attributes ---

// RFC 9908 3.2: always an attribute, with its parameters as the value where there are any.
void write_key_attribute(der::Writer& w, const KeyDemand& key) {
    w.raw(attribute(key.algorithm, [&](der::Writer& values) {
        if (!key.curve.empty()) values.oid(key.curve);
        if (key.rsa_bits != 0) values.integer(key.rsa_bits);
    }));
}

void write_subject_attribute(der::Writer& w, const SubjectDemand& demand) {
    if (demand.value.empty()) return w.oid(demand.type);
    w.raw(attribute(demand.type, [&](der::Writer& values) { values.raw(demand.value); }));
}

// RFC 9908 3.2: values in a single extensionRequest. What has none is an OID.
void write_extension_attributes(der::Writer& w, const std::vector<ExtensionDemand>& all) {
    for (const ExtensionDemand& e : all)
        if (!e.value) w.oid(e.id);
    if (std::ranges::none_of(all, [](const auto& e) { return e.value.has_value(); })) return;
    w.raw(attribute(xoid::kExtensionRequest, [&](der::Writer& v) { write_values(v, all); }));
}

void write_attributes(der::Writer& w, const CsrDemands& demands) {
    for (const Buffer& type : demands.attributes) w.oid(type);
    if (demands.key) write_key_attribute(w, *demands.key);
    for (const SubjectDemand& demand : demands.subject) write_subject_attribute(w, demand);
    write_extension_attributes(w, demands.extensions);
}

// --- the template ---

void write_name_template(der::Writer& w, const std::vector<SubjectDemand>& subject) {
    if (subject.empty()) return;
    const auto write_rdn = [&](const SubjectDemand& demand) {
        w.set([&] {
            w.sequence([&] {
                w.oid(demand.type);
                w.raw(demand.value);
            });
        });
    };
    w.sequence([&] { std::ranges::for_each(subject, write_rdn); });
}

// A modulus of that length, which is nobody's (RFC 9908 3.4).
Buffer placeholder_key(std::size_t bits) {
    Buffer modulus((bits + 7) / 8, 0);
    modulus[0] = static_cast<std::uint8_t>(1 << (bits - 1) % 8);
    modulus.back() |= 1;
    der::Writer w;
    w.sequence([&] {
        w.integer(Bytes(modulus));
        w.integer(std::uint64_t{65537});
    });
    return std::move(w).take();
}

// The NULL of rsaEncryption is part of its AlgorithmIdentifier (RFC 3279 2.3.1).
void write_key_template(der::Writer& w, const KeyDemand& key) {
    w.tlv(der::constructed(0), [&] {
        w.sequence([&] {
            w.oid(key.algorithm);
            if (!key.curve.empty())
                w.oid(key.curve);
            else if (equal(key.algorithm, xoid::kRsaEncryption))
                w.null();
        });
        if (key.rsa_bits != 0) w.bit_string(placeholder_key(key.rsa_bits));
    });
}

// RFC 9908 3.4: extensionRequest where every value is there, else the template of it alone.
Buffer extension_attribute(const std::vector<ExtensionDemand>& extensions) {
    if (all_have_values(extensions))
        return attribute(xoid::kExtensionRequest,
                         [&](der::Writer& w) { write_values(w, extensions); });
    return attribute(oid::kExtensionRequestTemplate, [&](der::Writer& w) {
        w.sequence([&] {
            for (const ExtensionDemand& e : extensions) write_demand(w, e);
        });
    });
}

// In the order that X.690 11.6 demands of a SET OF.
std::vector<Buffer> template_attributes(const CsrDemands& demands) {
    std::vector<Buffer> out;
    for (const Buffer& type : demands.attributes)
        out.push_back(attribute(type, [](der::Writer&) {}));
    if (!demands.extensions.empty()) out.push_back(extension_attribute(demands.extensions));
    std::ranges::sort(out);
    return out;
}

void write_template(der::Writer& w, const CsrDemands& demands) {
    const auto write_info = [&](der::Writer& values) {
        values.sequence([&] {
            values.integer(std::uint64_t{0});
            write_name_template(values, demands.subject);
            if (demands.key) write_key_template(values, *demands.key);
            values.tlv(der::constructed(1), [&] {
                for (const Buffer& encoded : template_attributes(demands)) values.raw(encoded);
            });
        });
    };
    w.raw(attribute(oid::kRequestTemplate, write_info));
}

}  // namespace

Buffer write_csr_attributes(const CsrDemands& demands, CsrAttributesForm form) {
    if (demands.empty()) return {};
    der::Writer w;
    w.sequence([&] {
        if (form != CsrAttributesForm::request_template) write_attributes(w, demands);
        if (form != CsrAttributesForm::attributes) write_template(w, demands);
    });
    return std::move(w).take();
}

}  // namespace pki::est
