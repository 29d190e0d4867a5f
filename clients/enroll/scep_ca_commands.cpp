// scep getcaps, getcacert and getnextca: what a CA tells of itself.
#include "clients/enroll/commands.h"
#include "clients/enroll/deliver.h"
#include "clients/enroll/scep_options.h"
#include "clients/enroll/verify.h"

namespace enroll {

using pki::Buffer;
using pki::Errc;
using pki::fail;

namespace {

pki::Status run_getcaps(const Context& context, const Arguments& arguments) {
    const ScepState state = state_from(arguments);
    PKI_TRY(const std::string url, normal_url(state.url, true));
    PKI_TRY(const auto transport, connect_scep(state, arguments, context));
    Patience patience(context.clock, arguments.number("wait"));
    ScepServer server{*transport, url, state.ca_name, patience, context.report};
    PKI_TRY(const Capabilities capabilities, scep_capabilities(server));
    for (const std::string& word : capabilities.words()) {
        context.report.add("capabilities", word);
        context.report.line(word);
    }
    return {};
}

// Without a pin the fingerprints are there to be compared by somebody (RFC 8894 2.2).
pki::Status run_getcacert(const Context& context, const Arguments& arguments) {
    const ScepState state = state_from(arguments);
    PKI_TRY(const std::string url, normal_url(state.url, true));
    PKI_TRY(const ScepTrust trust, trust_of(state));
    PKI_TRY(const auto transport, connect_scep(state, arguments, context));
    Patience patience(context.clock, arguments.number("wait"));
    ScepServer server{*transport, url, state.ca_name, patience, context.report};
    PKI_TRY(std::vector<Buffer> certificates, scep_ca_certificates(server));
    if (check_trust(arguments)) {
        PKI_TRY(ScepCa ca, from_server(context.report,
                                       trusted_ca(certificates, trust, context.clock.now())));
        certificates = std::move(ca.all);
        context.report.checked(trust.fingerprints.empty() ? "the CA leads to --cacert"
                                                          : "fingerprint of the CA");
    } else {
        context.report.progress("nothing was checked: compare the fingerprint");
    }
    return write_out(certificates, arguments, context.report);
}

pki::Result<std::vector<Buffer>> read_next(const ScepSession& session, const Buffer& answer) {
    std::optional<pki::Error> problem;
    for (const Buffer& der : session.ca.signers) {
        PKI_TRY(const pki::x509::Certificate signer, pki::x509::parse_certificate(der));
        auto next = pki::scep::read_next_ca(answer, signer, session.algorithms.hashes);
        if (next) return next;
        problem = next.error();
    }
    return *problem;
}

pki::Status run_getnextca(const Context& context, const Arguments& arguments) {
    const ScepState state = state_from(arguments);
    PKI_TRY(const auto transport, connect_scep(state, arguments, context));
    Patience patience(context.clock, arguments.number("wait"));
    PKI_TRY(ScepSession session, begin_session(*transport, state, patience, context));
    PKI_TRY(const Buffer answer, scep_next_ca(session.server));
    PKI_TRY(const std::vector<Buffer> next,
            from_server(context.report, read_next(session, answer)));
    context.report.checked("signature of the present CA");
    return write_out(next, arguments, context.report);
}

pki::Status check_next(const Arguments& arguments) {
    PKI_CHECK(check_trust(arguments));
    return check_scep(arguments);
}

constexpr Option kCapsOptions[] = {
    option::kScepUrl, option::kTlsCacert, option::kCaName, option::kWait, option::kTimeout,
};

constexpr Option kOptions[] = {
    option::kScepUrl,
    option::kScepCacert,
    option::kTlsCacert,
    option::kFingerprint,
    option::kAnyRa,
    option::kCaName,
    {.name = "out", .value = "FILE", .help = "where they go, instead of standard output"},
    option::kWait,
    option::kTimeout,
};

constexpr Option kNextOptions[] = {
    option::kScepUrl,
    option::kScepCacert,
    option::kTlsCacert,
    option::kFingerprint,
    option::kAnyRa,
    option::kCaName,
    option::kDigest,
    option::kCipher,
    {.name = "out", .value = "FILE", .help = "where they go, instead of standard output"},
    option::kWait,
    option::kTimeout,
};

}  // namespace

const Command kScepGetCaps{
    .name = "scep getcaps",
    .operand = {},
    .summary = "ask what the CA can",
    .options = kCapsOptions,
    .run = run_getcaps,
    .check = check_scep,
};

const Command kScepGetCaCert{
    .name = "scep getcacert",
    .operand = {},
    .summary = "get the certificates of the CA and its RA",
    .options = kOptions,
    .run = run_getcacert,
    .check = check_scep,
};

const Command kScepGetNextCa{
    .name = "scep getnextca",
    .operand = {},
    .summary = "get the certificates of the CA that comes next",
    .options = kNextOptions,
    .run = run_getnextca,
    .check = check_next,
};

}  // namespace enroll
