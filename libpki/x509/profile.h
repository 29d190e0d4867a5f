// What a profile allows in a request, as a value: no names of files, no JSON. signerd's
// configuration makes it, check_request() applies it.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "libpki/x509/cert.h"
#include "libpki/x509/csr.h"

namespace pki::x509 {

struct KeyRule {
    ossl::KeyType type = ossl::KeyType::rsa;
    ossl::Curve curve = ossl::Curve::none;
    std::size_t min_bits = 0;  // RSA
    std::size_t max_bits = 0;

    bool allows(const Spki& spki) const;
    std::string describe() const;  // as parse_key_rule() reads it
};
// "rsa:2048-4096", "rsa:3072", "ec:P-256", "ed25519". weak_key for RSA below 2048 bits,
// malformed for anything else that is not in this form.
Result<KeyRule> parse_key_rule(std::string_view text);

// "*" stands for one or more characters other than ".", "**" for one or more of any kind,
// everything else for itself; ASCII letters compare without case. Neither stands for a "*" of
// the text: "**" does not let a request have "*.example.com", only a pattern with "\*" does,
// since "\" takes the special meaning of the character behind it. Time grows with the product
// of the two lengths, whatever the pattern.
bool glob_match(std::string_view pattern, std::string_view text);

// For URIs: scheme and authority, up to the first "/", "?" or "#" behind "://", are matched
// apart from the rest, and there the wildcards stand for letters, digits, "-" and (only "**")
// "." alone. So userinfo and a port need their "@" and ":" in the pattern, and a pattern
// without an authority does not match a URI with one, except for "**", which stands for any
// URI without userinfo. `uri` is one that parse_san() accepts.
bool uri_match(std::string_view pattern, std::string_view uri);

// For directory names as name_text() writes them: the wildcards stand for no "," and "+"
// between RDNs and attributes, so that the pattern says how many of them there are; only "**"
// alone stands for any name. In the pattern as in the name "\," is a comma of a value; "\*" is
// a star.
bool dirname_match(std::string_view pattern, std::string_view name);

// For names as name_text() writes them, where a pattern finds and does not allow: the wildcards
// stand for "*", "," and "+" as well. In the pattern as in the name "\," is a comma of a value.
bool name_match(std::string_view pattern, std::string_view name);

struct SubjectRule {
    bool required = false;
    std::vector<std::string> patterns;  // one must match each value; empty: any value
};

struct IpRange {
    std::array<std::uint8_t, 16> address{};
    std::size_t octets = 4;  // 4 or 16
    unsigned prefix = 32;

    bool contains(Bytes address_octets) const;
};
// "192.0.2.0/24", "2001:db8::/32", "192.0.2.1". malformed when bits behind the prefix are set.
Result<IpRange> parse_ip_range(std::string_view text);

struct Profile {
    std::string name;
    std::vector<KeyRule> keys;
    std::map<Buffer, SubjectRule> subject;  // by attribute type (OID content); others refused
    bool empty_subject = false;  // allowed, in spite of required attributes, with a SAN
    // Patterns, one of which must match; for all types but ip. They are applied to
    // general_name_text() behind its "type:", by uri_match() and dirname_match() for these
    // types and by glob_match() for the others.
    std::map<SanType, std::vector<std::string>> san;
    std::vector<IpRange> san_ip;
    bool san_required = false;
    std::uint16_t key_usage = 0;  // with EC and EdDSA keys the encipherment bits are left out
    std::vector<Buffer> extended_key_usage;
    std::vector<Buffer> required_attributes;  // types that the CSR must carry
    // Else usages, must-staple and critical extensions beyond the profile are refused.
    bool ignore_requested_usages = false;
    std::int64_t validity_seconds = 0;
    std::int64_t backdate_seconds = 300;
    bool must_staple = false;
};

// denied or weak_key, with text = the rule ("profile: keys", "profile: subject", …) and
// detail = what was wrong with what value, for the peer to read. In this order: keys, subject
// attributes, SAN types and patterns, basicConstraints with CA TRUE (always refused), usages
// asked for, critical extensions that the certificate would not have, required attributes.
// malformed when one of these extensions is. Other requested extensions are ignored: the
// profile says what the certificate holds.
Status check_request(const Profile& profile, const Csr& csr);
// All of it but the key, which is yet to be made.
Status check_request_without_key(const Profile& profile, const Csr& csr);

// Renewal (RFC 7030 4.2.2): subject and SAN of the CSR are those of the certificate.
Status check_same_identity(const Csr& csr, const Certificate& certificate);

}  // namespace pki::x509
