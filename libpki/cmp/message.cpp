#include "libpki/cmp/message.h"

#include <algorithm>

#include "libpki/base/base64.h"
#include "libpki/base/der_reader.h"
#include "libpki/base/limits.h"
#include "libpki/cmp/header.h"

namespace pki::cmp {

namespace {

constexpr std::string_view kBodyTypes[] = {
    "ir",     "ip",      "cr",     "cp",   "p10cr", "popdecc", "popdecr",  "kur",     "kup",
    "krr",    "krp",     "rr",     "rp",   "ccr",   "ccp",     "ckuann",   "cann",    "rann",
    "crlann", "pkiconf", "nested", "genm", "genp",  "error",   "certConf", "pollReq", "pollRep",
};
static_assert(std::size(kBodyTypes) == kLastBodyType + 1);

// PKIBody: every alternative is tagged explicitly, so there is one element inside.
Status read_body(Message& message, der::Reader& fields) {
    const std::size_t offset = fields.offset();
    PKI_TRY(const der::Element body, fields.any());
    if (body.tag < der::constructed(0) || body.tag > der::constructed(kLastBodyType))
        return fail(Errc::malformed, "CMP: unknown body", offset);
    message.type = static_cast<BodyType>(body.tag - der::constructed(0));
    message.body_encoding = body.encoding;
    message.body = body.content;
    der::Reader content(body.content);
    PKI_CHECK(content.any());
    return content.finish();
}

// protection [0] PKIProtection, a BIT STRING: of whole octets, as signatures and MACs are.
Status read_protection(Message& message, der::Reader& fields) {
    if (!fields.next_is(der::constructed(0))) return {};
    PKI_TRY(der::Reader explicit_bits, fields.enter(der::constructed(0)));
    PKI_TRY(message.protection, explicit_bits.bit_string_octets());
    return explicit_bits.finish();
}

// extraCerts [1] SEQUENCE SIZE (1..MAX) OF CMPCertificate
Status read_extra_certs(Message& message, der::Reader& fields) {
    if (!fields.next_is(der::constructed(1))) return {};
    PKI_TRY(der::Reader explicit_list, fields.enter(der::constructed(1)));
    PKI_TRY(der::Reader list, explicit_list.enter(der::kSequence));
    PKI_CHECK(explicit_list.finish());
    do {
        if (message.extra_certs.size() == limits::kChain)
            return fail(Errc::malformed, "CMP: too many extraCerts", list.offset());
        PKI_TRY(const der::Element certificate, list.element(der::kSequence));
        message.extra_certs.push_back(certificate.encoding);
    } while (!list.at_end());
    return {};
}

}  // namespace

std::string_view name(BodyType type) {
    const auto number = static_cast<std::size_t>(type);
    return number <= kLastBodyType ? kBodyTypes[number] : "unknown";
}

Result<Message> parse_message(Bytes der) {
    if (der.size() > limits::kCmpMessage)
        return fail(Errc::malformed, "CMP: message too large");
    der::Reader input(der);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    Message message;
    message.encoding = der;
    PKI_TRY(message.header, read_header(fields));
    PKI_CHECK(read_body(message, fields));
    PKI_CHECK(read_protection(message, fields));
    PKI_CHECK(read_extra_certs(message, fields));
    PKI_CHECK(fields.finish());
    return message;
}

Bytes directory_name(Bytes general_name) {
    const auto name = der::only(general_name, der::constructed(4));
    if (!name) return {};
    const auto sequence = der::only(name->content, der::kSequence);
    return sequence ? sequence->encoding : Bytes();
}

std::string transaction_text(const Header& header) {
    if (!header.transaction_id) return {};
    const Bytes id = *header.transaction_id;
    return hex_encode(id.first(std::min(id.size(), limits::kTransaction / 2)));
}

}  // namespace pki::cmp
