// General messages (RFC 9810 5.3.19, 5.3.20; RFC 9483 4.3).
#pragma once

#include <optional>
#include <vector>

#include "libpki/cmp/message.h"
#include "libpki/x509/profile.h"

namespace pki::cmp {

// id-it OIDs, contents, in general_oids.h: kCaProtEncCert (1), kSignKeyPairTypes (2),
// kEncKeyPairTypes (3), kPreferredSymmAlg (4), kCurrentCrl (6), kUnsupportedOids (7),
// kImplicitConfirm (13), kConfirmWaitTime (14), kOrigPkiMessage (15), kCaCerts (17),
// kRootCaKeyUpdate (18), kCertReqTemplate (19), kRootCaCert (20), kCertProfile (21),
// kCrlStatusList (22), kCrls (23).

// The body of genm and genp: up to limits::kCmpInfos. malformed when empty.
Result<std::vector<Info>> parse_general(Bytes body);
Buffer build_general(const std::vector<Info>& infos);

// Values, each one element.
Buffer ca_certs_value(const std::vector<Bytes>& certificates);
Result<std::vector<Bytes>> parse_ca_certs(Bytes value);

struct RootUpdate {
    Bytes new_with_new;
    Bytes new_with_old;  // empty: none
    Bytes old_with_new;
};
Buffer root_update_value(const RootUpdate& update);
Result<RootUpdate> parse_root_update(Bytes value);

struct CrlStatus {
    Bytes issuer;  // Name, of issuer's directoryName; empty: a distribution point
    std::vector<std::string_view> urls;  // the URIs of a dpn's fullName
    std::optional<std::int64_t> this_update;
};
Result<std::vector<CrlStatus>> parse_crl_status_list(Bytes value);  // at most limits::kCmpCrls
Buffer crl_status_list_value(const std::vector<CrlStatus>& wanted);
Buffer crls_value(const std::vector<Bytes>& crls);
Result<std::vector<Bytes>> parse_crls(Bytes value);

// SEQUENCE OF AlgorithmIdentifier: signKeyPairTypes, encKeyPairTypes.
Buffer algorithms_value(const std::vector<Bytes>& algorithms);

// unsupportedOIDs: which types of a genm we did not answer.
Buffer unsupported_oids_value(const std::vector<Bytes>& types);

// CertReqTemplateContent of a profile (RFC 9810 5.3.19.16): a template with the subject
// attributes that it wants (values empty where the client chooses), the types of its SANs, and
// the usages that the certificate will have; keySpec lists its key rules.
Result<Buffer> cert_req_template_value(const x509::Profile& profile);

// The AlgorithmIdentifiers of the keys that a profile takes, for signKeyPairTypes and (RSA and
// EC alone) encKeyPairTypes.
std::vector<Buffer> key_pair_types(const x509::Profile& profile, bool encryption);

// NestedMessageContent: one to limits::kCmpNested messages, each a complete PKIMessage, not
// read.
Result<std::vector<Bytes>> parse_nested(Bytes body);
Buffer build_nested(const std::vector<Bytes>& messages);

}  // namespace pki::cmp
