#include "clients/enroll/credentials.h"

#include <algorithm>

#include "clients/common/certificates.h"
#include "clients/common/files.h"
#include "clients/enroll/secrets.h"
#include "libpki/base/ascii.h"
#include "libpki/base/limits.h"

namespace enroll {

using pki::Errc;
using pki::fail;

pki::Result<HttpOptions> base_options(const Arguments& arguments) {
    HttpOptions options;
    options.timeout = arguments.number("timeout");
    if (arguments.has("cacert")) {
        PKI_TRY(options.anchors, read_certificates(arguments.text("cacert")));
    }
    return options;
}

pki::Status add_password(HttpOptions& options, const Arguments& arguments) {
    if (!arguments.has("user")) return {};
    options.user = arguments.text("user");
    // RFC 7617 2: what stands behind the first colon is the password.
    if (options.user.empty() || options.user.find(':') != std::string::npos)
        return fail(Errc::malformed, "not a user name", options.user);
    PKI_TRY(options.password, obtain_secret(arguments.text("password-file"), "ENROLL_PASSWORD",
                                            "password of " + options.user));
    return {};
}

pki::Status add_token(HttpOptions& options, const Arguments& arguments) {
    if (!arguments.has("bearer") && !arguments.has("token-file")) return {};
    PKI_TRY(options.token,
            obtain_secret(arguments.text("token-file"), "ENROLL_TOKEN", "token"));
    // RFC 6750 2.1: it goes into a header as it is. It is not in the message: it is a secret.
    if (!std::ranges::all_of(pki::as_text(options.token.view()), pki::is_graphic))
        return fail(Errc::malformed, "the token has other characters than those of a token");
    return {};
}

pki::Status add_certificate(HttpOptions& options, const OwnCertificate& own,
                            const Arguments& arguments) {
    options.certificate = own.chain;
    PKI_TRY(options.key, read_secret(arguments.text("key"), pki::limits::kCertificate));
    return {};
}

pki::Result<std::string> normal_url(const std::string& url, bool plain) {
    const bool secure = url.starts_with("https://");
    if (!secure && !(plain && url.starts_with("http://")))
        return fail(Errc::malformed, plain ? "not an http or https URL" : "not an https URL",
                    url);
    const std::size_t host = url.find("://") + 3;
    const std::string authority = url.substr(host, url.find('/', host) - host);
    if (authority.empty() || authority.find('@') != std::string::npos ||
        !std::ranges::all_of(url, pki::is_graphic) ||
        url.find_first_of("?#") != std::string::npos)
        return fail(Errc::malformed, "not a URL of a host and a path alone", url);
    const std::size_t last = url.find_last_not_of('/');
    return url.substr(0, last + 1);
}

}  // namespace enroll
