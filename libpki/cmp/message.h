// PKIMessage (RFC 9810 5.1): header and what is around the body. Read in place.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libpki/base/bytes.h"
#include "libpki/base/result.h"

namespace pki::cmp {

// The tags of PKIBody (RFC 9810 5.1.2).
enum class BodyType : std::uint8_t {
    ir = 0,
    ip = 1,
    cr = 2,
    cp = 3,
    p10cr = 4,
    popdecc = 5,
    popdecr = 6,
    kur = 7,
    kup = 8,
    krr = 9,
    krp = 10,
    rr = 11,
    rp = 12,
    ccr = 13,
    ccp = 14,
    ckuann = 15,
    cann = 16,
    rann = 17,
    crlann = 18,
    pkiconf = 19,
    nested = 20,
    genm = 21,
    genp = 22,
    error = 23,
    cert_conf = 24,
    poll_req = 25,
    poll_rep = 26,
};
constexpr std::uint8_t kLastBodyType = 26;
// "ir", "certConf" and the like, as the RFC writes them.
std::string_view name(BodyType type);

// InfoTypeAndValue (RFC 9810 5.1.1).
struct Info {
    Bytes type;   // OID content
    Bytes value;  // one element, or empty when absent
};

struct Header {
    Bytes encoding;
    std::uint64_t pvno = 0;  // any value: who reads the message decides (RFC 9810 7)
    Bytes sender;            // GeneralName, the whole element
    Bytes recipient;
    std::optional<std::int64_t> message_time;  // seconds since 1970
    Bytes protection_algorithm;                // AlgorithmIdentifier; empty when absent
    std::optional<Bytes> sender_kid;           // contents of the OCTET STRINGs
    std::optional<Bytes> recip_kid;
    std::optional<Bytes> transaction_id;
    std::optional<Bytes> sender_nonce;
    std::optional<Bytes> recip_nonce;
    std::vector<Info> general_info;  // all of them; what follows is read from these
    bool implicit_confirm = false;
    std::optional<std::int64_t> confirm_wait_time;  // seconds since 1970
    std::vector<std::string_view> cert_profiles;    // UTF-8; may be empty strings

    // The first field that is not what the RFC says (a UTCTime, a nonce that is too long, a
    // type of generalInfo twice …): the message can be answered, with this error's reason.
    // Fields behind it are read all the same; the field itself is absent.
    std::optional<Error> problem;
};

struct Message {
    Bytes encoding;
    Header header;
    BodyType type = BodyType::error;
    Bytes body;                       // content of the explicit tag: one element
    Bytes body_encoding;              // with the tag, as the protection covers it
    std::optional<Bytes> protection;  // content of the BIT STRING
    std::vector<Bytes> extra_certs;   // each is a SEQUENCE; no more is checked
};

// All views look into `der`, which is at most limits::kCmpMessage. malformed when no answer can
// be made: the outer structure is not that of a PKIMessage, or pvno, sender and recipient
// cannot be read, or the body has a tag that PKIBody does not know. More than limits::kChain
// extraCerts are malformed. Not checked: the protection, the body, whether the fields suit the
// body.
Result<Message> parse_message(Bytes der);

// A NULL-DN or a name: the directoryName of a GeneralName (Name, SEQUENCE); empty for other
// kinds of names.
Bytes directory_name(Bytes general_name);

// For logs and records: hexadecimal of the transactionID, at most limits::kTransaction
// characters; empty when there is none.
std::string transaction_text(const Header& header);

// PKIHeader without protectionAlg, which the protection brings (protection.h).
struct HeaderSpec {
    std::uint64_t pvno = 2;
    Bytes sender;  // Name; empty: NULL-DN. With a signature it is the subject of the
                   // certificate and not looked at here
    Bytes recipient;                // GeneralName, the whole element; empty: NULL-DN
    std::int64_t message_time = 0;  // 0: none
    std::optional<Bytes> recip_kid = {};
    std::optional<Bytes> transaction_id = {};
    std::optional<Bytes> sender_nonce = {};
    std::optional<Bytes> recip_nonce = {};
    bool implicit_confirm = false;
    std::int64_t confirm_wait_time = 0;  // 0: none
    std::vector<std::string_view> cert_profiles = {};
    std::string_view free_text = {};
};

}  // namespace pki::cmp
