// What signerd's front may ask of its key child. There is no operation that signs bytes:
// a TBSCertificate or a TBSCertList goes in, and the child looks at it itself before it signs.
//
// Frames as in libpki/wire/frame.h over a socket pair, with kinds of their own, which no
// listening socket takes. Answers are in the order of the requests; a failure is a
// wire::ErrorReply.
#pragma once

#include "libpki/wire/messages.h"

namespace signerd {

// Reads the configuration and every key again under this number. Only `keep` and the new
// generation stay: requests that began before a reload can still finish.
struct LoadRequest {
    static constexpr pki::wire::Kind kKind{0xe0};

    std::uint64_t generation = 0;
    std::uint64_t keep = 0;  // 0: none

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.number(1, m.generation);
        v.number(2, m.keep);
    }
};

struct LoadReply {
    static constexpr pki::wire::Kind kKind{0xe1};

    pki::Bytes facts;  // key.h: tells that both sides read the same configuration

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.bytes(1, m.facts, 32);
    }
};

struct SignRequest {
    static constexpr pki::wire::Kind kKind{0xe2};

    std::uint64_t generation = 0;
    std::string_view ca;
    pki::Bytes tbs;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.number(1, m.generation);
        v.text(2, m.ca, pki::limits::kProfileName);
        v.bytes(3, m.tbs, pki::limits::kCertificate);
    }
};

struct SignReply {
    static constexpr pki::wire::Kind kKind{0xe3};

    pki::Bytes signature;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.bytes(1, m.signature, kSignature);
    }

   private:
    static constexpr std::size_t kSignature = pki::limits::kRsaMaxBits / 8;
};

// The first message of a CRL; the one that was under way, if any, is dropped. The TBSCertList
// follows in parts, each sent when the one before was answered: other requests come in between.
struct CrlBegin {
    static constexpr pki::wire::Kind kKind{0xe4};

    std::uint64_t generation = 0;
    std::string_view ca;
    std::uint64_t size = 0;  // of the TBSCertList

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.number(1, m.generation);
        v.text(2, m.ca, pki::limits::kProfileName);
        v.number(3, m.size);
    }
};

// The last one is answered by SignReply.
struct CrlPart {
    static constexpr pki::wire::Kind kKind{0xe5};

    pki::Bytes bytes;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.bytes(1, m.bytes, pki::limits::kCrlPart);
    }
};

// To CrlBegin and to every part but the last: go on.
struct CrlContinue {
    static constexpr pki::wire::Kind kKind{0xe6};

    template <class V, class M>
    static void visit(V&, M&) {}
};

// The public key of the CA's OCSP responder. The private one is made by the child, which keeps
// the newest and the one before it as long as it lives.
struct ResponderKeyRequest {
    static constexpr pki::wire::Kind kKind{0xe8};

    std::uint64_t generation = 0;
    std::string_view ca;
    bool fresh = false;  // a new one, also where there is one

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.number(1, m.generation);
        v.text(2, m.ca, pki::limits::kProfileName);
        v.flag(3, m.fresh);
    }
};

struct ResponderKeyReply {
    static constexpr pki::wire::Kind kKind{0xe9};

    pki::Bytes spki;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.bytes(1, m.spki, pki::limits::kCertificate);
    }
};

// A TBSCertificate for one of these keys, signed with the CA's. Answer: SignReply; not_found
// for another key.
struct SignResponderRequest {
    static constexpr pki::wire::Kind kKind{0xea};

    std::uint64_t generation = 0;
    std::string_view ca;
    pki::Bytes tbs;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.number(1, m.generation);
        v.text(2, m.ca, pki::limits::kProfileName);
        v.bytes(3, m.tbs, pki::limits::kCertificate);
    }
};

// A ResponseData, signed with the responder key that it names. Answer: SignReply; not_found
// when the child has no such key.
struct SignOcspRequest {
    static constexpr pki::wire::Kind kKind{0xeb};

    std::uint64_t generation = 0;
    std::string_view ca;
    pki::Bytes response_data;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.number(1, m.generation);
        v.text(2, m.ca, pki::limits::kProfileName);
        v.bytes(3, m.response_data, pki::limits::kOcspResponse);
    }
};

// The TBSCertificate of a registration authority. Answer: SignReply.
struct SignRaRequest {
    static constexpr pki::wire::Kind kKind{0xec};

    std::uint64_t generation = 0;
    std::string_view ca;
    pki::Bytes tbs;

    template <class V, class M>
    static void visit(V& v, M& m) {
        v.number(1, m.generation);
        v.text(2, m.ca, pki::limits::kProfileName);
        v.bytes(3, m.tbs, pki::limits::kCertificate);
    }
};

// A complete frame of this protocol.
pki::Result<pki::wire::Frame> parse_key_frame(pki::Bytes in);

}  // namespace signerd
