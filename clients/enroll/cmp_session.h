// Who we are to a server of CMP, whom we believe there, and one exchange of messages.
#pragma once

#include "clients/enroll/identity.h"
#include "libpki/cmp/client.h"

namespace enroll {

// What protects our messages: a certificate with its key, or a secret.
struct CmpIdentity {
    OwnCertificate own;
    pki::ossl::PkeyPtr key;  // nullptr: by the secret
    std::string reference;   // the senderKID that names the secret
    pki::Secret secret;
    pki::Buffer sender;  // Name: CN = reference
    pki::Buffer salt;
    pki::cmp::MacParameters mac;  // views into salt
    pki::Secret mac_key;
};

struct CmpTrust {
    std::vector<pki::Buffer> anchors;  // --ca
    pki::Buffer server_certificate;  // --server-cert: it alone signs answers; empty: any below
                                     // an anchor that may
};

// Of one transaction. The identity is not moved while it lives.
struct CmpSession {
    Transport& transport;
    std::string url;
    Patience& patience;
    const Context& context;
    const CmpIdentity& identity;
    const CmpTrust& trust;
    std::string profile;  // certProfile; empty: none
    pki::cmp::ClientTransaction transaction = {};
    std::vector<pki::Buffer> known = {};  // certificates that came, for chains
};

// The answer looks into the bytes.
struct CmpReply {
    pki::Buffer bytes;
    pki::cmp::Answer answer;
    const pki::cmp::Message& message() const { return answer.message; }
};

// Sends it. The answer is to this message, and from who holds the secret, or whose certificate
// may sign answers; or it is an error that nothing proves.
pki::Result<CmpReply> cmp_exchange(CmpSession& session, pki::cmp::BodyType type,
                                   pki::Bytes body, bool implicit_confirm = false,
                                   std::uint64_t pvno = 2);

// What a rejection says, and the exit status that it means.
pki::Error cmp_refusal(const CmpReply& reply, const pki::cmp::PkiStatusInfo& status,
                       Report& report);
// The same of an error message.
pki::Error cmp_error(const CmpReply& reply, Report& report);

// Does the certificate chain to --ca, and is it a CA's or for one of these purposes?
pki::Status check_cmp_role(pki::Bytes certificate, const std::vector<pki::Buffer>& between,
                           const CmpTrust& trust, const std::vector<pki::Bytes>& purposes,
                           std::int64_t now);

}  // namespace enroll
