// What a profile says of EST: "est".
#include "libpki/x509/oids.h"
#include "signerd/config_keys.h"
#include "signerd/config_parts.h"
#include "signerd/config_values.h"

namespace signerd {

namespace {

using pki::est::CsrAttributesForm;

constexpr Choice<CsrAttributesForm> kForms[] = {
    {"attributes", CsrAttributesForm::attributes},
    {"template", CsrAttributesForm::request_template},
    {"both", CsrAttributesForm::both}};

constexpr Choice<pki::Bytes> kExtensions[] = {
    {"keyUsage", pki::x509::oid::kKeyUsage},
    {"extendedKeyUsage", pki::x509::oid::kExtendedKeyUsage}};

pki::Result<CsrAttributesForm> read_form(const JsonValue& value) {
    return read_choice<CsrAttributesForm>(value, kForms);
}

pki::Result<pki::Bytes> read_extension(const JsonValue& value) {
    return read_choice<pki::Bytes>(value, kExtensions);
}

pki::Result<CsrAttributesRules> read_csr_attributes(const JsonValue& value) {
    PKI_TRY(const JsonObject object, value.object(config_keys::kCsrAttributes));
    CsrAttributesRules rules;
    PKI_CHECK(object.optional("form", into(rules.form, read_form)));
    PKI_CHECK(
        object.optional("extensions", into(rules.extensions, list_of(read_extension, 1))));
    return rules;
}

}  // namespace

pki::Result<EstRules> read_est_rules(const JsonValue& value) {
    PKI_TRY(const JsonObject object, value.object(config_keys::kEst));
    EstRules rules;
    PKI_CHECK(object.optional("renewal", into(rules.renewal, read_renewal)));
    PKI_CHECK(
        object.optional("key_generation", into(rules.key_generation, &JsonValue::boolean)));
    PKI_CHECK(
        object.optional("csr_attributes", into(rules.csr_attributes, read_csr_attributes)));
    return rules;
}

}  // namespace signerd
