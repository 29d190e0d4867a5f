// What a profile allows in a request, as a value: no names of files, no JSON. signerd's
// configuration makes it, check_request() applies it.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "libpki/x509/csr.h"

namespace pki::x509 {

struct KeyRule {
    ossl::KeyType type = ossl::KeyType::rsa;
    ossl::Curve curve = ossl::Curve::none;
    std::size_t min_bits = 0;  // RSA
    std::size_t max_bits = 0;
};
// "rsa:2048-4096", "rsa:3072", "ec:P-256", "ed25519". RSA below 2048 is refused here.
Result<KeyRule> parse_key_rule(std::string_view text);

// "*" stands for any run of characters without ".", "**" for any run at all; everything
// else for itself. ASCII letters compare without case.
bool glob_match(std::string_view pattern, std::string_view text);

struct SubjectRule {
    bool required = false;
    std::vector<std::string> patterns;  // any of them; empty: any value
};

struct IpRange {
    std::array<std::uint8_t, 16> address{};
    std::size_t octets = 4;  // 4 or 16
    unsigned prefix = 32;
};
Result<IpRange> parse_ip_range(std::string_view text);  // "192.0.2.0/24", "2001:db8::/32"

struct Profile {
    std::string name;
    std::vector<KeyRule> keys;
    std::map<Buffer, SubjectRule> subject;  // by attribute type (OID content); others refused
    bool empty_subject = false;             // allowed when a SAN is there
    std::map<SanType, std::vector<std::string>> san;  // text types: patterns
    std::vector<IpRange> san_ip;
    bool san_required = false;
    std::uint16_t key_usage = 0;  // with EC and EdDSA keys the encipherment bits are left out
    std::vector<Buffer> extended_key_usage;
    std::vector<Buffer> required_attributes;  // types that the CSR must carry
    bool ignore_requested_usages = false;     // else KU and EKU beyond the profile are refused
    std::int64_t validity_seconds = 0;
    std::int64_t backdate_seconds = 300;
    bool must_staple = false;
};

// denied or weak_key, with text = the rule ("profile: subject.CN", "profile: keys", …) and
// detail = what was wrong with what value, for the peer to read. Rules: keys, subject
// attributes, SAN types and patterns, usages asked for, basicConstraints with CA TRUE
// (always refused), required attributes.
Status check_request(const Profile& profile, const Csr& csr);

// Renewal (RFC 7030 4.2.2): subject and SAN of the CSR are those of the certificate.
Status check_same_identity(const Csr& csr, const struct Certificate& certificate);

}  // namespace pki::x509
