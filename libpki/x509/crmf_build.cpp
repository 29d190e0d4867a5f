#include "libpki/x509/algorithm.h"
#include "libpki/x509/crmf.h"
#include "libpki/x509/crmf_oids.h"

namespace pki::x509 {

namespace {

void write_public_key(der::Writer& w, const CertRequestSpec& spec, Bytes key_content) {
    if (!spec.public_key.empty()) return w.primitive(der::constructed(6), key_content);
    if (spec.algorithm.empty()) return;
    w.tlv(der::constructed(6), [&] {
        w.raw(spec.algorithm);
        w.bit_string({});
    });
}

// The contents of the two SEQUENCEs that the template tags anew; empty for those not there.
struct Retagged {
    Bytes key;
    Bytes extensions;
};

Result<Bytes> sequence_content(Bytes encoding) {
    if (encoding.empty()) return Bytes();
    PKI_TRY(const der::Element element, der::only(encoding, der::kSequence));
    return element.content;
}

void write_template(der::Writer& w, const CertRequestSpec& spec, const Retagged& parts) {
    w.sequence([&] {
        if (!spec.subject.empty()) w.tlv(der::constructed(5), [&] { w.raw(spec.subject); });
        write_public_key(w, spec, parts.key);
        if (!spec.extensions.empty()) w.primitive(der::constructed(9), parts.extensions);
    });
}

void write_controls(der::Writer& w, const CertRequestSpec& spec) {
    if (spec.old_cert_id == nullptr) return;
    w.sequence([&] {
        w.sequence([&] {
            w.oid(oid::kRegOldCertId);
            write_cert_id(w, *spec.old_cert_id);
        });
    });
}

Result<Buffer> build_request(const CertRequestSpec& spec) {
    Retagged parts;
    PKI_TRY(parts.key, sequence_content(spec.public_key));
    PKI_TRY(parts.extensions, sequence_content(spec.extensions));
    der::Writer w;
    w.sequence([&] {
        w.integer(static_cast<std::uint64_t>(spec.id));
        write_template(w, spec, parts);
        write_controls(w, spec);
    });
    return std::move(w).take();
}

// POPOSigningKey without input: subject and key are in what is signed.
Status write_signature(der::Writer& w, EVP_PKEY* key, Bytes request) {
    PKI_TRY(const ossl::SignatureScheme scheme, ossl::default_scheme(key));
    PKI_TRY(const Buffer signature, ossl::sign(key, scheme, request));
    w.tlv(der::constructed(1), [&] {
        write_signature_algorithm(w, scheme);
        w.bit_string(signature);
    });
    return {};
}

}  // namespace

Result<Buffer> build_cert_request(const CertRequestSpec& spec) {
    PKI_TRY(const Buffer request, build_request(spec));
    der::Writer content;
    content.raw(request);
    if (spec.ra_verified) {
        content.primitive(der::context(0), {});
    } else if (spec.key != nullptr) {
        PKI_CHECK(write_signature(content, spec.key, request));
    }
    der::Writer message;
    message.primitive(der::kSequence, content.view());
    return std::move(message).take();
}

Buffer build_cert_requests(const std::vector<Bytes>& messages) {
    der::Writer w;
    w.sequence([&] {
        for (const Bytes message : messages) w.raw(message);
    });
    return std::move(w).take();
}

}  // namespace pki::x509
