#include "signerd/originator_names.h"

#include <algorithm>

#include "libpki/base/ascii.h"
#include "libpki/base/utf8.h"
#include "libpki/x509/oids.h"

namespace signerd {

namespace x509 = pki::x509;
namespace oid = pki::x509::oid;
using pki::Bytes;
using pki::Errc;
using pki::fail;
using pki::Reason;
using x509::SanType;

namespace {

constexpr std::size_t kShownValue = 100;  // characters of a client's value in an error

// They place a holder and do not name him.
constexpr Bytes kPlaces[] = {
    oid::kCountry,
    oid::kState,
    oid::kLocality,
    oid::kStreet,
    oid::kPostalCode,
    oid::kOrganization,
    oid::kOrganizationIdentifier,
    oid::kOrganizationalUnit,
    oid::kDomainComponent,
};

// What the originator is called.
struct Own {
    std::vector<std::string> texts;
    bool exact = false;  // of a reference: two that differ in case are two secrets
    const x509::Name* subject = nullptr;
    std::optional<x509::San> san;

    bool has(std::string_view text) const {
        return std::ranges::any_of(texts, [&](const std::string& own) {
            return exact ? own == text : pki::equal_ignoring_case(own, text);
        });
    }
};

std::string san_text(const x509::GeneralName& name) {
    const std::string text = x509::general_name_text(name);
    return text.substr(text.find(':') + 1);
}

Own own_by_reference(std::string_view reference) {
    Own own;
    own.texts.emplace_back(reference);
    own.exact = true;
    return own;
}

pki::Result<Own> own_by_certificate(const x509::Certificate& certificate) {
    Own own;
    own.subject = &certificate.tbs.subject;
    PKI_TRY(own.san, x509::certificate_san(certificate));
    for (const x509::NameAttribute& attribute : own.subject->attributes)
        if (pki::equal(attribute.type, oid::kCommonName) ||
            pki::equal(attribute.type, oid::kSerialNumber))
            own.texts.push_back(x509::attribute_text(attribute));
    if (!own.san) return own;
    for (const x509::GeneralName& name : own.san->names)
        if (name.type == SanType::dns) own.texts.push_back(san_text(name));
    return own;
}

pki::Error not_own(std::string_view kind, std::string_view value) {
    return fail(Errc::denied, Reason::bad_cert_template, "names: not the sender's own",
                std::string(kind) + ": \"" + pki::printable(value, kShownValue) + '"');
}

bool is_in(const x509::Name& subject, const x509::NameAttribute& wanted) {
    const std::string text = x509::attribute_text(wanted);
    return std::ranges::any_of(subject.attributes, [&](const x509::NameAttribute& attribute) {
        return pki::equal(attribute.type, wanted.type) &&
               x509::attribute_text(attribute) == text;
    });
}

pki::Status check_attribute(const Own& own, const x509::NameAttribute& attribute) {
    if (is_place(attribute.type)) return {};
    const std::string text = x509::attribute_text(attribute);
    if (own.has(text)) return {};
    if (own.subject != nullptr && is_in(*own.subject, attribute)) return {};
    return not_own(pki::printable(x509::attribute_name(attribute.type), kShownValue), text);
}

bool may_be_reference(SanType type) {
    return type == SanType::uri || type == SanType::email || type == SanType::ip;
}

pki::Status check_general_name(const Own& own, const x509::GeneralName& name) {
    const std::string text = san_text(name);
    if (name.type == SanType::dns && own.has(text)) return {};
    if (own.subject == nullptr && may_be_reference(name.type) && own.has(text)) return {};
    const auto same = [&](const x509::GeneralName& other) {
        return pki::equal(other.encoding, name.encoding);
    };
    if (own.san && std::ranges::any_of(own.san->names, same)) return {};
    return not_own(x509::san_type_name(name.type), text);
}

}  // namespace

bool is_place(Bytes type) {
    return std::ranges::any_of(kPlaces, [&](Bytes place) { return pki::equal(place, type); });
}

pki::Status check_own_names(const x509::Csr& csr, const CmpTurn& turn) {
    Own own;
    if (turn.certificate) {
        PKI_TRY(own, own_by_certificate(*turn.certificate));
    } else {
        own = own_by_reference(turn.originator.name);
    }
    for (const x509::NameAttribute& attribute : csr.subject.attributes)
        PKI_CHECK(check_attribute(own, attribute));
    if (!csr.san) return {};
    for (const x509::GeneralName& name : csr.san->names)
        PKI_CHECK(check_general_name(own, name));
    return {};
}

}  // namespace signerd
