#include <algorithm>
#include <utility>

#include "libpki/base/limits.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/crl.h"
#include "libpki/x509/crl_values.h"
#include "libpki/x509/nested.h"

namespace pki::x509 {

namespace {

// Version ::= INTEGER { v1(0), v2(1) }
Status check_version(Bytes item) {
    PKI_TRY(const std::uint64_t version, der::Reader(item).small_integer());
    if (version != 1) return fail(Errc::malformed, "CRL: version");
    return {};
}

// RFC 5280 5.1.2.3: the issuer has a name.
Status check_issuer(Bytes item) {
    PKI_TRY(const Name issuer, parse_name(item));
    if (issuer.empty()) return fail(Errc::malformed, "CRL: issuer without a name");
    return {};
}

Result<std::int64_t> time_in(Bytes item) {
    PKI_TRY(const der::Element time, der::Reader(item).any());
    return parse_crl_time(time);
}

}  // namespace

TbsCrlReader::TbsCrlReader(std::uint64_t size, OnEntry on_entry)
    : size_(size), on_entry_(std::move(on_entry)) {
    if (size > limits::kCrl) failed_ = fail(Errc::malformed, "CRL: too large");
}

Status TbsCrlReader::feed(Bytes part) {
    if (failed_) return *failed_;
    auto status = read(part);
    if (status) return {};
    status.error().offset += position_;
    failed_ = status.error();
    return status;
}

// An item that lies in the part as a whole is read where it is.
Status TbsCrlReader::read(Bytes part) {
    while (!part.empty()) {
        if (!begun_.empty()) {
            PKI_CHECK(complete(part));
            continue;
        }
        PKI_TRY(const std::size_t size, item_size(part));
        if (size == 0 || size > part.size()) {
            begun_ = to_buffer(part);
            return {};
        }
        PKI_CHECK(take(part.first(size)));
        part = part.subspan(size);
    }
    return {};
}

// Goes on with the item that has begun, octet by octet until its size is known.
Status TbsCrlReader::complete(Bytes& part) {
    PKI_TRY(const std::size_t known, item_size(begun_));
    const std::size_t wanted = known == 0 ? 1 : known - begun_.size();
    const Bytes more = part.first(std::min(wanted, part.size()));
    append(begun_, more);
    part = part.subspan(more.size());
    PKI_TRY(const std::size_t size, item_size(begun_));
    if (size != begun_.size()) return {};
    PKI_CHECK(take(begun_));
    begun_.clear();
    return {};
}

// Of the item that starts so, as far as it is read in one go; 0 when more is needed to know.
// What it says depends on the header alone, whatever of it came in which part.
Result<std::size_t> TbsCrlReader::item_size(Bytes start) const {
    if (next_ == Item::none) return fail(Errc::malformed, "CRL: trailing data");
    PKI_TRY(const auto header, der::read_header(start));
    if (!header) return 0;
    PKI_CHECK(check_tag(header->tag));
    PKI_CHECK(check_size(*header));
    return header_alone(header->tag) ? header->size : header->size + header->content;
}

Status TbsCrlReader::check_tag(std::uint8_t tag) const {
    const bool sequence = tag == der::kSequence;
    switch (next_) {
        case Item::version:
            // RFC 5280 5.1.2.1: left out by version 1, which has no extensions.
            if (sequence) return fail(Errc::unsupported, "CRL: version 1");
            if (tag == der::kInteger) return {};
            break;
        case Item::this_update:
        case Item::next_update:
            if (tag == der::kUtcTime || tag == der::kGeneralizedTime) return {};
            // RFC 5280 5.1.2.5
            if (next_ == Item::next_update) return fail(Errc::malformed, "CRL: no nextUpdate");
            break;
        case Item::entries_or_extensions:
            if (sequence || tag == der::constructed(0)) return {};
            break;
        case Item::extensions:
            if (tag == der::constructed(0)) return {};
            break;
        default:
            if (sequence) return {};
    }
    return fail(Errc::malformed, "DER: unexpected tag");
}

Status TbsCrlReader::check_size(const der::Header& header) const {
    const std::uint64_t size = header.size + header.content;
    const std::uint64_t end = next_ == Item::entry ? entries_end_ : size_;
    if (position_ + size > end) return fail(Errc::malformed, "DER: length beyond the input");
    if (next_ == Item::list && size != size_)
        return fail(Errc::malformed, "CRL: trailing data");
    if (header_alone(header.tag)) return {};
    if (next_ == Item::entry) {
        if (size > limits::kCrlEntry) return fail(Errc::malformed, "CRL: entry too long");
    } else if (header.tag == der::constructed(0)) {
        if (size > limits::kCrlTail) return fail(Errc::malformed, "CRL: extensions too long");
    } else if (position_ + size > limits::kCrlHead) {
        return fail(Errc::malformed, "CRL: too long before the first entry");
    }
    return {};
}

bool TbsCrlReader::header_alone(std::uint8_t tag) const {
    return next_ == Item::list ||
           (next_ == Item::entries_or_extensions && tag == der::kSequence);
}

Status TbsCrlReader::take(Bytes item) {
    if (next_ == Item::entry) {
        PKI_CHECK(take_entry(item));
    } else if (item[0] == der::constructed(0)) {
        PKI_CHECK(take_extensions(item));
        next_ = Item::none;
    } else if (next_ == Item::entries_or_extensions) {
        PKI_CHECK(take_entries_header(item));
        next_ = Item::entry;
    } else {
        PKI_CHECK(take_head(item));
        next_ = static_cast<Item>(static_cast<int>(next_) + 1);
    }
    position_ += item.size();
    if (next_ == Item::entry && position_ == entries_end_) next_ = Item::extensions;
    return {};
}

Status TbsCrlReader::take_head(Bytes item) {
    switch (next_) {
        case Item::version: return check_version(item);
        case Item::algorithm:
            PKI_CHECK(parse_algorithm(item));
            facts_.signature_algorithm = to_buffer(item);
            return {};
        case Item::issuer:
            PKI_CHECK(check_issuer(item));
            facts_.issuer = to_buffer(item);
            return {};
        case Item::this_update: {
            PKI_TRY(facts_.this_update, time_in(item));
            return {};
        }
        case Item::next_update: {
            PKI_TRY(facts_.next_update, time_in(item));
            return {};
        }
        default: return {};
    }
}

// RFC 5280 5.1.2.6: without revoked certificates the list is absent.
Status TbsCrlReader::take_entries_header(Bytes item) {
    PKI_TRY(const auto header, der::read_header(item));
    if (header->content == 0) return fail(Errc::malformed, "CRL: empty list");
    entries_end_ = position_ + header->size + header->content;
    return {};
}

Status TbsCrlReader::take_entry(Bytes item) {
    PKI_TRY(const CrlEntry entry, parse_crl_entry(item));
    facts_.entries++;
    removals_ |= entry.reason == CrlReason::remove_from_crl;
    if (on_entry_) on_entry_(entry);
    return {};
}

Status TbsCrlReader::take_extensions(Bytes item) {
    PKI_CHECK(parse_crl_extensions(item, facts_));
    // RFC 5280 5.3.1
    if (removals_ && !facts_.base)
        return fail(Errc::malformed, "CRL: removeFromCRL in a complete list");
    return {};
}

Result<TbsCrlFacts> TbsCrlReader::finish() {
    if (failed_) return *failed_;
    if (next_ != Item::none || position_ != size_)
        return fail(Errc::malformed, "CRL: truncated", position_);
    return std::move(facts_);
}

// CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue }
Result<Crl> parse_crl(Bytes der, TbsCrlReader::OnEntry on_entry) {
    der::Reader input(der);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    Crl crl;
    PKI_TRY(const der::Element tbs, fields.element(der::kSequence));
    crl.tbs = tbs.encoding;
    TbsCrlReader reader(crl.tbs.size(), std::move(on_entry));
    PKI_CHECK(nested(der, crl.tbs, reader.feed(crl.tbs)));
    PKI_TRY(crl.facts, nested(der, crl.tbs, reader.finish()));
    PKI_TRY(const der::Element algorithm, fields.element(der::kSequence));
    crl.signature_algorithm = algorithm.encoding;
    PKI_TRY(crl.signature, fields.bit_string_octets());
    PKI_CHECK(fields.finish());
    // RFC 5280 5.1.1.2: or the signature would not cover the algorithm it is verified with.
    if (!equal(crl.signature_algorithm, crl.facts.signature_algorithm))
        return fail(Errc::malformed, "CRL: two signature algorithms");
    return crl;
}

}  // namespace pki::x509
