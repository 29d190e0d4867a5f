#include "libpki/x509/certs_only.h"

#include <numeric>

#include "libpki/base/der_reader.h"
#include "libpki/base/der_writer.h"
#include "libpki/base/limits.h"
#include "libpki/x509/oids.h"

namespace pki::x509 {

namespace {

// EncapsulatedContentInfo that holds nothing: SEQUENCE { id-data }.
Status parse_no_content(der::Reader& signed_data) {
    PKI_TRY(der::Reader content, signed_data.enter(der::kSequence));
    PKI_TRY(const Bytes type, content.oid());
    if (!equal(type, oid::kData) || !content.at_end())
        return fail(Errc::unsupported, "certs-only: there is content", content.offset());
    return {};
}

// CertificateSet: of CertificateChoices (RFC 5652 10.2.2) only Certificate.
Result<std::vector<Bytes>> parse_certificate_set(der::Reader& signed_data) {
    PKI_TRY(der::Reader set, signed_data.enter(der::constructed(0)));
    std::vector<Bytes> certificates;
    while (!set.at_end()) {
        if (certificates.size() == limits::kChain)
            return fail(Errc::malformed, "certs-only: too many certificates", set.offset());
        PKI_TRY(const der::Element certificate, set.element(der::kSequence));
        certificates.push_back(certificate.encoding);
    }
    if (certificates.empty())
        return fail(Errc::malformed, "certs-only: no certificate", signed_data.offset());
    return certificates;
}

Status parse_empty_set(der::Reader& signed_data, const char* otherwise) {
    PKI_TRY(const der::Reader set, signed_data.enter(der::kSet));
    if (!set.at_end()) return fail(Errc::unsupported, otherwise, set.offset());
    return {};
}

// SignedData (RFC 5652 5.1). Version 1 goes with id-data and plain certificates.
Result<std::vector<Bytes>> parse_signed_data(der::Reader fields) {
    PKI_TRY(const std::uint64_t version, fields.small_integer());
    if (version != 1) return fail(Errc::unsupported, "certs-only: version", fields.offset());
    PKI_CHECK(parse_empty_set(fields, "certs-only: there are digest algorithms"));
    PKI_CHECK(parse_no_content(fields));
    PKI_TRY(std::vector<Bytes> certificates, parse_certificate_set(fields));
    if (fields.next_is(der::constructed(1))) PKI_CHECK(fields.any());
    PKI_CHECK(parse_empty_set(fields, "certs-only: there are signers"));
    PKI_CHECK(fields.finish());
    return certificates;
}

std::size_t total_size(const std::vector<Bytes>& parts) {
    return std::accumulate(parts.begin(), parts.end(), std::size_t{0},
                           [](std::size_t sum, Bytes one) { return sum + one.size(); });
}

// certificates [0] and crls [1], both OPTIONAL.
void write_list(der::Writer& w, int tag, const std::vector<Bytes>& parts) {
    if (parts.empty()) return;
    w.tlv(der::constructed(tag), [&] {
        for (const Bytes part : parts) w.raw(part);
    });
}

}  // namespace

Buffer build_certs_only(const std::vector<Bytes>& certificates,
                        const std::vector<Bytes>& crls) {
    der::Writer w(total_size(certificates) + total_size(crls) + 64);
    const auto write_signed_data = [&] {
        w.integer(1);
        w.set([] {});
        w.sequence([&] { w.oid(oid::kData); });
        write_list(w, 0, certificates);
        write_list(w, 1, crls);
        w.set([] {});
    };
    w.sequence([&] {
        w.oid(oid::kSignedData);
        w.tlv(der::constructed(0), [&] { w.sequence(write_signed_data); });
    });
    return std::move(w).take();
}

// ContentInfo ::= SEQUENCE { contentType, content [0] EXPLICIT SignedData }
Result<std::vector<Bytes>> parse_certs_only(Bytes der) {
    der::Reader input(der);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    PKI_TRY(const Bytes type, fields.oid());
    if (!equal(type, oid::kSignedData))
        return fail(Errc::unsupported, "certs-only: not SignedData", fields.offset());
    PKI_TRY(der::Reader content, fields.enter(der::constructed(0)));
    PKI_CHECK(fields.finish());
    PKI_TRY(const der::Reader signed_data, content.enter(der::kSequence));
    PKI_CHECK(content.finish());
    return parse_signed_data(signed_data);
}

}  // namespace pki::x509
