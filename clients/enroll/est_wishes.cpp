#include "clients/enroll/est_wishes.h"

#include <algorithm>

#include "clients/enroll/cmp_template.h"
#include "libpki/base/base64.h"
#include "libpki/x509/extension_write.h"
#include "libpki/x509/oids.h"
#include "libpki/x509/string_type.h"

namespace enroll {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::fail;
using pki::Result;
using pki::Status;
using pki::est::CsrDemands;
using pki::est::ExtensionDemand;
using pki::est::KeyDemand;
using pki::est::SubjectDemand;
namespace der = pki::der;
namespace oid = pki::x509::oid;
namespace x509 = pki::x509;

namespace {

struct KnownType {
    Bytes id;
    const char* name;
};
// What names have no attribute of, with the names of RFC 5280, RFC 7633 and RFC 2985.
constexpr KnownType kTypes[] = {
    {oid::kSubjectAltName, "subjectAltName"},
    {oid::kKeyUsage, "keyUsage"},
    {oid::kExtendedKeyUsage, "extendedKeyUsage"},
    {oid::kBasicConstraints, "basicConstraints"},
    {oid::kSubjectKeyIdentifier, "subjectKeyIdentifier"},
    {oid::kTlsFeature, "tlsfeature"},
    {oid::kChallengePassword, "challengePassword"},
};

std::string value_text(Bytes encoding) {
    der::Reader input(encoding);
    const auto value = input.any();
    const auto text = value ? x509::whole_text(value->tag, value->content) : std::nullopt;
    return text.value_or("#" + pki::hex_encode(encoding));
}

std::string join(const std::vector<std::string>& parts, const std::string& between) {
    std::string text;
    for (const std::string& part : parts) text += (text.empty() ? "" : between) + part;
    return text;
}

// One RDN more at the end of a name.
Result<Buffer> with_attribute(Bytes name, const SubjectDemand& demand) {
    PKI_TRY(const Bytes rdns, der::Reader(name).content(der::kSequence));
    der::Writer w;
    w.sequence([&] {
        w.raw(rdns);
        w.set([&] {
            w.sequence([&] {
                w.oid(demand.type);
                w.raw(demand.value);
            });
        });
    });
    return std::move(w).take();
}

Status fulfil_subject(const SubjectDemand& demand, RequestNames& names) {
    PKI_TRY(const x509::Name subject, x509::parse_name(names.subject));
    if (const auto* present = subject.find(demand.type)) {
        if (demand.value.empty() || x509::attribute_text(*present) == value_text(demand.value))
            return {};
        return fail(Errc::denied, "the server asks for another subject", subject_text(demand));
    }
    if (demand.value.empty())
        return fail(Errc::denied, "the server asks for more in --subject",
                    subject_text(demand));
    PKI_TRY(names.subject, with_attribute(names.subject, demand));
    return {};
}

Status fulfil_extension(const ExtensionDemand& demand, RequestNames& names) {
    const bool is_san = pki::equal(demand.id, oid::kSubjectAltName);
    if (is_san && !names.san.empty()) return {};
    if (!demand.value) {
        const char* text = is_san
                               ? "the server asks for --san"
                               : "the server asks for an extension whose value it leaves open";
        return fail(Errc::denied, text, type_text(demand.id));
    }
    der::Writer w;
    x509::write_extension(w, demand.id, demand.critical, [&] { w.raw(*demand.value); });
    names.parts.extensions.push_back(std::move(w).take());
    return {};
}

bool is_ec(const KeyDemand& key) { return pki::equal(key.algorithm, oid::kEcPublicKey); }
bool is_rsa(const KeyDemand& key) { return pki::equal(key.algorithm, oid::kRsaEncryption); }

}  // namespace

std::string type_text(Bytes type) {
    for (const KnownType& known : kTypes)
        if (pki::equal(known.id, type)) return known.name;
    return x509::attribute_name(type);
}

Result<CsrDemands> ask_demands(EstServer& server) {
    PKI_TRY(const Buffer der, est_csrattrs(server));
    if (der.empty()) return CsrDemands();
    return from_server(server.report, pki::est::parse_csr_attributes(der));
}

std::string subject_text(const SubjectDemand& demand) {
    const std::string name = x509::attribute_name(demand.type);
    return demand.value.empty() ? name : name + "=" + value_text(demand.value);
}

std::string key_text(const KeyDemand& key) {
    if (is_ec(key) && key.curve.empty()) return "ec";
    if (is_rsa(key)) return key.rsa_bits ? "rsa:" + std::to_string(key.rsa_bits) : "rsa";
    der::Writer w;
    w.sequence([&] {
        w.oid(key.algorithm);
        if (!key.curve.empty()) w.oid(key.curve);
    });
    const auto text = key_algorithm_text(w.view());
    return text ? *text : x509::attribute_name(key.algorithm);
}

std::vector<std::string> demand_lines(const CsrDemands& demands) {
    std::vector<std::string> subject, extensions, attributes, lines;
    for (const SubjectDemand& one : demands.subject) subject.push_back(subject_text(one));
    for (const ExtensionDemand& one : demands.extensions)
        extensions.push_back(type_text(one.id) + (one.value ? " (value given)" : ""));
    for (const Buffer& type : demands.attributes) attributes.push_back(type_text(type));
    if (demands.key) lines.push_back("key: " + key_text(*demands.key));
    if (!subject.empty()) lines.push_back("subject: " + join(subject, ", "));
    if (!extensions.empty()) lines.push_back("extensions: " + join(extensions, ", "));
    if (!attributes.empty()) lines.push_back("attributes: " + join(attributes, ", "));
    if (lines.empty()) lines.emplace_back("nothing is asked for");
    return lines;
}

std::string demand_text(const CsrDemands& demands) { return join(demand_lines(demands), "; "); }

void tell(const CsrDemands& demands, Report& report) {
    for (const std::string& line : demand_lines(demands)) report.line(line);
    if (demands.key) report.add("key_types", key_text(*demands.key));
    std::vector<std::string> subject;
    for (const SubjectDemand& one : demands.subject) subject.push_back(subject_text(one));
    if (!subject.empty()) report.set("subject", join(subject, ", "));
    for (const ExtensionDemand& one : demands.extensions)
        report.add("extensions", type_text(one.id));
    for (const Buffer& type : demands.attributes) report.add("attributes", type_text(type));
}

Status fulfil(const CsrDemands& demands, const Asker& asker, RequestNames& names,
              Report& report) {
    for (const SubjectDemand& one : demands.subject)
        if (!asker.renewing) PKI_CHECK(fulfil_subject(one, names));
    for (const ExtensionDemand& one : demands.extensions)
        if (!asker.renewing || !pki::equal(one.id, oid::kSubjectAltName))
            PKI_CHECK(fulfil_extension(one, names));
    for (const Buffer& type : demands.attributes) {
        if (!pki::equal(type, oid::kChallengePassword)) {
            report.progress("passed over: " + type_text(type));
        } else if (!asker.bound) {
            return fail(Errc::denied, "the server asks for --channel-binding", type_text(type));
        }
    }
    return {};
}

std::string key_type_for(const CsrDemands& demands, const std::string& usual) {
    if (!demands.key) return usual;
    const std::string wanted = key_text(*demands.key);
    if (wanted == "ec") return usual.starts_with("ec:") ? usual : "ec:P-256";
    if (wanted == "rsa") return usual.starts_with("rsa:") ? usual : "rsa:3072";
    return wanted;
}

Status check_key_demand(const CsrDemands& demands, EVP_PKEY* key) {
    if (!demands.key) return {};
    PKI_TRY(const Buffer encoding, pki::ossl::public_key_der(key));
    PKI_TRY(const x509::Spki spki, x509::parse_spki(encoding));
    const std::string wanted = key_text(*demands.key), have = spki.describe();
    const bool open = wanted == "ec" || wanted == "rsa";
    if (have == wanted || (open && have.starts_with(wanted + ":"))) return {};
    // The server tells the smallest of several sizes (RFC 9908 3.2 has no range).
    if (is_rsa(*demands.key) && have.starts_with("rsa:") &&
        spki.rsa_bits() >= demands.key->rsa_bits)
        return {};
    return fail(Errc::denied, "the server asks for another key", wanted);
}

}  // namespace enroll
