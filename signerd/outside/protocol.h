// What signerd's front may ask of its outside child: tell somebody outside of an enrolment,
// under the name of a challenge of the configuration. Where that is, and the secrets for it,
// the child reads itself: there is no operation that sends bytes to an address.
//
// Frames as in libpki/wire/frame.h over a socket pair, with kinds of their own, which no
// listening socket takes. Answers come in any order.
#pragma once

#include "libpki/wire/messages.h"

namespace signerd {

constexpr std::size_t kOutsideChallenge = 8 * 1024;  // Intune's have about 2 KiB
constexpr std::size_t kOutsideReason = 256;

// The child's first frame, id 0.
struct OutsideReady {
    static constexpr pki::wire::Kind kKind{0xd1};

    pki::Bytes facts;  // rules.h: tells that both sides read the same configuration
    std::uint64_t pid = 0;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.bytes(1, m.facts, 32);
        v.number(2, m.pid);
    }
};

// Whether a certificate may be issued; that it has been; that it has not.
enum class OutsideEvent : std::uint8_t { decide = 1, issued = 2, failed = 3 };

struct OutsideQuestion {
    static constexpr pki::wire::Kind kKind{0xd2};

    std::string_view challenge;  // name in "challenges"
    OutsideEvent event = OutsideEvent::decide;
    std::string_view id;    // of the event: no other has it
    std::int64_t time = 0;  // seconds since 1970
    std::string_view profile;
    std::string_view transaction;
    std::string_view client_address;
    std::string_view subject;
    std::vector<pki::Bytes> sans;  // as the audit record has them
    pki::Bytes csr;                // DER
    pki::Bytes password;           // decide: the challengePassword
    std::string_view serial;       // issued, from here on
    pki::Bytes certificate;        // DER
    std::string_view issuer;
    std::int64_t not_after = 0;
    std::string_view reason;  // failed, from here on
    std::uint8_t code = 0;    // Errc

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.text(1, m.challenge, pki::limits::kProfileName);
        v.number(2, m.event, OutsideEvent::decide, OutsideEvent::failed);
        v.text(3, m.id, 64);
        v.number(4, m.time);
        v.text(5, m.profile, pki::limits::kProfileName);
        v.text(6, m.transaction, pki::limits::kTransaction);
        v.text(7, m.client_address, pki::limits::kAddress);
        v.text(8, m.subject, kSubject);
        v.list(9, m.sans, kSan, pki::limits::kGeneralNames);
        v.bytes(10, m.csr, pki::limits::kCsr);
        v.bytes(11, m.password, kOutsideChallenge);
        v.text(12, m.serial, 2 * pki::limits::kSerial);
        v.bytes(13, m.certificate, pki::limits::kCertificate);
        v.text(14, m.issuer, kSubject);
        v.number(15, m.not_after);
        v.text(16, m.reason, kOutsideReason);
        v.number(17, m.code);
    }

   private:
    static constexpr std::size_t kSubject = 16 * 1024;
    static constexpr std::size_t kSan = 1024;
};

enum class OutsideVerdict : std::uint8_t {
    allowed = 1,  // or, to what is no question, taken note of
    refused = 2,
    unavailable = 3,  // there was no clear answer
};

struct OutsideAnswer {
    static constexpr pki::wire::Kind kKind{0xd3};

    OutsideVerdict verdict = OutsideVerdict::unavailable;
    std::string_view reason;  // for the audit record

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.number(1, m.verdict, OutsideVerdict::allowed, OutsideVerdict::unavailable);
        v.text(2, m.reason, kOutsideReason);
    }
};

// For `reason`: printable ASCII of what somebody outside said, cut to its bound.
std::string outside_reason(std::string_view text);

pki::Buffer answer_frame(const pki::Status& status, std::uint64_t id);
// ok: allowed; unauthenticated: refused; unavailable: no clear answer, or none that can be
// read.
pki::Status status_in(const pki::wire::Frame& frame);

}  // namespace signerd
