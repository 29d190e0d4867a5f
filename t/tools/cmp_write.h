// What the writers of cmp_forge share. Nothing here checks that the result makes sense.
#pragma once

#include "libpki/base/der_writer.h"
#include "t/tools/options.h"

namespace forge {

template <class Body>
pki::Buffer written(Body&& body) {
    pki::der::Writer w;
    body(w);
    return std::move(w).take();
}

// The content octets.
pki::Buffer oid(const std::string& dotted);
void write_oid(pki::der::Writer& w, const std::string& dotted);
// AlgorithmIdentifier; NULL as its parameters, or none.
void write_algorithm(pki::der::Writer& w, const std::string& dotted, bool null = false);
void write_hash(pki::der::Writer& w, pki::ossl::Hash hash);
// HMAC with that hash, as RFC 9481 6.2 names it.
void write_hmac(pki::der::Writer& w, pki::ossl::Hash hash);

// An INTEGER that may be negative.
void write_integer(pki::der::Writer& w, std::int64_t value);
// UTF8String.
void write_text(pki::der::Writer& w, const std::string& text);
// A time `offset` seconds from now: GeneralizedTime, or UTCTime.
void write_time(pki::der::Writer& w, std::int64_t offset, bool utc = false);

pki::Buffer random_octets(std::size_t size);
// Of the first certificate in a PEM file: its Name.
pki::Buffer subject_of(const std::string& file);
pki::Buffer issuer_of(const std::string& file);
pki::Buffer serial_of(const std::string& file);  // INTEGER content
// directoryName.
void write_directory_name(pki::der::Writer& w, pki::Bytes name);
constexpr std::uint8_t kEmptyName[] = {pki::der::kSequence, 0};

// InfoTypeAndValues of a list: names of RFC 9810's types ("caCerts") or dotted OIDs, each alone
// or with ":HEX" or ":@PEM", a certificate.
void write_infos(pki::der::Writer& w, const std::vector<std::string>& infos);

// PKIStatusInfo with status, text, and the bit of failInfo (under 0: none).
void write_status(pki::der::Writer& w, std::int64_t status, const std::string& text,
                  std::int64_t fail_info);

}  // namespace forge
