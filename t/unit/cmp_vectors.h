// Messages that openssl cmp has made (t/vectors/cmp), taken apart without our own reader of
// messages.
#pragma once

#include "libpki/base/der_reader.h"
#include "t/unit/unit.h"

namespace unit {

// The body of a message: the element inside the tag of PKIBody, a view.
inline pki::Bytes body_of(pki::Bytes message) {
    auto fields = pki::der::Reader(message).enter(pki::der::kSequence);
    assert_ok(fields);
    assert_ok(fields->element(pki::der::kSequence));
    const auto body = fields->any();
    assert_ok(body);
    return body->content;
}

inline pki::Buffer cmp_body(const std::string& name) {
    return pki::to_buffer(body_of(read_vector("cmp/" + name + ".der")));
}

}  // namespace unit
