#include "libpki/x509/crl.h"

#include "libpki/x509/algorithm.h"
#include "libpki/x509/extension_write.h"
#include "libpki/x509/oids.h"

namespace pki::x509 {

namespace {

constexpr std::uint64_t kVersion2 = 1;

void write_reason(der::Writer& w, CrlReason reason) {
    const auto code = static_cast<std::uint8_t>(reason);
    write_extension(w, oid::kReasonCode, false, [&] {
        w.primitive(der::kEnumerated, {&code, 1});
    });
}

// RFC 5280 5.2.1: by the key identifier.
void write_authority_key_identifier(der::Writer& w, const CrlSpec& spec) {
    write_extension(w, oid::kAuthorityKeyIdentifier, false, [&] {
        w.sequence([&] { w.primitive(der::context(0), spec.authority_key_identifier); });
    });
}

// RFC 5280 5.2.3 and 5.2.4: a delta CRL is numbered in the sequence of the complete ones.
void write_numbers(der::Writer& w, const CrlSpec& spec) {
    write_extension(w, oid::kCrlNumber, false, [&] { w.integer(spec.number); });
    if (spec.base)
        write_extension(w, oid::kDeltaCrlIndicator, true, [&] { w.integer(*spec.base); });
}

// RFC 5280 5.2.5. Never an empty SEQUENCE.
void write_issuing_distribution_point(der::Writer& w, const CrlSpec& spec) {
    if (!spec.only_user_certs && spec.distribution_points.empty()) return;
    constexpr std::uint8_t kTrue[] = {0xff};
    write_extension(w, oid::kIssuingDistributionPoint, true, [&] {
        w.sequence([&] {
            if (!spec.distribution_points.empty())
                write_point_name(w, spec.distribution_points);
            if (spec.only_user_certs) w.primitive(der::context(1), kTrue);
        });
    });
}

void write_freshest(der::Writer& w, const CrlSpec& spec) {
    if (spec.freshest.empty()) return;
    write_extension(w, oid::kFreshestCrl, false,
                    [&] { write_distribution_point(w, spec.freshest); });
}

Buffer head_fields(const CrlSpec& spec) {
    der::Writer w;
    w.integer(kVersion2);
    write_signature_algorithm(w, spec.scheme);
    w.raw(spec.issuer);
    w.time(spec.this_update);
    w.time(spec.next_update);
    return std::move(w).take();
}

Buffer extensions_of(const CrlSpec& spec) {
    der::Writer w;
    w.tlv(der::constructed(0), [&] {
        w.sequence([&] {
            write_authority_key_identifier(w, spec);
            write_numbers(w, spec);
            write_issuing_distribution_point(w, spec);
            write_freshest(w, spec);
        });
    });
    return std::move(w).take();
}

// Tag and length of a SEQUENCE of this size.
Buffer sequence_header(std::uint64_t size) {
    der::Writer w(16);
    w.header(der::kSequence, size);
    return std::move(w).take();
}

}  // namespace

void write_crl_entry(der::Writer& writer, const CrlEntry& entry) {
    writer.sequence([&] {
        writer.integer(entry.serial);
        writer.time(entry.revoked);
        if (entry.reason != CrlReason::unspecified)
            writer.sequence([&] { write_reason(writer, entry.reason); });
    });
}

TbsCrlFrame build_tbs_crl_frame(const CrlSpec& spec, std::uint64_t entries_size) {
    const Buffer fields = head_fields(spec);
    const Buffer list = entries_size == 0 ? Buffer() : sequence_header(entries_size);
    Buffer tail = extensions_of(spec);
    Buffer head = sequence_header(fields.size() + list.size() + entries_size + tail.size());
    append(head, fields);
    append(head, list);
    return {std::move(head), std::move(tail)};
}

Buffer crl_head(std::uint64_t tbs_size, const ossl::SignatureScheme& scheme, Bytes signature) {
    return sequence_header(tbs_size + crl_tail(scheme, signature).size());
}

Buffer crl_tail(const ossl::SignatureScheme& scheme, Bytes signature) {
    der::Writer w;
    write_signature_algorithm(w, scheme);
    w.bit_string(signature);
    return std::move(w).take();
}

}  // namespace pki::x509
