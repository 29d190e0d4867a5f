#include "signerd/config_files.h"
#include "signerd/config_keys.h"
#include "signerd/config_parts.h"
#include "signerd/config_values.h"

namespace signerd {

namespace {

pki::Result<std::string> read_key_path(const JsonValue& value,
                                       const std::filesystem::path& folder) {
    PKI_TRY(std::string path, read_path(value, folder, "file"));
    if (const auto safe = check_key_file(path); !safe)
        return value.error(path + ": " + safe.error().message());
    if (const auto safe = check_folder(folder_of(path)); !safe)
        return value.error(safe.error().message());
    return path;
}

pki::Result<Ca> read_ca(const std::string& name, const JsonValue& value,
                        const std::filesystem::path& folder) {
    PKI_CHECK(check_name(value, name));
    PKI_TRY(const JsonObject object, value.object(config_keys::kCa));
    Ca ca;
    ca.name = name;
    const auto chain = [&](const JsonValue& v) { return read_chain(v, folder, ca); };
    const auto successor = [&](const JsonValue& v) { return read_successor(v, folder); };
    const auto key_path = [&](const JsonValue& v) { return read_key_path(v, folder); };
    PKI_CHECK(object.required("tenant", into(ca.tenant, read_name)));
    PKI_CHECK(object.required("certificate", chain));
    PKI_CHECK(object.required("key", into(ca.key_path, key_path)));
    PKI_CHECK(object.optional("crl_urls", into(ca.crl_urls, list_of(read_url))));
    PKI_CHECK(object.optional("ocsp_urls", into(ca.ocsp_urls, list_of(read_http_url))));
    PKI_CHECK(object.optional("ca_issuers_urls", into(ca.ca_issuers_urls, list_of(read_url))));
    PKI_CHECK(read_crl_rules(object, ca));
    PKI_CHECK(object.optional("ocsp", into(ca.ocsp, read_ocsp_rules)));
    PKI_CHECK(object.optional("successor", into(ca.successor, successor)));
    return ca;
}

// RFC 5280 5.2.3: an issuer has one sequence of lists, and a complete one has all of its
// certificates. Two entries for one issuer would each number and list their own.
pki::Status check_one_issuer(const JsonValue& value, const std::map<std::string, Ca>& cas,
                             const Ca& ca) {
    for (const auto& [name, other] : cas)
        if (ca.crl.enabled && other.crl.enabled && ca.subject == other.subject &&
            ca.key_identifier == other.key_identifier)
            return value.error("the same CA as \"" + name +
                               "\": only one of them may have CRLs (crl.enabled)");
    return {};
}

}  // namespace

pki::Result<std::map<std::string, Ca>> read_cas(const JsonValue& value,
                                                const std::filesystem::path& folder) {
    PKI_TRY(const auto members, value.members());
    if (members.empty()) return value.error("no CA");
    std::map<std::string, Ca> cas;
    for (const auto& [name, member] : members) {
        PKI_TRY(Ca ca, read_ca(name, member, folder));
        PKI_CHECK(check_one_issuer(member, cas, ca));
        cas.emplace(name, std::move(ca));
    }
    PKI_CHECK(check_successors(value, cas));
    return cas;
}

}  // namespace signerd
