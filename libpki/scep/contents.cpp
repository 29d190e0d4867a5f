#include "libpki/scep/contents.h"

#include "libpki/base/der_reader.h"
#include "libpki/base/der_writer.h"
#include "libpki/base/limits.h"
#include "libpki/x509/name.h"
#include "libpki/x509/nested.h"

namespace pki::scep {

namespace {

Result<Bytes> read_name(Bytes whole, der::Reader& fields) {
    PKI_TRY(const der::Element name, fields.element(der::kSequence));
    PKI_CHECK(x509::nested(whole, name.encoding, x509::parse_name(name.encoding)));
    return name.encoding;
}

// Who asks for a number that no certificate has learns that there is none: a negative one,
// zero, or more octets than RFC 5280 4.1.2.2 allows.
Bytes serial_of(Bytes content) {
    if (content.empty() || (content[0] & 0x80) != 0) return {};
    while (!content.empty() && content[0] == 0) content = content.subspan(1);
    return content.size() > limits::kSerial ? Bytes() : content;
}

}  // namespace

// issuerAndSubject ::= SEQUENCE { issuer Name, subject Name } (RFC 8894 3.3.3)
Result<IssuerAndSubject> parse_issuer_and_subject(Bytes der) {
    der::Reader input(der);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    IssuerAndSubject names;
    PKI_TRY(names.issuer, read_name(der, fields));
    PKI_TRY(names.subject, read_name(der, fields));
    PKI_CHECK(fields.finish());
    return names;
}

Buffer build_issuer_and_subject(Bytes issuer, Bytes subject) {
    der::Writer w;
    w.sequence([&] {
        w.raw(issuer);
        w.raw(subject);
    });
    return std::move(w).take();
}

// IssuerAndSerialNumber ::= SEQUENCE { issuer Name, serialNumber } (RFC 5652 10.2.4)
Result<IssuerAndSerial> parse_issuer_and_serial(Bytes der) {
    der::Reader input(der);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    IssuerAndSerial id;
    PKI_TRY(id.issuer, read_name(der, fields));
    PKI_TRY(const Bytes serial, fields.content(der::kInteger));
    PKI_CHECK(fields.finish());
    id.serial = serial_of(serial);
    return id;
}

Buffer build_issuer_and_serial(Bytes issuer, Bytes serial) {
    der::Writer w;
    w.sequence([&] {
        w.raw(issuer);
        w.integer(serial);
    });
    return std::move(w).take();
}

}  // namespace pki::scep
