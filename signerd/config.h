// signerd.json, read strictly and validated: an unknown key, a bad value or an unreadable
// file is an error that names the key by its path ("profiles.tls.keys[1]").
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libpki/est/csr_attributes.h"
#include "libpki/x509/cert.h"
#include "libpki/x509/profile.h"
#include "signerd/challenge/challenge.h"
#include "signerd/outside/rules.h"

namespace signerd {

// Stands in crl_urls for the number of a certificate's partition.
constexpr std::string_view kPartitionWord = "{partition}";

// "crl" of a CA.
struct CrlRules {
    bool enabled = true;            // false where the certificate may not sign CRLs
    std::int64_t every = 3600;      // seconds between scheduled lists
    std::int64_t validity = 86400;  // nextUpdate - thisUpdate
    std::int64_t delta_every = 0;   // 0: no delta CRLs
    std::vector<std::string> delta_urls;
    std::uint32_t partitions = 0;    // 0: certificates point to the complete list
    bool distribution_point = true;  // issuingDistributionPoint in complete lists
};

// "ocsp" of a CA.
struct OcspRules {
    std::int64_t validity = 4 * 3600;  // nextUpdate - thisUpdate
    std::string key;  // ossl::generate_key() of the responder; empty: "rsa:2048"
                      // below an RSA CA, else "ec:P-256"
    std::int64_t certificate_validity = 7 * 86400;  // of the responder's certificate
};

// "now" in place of a time: before any clock's.
constexpr std::int64_t kFromNow = 0;

// Another CA of the file that takes this one's place.
struct Successor {
    std::string ca;
    std::optional<std::int64_t> from;  // seconds since 1970; none: announced only
    std::vector<pki::Buffer> cross;    // DER: OldWithNew and NewWithOld (RFC 9810 4.4)
};

struct Ca {
    std::string name;
    std::string tenant;
    std::vector<pki::Buffer> chain;  // DER: the issuing certificate first, then upwards; the
                                     // self-signed root last when the file has it
    std::string key_path;            // read by the key child only
    pki::Buffer subject;             // Name of the issuing certificate
    pki::Buffer key_identifier;      // its SKI, computed when the certificate has none
    std::int64_t not_before = 0;
    std::int64_t not_after = 0;
    pki::ossl::SignatureScheme scheme;  // what this key signs with
    std::vector<std::string> crl_urls;
    std::vector<std::string> ocsp_urls;
    std::vector<std::string> ca_issuers_urls;
    CrlRules crl;
    OcspRules ocsp;
    std::optional<Successor> successor;
};

// "approval" of a profile, and what belongs to it.
struct ApprovalRules {
    bool manual = false;  // a person decides about each request
    // Seconds that a request waits for that, and then again that it can be fetched.
    std::int64_t lifetime = 7 * 86400;
    std::uint32_t retry = 60;     // seconds until the client may ask again
    std::uint64_t limit = 1'000;  // waiting requests of this profile
};

// In "scep.challenges" in place of names: an enrolment needs no challenge.
constexpr std::string_view kNoChallenge = "none";

// "scep.renewal" of a profile.
// Of what a client already has, signed with it.
struct Renewal {
    std::int64_t grace = 0;       // seconds for which a certificate that is over is renewed
    bool change_subject = false;  // subject and SAN may differ from the certificate's
    std::vector<std::string> from_profiles;  // whose certificates it renews beside its own
    bool same_key = true;                    // the key may be that of the certificate
};

// "est.csr_attributes" of a profile: what csrattrs tells.
struct CsrAttributesRules {
    pki::est::CsrAttributesForm form = pki::est::CsrAttributesForm::both;
    // What CSRs by EST must ask for, with the profile's value: keyUsage, extendedKeyUsage.
    std::vector<pki::Bytes> extensions;
};

// "est" of a profile. Without it EST has these rules.
struct EstRules {
    Renewal renewal;              // simplereenroll
    bool key_generation = false;  // serverkeygen
    CsrAttributesRules csr_attributes;
};

// One of "limits" of a profile: so many certificates in any such time.
struct IssueLimit {
    std::uint32_t count = 0;  // 0: no limit
    std::int64_t within = 86400;
};

// "limits" of a profile, whatever the protocol.
struct IssueLimits {
    IssueLimit per_name;        // for a common name and the address of the client
    IssueLimit per_credential;  // for whoever has proven to be somebody
};

// "scep" of a profile.
struct ScepRules {
    std::vector<ChallengePtr> challenges;  // asked in this order; none in the key child
    bool open = false;                     // "none": an enrolment needs no challenge
    Renewal renewal;
};

// Whose names a request by CMP may ask for.
enum class CmpNames : std::uint8_t {
    any,         // the rules of the profile say it all
    credential,  // the common names, serialNumbers and dNSNames that its sender has himself: in
                 // the certificate that signed it, or as the reference of its secret
};

// "cmp" of a profile.
struct CmpRules {
    CmpNames names = CmpNames::credential;  // "names": has to be written
    bool implicit_confirm = false;          // no certConf, for a client that asks for it
    std::int64_t confirm_within = 300;      // seconds; what is not confirmed then
    bool keep_unconfirmed = false;          // stays valid; else it is revoked
    bool ra = false;              // an RA may ask and revoke for others, and say raVerified
    bool key_generation = false;  // keys are made for clients
    bool revocation = false;      // rr, of certificates of this profile
    Renewal renewal;              // kur
};

struct Profile {
    pki::x509::Profile rules;
    std::string ca;
    std::int64_t idempotency_window = 3600;  // seconds in which equal CSR bytes are a retry
    ApprovalRules approval;
    std::optional<ScepRules> scep;  // none: no request by SCEP
    std::optional<CmpRules> cmp;    // none: no request by CMP
    EstRules est;
    IssueLimits limits;
};

enum class Role { frontend, reader, admin };

// Who may connect to a socket. A connection that matches no peer is closed at once.
struct Peer {
    std::string name;
    std::optional<uid_t> user;   // at least one of user and group is set; both must match
    std::optional<gid_t> group;  // primary group of the peer's credentials
    Role role = Role::reader;
    bool all_profiles = false;          // "profiles": "*"
    std::vector<std::string> profiles;  // what a frontend may use
    bool verify_possession = true;  // false: this peer's word on the CSR's signature is enough
};

struct Listen {
    std::string path;
    mode_t mode = 0660;
    std::optional<gid_t> group;  // owner group of the socket file
    std::vector<Peer> peers;     // the first that matches counts
};

struct Limits {
    std::size_t connections = 1024;
    std::size_t queue = 4096;         // requests accepted and not yet answered
    std::int64_t drain_seconds = 10;  // after SIGTERM
};

// What is decided before anything else is done, and once: a change needs a restart.
struct Confinement {
    std::string user;   // account that root becomes; empty: stays what it is
    std::string group;  // empty: the account's own
    bool sandbox = true;
    bool outside = false;      // there is an "outside"
    std::string outside_user;  // of the outside child, as above
    std::string outside_group;

    bool operator==(const Confinement&) const = default;
};

struct Config {
    std::string path;
    std::string id;     // in each audit record
    std::string store;  // path of the SQLite file
    std::vector<Listen> listen;
    std::map<std::string, Ca> cas;
    std::map<std::string, ChallengePtr> challenges;
    std::map<std::string, Profile> profiles;
    Limits limits;
    Confinement confinement;
    std::optional<OutsideConfig> outside;
};

// Reads the file and every certificate it names; relative paths are relative to the file's
// folder. Key files are checked for existence, owner and mode, never read: that is the key
// child's part. The Error's text is "invalid configuration", its detail starts with the path of
// the key, or with "<file>:<line>:<column>" where the file is not JSON; not_found when the file
// itself cannot be read, denied when somebody else may write it. The store and the folders of
// the sockets are checked in the same way, where they exist. Secrets of challenges are read.
// Looks up users and groups: for one thread at a time.
pki::Result<std::shared_ptr<const Config>> load_config(const std::string& path);

// The same without `listen` and `challenges`, and without a look at the store: what the key
// child needs. No
// account is looked up, which might ask another process.
pki::Result<std::shared_ptr<const Config>> load_key_config(const std::string& path);

// "outside" and the challenges that ask somebody there: what the outside child needs. Secrets
// are not looked at, nor are accounts.
pki::Result<OutsideConfig> load_outside_config(const std::string& path);

// These keys of the file alone; the rest is only known to be JSON.
pki::Result<Confinement> load_confinement(const std::string& path);

}  // namespace signerd
