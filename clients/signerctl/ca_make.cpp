#include "clients/signerctl/ca.h"
#include "clients/signerctl/ca_identity.h"
#include "libpki/x509/csr.h"

namespace signerctl {

using pki::Buffer;
using pki::Errc;
using pki::fail;
using pki::Result;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

Result<NewCa> make_ca(const CaSpec& spec, std::int64_t now) {
    if (spec.days > spec.root_days)
        return fail(Errc::denied, "the issuing certificate would outlive its root");
    PKI_TRY(Buffer root_name, ca_name(spec.root_name));
    PKI_TRY(Buffer name, ca_name(spec.name));
    PKI_TRY(const Identity root, make_identity(std::move(root_name), spec.root_key));
    PKI_TRY(const Identity issuing, make_identity(std::move(name), spec.key));
    // A certificate whose issuer has its own name reads as self-issued (RFC 5280 3.2).
    PKI_TRY(const bool same, same_name(root.name, issuing.name));
    if (same) return fail(Errc::denied, "root and issuing CA need different names");

    NewCa made;
    PKI_TRY(made.root, certify(root, root, validity(now, spec.root_days), {}));
    PKI_TRY(made.certificate, certify(root, issuing, validity(now, spec.days), 0));
    PKI_TRY(made.root_key, ossl::write_private_key(root.key.get()));
    PKI_TRY(made.key, ossl::write_private_key(issuing.key.get()));
    return made;
}

Result<NewRequest> make_request(Buffer name, const std::string& key) {
    PKI_TRY(const Identity issuing, make_identity(std::move(name), key));
    x509::CsrSpec spec;
    spec.subject = issuing.name;
    NewRequest made;
    PKI_TRY(made.csr, x509::build_csr(spec, issuing.key.get()));
    PKI_TRY(made.key, ossl::write_private_key(issuing.key.get()));
    return made;
}

Result<NewRequest> make_request(const std::string& name, const std::string& key) {
    PKI_TRY(Buffer encoded, ca_name(name));
    return make_request(std::move(encoded), key);
}

}  // namespace signerctl
