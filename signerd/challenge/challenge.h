// Challenges: what an initial SCEP request proves that it may have a certificate with, the
// challengePassword of its CSR (RFC 8894 2.4). The configuration makes them, a profile lists
// those that it takes, and the issue path asks one after the other.
//
// check() is done for every request, a retry included, and changes nothing. What is good only
// once is claimed after that, and written together with the certificate (issue_challenge.h).
// Where only somebody else can tell, check() says `ask`, and he is asked after idempotency and
// claims, before there is a serial number (Outside).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "libpki/x509/csr.h"
#include "signerd/store/used.h"

namespace signerd {

// What a challenge is told of a request. Views, which last until the request is answered.
struct Presented {
    std::string_view password;  // the challengePassword as UTF-8, not empty; not for any log
    std::string_view profile;
    const pki::x509::Csr* csr = nullptr;  // its signature is verified, its policy is not
    std::int64_t now = 0;                 // seconds since 1970
    // A renewal may bring the secret that its first enrolment had (RFC 8894 2.4): what is over
    // or was used by then is still that secret, and admits nothing here.
    bool renewal = false;
    std::string_view transaction;     // printable form of the transactionID
    std::string_view client_address;  // as the frontend has it
};

// What an accepted challenge uses up.
struct Claims {
    std::optional<UsedValue> once;        // good for one certificate
    std::optional<CountedValue> counted;  // one of `limit` at a time
    std::uint32_t limit = 0;
};

enum class Verdict : std::uint8_t {
    accepted,
    not_mine,  // this challenge does not know it; the next one may
    refused,   // this challenge made it, and it is good no more, or not for this request
    ask,       // whatever it is, it is for somebody else to tell: Outside::ask()
};

struct Finding {
    Verdict verdict = Verdict::not_mine;
    // For the audit record, with not_mine and refused: a literal, or one and a value of the
    // configuration or of the CSR; never of the password.
    std::string cause;
    std::string key;  // the id of the key that made it, where there are several
    Claims claims;
};

// Immutable; lives in the configuration.
class Challenge {
   public:
    explicit Challenge(std::string name) : name_(std::move(name)) {}
    Challenge(const Challenge&) = delete;
    Challenge& operator=(const Challenge&) = delete;
    virtual ~Challenge() = default;

    // In signerd.json, in audit records, and in the cause of a refusal.
    const std::string& name() const { return name_; }

    // Compares secrets in constant time. No files, no waiting.
    virtual Finding check(const Presented& presented) const = 0;
    // Does check() say `ask`? Such a challenge takes every password, so it is the last of a
    // profile.
    virtual bool asks_outside() const { return false; }

   private:
    const std::string name_;
};

using ChallengePtr = std::shared_ptr<const Challenge>;

// What became of a request that somebody outside was asked about: the certificate, durable and
// about to be sent, or why there is none.
struct Outcome {
    pki::Bytes certificate;             // DER; empty: there is none
    const pki::Error* error = nullptr;  // then the cause, with all that the audit record has
};

// Asks and tells others. One for the daemon; its methods are called on the event loop.
class Outside {
   public:
    // Once, on the event loop, in the turn of ask() or a later one: accepted or refused,
    // without claims. An Error when nobody could be asked, which refuses the request as well,
    // with its own code.
    using Done = std::function<void(const pki::Result<Finding>& finding)>;

    virtual ~Outside() = default;
    // `challenge` and what `presented` looks into live until `done` was called.
    virtual void ask(const Challenge& challenge, const Presented& presented, Done done) = 0;
    // For every request that ask() was called for and `done` had an answer to, once it is
    // decided. The views end with the call. Not called: when signerd ends before.
    virtual void tell(const Challenge& challenge, const Presented& presented,
                      const Outcome& outcome) = 0;
};

}  // namespace signerd
