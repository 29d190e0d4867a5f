#include "libpki/cmc/check.h"

#include "libpki/base/der_reader.h"
#include "libpki/cmc/limits.h"
#include "libpki/cmc/oids.h"

namespace pki::cmc {

namespace {

struct Known {
    Bytes type;
    std::uint8_t tag;
    std::size_t most;  // octets of the value
};

constexpr Known kTransaction{oid::kTransactionId, der::kInteger, limits::kCmcTransaction};
constexpr Known kSenderNonce{oid::kSenderNonce, der::kOctetString, limits::kCmcNonce};
constexpr Known kDataReturn{oid::kDataReturn, der::kOctetString, limits::kCmcDataReturn};

constexpr Known kAccepted[] = {
    kTransaction,
    kSenderNonce,
    kDataReturn,
    // Of ours, in a request that is sent again: we keep none to compare it with.
    {oid::kRecipientNonce, der::kOctetString, limits::kCmcNonce},
    // Names a shared secret; without a proof it says nothing (6.2.3).
    {oid::kIdentification, der::kUtf8String, limits::kCredentialName},
    {oid::kRegInfo, der::kOctetString, limits::kFullCmc},
};

const Known* known(Bytes type) {
    const auto* const found =
        std::ranges::find_if(kAccepted, [&](const Known& k) { return equal(k.type, type); });
    return found == std::end(kAccepted) ? nullptr : found;
}

bool readable(const Control& control, const Known& as) {
    if (control.values.size() != 1) return false;
    const auto value = der::only(control.values[0], as.tag);
    return value && value->content.size() <= as.most &&
           (as.tag != der::kInteger || !value->content.empty());
}

Bytes value_of(const PkiData& data, const Known& control) {
    const Control* const found = data.find(control.type);
    return found != nullptr && readable(*found, control) ? found->values[0] : Bytes();
}

bool is_identity_proof(const Control& control) {
    return equal(control.type, oid::kIdentityProof) ||
           equal(control.type, oid::kIdentityProofV2);
}

// The element before it is the one that counts.
bool is_repeated(const PkiData& data, const Control& control) {
    return data.find(control.type) != &control;
}

Objection objection(CmcStatus status, FailInfo info, const char* text) {
    const Errc code =
        info == FailInfo::bad_identity ? Errc::unauthenticated : Errc::unsupported;
    return {fail(code, text), status, info, {}};
}

template <class List, class Wanted>
std::optional<Objection> naming(Objection reason, const List& list, Wanted&& wanted) {
    for (const auto& part : list)
        if (wanted(part)) reason.parts.push_back(part.id);
    if (reason.parts.empty()) return std::nullopt;
    return reason;
}

std::optional<Objection> objection_to_controls(const PkiData& data) {
    auto found = naming(objection(CmcStatus::failed, FailInfo::bad_identity,
                                  "CMC: there are no shared secrets to prove an identity with"),
                        data.controls, is_identity_proof);
    if (found) return found;
    return naming(objection(CmcStatus::failed, FailInfo::bad_request,
                            "CMC: a control that is not known here, or malformed, or repeated"),
                  data.controls, [&](const Control& control) {
                      const Known* const as = known(control.type);
                      return as == nullptr || !readable(control, *as) ||
                             is_repeated(data, control);
                  });
}

std::optional<Objection> objection_to_requests(const PkiData& data) {
    auto found = naming(objection(CmcStatus::no_support, FailInfo::bad_request,
                                  "CMC: a request that is neither PKCS#10 nor CRMF"),
                        data.requests, [](const TaggedRequest& request) {
                            return request.form == RequestForm::other;
                        });
    if (found) return found;
    if (data.requests.empty()) {
        Objection none =
            objection(CmcStatus::failed, FailInfo::bad_request, "CMC: there is no request");
        none.parts = {0};
        return none;
    }
    if (data.requests.size() == 1) return std::nullopt;
    return naming(
        objection(CmcStatus::failed, FailInfo::bad_request, "CMC: there are several requests"),
        data.requests, [](const TaggedRequest&) { return true; });
}

}  // namespace

Echo echo_of(const PkiData& data) {
    return {value_of(data, kTransaction), value_of(data, kSenderNonce),
            value_of(data, kDataReturn)};
}

std::optional<Objection> objection_to(const PkiData& data) {
    auto controls = objection_to_controls(data);
    return controls ? controls : objection_to_requests(data);
}

}  // namespace pki::cmc
