#include "libpki/base/der_writer.h"
#include "libpki/x509/csr.h"
#include "libpki/x509/oids.h"

namespace pki::x509 {

namespace {

// Everything in front of the attributes, and those that are no challengePassword as they are:
// the order of the rest stays that of a SET OF.
Result<Buffer> info_without_challenge(Bytes info) {
    der::Reader input(info);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    der::Writer w(info.size());
    while (!fields.at_end() && !fields.next_is(der::constructed(0))) {
        PKI_TRY(const der::Element field, fields.any());
        w.raw(field.encoding);
    }
    PKI_TRY(der::Reader attributes, fields.enter(der::constructed(0)));
    der::Writer kept(info.size());
    while (!attributes.at_end()) {
        PKI_TRY(const der::Element attribute, attributes.element(der::kSequence));
        PKI_TRY(const Bytes type, der::Reader(attribute.content).oid());
        if (!equal(type, oid::kChallengePassword)) kept.raw(attribute.encoding);
    }
    w.primitive(der::constructed(0), kept.view());
    der::Writer whole(info.size());
    whole.primitive(der::kSequence, w.view());
    return std::move(whole).take();
}

}  // namespace

Result<Buffer> without_challenge_password(const Csr& csr) {
    if (!csr.challenge_password) return to_buffer(csr.encoding);
    PKI_TRY(const Buffer info, info_without_challenge(csr.info));
    der::Writer w(csr.encoding.size());
    w.sequence([&] {
        w.raw(info);
        w.raw(csr.signature_algorithm);
        w.bit_string({});
    });
    return std::move(w).take();
}

}  // namespace pki::x509
