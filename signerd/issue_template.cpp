#include "signerd/issue_template.h"

#include <algorithm>

#include "libpki/x509/oids.h"

namespace signerd {

namespace x509 = pki::x509;
namespace oid = pki::x509::oid;
using pki::Bytes;
using pki::Errc;
using pki::fail;
using pki::Reason;

namespace {

// id-kp-cmKGA (RFC 9810 4.5).
constexpr std::uint8_t kCmKga[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x20};

constexpr Bytes kAuthorities[] = {oid::kCmcCa, oid::kCmcRa, Bytes(kCmKga)};

pki::Error not_authorized(const char* text) {
    return fail(Errc::denied, Reason::not_authorized, text);
}

pki::Status check_basic_constraints(const x509::Extension& extension) {
    PKI_TRY(const auto constraints, x509::parse_basic_constraints(extension.value));
    if (constraints.ca) return not_authorized("template: CA certificates are not issued");
    return {};
}

pki::Status check_key_usage(const x509::Extension& extension) {
    PKI_TRY(const std::uint16_t usage, x509::parse_key_usage(extension.value));
    if ((usage & (x509::kKeyCertSign | x509::kCrlSign)) != 0)
        return not_authorized("template: keyCertSign and cRLSign are a CA's");
    return {};
}

bool has(const x509::Profile& profile, Bytes purpose) {
    return std::ranges::any_of(profile.extended_key_usage, [&](const pki::Buffer& granted) {
        return pki::equal(granted, purpose);
    });
}

pki::Status check_purposes(const x509::Profile& profile, const x509::Extension& extension) {
    PKI_TRY(const auto purposes, x509::parse_extended_key_usage(extension.value));
    for (const Bytes purpose : purposes)
        for (const Bytes authority : kAuthorities)
            if (pki::equal(purpose, authority) && !has(profile, purpose))
                return not_authorized("template: the purpose is an authority's");
    return {};
}

pki::Status check_extension(const x509::Profile& profile, const x509::Extension& extension) {
    if (pki::equal(extension.id, oid::kBasicConstraints))
        return check_basic_constraints(extension);
    if (pki::equal(extension.id, oid::kKeyUsage)) return check_key_usage(extension);
    if (pki::equal(extension.id, oid::kExtendedKeyUsage))
        return check_purposes(profile, extension);
    return {};
}

}  // namespace

pki::Status check_template(const x509::Profile& profile, const x509::Csr& csr) {
    if (csr.subject.empty() && !csr.san)
        return fail(Errc::denied, Reason::bad_cert_template,
                    "template: neither subject nor SAN");
    for (const x509::Extension& extension : csr.extensions.list) {
        auto status = check_extension(profile, extension);
        if (status) continue;
        if (status.error().reason == Reason::none)
            status.error().reason = Reason::bad_cert_template;
        return status;
    }
    return {};
}

}  // namespace signerd
