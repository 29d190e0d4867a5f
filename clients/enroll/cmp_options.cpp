#include "clients/enroll/cmp_options.h"

#include "clients/common/certificates.h"
#include "clients/enroll/secrets.h"
#include "libpki/base/limits.h"
#include "libpki/ossl/digest.h"
#include "libpki/x509/oids.h"

namespace enroll {

using pki::Buffer;
using pki::Errc;
using pki::fail;
using pki::Result;
using pki::Status;
namespace cmp = pki::cmp;
namespace x509 = pki::x509;

namespace {

constexpr std::size_t kSalt = 16;
constexpr std::size_t kMacKey = 32;

// RFC 9483 3.1: the sender is who holds the secret.
Result<CmpIdentity> by_secret(const Arguments& arguments) {
    CmpIdentity identity;
    identity.reference = arguments.text("reference");
    PKI_TRY(identity.secret, obtain_secret(arguments.text("secret-file"), "ENROLL_SECRET",
                                           "secret of " + identity.reference));
    PKI_TRY(identity.sender, x509::build_name({{x509::oid::kCommonName, identity.reference}}));
    identity.salt.resize(kSalt);
    PKI_CHECK(pki::ossl::random_bytes(identity.salt));
    identity.mac.kind = arguments.text("mac") == "pbmac1" ? cmp::ProtectionKind::pbmac1
                                                          : cmp::ProtectionKind::pbm;
    identity.mac.salt = identity.salt;
    identity.mac.iterations = arguments.number("iterations");
    if (identity.mac.kind == cmp::ProtectionKind::pbmac1) identity.mac.key_length = kMacKey;
    PKI_TRY(identity.mac_key, cmp::derive_mac_key(identity.mac, identity.secret.view()));
    return identity;
}

Result<CmpIdentity> by_certificate(const Arguments& arguments) {
    CmpIdentity identity;
    PKI_TRY(identity.key, read_key(arguments.text("key")));
    PKI_TRY(identity.own, read_own(arguments.text("cert"), identity.key.get()));
    if (arguments.has("chain")) {
        PKI_TRY(const std::vector<Buffer> above, read_certificates(arguments.text("chain")));
        std::vector<Buffer>& chain = identity.own.chain;
        chain.insert(chain.end(), above.begin(), above.end());
    }
    return identity;
}

Status check_secret(const Arguments& arguments) {
    const std::string reference = arguments.text("reference");
    if (reference.empty() || reference.size() > pki::limits::kCmpReference)
        return fail(Errc::malformed, "not the name of a secret", reference);
    const std::string mac = arguments.text("mac");
    if (mac != "pbm" && mac != "pbmac1")
        return fail(Errc::malformed, "--mac is neither pbm nor pbmac1", mac);
    return {};
}

}  // namespace

Status check_cmp(const Arguments& arguments) {
    PKI_CHECK(normal_url(arguments.text("url"), true));
    if (arguments.has("reference")) return check_secret(arguments);
    if (!arguments.has("cert"))
        return fail(Errc::malformed, "an option is missing", "--reference or --cert");
    if (!arguments.has("key")) return fail(Errc::malformed, "an option is missing", "--key");
    if (arguments.has("secret-file"))
        return fail(Errc::malformed, "--secret-file makes sense only with --reference");
    // A secret proves who answers, too; a certificate of ours does not.
    if (!arguments.has("ca")) return fail(Errc::malformed, "an option is missing", "--ca");
    return {};
}

Result<CmpIdentity> cmp_identity(const Arguments& arguments) {
    return arguments.has("reference") ? by_secret(arguments) : by_certificate(arguments);
}

Result<CmpTrust> cmp_trust(const Arguments& arguments) {
    CmpTrust trust;
    if (arguments.has("ca")) {
        PKI_TRY(trust.anchors, read_certificates(arguments.text("ca")));
    }
    if (arguments.has("server-cert")) {
        PKI_TRY(const std::vector<Buffer> found,
                read_certificates(arguments.text("server-cert")));
        trust.server_certificate = found.front();
    }
    return trust;
}

Result<std::unique_ptr<Transport>> connect_cmp(const CmpTrust& trust,
                                               const Arguments& arguments,
                                               const Context& context) {
    HttpOptions options;
    options.plain = true;
    options.timeout = arguments.number("timeout");
    options.anchors = trust.anchors;
    if (arguments.has("tls-cacert")) {
        PKI_TRY(options.anchors, read_certificates(arguments.text("tls-cacert")));
    }
    return context.connect(std::move(options));
}

Result<CmpTalk> begin_cmp(const Context& context, const Arguments& arguments) {
    PKI_TRY(CmpIdentity identity, cmp_identity(arguments));
    PKI_TRY(CmpTrust trust, cmp_trust(arguments));
    PKI_TRY(auto transport, connect_cmp(trust, arguments, context));
    return CmpTalk{std::move(identity), std::move(trust), std::move(transport),
                   Patience(context.clock, arguments.number("wait"))};
}

CmpSession session_of(CmpTalk& talk, const Context& context, const Arguments& arguments) {
    return {*talk.transport, arguments.text("url"),    talk.patience, context, talk.identity,
            talk.trust,      arguments.text("profile")};
}

}  // namespace enroll
