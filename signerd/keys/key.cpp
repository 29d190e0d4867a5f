#include "signerd/keys/key.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "signerd/fd.h"
#include "signerd/log.h"

namespace signerd {

namespace {

constexpr std::size_t kKeyFile = 64 * 1024;  // far above any key in PEM

pki::Result<pki::Secret> read_key_file(const std::string& path) {
    const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status {};
    if (!file || fstat(file.get(), &status) != 0)
        return pki::fail(pki::Errc::internal, "cannot read the key", errno_text());
    if (!S_ISREG(status.st_mode) || static_cast<std::size_t>(status.st_size) > kKeyFile)
        return pki::fail(pki::Errc::malformed, "not a key file");
    pki::Secret pem(static_cast<std::size_t>(status.st_size));
    std::size_t have = 0;
    while (have < pem.size()) {
        const ssize_t size = read(file.get(), pem.data().data() + have, pem.size() - have);
        if (size <= 0)
            return pki::fail(pki::Errc::internal, "cannot read the key", errno_text());
        have += static_cast<std::size_t>(size);
    }
    return pem;
}

pki::Result<pki::ossl::PkeyPtr> read_key(const Ca& ca) {
    PKI_TRY(const pki::Secret pem, read_key_file(ca.key_path));
    PKI_TRY(pki::ossl::PkeyPtr key, pki::ossl::read_private_key(pem.view()));
    PKI_TRY(const auto certificate, pki::x509::parse_certificate(ca.chain.front()));
    PKI_TRY(const auto public_key, pki::ossl::make_public_key(certificate.tbs.spki.key));
    if (!pki::ossl::same_public_key(key.get(), public_key.get()))
        return pki::fail(pki::Errc::denied, "the key does not belong to the CA's certificate");
    return key;
}

void add(pki::Buffer& out, std::int64_t number) {
    for (int shift = 56; shift >= 0; shift -= 8)
        out.push_back(static_cast<std::uint8_t>(number >> shift));
}

// Length first: the end of one value is not the start of the next.
void add(pki::Buffer& out, pki::Bytes value) {
    add(out, static_cast<std::int64_t>(value.size()));
    pki::append(out, value);
}

void add(pki::Buffer& out, const CaRules& rules) {
    add(out, rules.longest);
    add(out, rules.backdate);
    add(out, rules.key_usage);
    for (const pki::Buffer& purpose : rules.extended_key_usage) add(out, purpose);
    add(out, rules.may_omit_key_usage);
    add(out, rules.may_omit_extended_key_usage);
    add(out, rules.may_sign_crls);
    add(out, pki::as_bytes(rules.responder_key));
}

}  // namespace

pki::Result<KeyRing> load_keys(const Config& config) {
    KeyRing ring;
    for (const auto& [name, ca] : config.cas) {
        auto key = read_key(ca);
        if (!key) {
            pki::Error error = std::move(key).error();
            error.detail = "cas." + name + ".key: " + ca.key_path +
                           (error.detail.empty() ? "" : ": " + error.detail);
            return error;
        }
        ring.emplace(name, CaKey{*std::move(key), ca.scheme, rules_of(ca, config)});
    }
    return ring;
}

pki::ossl::Sha256 facts_of(const Config& config) {
    pki::Buffer facts;
    for (const auto& [name, ca] : config.cas) {
        add(facts, pki::as_bytes(name));
        add(facts, ca.chain.front());
        add(facts, rules_of(ca, config));
    }
    return pki::ossl::sha256(facts);
}

}  // namespace signerd
