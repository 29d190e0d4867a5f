#include "libpki/cmp/revocation.h"

#include "libpki/x509/extension_write.h"
#include "libpki/x509/nested.h"
#include "libpki/x509/oids.h"

namespace pki::cmp {

namespace {

// CRLReason ::= ENUMERATED (RFC 5280 5.3.1)
Result<x509::CrlReason> parse_reason(Bytes value) {
    PKI_TRY(const der::Element number, der::only(value, der::kEnumerated));
    const auto reason = number.content.size() == 1
                            ? x509::crl_reason_from_number(number.content[0])
                            : std::nullopt;
    if (!reason)
        return fail(Errc::malformed, Reason::bad_data_format, "CMP: unknown CRLReason");
    return *reason;
}

// crlEntryDetails Extensions OPTIONAL: others than the reason are not ours to set.
Status read_reason(RevocationDetails& details, Bytes whole, der::Reader& fields) {
    if (!fields.next_is(der::kSequence)) return {};
    PKI_TRY(const der::Element list, fields.element(der::kSequence));
    PKI_TRY(const x509::Extensions extensions,
            x509::nested(whole, list.encoding, x509::parse_extensions(list.encoding)));
    const x509::Extension* const reason = extensions.find(x509::oid::kReasonCode);
    if (reason == nullptr) return {};
    PKI_TRY(details.reason, x509::nested(whole, reason->value, parse_reason(reason->value)));
    return {};
}

// RevDetails ::= SEQUENCE { certDetails CertTemplate, crlEntryDetails OPTIONAL }
Result<RevocationDetails> read_details(Bytes whole, der::Reader& list) {
    PKI_TRY(der::Reader fields, list.enter(der::kSequence));
    PKI_TRY(const der::Element certificate, fields.element(der::kSequence));
    PKI_TRY(const x509::CertRequest described,
            x509::nested(whole, certificate.encoding,
                         x509::parse_cert_template(certificate.encoding)));
    RevocationDetails details{described.issuer, described.serial};
    PKI_CHECK(read_reason(details, whole, fields));
    PKI_CHECK(fields.finish());
    return details;
}

void write_reason(der::Writer& w, x509::CrlReason reason) {
    const auto number = static_cast<std::uint8_t>(reason);
    x509::write_extension(w, x509::oid::kReasonCode, false, [&] {
        w.primitive(der::kEnumerated, {&number, 1});
    });
}

Result<std::optional<x509::CertId>> read_cert_id(Bytes whole, der::Reader& fields) {
    if (!fields.next_is(der::constructed(0))) return std::optional<x509::CertId>();
    PKI_TRY(der::Reader inner, fields.enter(der::constructed(0)));
    PKI_TRY(der::Reader list, inner.enter(der::kSequence));
    PKI_CHECK(inner.finish());
    PKI_TRY(const der::Element id, list.element(der::kSequence));
    PKI_CHECK(list.finish());
    PKI_TRY(const x509::CertId parsed,
            x509::nested(whole, id.encoding, x509::parse_cert_id(id.encoding)));
    return std::optional(parsed);
}

}  // namespace

// RevReqContent ::= SEQUENCE OF RevDetails
Result<RevocationDetails> parse_rev_req(Bytes body) {
    der::Reader input(body);
    PKI_TRY(der::Reader list, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    PKI_TRY(const RevocationDetails details, read_details(body, list));
    if (!list.at_end())
        return fail(Errc::malformed, Reason::bad_request, "CMP: several revocations at once");
    // RFC 9483 4.2: both are REQUIRED; a serial number alone is one of every CA's.
    if (details.issuer.empty() || details.serial.empty())
        return fail(Errc::malformed, Reason::add_info_not_available,
                    "CMP: revocation without issuer and serial number");
    return details;
}

// RFC 9483 4.2 wants the reason, "unspecified" too.
Buffer build_rev_req(const RevocationDetails& details) {
    der::Writer w;
    const auto write_template = [&] {
        if (!details.serial.empty()) w.primitive(der::context(1), details.serial);
        if (!details.issuer.empty()) w.tlv(der::constructed(3), [&] { w.raw(details.issuer); });
    };
    w.sequence([&] {
        w.sequence([&] {
            w.sequence(write_template);
            w.sequence([&] { write_reason(w, details.reason); });
        });
    });
    return std::move(w).take();
}

// RevRepContent ::= SEQUENCE { status SEQUENCE OF PKIStatusInfo, revCerts [0] SEQUENCE OF
// CertId OPTIONAL, crls [1] SEQUENCE OF CertificateList OPTIONAL }
Buffer build_rev_rep(const RevocationReply& reply) {
    der::Writer w;
    const auto write_ids = [&] {
        w.sequence([&] { x509::write_cert_id(w, *reply.certificate); });
    };
    w.sequence([&] {
        w.sequence([&] { write_status_info(w, reply.status); });
        if (reply.certificate) w.tlv(der::constructed(0), write_ids);
    });
    return std::move(w).take();
}

Result<RevocationReply> parse_rev_rep(Bytes body) {
    der::Reader input(body);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    PKI_TRY(der::Reader statuses, fields.enter(der::kSequence));
    RevocationReply reply;
    PKI_TRY(reply.status, read_status_info(statuses));
    PKI_CHECK(statuses.finish());
    PKI_TRY(reply.certificate, read_cert_id(body, fields));
    if (fields.next_is(der::constructed(1))) PKI_CHECK(fields.any());  // crls
    PKI_CHECK(fields.finish());
    return reply;
}

}  // namespace pki::cmp
