#include <algorithm>

#include "libpki/base/der_writer.h"
#include "libpki/cmp/header.h"
#include "libpki/cmp/mac.h"
#include "libpki/ossl/hmac.h"
#include "libpki/x509/cert.h"
#include "libpki/x509/oids.h"

namespace pki::cmp {

namespace {

// What a Protector says in the header, and how its bits are made.
struct Prepared {
    ossl::SignatureScheme scheme;
    Buffer algorithm;
    HeaderProtection header;
};

// RFC 9810 5.1.1: sender is the subject of the certificate, senderKID its key identifier.
Result<Prepared> prepare_signature(const Protector& protector) {
    Prepared out;
    PKI_TRY(out.scheme, ossl::default_scheme(protector.key));
    if (protector.pss) out.scheme.pss = out.scheme.type == ossl::KeyType::rsa;
    der::Writer w;
    x509::write_signature_algorithm(w, out.scheme);
    out.algorithm = std::move(w).take();
    PKI_TRY(const x509::Certificate certificate,
            x509::parse_certificate(protector.certificate));
    out.header.sender = certificate.tbs.subject.encoding;
    const x509::Extension* const identifier =
        certificate.tbs.extensions.find(x509::oid::kSubjectKeyIdentifier);
    if (identifier != nullptr) {
        PKI_TRY(out.header.sender_kid, x509::parse_subject_key_identifier(identifier->value));
    }
    return out;
}

Prepared prepare_mac(const HeaderSpec& spec, const Protector& protector) {
    der::Writer w;
    write_mac(w, *protector.mac);
    return {{}, std::move(w).take(), {spec.sender, {}, protector.reference}};
}

Result<Prepared> prepare(const HeaderSpec& spec, const Protector& protector) {
    if (protector.key != nullptr) return prepare_signature(protector);
    if (protector.mac != nullptr) return prepare_mac(spec, protector);
    return Prepared{{}, {}, {spec.sender, {}, {}}};
}

// Empty: without protection.
Result<Buffer> protect(const Prepared& how, const Protector& protector, Bytes part) {
    if (protector.key != nullptr) return ossl::sign(protector.key, how.scheme, part);
    if (protector.mac != nullptr)
        return ossl::hmac(protector.mac->mac, protector.mac_key, part);
    return Buffer();
}

// RFC 9810 5.1: the certificate that verifies the protection first; each once.
std::vector<Bytes> certificates(const Protector& protector, const std::vector<Bytes>& extra) {
    std::vector<Bytes> all;
    const auto add = [&all](Bytes certificate) {
        if (std::ranges::none_of(all, [&](Bytes c) { return equal(c, certificate); }))
            all.push_back(certificate);
    };
    if (protector.key != nullptr) {
        add(protector.certificate);
        for (const Bytes certificate : protector.chain) add(certificate);
    }
    for (const Bytes certificate : extra) add(certificate);
    return all;
}

// SEQUENCE { header, body }
Buffer protected_part(const HeaderSpec& spec, const HeaderProtection& protection, BodyType type,
                      Bytes body) {
    der::Writer w(1024 + body.size());
    w.sequence([&] {
        write_header(w, spec, protection);
        w.tlv(der::constructed(static_cast<int>(type)), [&] { w.raw(body); });
    });
    return std::move(w).take();
}

Buffer write_message(Bytes header_and_body, Bytes protection, const std::vector<Bytes>& certs) {
    der::Writer w(header_and_body.size() + 4096);
    w.sequence([&] {
        w.raw(header_and_body);
        if (!protection.empty()) w.tlv(der::constructed(0), [&] { w.bit_string(protection); });
        if (!certs.empty())
            w.tlv(der::constructed(1), [&] {
                w.sequence([&] {
                    for (const Bytes certificate : certs) w.raw(certificate);
                });
            });
    });
    return std::move(w).take();
}

}  // namespace

Result<Buffer> build_message(const HeaderSpec& header, BodyType type, Bytes body,
                             const Protector& protector,
                             const std::vector<Bytes>& extra_certs) {
    PKI_TRY(Prepared how, prepare(header, protector));
    how.header.algorithm = how.algorithm;
    const Buffer part = protected_part(header, how.header, type, body);
    PKI_TRY(const Buffer protection, protect(how, protector, part));
    PKI_TRY(const der::Element content, der::only(part, der::kSequence));
    return write_message(content.content, protection, certificates(protector, extra_certs));
}

}  // namespace pki::cmp
