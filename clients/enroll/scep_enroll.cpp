// scep enroll, renew and poll.
#include "clients/common/certificates.h"
#include "clients/enroll/commands.h"
#include "clients/enroll/scep_request.h"
#include "libpki/base/base64.h"
#include "libpki/ossl/digest.h"
#include "libpki/x509/csr.h"

namespace enroll {

using pki::Buffer;
using pki::Errc;
using pki::fail;
using pki::Result;
using pki::Status;
namespace ossl = pki::ossl;
namespace scep = pki::scep;
namespace x509 = pki::x509;

namespace {

constexpr std::int64_t kBackdate = 86400;          // clocks of devices
constexpr std::int64_t kSignerLife = 366 * 86400;  // somebody may take his time to approve

// The same for the same request, so that one that is repeated is one transaction (RFC 8894
// 3.2.1.1); another one for the next renewal, whose CSR may be the same again.
std::string transaction_of(pki::Bytes csr, pki::Bytes renewed) {
    return pki::hex_encode(ossl::sha256({csr, renewed}));
}

std::string challenge_text(const pki::Secret& challenge) {
    return std::string(pki::as_text(challenge.view()));
}

// RFC 8894 2.3: with the subject of the request, where it has one.
Result<Buffer> self_signed(EVP_PKEY* key, const x509::Csr& csr, const std::string& transaction,
                           std::int64_t now) {
    Buffer subject = pki::to_buffer(csr.subject.encoding);
    if (csr.subject.empty()) {
        PKI_TRY(subject, x509::name_from_text("CN=" + transaction));
    }
    return scep::build_self_signed(key, subject, now - kBackdate, now + kSignerLife);
}

Status run_enroll(const Context& context, const Arguments& arguments) {
    Report& report = context.report;
    ScepState state = state_from(arguments);
    PKI_TRY(const RequestNames names, names_from(arguments));
    PKI_TRY(const pki::Secret challenge, obtain_challenge(arguments));
    PKI_TRY(const auto key, obtain_key(arguments.text("key"), arguments.text("key-type"),
                                       arguments.has("key-type"), report));
    PKI_TRY(const Buffer der,
            obtain_request(arguments, names, challenge_text(challenge), key.get(), report));
    PKI_TRY(const x509::Csr csr, x509::parse_csr(der));
    state.key = state.certified_key = arguments.text("key");
    state.transaction_id = transaction_of(der, {});
    state.subject = pki::to_buffer(csr.subject.encoding);
    PKI_TRY(state.signer,
            self_signed(key.get(), csr, state.transaction_id, context.clock.now()));

    PKI_TRY(const auto transport, connect_scep(state, arguments, context));
    Patience patience(context.clock, arguments.number("wait"));
    PKI_TRY(ScepSession session, begin_session(*transport, state, patience, context));
    const ScepSigner signer{key.get(), state.signer, challenge.size() ? &challenge : nullptr};
    ScepRequest request{session, signer, key.get(), state, arguments.text("state")};
    return request_certificate(request, scep::MessageType::pkcs_req, der, context, arguments);
}

Status run_renew(const Context& context, const Arguments& arguments) {
    Report& report = context.report;
    ScepState state = state_from(arguments);
    PKI_TRY(const auto key, read_key(arguments.text("key")));
    PKI_TRY(const OwnCertificate own, read_own(arguments.text("cert"), key.get()));
    PKI_TRY(const RequestNames names, names_from(own.certificate));
    PKI_TRY(const pki::Secret challenge, obtain_challenge(arguments));
    state.key = arguments.text("key");
    state.certified_key = arguments.text(arguments.has("new-key") ? "new-key" : "key");
    PKI_TRY(const auto certified, obtain_key(state.certified_key, arguments.text("key-type"),
                                             arguments.has("key-type"), report));
    PKI_TRY(const Buffer der, obtain_request(arguments, names, challenge_text(challenge),
                                             certified.get(), report));
    state.signer = own.chain.front();
    state.subject = names.subject;
    state.transaction_id = transaction_of(der, state.signer);

    PKI_TRY(const auto transport, connect_scep(state, arguments, context));
    Patience patience(context.clock, arguments.number("wait"));
    PKI_TRY(ScepSession session, begin_session(*transport, state, patience, context));
    const ScepSigner signer{key.get(), state.signer, challenge.size() ? &challenge : nullptr};
    ScepRequest request{session, signer, certified.get(), state, arguments.text("state")};
    const auto type =
        arguments.has("pkcsreq") ? scep::MessageType::pkcs_req : scep::MessageType::renewal_req;
    return request_certificate(request, type, der, context, arguments);
}

Status run_poll(const Context& context, const Arguments& arguments) {
    PKI_TRY(ScepState state, load_state(arguments.text("state")));
    if (arguments.has("out")) state.out = arguments.text("out");
    if (arguments.has("chain-out")) state.chain_out = arguments.text("chain-out");
    PKI_TRY(const auto key, read_key(state.key));
    PKI_TRY(const auto certified, read_key(state.certified_key));
    PKI_TRY(const pki::Secret challenge, obtain_challenge(arguments));
    PKI_TRY(const auto transport, connect_scep(state, arguments, context));
    Patience patience(context.clock, arguments.number("wait"));
    PKI_TRY(ScepSession session, begin_session(*transport, state, patience, context));
    const ScepSigner signer{key.get(), state.signer, challenge.size() ? &challenge : nullptr};
    ScepRequest request{session, signer, certified.get(), state, arguments.text("state")};
    return poll_certificate(request, context, arguments);
}

Status check_enroll(const Arguments& arguments) {
    PKI_CHECK(check_trust(arguments));
    PKI_CHECK(check_scep(arguments));
    if (!arguments.has("subject") && !arguments.has("san") && !arguments.has("csr"))
        return fail(Errc::malformed, "an option is missing", "--subject or --san");
    PKI_CHECK(names_from(arguments));
    return {};
}

Status check_renew(const Arguments& arguments) {
    PKI_CHECK(check_trust(arguments));
    return check_scep(arguments);
}

constexpr Option kKeyType{.name = "key-type",
                          .value = "SPEC",
                          .help = "of a new key: rsa:2048, ec:P-256 (needs a challenge)",
                          .fallback = "rsa:2048"};

constexpr Option kEnrollOptions[] = {
    option::kScepUrl,   option::kScepCacert, option::kFingerprint, option::kAnyRa,
    option::kTlsCacert, option::kCaName,     option::kChallenge,   option::kKey,
    kKeyType,           option::kSubject,    option::kSan,         option::kCsr,
    option::kOut,       option::kChainOut,   option::kState,       option::kWait,
    option::kInterval,  option::kDigest,     option::kCipher,      option::kGet,
    option::kTimeout,
};

constexpr Option kRenewOptions[] = {
    option::kScepUrl,
    option::kScepCacert,
    option::kFingerprint,
    option::kAnyRa,
    option::kTlsCacert,
    option::kCaName,
    option::kChallenge,
    {.name = "cert", .value = "FILE", .help = "the certificate to renew", .required = true},
    option::kOldKey,
    option::kNewKey,
    kKeyType,
    {.name = "pkcsreq", .help = "send a PKCSReq, for a CA that has no RenewalReq"},
    option::kCsr,
    option::kOut,
    option::kChainOut,
    option::kState,
    option::kWait,
    option::kInterval,
    option::kDigest,
    option::kCipher,
    option::kGet,
    option::kTimeout,
};

constexpr Option kPollOptions[] = {
    {.name = "state",
     .value = "FILE",
     .help = "where scep enroll or renew kept the request",
     .required = true},
    option::kChallenge,
    option::kOut,
    option::kChainOut,
    option::kWait,
    option::kInterval,
    option::kTimeout,
};

}  // namespace

const Command kScepEnroll{
    .name = "scep enroll",
    .operand = {},
    .summary = "get a certificate",
    .options = kEnrollOptions,
    .run = run_enroll,
    .check = check_enroll,
};

const Command kScepRenew{
    .name = "scep renew",
    .operand = {},
    .summary = "renew a certificate, for the same key or a new one",
    .options = kRenewOptions,
    .run = run_renew,
    .check = check_renew,
};

const Command kScepPoll{
    .name = "scep poll",
    .operand = {},
    .summary = "ask what became of a request that waits",
    .options = kPollOptions,
    .run = run_poll,
};

}  // namespace enroll
