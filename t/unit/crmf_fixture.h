// CertReqMsgs (RFC 4211): those that openssl cmp has made, and what is put together octet by
// octet.
#pragma once

#include "libpki/x509/crmf.h"
#include "t/unit/cmp_vectors.h"

#include "t/unit/unit.h"

namespace unit {

// The CertReqMsg of a message with one.
inline pki::Buffer request_of(const std::string& name) {
    const pki::Buffer body = cmp_body(name);
    const auto messages = pki::der::only(body, pki::der::kSequence);
    assert_ok(messages);
    return pki::to_buffer(messages->content);
}

template <class T>
void assert_reason(pki::Reason reason, const pki::Result<T>& result) {
    assert_false(result.has_value());
    assert_int_equal(result.error().reason, reason);
}

// --- requests put together here: fields of the template, controls, what stands behind ---

struct Parts {
    pki::Buffer id = hex("020100");
    pki::Buffer fields = {};    // of the template
    pki::Buffer controls = {};  // without the SEQUENCE around them
    pki::Buffer behind = {};    // of the CertReqMsg
};

inline pki::Buffer message(const Parts& parts) {
    pki::der::Writer w;
    w.sequence([&] {
        w.sequence([&] {
            w.raw(parts.id);
            w.sequence([&] { w.raw(parts.fields); });
            if (!parts.controls.empty()) w.sequence([&] { w.raw(parts.controls); });
        });
        w.raw(parts.behind);
    });
    return std::move(w).take();
}

inline pki::Buffer with_fields(std::string_view fields) {
    return message({.fields = hex(fields)});
}

inline pki::Buffer control(pki::Bytes type, std::string_view value) {
    pki::der::Writer w;
    w.sequence([&] {
        w.oid(type);
        w.raw(hex(value));
    });
    return std::move(w).take();
}

inline pki::Buffer name_of(std::string_view text) { return *pki::x509::name_from_text(text); }

}  // namespace unit
