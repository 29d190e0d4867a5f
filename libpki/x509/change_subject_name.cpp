#include "libpki/x509/change_subject_name.h"

#include "libpki/x509/nested.h"

namespace pki::x509 {

namespace {

// id-cmc-changeSubjectName, 1.3.6.1.5.5.7.7.36
constexpr std::uint8_t kChangeSubjectName[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x07, 0x24};
// An empty Name.
constexpr std::uint8_t kNoSubject[] = {der::kSequence, 0};

// ChangeSubjectName ::= SEQUENCE { subject Name OPTIONAL, subjectAlt GeneralNames OPTIONAL }.
// Both begin with SEQUENCE: the elements of a Name are SETs, those of GeneralNames never are.
bool is_subject(const der::Element& element) {
    return element.content.empty() || element.content[0] == der::kSet;
}

Result<ChangeSubjectName> parse_value(Bytes whole, der::Reader fields) {
    ChangeSubjectName change;
    PKI_TRY(change.subject, parse_name(kNoSubject));
    PKI_TRY(der::Element element, fields.element(der::kSequence));
    if (is_subject(element)) {
        PKI_TRY(change.subject, nested(whole, element.encoding, parse_name(element.encoding)));
        if (fields.at_end()) return change;
        PKI_TRY(element, fields.element(der::kSequence));
    }
    PKI_CHECK(fields.finish());
    PKI_TRY(change.san, nested(whole, element.encoding, parse_san(element.encoding)));
    return change;
}

// The values of the attribute, whose CSR was read before.
Result<std::optional<der::Reader>> find_attribute(Bytes info) {
    std::optional<der::Reader> found;
    PKI_TRY(der::Reader fields, der::Reader(info).enter(der::kSequence));
    while (!fields.at_end() && !fields.next_is(der::constructed(0))) PKI_CHECK(fields.any());
    if (fields.at_end()) return found;
    PKI_TRY(der::Reader attributes, fields.enter(der::constructed(0)));
    while (!attributes.at_end()) {
        PKI_TRY(der::Reader attribute, attributes.enter(der::kSequence));
        PKI_TRY(const Bytes type, attribute.oid());
        PKI_TRY(const der::Reader values, attribute.enter(der::kSet));
        if (!equal(type, kChangeSubjectName)) continue;
        if (found)
            return fail(Errc::malformed, "CSR: a second ChangeSubjectName", values.offset());
        found = values;
    }
    return found;
}

}  // namespace

Result<std::optional<ChangeSubjectName>> change_subject_name(const Csr& csr) {
    // A CRMF template has no attributes of this kind.
    if (csr.info.empty()) return std::optional<ChangeSubjectName>();
    PKI_TRY(auto values, find_attribute(csr.info));
    if (!values) return std::optional<ChangeSubjectName>();
    PKI_TRY(const der::Reader fields, values->enter(der::kSequence));
    PKI_CHECK(values->finish());
    PKI_TRY(ChangeSubjectName change, parse_value(csr.encoding, fields));
    return std::optional(std::move(change));
}

}  // namespace pki::x509
