#include "signerd/keys/crl_signing.h"

#include "libpki/base/limits.h"
#include "signerd/keys/crl_check.h"

namespace signerd {

pki::Status CrlSigning::begin(const CaKey& ca, std::uint64_t generation, std::uint64_t size) {
    list_.reset();
    if (size == 0 || size > pki::limits::kCrl)
        return pki::fail(pki::Errc::malformed, "CRL: size");
    PKI_TRY(auto stream, pki::ossl::SignatureStream::begin(ca.key.get(), ca.scheme));
    list_.emplace(
        List{generation, ca.rules, pki::x509::TbsCrlReader(size), std::move(stream), size});
    return {};
}

pki::Result<pki::Buffer> CrlSigning::add(pki::Bytes part, std::int64_t now) {
    if (!list_) return pki::fail(pki::Errc::unavailable, "key child: no CRL is under way");
    auto signature = add_to(*list_, part, now);
    if (!signature || !signature->empty()) list_.reset();
    return signature;
}

void CrlSigning::keep(std::uint64_t generation) {
    if (list_ && list_->generation != generation) list_.reset();
}

pki::Result<pki::Buffer> CrlSigning::add_to(List& list, pki::Bytes part, std::int64_t now) {
    if (part.empty() || part.size() > list.left)
        return pki::fail(pki::Errc::malformed, "CRL: part");
    PKI_CHECK(list.reader.feed(part));
    PKI_CHECK(list.stream.update(part));
    list.left -= part.size();
    if (list.left > 0) return pki::Buffer{};
    return finish(list, now);
}

// What was signed and what was read are the same octets: both had every part.
pki::Result<pki::Buffer> CrlSigning::finish(List& list, std::int64_t now) {
    PKI_TRY(const auto facts, list.reader.finish());
    std::uint64_t& highest = highest_[{list.rules.subject, list.rules.key_identifier}];
    PKI_CHECK(check_crl(list.rules, facts, highest, now));
    PKI_TRY(pki::Buffer signature, list.stream.finish());
    highest = facts.number;
    return signature;
}

}  // namespace signerd
