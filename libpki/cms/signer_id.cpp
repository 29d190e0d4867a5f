#include "libpki/cms/signer_id.h"

#include "libpki/x509/cert.h"
#include "libpki/x509/oids.h"

namespace pki::cms {

namespace {

namespace oid = x509::oid;

Result<SignerId> read_issuer_and_serial(der::Reader& fields) {
    PKI_TRY(der::Reader pair, fields.enter(der::kSequence));
    SignerId id;
    PKI_TRY(const der::Element issuer, pair.element(der::kSequence));
    id.issuer = issuer.encoding;
    PKI_TRY(id.serial, pair.content(der::kInteger));
    if (id.serial.empty())
        return fail(Errc::malformed, "CMS: empty serial number", pair.offset());
    PKI_CHECK(pair.finish());
    return id;
}

bool same_issuer(Bytes a, Bytes b) {
    if (equal(a, b)) return true;
    const auto left = x509::parse_name(a), right = x509::parse_name(b);
    return left && right && x509::same_name(*left, *right);
}

bool has_key_identifier(Bytes certificate, Bytes wanted) {
    const auto parsed = x509::parse_certificate(certificate);
    if (!parsed) return false;
    const auto* extension = parsed->tbs.extensions.find(oid::kSubjectKeyIdentifier);
    if (extension == nullptr) return false;
    const auto identifier = x509::parse_subject_key_identifier(extension->value);
    return identifier && equal(*identifier, wanted);
}

}  // namespace

Result<SignerId> parse_signer_id(der::Reader& fields) {
    if (!fields.next_is(der::context(0))) return read_issuer_and_serial(fields);
    SignerId id;
    PKI_TRY(id.key_identifier, fields.content(der::context(0)));
    if (id.key_identifier.empty())
        return fail(Errc::malformed, "CMS: empty key identifier", fields.offset());
    return id;
}

bool names(const SignerId& id, Bytes certificate) {
    if (!id.key_identifier.empty()) return has_key_identifier(certificate, id.key_identifier);
    const auto own = issuer_and_serial(certificate);
    return own && equal(own->serial, id.serial) && same_issuer(own->issuer, id.issuer);
}

// The first fields of a TBSCertificate (RFC 5280 4.1): version, serialNumber, signature,
// issuer.
Result<SignerId> issuer_and_serial(Bytes certificate) {
    der::Reader input(certificate);
    PKI_TRY(der::Reader parts, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    PKI_TRY(der::Reader tbs, parts.enter(der::kSequence));
    if (tbs.next_is(der::constructed(0))) PKI_CHECK(tbs.any());
    SignerId id;
    PKI_TRY(id.serial, tbs.content(der::kInteger));
    PKI_CHECK(tbs.element(der::kSequence));
    PKI_TRY(const der::Element issuer, tbs.element(der::kSequence));
    id.issuer = issuer.encoding;
    return id;
}

void write_issuer_and_serial(der::Writer& writer, const SignerId& id) {
    writer.sequence([&] {
        writer.raw(id.issuer);
        writer.primitive(der::kInteger, id.serial);
    });
}

}  // namespace pki::cms
