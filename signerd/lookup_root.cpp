#include "signerd/lookup_root.h"

#include "libpki/x509/cert.h"

namespace signerd {

namespace x509 = pki::x509;
using pki::Bytes;

namespace {

// The self-signed certificate of the chain, which is the last one; empty: the file has none.
Bytes root_of(const Ca& ca) {
    const auto top = x509::parse_certificate(ca.chain.back());
    if (!top || !x509::same_name(top->tbs.issuer, top->tbs.subject)) return {};
    return x509::verify_signature(*top, top->tbs.spki) ? Bytes(ca.chain.back()) : Bytes();
}

bool has_key_of(Bytes certificate, Bytes other) {
    const auto a = x509::parse_certificate(certificate);
    const auto b = x509::parse_certificate(other);
    return a && b && pki::equal(a->tbs.spki.encoding, b->tbs.spki.encoding);
}

// RFC 9810 4.4: the subject of OldWithNew is the old root, of NewWithOld the new one.
RootChange change(Bytes before, Bytes after, const std::vector<pki::Buffer>& cross) {
    RootChange found{after, {}, {}};
    for (const pki::Buffer& der : cross) {
        if (has_key_of(der, after))
            found.new_with_old = der;
        else if (has_key_of(der, before))
            found.old_with_new = der;
    }
    return found;
}

std::optional<RootChange> change_at(const Ca& ca, const Cas& cas, Bytes root) {
    if (!ca.successor || !pki::equal(root_of(ca), root)) return {};
    const Bytes after = root_of(cas.at(ca.successor->ca));
    if (after.empty() || pki::equal(after, root)) return {};
    return change(root, after, ca.successor->cross);
}

}  // namespace

std::optional<RootChange> find_root_change(const Cas& cas, const Ca& own, Bytes root) {
    const Bytes asked = root.empty() ? root_of(own) : root;
    if (asked.empty()) return {};
    for (const Ca* ca : line_of(own, cas))
        if (auto found = change_at(*ca, cas, asked)) return found;
    for (const auto& [name, ca] : cas)
        if (ca.tenant == own.tenant)
            if (auto found = change_at(ca, cas, asked)) return found;
    return {};
}

}  // namespace signerd
