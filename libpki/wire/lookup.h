// What a client may ask about certificates beside its own enrolment (RFC 8894 3.3.4, 4.7).
#pragma once

#include "libpki/wire/messages.h"

namespace pki::wire {

// A certificate of a CA of the profile's tenant, by issuer and serial. Answered with an
// IssueReply without chain; not_found.
struct CertificateRequest {
    static constexpr Kind kKind = Kind::certificate_request;

    std::string_view profile;
    Bytes issuer;  // Name
    Bytes serial;  // magnitude

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.text(1, m.profile, limits::kProfileName);
        v.bytes(2, m.issuer, limits::kName);
        v.bytes(3, m.serial, limits::kSerial);
    }
};

// The newest CRL of a CA of the profile's tenant, if it fits in one CrlReply; denied when it is
// larger, not_found when there is no such CA or CRL. By issuer the complete one, by URL that of
// the distribution point. Without both: the complete one of the profile's CA.
struct IssuerCrlRequest {
    static constexpr Kind kKind = Kind::issuer_crl_request;

    std::string_view profile;
    Bytes issuer;  // Name
    std::string_view url = {};

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.text(1, m.profile, limits::kProfileName);
        v.bytes(2, m.issuer, limits::kName);
        v.text(3, m.url, limits::kUrl);
    }
};

// The certificates of the CA that takes the place of the profile's, while that is still to
// come: its own first, then upwards. Answered with a CaCertsReply; not_found when there is
// none.
struct NextCaRequest {
    static constexpr Kind kKind = Kind::next_ca_request;

    std::string_view profile;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.text(1, m.profile, limits::kProfileName);
    }
};

// What a CSR for the profile has to have (RFC 7030 4.5, RFC 9908).
struct CsrAttributesRequest {
    static constexpr Kind kKind = Kind::csr_attributes_request;

    std::string_view profile;
    bool channel_binding = false;  // the frontend wants one, in challengePassword

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.text(1, m.profile, limits::kProfileName);
        v.flag(2, m.channel_binding);
    }
};

struct CsrAttributesReply {
    static constexpr Kind kKind = Kind::csr_attributes_reply;

    Bytes attributes;  // DER of CsrAttrs; empty: the profile asks for nothing

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.bytes(1, m.attributes, limits::kCsrAttrs);
    }
};

}  // namespace pki::wire
