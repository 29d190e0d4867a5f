// Proof of possession (RFC 4211 4).
#include "libpki/x509/algorithm.h"
#include "libpki/x509/crmf_parts.h"

namespace pki::x509 {

namespace {

Error no_proof(const char* text) { return fail(Errc::bad_signature, Reason::bad_pop, text); }

// POPOSigningKeyInput ::= SEQUENCE { authInfo CHOICE { sender [0] GeneralName, publicKeyMAC
// PKMACValue }, publicKey SubjectPublicKeyInfo }. What it says is all that is signed then: did
// it not name the subject, whoever sees it could put it into a request of his own (RFC 4211
// C). A MAC in it is with a secret that we do not ask for.
Status check_input(const CertRequest& request) {
    der::Reader input(request.pop_input);
    PKI_TRY(der::Reader fields, input.enter(der::constructed(0)));
    if (!fields.next_is(der::constructed(0)))
        return no_proof("CRMF: proof with a MAC instead of a name");
    PKI_TRY(der::Reader sender, fields.enter(der::constructed(0)));
    constexpr std::uint8_t kDirectoryName = der::constructed(4);
    if (!sender.next_is(kDirectoryName)) return no_proof("CRMF: proof with another name");
    PKI_TRY(der::Reader general_name, sender.enter(kDirectoryName));
    PKI_TRY(const der::Element name, general_name.element(der::kSequence));
    PKI_TRY(const Name parsed, parse_name(name.encoding));
    PKI_TRY(const der::Element key, fields.element(der::kSequence));
    PKI_CHECK(general_name.finish());
    PKI_CHECK(sender.finish());
    PKI_CHECK(fields.finish());
    if (parsed.empty() || !same_name(parsed, request.csr.subject))
        return no_proof("CRMF: proof with another name");
    if (!equal(key.encoding, request.csr.spki.encoding))
        return no_proof("CRMF: proof for another key");
    return {};
}

Result<ossl::SignatureScheme> scheme_of(const CertRequest& request) {
    auto scheme = parse_signature_algorithm(request.pop_algorithm);
    if (!scheme) {
        scheme.error().reason = Reason::bad_alg;
        return scheme;
    }
    if (scheme->hash == ossl::Hash::sha1)
        return fail(Errc::unsupported, Reason::bad_alg, "CRMF: SHA-1 signature");
    return scheme;
}

// The value of poposkInput has the tag of its type, whichever it has in the message.
Status verify(const CertRequest& request, EVP_PKEY* key, const ossl::SignatureScheme& scheme) {
    if (request.pop_input.empty())
        return ossl::verify(key, scheme, request.cert_request, request.pop_signature);
    return ossl::verify(key, scheme, as_sequence(request.pop_input), request.pop_signature);
}

}  // namespace

Status verify_possession(const CertRequest& request) {
    if (request.possession != Possession::signature || request.csr.spki.encoding.empty())
        return no_proof("CRMF: no proof of possession");
    PKI_TRY(const ossl::SignatureScheme scheme, scheme_of(request));
    if (!request.pop_input.empty()) {
        if (auto same = check_input(request); !same) return no_proof(same.error().text);
    }
    PKI_TRY(const ossl::PkeyPtr key, ossl::make_public_key(request.csr.spki.key));
    if (auto verified = verify(request, key.get(), scheme); !verified)
        return no_proof("CRMF: the proof of possession does not verify");
    return {};
}

}  // namespace pki::x509
