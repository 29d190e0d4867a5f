#include "clients/enroll/scep_options.h"

#include <cstdlib>

#include "clients/common/certificates.h"
#include "clients/enroll/secrets.h"
#include "clients/enroll/verify.h"

namespace enroll {

using pki::Errc;
using pki::fail;
using pki::Result;
using pki::Status;

ScepState state_from(const Arguments& arguments) {
    ScepState state;
    state.url = arguments.text("url");
    state.ca_name = arguments.text("ca-name");
    state.digest = arguments.text("digest");
    state.cipher = arguments.text("cipher");
    state.get = arguments.has("get");
    state.cacert = arguments.text("cacert");
    state.tls_cacert = arguments.text("tls-cacert");
    state.fingerprints = arguments.list("ca-fingerprint");
    state.any_ra = arguments.has("any-ra");
    state.out = arguments.text("out");
    state.chain_out = arguments.text("chain-out");
    return state;
}

Status check_trust(const Arguments& arguments) {
    if (!arguments.has("cacert") && !arguments.has("ca-fingerprint"))
        return fail(Errc::malformed, "an option is missing", "--cacert or --ca-fingerprint");
    return {};
}

Status check_scep(const Arguments& arguments) {
    PKI_CHECK(normal_url(arguments.text("url"), true));
    for (const std::string& one : arguments.list("ca-fingerprint"))
        PKI_CHECK(normal_fingerprint(one));
    const auto chosen =
        choose_algorithms(Capabilities::parse("SCEPStandard"), arguments.text("digest"),
                          arguments.text("cipher"), false);
    if (!chosen) return chosen.error();
    return {};
}

Result<std::unique_ptr<Transport>> connect_scep(const ScepState& state,
                                                const Arguments& arguments,
                                                const Context& context) {
    HttpOptions options;
    options.plain = true;
    options.timeout = arguments.number("timeout");
    const std::string anchors = state.tls_cacert.empty() ? state.cacert : state.tls_cacert;
    if (!anchors.empty()) {
        PKI_TRY(options.anchors, read_certificates(anchors));
    }
    return context.connect(std::move(options));
}

Result<ScepTrust> trust_of(const ScepState& state) {
    ScepTrust trust;
    trust.any_ra = state.any_ra;
    if (!state.cacert.empty()) {
        PKI_TRY(trust.anchors, read_certificates(state.cacert));
    }
    for (const std::string& one : state.fingerprints) {
        PKI_TRY(std::string digest, normal_fingerprint(one));
        trust.fingerprints.push_back(std::move(digest));
    }
    return trust;
}

Result<ScepSession> begin_session(Transport& transport, const ScepState& state,
                                  Patience& patience, const Context& context) {
    PKI_TRY(const std::string url, normal_url(state.url, true));
    PKI_TRY(const ScepTrust trust, trust_of(state));
    ScepServer server{transport, url, state.ca_name, patience, context.report};
    PKI_TRY(const Capabilities capabilities, scep_capabilities(server));
    PKI_TRY(const ScepAlgorithms algorithms,
            choose_algorithms(capabilities, state.digest, state.cipher, state.get));
    PKI_TRY(const std::vector<pki::Buffer> certificates, scep_ca_certificates(server));
    PKI_TRY(ScepCa ca,
            from_server(context.report, trusted_ca(certificates, trust, context.clock.now())));
    context.report.checked(trust.fingerprints.empty() ? "the CA leads to --cacert"
                                                      : "fingerprint of the CA");
    return ScepSession{server, std::move(ca), algorithms};
}

Result<pki::Secret> obtain_challenge(const Arguments& arguments) {
    if (!arguments.has("challenge-file") && std::getenv("ENROLL_CHALLENGE") == nullptr)
        return pki::Secret();
    return obtain_secret(arguments.text("challenge-file"), "ENROLL_CHALLENGE", "challenge");
}

}  // namespace enroll
