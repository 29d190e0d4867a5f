// Requests of devices, for tests of what a profile makes of them.
#pragma once

#include <string>
#include <vector>

#include "libpki/base/der_writer.h"
#include "libpki/x509/name.h"
#include "libpki/x509/oids.h"
#include "libpki/x509/san.h"
#include "t/unit/unit.h"

namespace unit {

// A P-256 key; that the point is on the curve is nobody's concern here.
inline pki::Buffer p256_key() {
    pki::Buffer spki = hex("3059 3013 06072a8648ce3d0201 06082a8648ce3d030107 0342 0004");
    spki.resize(spki.size() + 64, 0x11);
    return spki;
}

inline pki::Buffer rsa_key(std::size_t octets) {
    pki::der::Writer w;
    w.sequence([&] {
        w.sequence([&] {
            w.oid(pki::x509::oid::kRsaEncryption);
            w.null();
        });
        pki::der::Writer key;
        key.sequence([&] {
            key.integer(pki::Bytes(pki::Buffer(octets, 0xff)));
            key.integer(65537);
        });
        w.bit_string(key.view());
    });
    return std::move(w).take();
}

struct RequestedExtension {
    pki::Bytes id;
    bool critical;
    pki::Buffer value;
};

// What a device asks for. Its signature is not a signature.
struct Request {
    pki::Buffer key = p256_key();
    std::string subject = "O=Example, CN=device-1";
    std::vector<std::string> san;
    std::vector<RequestedExtension> extensions;
    std::vector<pki::Bytes> other_attributes;

    void write_attributes(pki::der::Writer& w) const;
    pki::Buffer encode() const;
};

inline void Request::write_attributes(pki::der::Writer& w) const {
    for (const pki::Bytes type : other_attributes)
        w.sequence([&] {
            w.oid(type);
            w.set([&] { w.primitive(pki::der::kUtf8String, pki::as_bytes("x")); });
        });
    std::vector<RequestedExtension> all = extensions;
    if (!san.empty())
        all.push_back({pki::x509::oid::kSubjectAltName, false, *pki::x509::build_san(san)});
    if (all.empty()) return;
    w.sequence([&] {
        w.oid(pki::x509::oid::kExtensionRequest);
        w.set([&] {
            w.sequence([&] {
                for (const RequestedExtension& extension : all)
                    w.sequence([&] {
                        w.oid(extension.id);
                        if (extension.critical) w.boolean(true);
                        w.octet_string(extension.value);
                    });
            });
        });
    });
}

inline pki::Buffer Request::encode() const {
    pki::der::Writer w;
    w.sequence([&] {
        w.sequence([&] {
            w.integer(0);
            w.raw(*pki::x509::name_from_text(subject));
            w.raw(key);
            w.tlv(pki::der::constructed(0), [&] { write_attributes(w); });
        });
        w.sequence([&] { w.oid(pki::x509::oid::kEcdsaSha256); });
        w.bit_string(hex("3006020101020101"));
    });
    return std::move(w).take();
}

}  // namespace unit
