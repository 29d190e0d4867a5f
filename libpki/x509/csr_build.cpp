#include <algorithm>

#include "libpki/x509/algorithm.h"
#include "libpki/x509/csr_parts.h"
#include "libpki/x509/oids.h"
#include "libpki/x509/string_type.h"

namespace pki::x509 {

namespace {

template <class Body>
Buffer attribute(Bytes type, Body&& value) {
    der::Writer w;
    w.sequence([&] {
        w.oid(type);
        w.set([&] { value(w); });
    });
    return std::move(w).take();
}

// RFC 2985 5.4.1: PrintableString where the characters allow it.
Buffer challenge_attribute(const std::string& password) {
    const bool printable = is_printable_string(password);
    return attribute(oid::kChallengePassword, [&](der::Writer& w) {
        w.primitive(printable ? der::kPrintableString : der::kUtf8String, as_bytes(password));
    });
}

Buffer extension_request(Bytes san, const std::vector<Buffer>& others) {
    return attribute(oid::kExtensionRequest, [&](der::Writer& w) {
        w.sequence([&] {
            if (!san.empty())
                w.sequence([&] {
                    w.oid(oid::kSubjectAltName);
                    w.octet_string(san);
                });
            for (const Buffer& extension : others) w.raw(extension);
        });
    });
}

// In the order that X.690 11.6 demands of a SET OF.
std::vector<Buffer> attributes(const CsrSpec& spec, const CsrParts& parts) {
    std::vector<Buffer> out = parts.attributes;
    if (!spec.challenge_password.empty())
        out.push_back(challenge_attribute(spec.challenge_password));
    if (!spec.san.empty() || !parts.extensions.empty())
        out.push_back(extension_request(spec.san, parts.extensions));
    std::ranges::sort(out);
    return out;
}

}  // namespace

Buffer csr_attribute(Bytes type, Bytes value) {
    return attribute(type, [&](der::Writer& w) { w.raw(value); });
}

Result<Buffer> build_csr(const CsrSpec& spec, EVP_PKEY* key) {
    return build_csr(spec, CsrParts{}, key);
}

Result<Buffer> build_csr(const CsrSpec& spec, const CsrParts& parts, EVP_PKEY* key) {
    PKI_TRY(const ossl::SignatureScheme scheme, ossl::default_scheme(key));
    PKI_TRY(const Buffer spki, ossl::public_key_der(key));
    der::Writer info;
    info.sequence([&] {
        info.integer(0);
        info.raw(spec.subject);
        info.raw(spki);
        info.tlv(der::constructed(0), [&] {
            for (const Buffer& encoded : attributes(spec, parts)) info.raw(encoded);
        });
    });
    PKI_TRY(const Buffer signature, ossl::sign(key, scheme, info.view()));
    der::Writer csr;
    csr.sequence([&] {
        csr.raw(info.view());
        write_signature_algorithm(csr, scheme);
        csr.bit_string(signature);
    });
    return std::move(csr).take();
}

}  // namespace pki::x509
