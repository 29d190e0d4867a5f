#include "signerd/issuers.h"

#include <algorithm>

#include "libpki/base/base64.h"

namespace signerd {

namespace x509 = pki::x509;
using pki::Bytes;
using pki::Result;

namespace {

// The text of a serial in the store, which knows no sign octet.
std::string stored_serial(Bytes magnitude) {
    while (!magnitude.empty() && magnitude.front() == 0) magnitude = magnitude.subspan(1);
    return pki::hex_encode(magnitude);
}

// A CA of this name may have had another certificate before a reload.
bool issued_by(const CertificateRecord& record, const Ca& ca) {
    const auto certificate = x509::parse_certificate(record.der);
    const auto subject = x509::parse_name(ca.subject);
    return certificate && subject && x509::same_name(certificate->tbs.issuer, *subject);
}

}  // namespace

Result<std::vector<const Ca*>> cas_named(const Cas& cas, const Ca& own, Bytes issuer) {
    PKI_TRY(const x509::Name wanted, x509::parse_name(issuer));
    std::vector<const Ca*> found;
    for (const auto& [name, ca] : cas) {
        if (ca.tenant != own.tenant) continue;
        PKI_TRY(const x509::Name subject, x509::parse_name(ca.subject));
        if (x509::same_name(wanted, subject)) found.push_back(&ca);
    }
    std::stable_partition(found.begin(), found.end(), [&](const Ca* ca) { return ca == &own; });
    return found;
}

Result<std::optional<CertificateRecord>> find_issued(Store& store, const Cas& cas,
                                                     const Ca& own, Bytes issuer,
                                                     Bytes serial) {
    PKI_TRY(const auto named, cas_named(cas, own, issuer));
    const std::string text = stored_serial(serial);
    for (const Ca* ca : named) {
        PKI_TRY(auto record, store.find_certificate(ca->name, text));
        if (record && record->tenant == ca->tenant && issued_by(*record, *ca))
            return std::optional(std::move(*record));
    }
    return std::optional<CertificateRecord>();
}

}  // namespace signerd
