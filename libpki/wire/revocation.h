// What becomes of certificates after they were issued: revoking, CRLs, OCSP, and the news of
// all that for whoever serves it.
#pragma once

#include "libpki/wire/messages.h"

namespace pki::wire {

// One certificate, by serial or as a whole. The answer is JSON: the certificate as in
// cert_show, without PEM, as it is now.
struct RevokeRequest {
    static constexpr Kind kKind = Kind::revoke_request;

    std::string_view ca;      // empty: any, when only one has the serial
    std::string_view serial;  // lower-case hex
    Bytes certificate;        // DER, in the place of ca and serial
    std::uint8_t reason = 0;  // CRLReason; not with release
    bool release = false;     // from certificateHold, instead of revoking

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.text(1, m.ca, limits::kProfileName);
        v.text(2, m.serial, 2 * limits::kSerial);
        v.bytes(3, m.certificate, limits::kCertificate);
        v.number(4, m.reason);
        v.flag(5, m.release);
    }
};

// All that fit, a page of rows at a time; at least one of the conditions is there. The answer
// is JSON: {"certificates": [...] (those that are hit), "after": ROW, "until": ROW, "more":
// BOOL}. The next page is asked for with these two. Certificates that have expired or are
// revoked already are passed over.
struct RevokeManyRequest {
    static constexpr Kind kKind = Kind::revoke_many_request;

    std::string_view profile, tenant, ca;  // empty: any
    Protocol protocol = Protocol::none;    // none: any
    std::string_view subject;              // pattern over the subject's text; empty: any
    std::int64_t issued_from = 0;          // seconds since 1970; 0: no bound
    std::int64_t issued_to = 0;            // inclusive; 0: no bound
    std::uint64_t after = 0;               // row of the last page's end
    std::uint64_t until = 0;               // last row; 0: the newest there is
    std::uint8_t reason = 0;
    bool dry_run = false;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.text(1, m.profile, limits::kProfileName);
        v.text(2, m.tenant, limits::kProfileName);
        v.text(3, m.ca, limits::kProfileName);
        v.number(4, m.protocol, Protocol::none, Protocol::enroll);
        v.text(5, m.subject, limits::kCredentialName);
        v.number(6, m.issued_from);
        v.number(7, m.issued_to);
        v.number(8, m.after);
        v.number(9, m.until);
        v.number(10, m.reason);
        v.flag(11, m.dry_run);
    }
};

// A piece of the newest CRL, or of the one with this number while it is still kept.
struct CrlRequest {
    static constexpr Kind kKind = Kind::crl_request;

    std::string_view ca;
    std::uint32_t partition = 0;  // 0: the complete list
    bool delta = false;
    std::uint64_t number = 0;  // 0: the newest
    std::uint64_t offset = 0;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.text(1, m.ca, limits::kProfileName);
        v.number(2, m.partition);
        v.flag(3, m.delta);
        v.number(4, m.number);
        v.number(5, m.offset);
    }
};

struct CrlReply {
    static constexpr Kind kKind = Kind::crl_reply;

    std::uint64_t number = 0;
    std::int64_t this_update = 0;
    std::int64_t next_update = 0;
    std::uint64_t size = 0;  // of the whole list
    Bytes sha256;            // of the whole list
    Bytes data;              // empty at its end

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.number(1, m.number);
        v.number(2, m.this_update);
        v.number(3, m.next_update);
        v.number(4, m.size);
        v.bytes(5, m.sha256, 32);
        v.bytes(6, m.data, limits::kCrlChunk);
    }
};

// Which CRL there is, in WatchReply::crls.
struct CrlName {
    std::string_view ca;
    std::uint32_t partition = 0;
    bool delta = false;
    std::uint64_t number = 0;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.text(1, m.ca, limits::kProfileName);
        v.number(2, m.partition);
        v.flag(3, m.delta);
        v.number(4, m.number);
    }
};
Result<Buffer> encode_crl_name(const CrlName& name);
Result<CrlName> decode_crl_name(Bytes fields);

// Answered when there is news for somebody who knows this much, and at the latest after
// kWatchSeconds: then with what he knows.
struct WatchRequest {
    static constexpr Kind kKind = Kind::watch_request;

    std::uint64_t change = 0;  // of the last revocation heard of; 0: none
    std::uint64_t crls = 0;    // WatchReply::crls_version of the last answer; 0: none

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.number(1, m.change);
        v.number(2, m.crls);
    }
};

constexpr int kWatchSeconds = 20;

struct WatchReply {
    static constexpr Kind kKind = Kind::watch_reply;

    std::uint64_t change = 0;
    bool everything = false;     // may have changed: what came before `change` is not known
    std::vector<Bytes> serials;  // of certificates that were revoked or released up to `change`
    std::uint64_t crls_version = 0;
    std::vector<Bytes> crls;  // encode_crl_name(), all there are, when the version is another

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.number(1, m.change);
        v.flag(2, m.everything);
        v.list(3, m.serials, limits::kSerial, limits::kChanges);
        v.number(4, m.crls_version);
        v.list(5, m.crls, 128, limits::kCrls);
    }
};

// not_found: none of the issuers is a CA of ours that the peer may ask for.
struct OcspRequest {
    static constexpr Kind kKind = Kind::ocsp_request;

    std::vector<Bytes> cert_ids;  // CertID, DER
    Bytes nonce;                  // extnValue, to be given back; empty: none

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.list(1, m.cert_ids, limits::kCertId, limits::kOcspSingle);
        v.bytes(2, m.nonce, limits::kOcspNonceValue);
    }
};

struct OcspReply {
    static constexpr Kind kKind = Kind::ocsp_reply;

    Bytes response;  // OCSPResponse, DER, successful
    std::int64_t this_update = 0;
    std::int64_t next_update = 0;  // 0: not to be kept
    std::uint64_t change = 0;      // revocations up to here are in it

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.bytes(1, m.response, limits::kOcspResponse);
        v.number(2, m.this_update);
        v.number(3, m.next_update);
        v.number(4, m.change);
    }
};

// A new CRL now, of one CA or of all. The answer is JSON: {"crls": [...]}, as in status, when
// they are there.
struct CrlPublishRequest {
    static constexpr Kind kKind = Kind::crl_publish_request;

    std::string_view ca;  // empty: all

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.text(1, m.ca, limits::kProfileName);
    }
};

}  // namespace pki::wire
