// A retried enrolment never mints twice: which requests are the same request.
//
// Two requests are the same when tenant, profile, protocol, authenticated identity and the
// client's own idempotency key are equal. Without such a key the CSR takes its place, and
// then equal requests are a retry only inside a window: months later they are a renewal.
// A key is bound to the CSR that it came with. A certificate that has expired or was revoked
// answers nothing, whatever the key.
//
// SCEP's key is the transactionID, which the client did not choose for good: it is often a hash
// of its public key, so each of its requests has the same. It counts inside the window only,
// and is bound to the public key: a client that signs its request anew for a retry is the same
// client (RFC 8894 3.2.1.1).
//
// The issue path uses it in this order, all on the event loop:
//     claim(), and when it is `ours`: Store::find_answer(), weigh(), the certificate that
//     answers, or else issue and commit; then release()
// release() comes after commit() has returned, or there is a gap in which a retry finds
// neither the claim nor the answer.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "libpki/wire/messages.h"
#include "signerd/store/store.h"

namespace signerd {

struct RequestKey {
    pki::ossl::Sha256 key{};
    pki::ossl::Sha256 csr_sha256{};
    bool given = false;          // the client chose it for good; else it counts inside a window
    bool by_public_key = false;  // bound to the public key; else to the CSR
    pki::ossl::Sha256 spki_sha256{};
    // Of CMP: bound to the message, and to who sent it (issue_transaction.h).
    bool by_message = false;
    pki::ossl::Sha256 message{};

    // What whoever comes with this key has to come with.
    const pki::ossl::Sha256& binding() const {
        if (by_message) return message;
        return by_public_key ? spki_sha256 : csr_sha256;
    }
};

// Hashes of the CSR and of the SubjectPublicKeyInfo in it.
struct CsrHashes {
    pki::ossl::Sha256 csr{};
    pki::ossl::Sha256 spki{};
};

// The identity is the user name with Basic, the certificate with a client certificate, the
// signer's certificate where there is one, and nobody without credentials: of a challenge it
// is not known who has it. Not checked: that the request has what its credential needs.
RequestKey request_key(std::string_view tenant, const pki::wire::IssueRequest& request,
                       const CsrHashes& hashes);

// Does the answer still stand? Keys that a client chose do not expire; derived ones last
// `window` seconds. A clock that was set back (now < created) counts as inside. Not checked:
// the certificate.
bool answer_is_current(const Answer& answer, bool given, std::int64_t now, std::int64_t window);

// What an answer found under the key of a request means for it.
enum class Earlier : std::uint8_t {
    replay,   // give the stored certificate again
    expired,  // issue, and replace the answer
    // The key is bound to something else: Errc::conflict. A transactionID that is free again
    // is `expired`, every other key stays bound, whatever its age.
    conflict,
};
Earlier weigh(const Answer& answer, const RequestKey& request, std::int64_t now,
              std::int64_t window);

enum class Claim : std::uint8_t {
    ours,      // the caller works on it and must release() it, whatever comes out
    taken,     // somebody works on it: wait()
    conflict,  // somebody works on it with another CSR or public key
};

// Keys being worked on and who waits for their outcome. For one thread. A Waiter is whatever
// finds the waiting request again; it may be gone by then. There are at most as many as
// accepted requests, so the bound is the caller's queue.
template <class Waiter>
class InFlight {
   public:
    Claim claim(const RequestKey& request) {
        const auto [entry, fresh] = entries_.try_emplace(request.key);
        if (fresh) {
            entry->second.binding = request.binding();
            return Claim::ours;
        }
        return entry->second.binding == request.binding() ? Claim::taken : Claim::conflict;
    }

    // After Claim::taken only. False when nobody works on it: then it has to be claimed.
    bool wait(const RequestKey& request, Waiter waiter) {
        const auto entry = entries_.find(request.key);
        if (entry == entries_.end()) return false;
        entry->second.waiters.push_back(std::move(waiter));
        return true;
    }

    // Ends the claim. The waiters in the order in which they came: with success they get the
    // same certificate, with failure the same error.
    std::vector<Waiter> release(const pki::ossl::Sha256& key) {
        auto node = entries_.extract(key);
        if (node.empty()) return {};
        return std::move(node.mapped().waiters);
    }

    std::size_t size() const { return entries_.size(); }

   private:
    struct Entry {
        pki::ossl::Sha256 binding{};
        std::vector<Waiter> waiters;
    };

    // Ordered, since clients choose what the keys are made from.
    std::map<pki::ossl::Sha256, Entry> entries_;
};

}  // namespace signerd
