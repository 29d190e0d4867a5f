#include "libpki/x509/name_rule.h"

#include "libpki/base/der_reader.h"
#include "libpki/base/limits.h"
#include "libpki/x509/oids.h"

namespace pki::x509 {

namespace {

constexpr std::size_t kNoBound = limits::kAttributeValue;

struct Entry {
    Bytes type;
    NameRule rule;
};

constexpr Entry kRules[] = {
    {oid::kCommonName, {der::kUtf8String, 64}},
    {oid::kSurname, {der::kUtf8String, kNoBound}},
    {oid::kSerialNumber, {der::kPrintableString, 64}},
    {oid::kCountry, {der::kPrintableString, 2}},
    {oid::kLocality, {der::kUtf8String, 128}},
    {oid::kState, {der::kUtf8String, 128}},
    {oid::kStreet, {der::kUtf8String, kNoBound}},
    {oid::kOrganization, {der::kUtf8String, 64}},
    {oid::kOrganizationalUnit, {der::kUtf8String, 64}},
    {oid::kTitle, {der::kUtf8String, 64}},
    {oid::kPostalCode, {der::kUtf8String, kNoBound}},
    {oid::kGivenName, {der::kUtf8String, kNoBound}},
    {oid::kDnQualifier, {der::kPrintableString, kNoBound}},
    {oid::kPseudonym, {der::kUtf8String, 128}},
    {oid::kOrganizationIdentifier, {der::kUtf8String, kNoBound}},
    {oid::kUserId, {der::kUtf8String, kNoBound}},
    {oid::kDomainComponent, {der::kIa5String, kNoBound}},
    {oid::kEmailAddress, {der::kIa5String, 255}},
    {oid::kUnstructuredAddress, {der::kUtf8String, kNoBound}},
};

}  // namespace

// unstructuredName is a PKCS9String (RFC 2985 5.4.1), and of a type that we do not know
// IA5String may be the one that it must have.
NameRule name_rule(Bytes type) {
    for (const Entry& entry : kRules)
        if (equal(entry.type, type)) return entry.rule;
    return {der::kUtf8String, kNoBound, true};
}

}  // namespace pki::x509
