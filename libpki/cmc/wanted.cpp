#include "libpki/cmc/wanted.h"

namespace pki::cmc {

namespace {

Status because(Status status) {
    if (!status && status.error().reason == Reason::none)
        status.error().reason =
            status.error().code == Errc::unsupported ? Reason::bad_alg : Reason::bad_pop;
    return status;
}

}  // namespace

Result<Wanted> read_wanted(const TaggedRequest& request) {
    Wanted wanted;
    if (request.form == RequestForm::pkcs10) {
        wanted.encoding = to_buffer(request.encoding);
        PKI_TRY(wanted.csr, x509::parse_csr(wanted.encoding));
        return wanted;
    }
    wanted.encoding = as_cert_req_msg(request);
    PKI_TRY(wanted.crmf, x509::parse_cert_request(wanted.encoding));
    // RFC 5272 3.2.1.2.2: nobody makes a key here.
    if (wanted.crmf->csr.spki.encoding.empty())
        return fail(Errc::malformed, "CMC: a CRMF without a public key");
    return wanted;
}

Status verify_possession(const Wanted& wanted) {
    if (wanted.csr) return because(x509::verify_possession(*wanted.csr));
    // RFC 5272 3.2.1.2.2: subject and key are in the template, so it is what is signed.
    if (!wanted.crmf->pop_input.empty())
        return fail(Errc::bad_signature, Reason::bad_pop,
                    "CMC: the proof of possession is not of the request");
    return x509::verify_possession(*wanted.crmf);
}

}  // namespace pki::cmc
