// CRLs for tests: whole ones, and ones put together of parts that may be wrong.
#pragma once

#include <vector>

#include "libpki/base/der_writer.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/crl.h"
#include "libpki/x509/oids.h"

namespace unit {

inline pki::Buffer crl_entries(const std::vector<pki::x509::CrlEntry>& entries) {
    pki::der::Writer w;
    for (const auto& entry : entries) pki::x509::write_crl_entry(w, entry);
    return std::move(w).take();
}

// TBSCertList.
inline pki::Buffer make_tbs_crl(const pki::x509::CrlSpec& spec,
                                const std::vector<pki::x509::CrlEntry>& entries) {
    const pki::Buffer list = crl_entries(entries);
    const auto frame = pki::x509::build_tbs_crl_frame(spec, list.size());
    pki::Buffer tbs = frame.head;
    pki::append(tbs, list);
    pki::append(tbs, frame.tail);
    return tbs;
}

// CertificateList.
inline pki::Buffer assemble_crl(pki::Bytes tbs, const pki::ossl::SignatureScheme& scheme,
                                pki::Bytes signature) {
    pki::Buffer crl = pki::x509::crl_head(tbs.size(), scheme, signature);
    pki::append(crl, tbs);
    pki::append(crl, pki::x509::crl_tail(scheme, signature));
    return crl;
}

// A reader that is fed parts of this size.
inline pki::Result<pki::x509::TbsCrlFacts> read_crl_in_parts(
    pki::Bytes tbs, std::size_t part, pki::x509::TbsCrlReader::OnEntry on_entry = {}) {
    pki::x509::TbsCrlReader reader(tbs.size(), std::move(on_entry));
    for (pki::Bytes rest = tbs; !rest.empty(); rest = rest.subspan(std::min(part, rest.size())))
        PKI_CHECK(reader.feed(rest.first(std::min(part, rest.size()))));
    return reader.finish();
}

inline pki::Result<pki::x509::TbsCrlFacts> read_crl(pki::Bytes tbs) {
    return read_crl_in_parts(tbs, tbs.size());
}

}  // namespace unit
