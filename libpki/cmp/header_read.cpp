#include <algorithm>

#include "libpki/base/limits.h"
#include "libpki/base/time.h"
#include "libpki/cmp/free_text.h"
#include "libpki/cmp/general_oids.h"
#include "libpki/cmp/header.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/string_type.h"

namespace pki::cmp {

namespace {

constexpr int kFields = 9;  // behind recipient, tagged 0 to 8

// GeneralName (RFC 5280 4.2.1.6), by its tag: which alternative it is, and that a
// directoryName holds one Name.
Result<Bytes> read_general_name(der::Reader& fields) {
    const std::size_t offset = fields.offset();
    PKI_TRY(const der::Element name, fields.any());
    switch (name.tag) {
        case der::constructed(0):
        case der::context(1):
        case der::context(2):
        case der::constructed(3):
        case der::constructed(5):
        case der::context(6):
        case der::context(7):
        case der::context(8): return name.encoding;
        case der::constructed(4):
            PKI_CHECK(der::only(name.content, der::kSequence));
            return name.encoding;
    }
    return fail(Errc::malformed, "CMP header: not a GeneralName", offset);
}

// RFC 9810 5.2.9: GeneralizedTime, in the form that RFC 5280 has; never a UTCTime.
Result<std::int64_t> generalized_time(Bytes value) {
    PKI_TRY(const der::Element time, der::only(value, der::kGeneralizedTime));
    return parse_time(time.tag, time.content);
}

Status read_time(std::optional<std::int64_t>& time, Bytes value) {
    PKI_TRY(time, generalized_time(value));
    return {};
}

Status read_algorithm(Header& header, Bytes value) {
    PKI_CHECK(x509::parse_algorithm(value));
    header.protection_algorithm = value;
    return {};
}

Status read_octets(std::optional<Bytes>& octets, Bytes value, std::size_t most) {
    PKI_TRY(const der::Element string, der::only(value, der::kOctetString));
    if (string.content.size() > most) return fail(Errc::malformed, "too long");
    octets = string.content;
    return {};
}

// An identifier without octets would be everybody's.
Status read_transaction_id(Header& header, Bytes value) {
    std::optional<Bytes> id;
    PKI_CHECK(read_octets(id, value, limits::kCmpTransaction));
    if (id->empty()) return fail(Errc::malformed, "empty");
    header.transaction_id = id;
    return {};
}

Status check_free_text(Bytes value) {
    der::Reader input(value);
    PKI_CHECK(read_free_text(input));
    return input.finish();
}

// CertProfileValue ::= SEQUENCE SIZE (1..MAX) OF UTF8String (RFC 9810 5.1.1.4)
Status read_cert_profiles(Header& header, Bytes value) {
    PKI_TRY(const der::Element list, der::only(value, der::kSequence));
    der::Reader names(list.content);
    std::vector<std::string_view> profiles;
    do {
        if (profiles.size() == limits::kCmpInfos) return fail(Errc::malformed, "too many");
        PKI_TRY(const Bytes name, names.content(der::kUtf8String));
        if (!name.empty()) PKI_CHECK(x509::check_string(der::kUtf8String, name));
        profiles.push_back(as_text(name));
    } while (!names.at_end());
    header.cert_profiles = std::move(profiles);
    return {};
}

// The value NULL (RFC 9810 5.1.1.1), which some clients leave out.
Status read_implicit_confirm(Header& header, Bytes value) {
    if (!value.empty()) {
        PKI_TRY(const der::Element null, der::only(value, der::kNull));
        if (!null.content.empty()) return fail(Errc::malformed, "not NULL");
    }
    header.implicit_confirm = true;
    return {};
}

Status read_known(Header& header, const Info& info) {
    if (equal(info.type, kImplicitConfirm)) return read_implicit_confirm(header, info.value);
    if (equal(info.type, kConfirmWaitTime))
        return read_time(header.confirm_wait_time, info.value);
    if (equal(info.type, kCertProfile)) return read_cert_profiles(header, info.value);
    return {};
}

// InfoTypeAndValue ::= SEQUENCE { infoType, infoValue ANY OPTIONAL }
Status read_info(Header& header, Bytes encoding) {
    der::Reader fields(encoding);
    Info info;
    PKI_TRY(info.type, fields.oid());
    info.value = fields.rest();
    if (!fields.at_end()) PKI_CHECK(fields.any());
    PKI_CHECK(fields.finish());
    // Of two that disagree nobody could say which one counts.
    if (std::ranges::any_of(header.general_info,
                            [&](const Info& i) { return equal(i.type, info.type); }))
        return fail(Errc::malformed, "a type twice");
    header.general_info.push_back(info);
    return read_known(header, info);
}

Status read_general_info(Header& header, Bytes value) {
    PKI_TRY(const der::Element sequence, der::only(value, der::kSequence));
    der::Reader list(sequence.content);
    Status first;
    std::size_t count = 0;
    do {
        if (count++ == limits::kCmpInfos) return fail(Errc::malformed, "too many");
        PKI_TRY(const Bytes fields, list.content(der::kSequence));
        Status read = read_info(header, fields);
        if (!read && first) first = std::move(read);
    } while (!list.at_end());
    return first;
}

Status read_field(Header& header, int number, Bytes value) {
    switch (number) {
        case 0: return read_time(header.message_time, value);
        case 1: return read_algorithm(header, value);
        case 2: return read_octets(header.sender_kid, value, limits::kCmpReference);
        case 3: return read_octets(header.recip_kid, value, limits::kCmpReference);
        case 4: return read_transaction_id(header, value);
        case 5: return read_octets(header.sender_nonce, value, limits::kCmpNonce);
        case 6: return read_octets(header.recip_nonce, value, limits::kCmpNonce);
        case 7: return check_free_text(value);
        case 8: return read_general_info(header, value);
    }
    return fail(Errc::malformed, "unknown");
}

struct FieldRow {
    const char* text;
    Reason reason;
};
constexpr FieldRow kFieldRows[kFields] = {
    {"CMP header: messageTime", Reason::bad_data_format},
    {"CMP header: protectionAlg", Reason::bad_data_format},
    {"CMP header: senderKID", Reason::bad_data_format},
    {"CMP header: recipKID", Reason::bad_data_format},
    {"CMP header: transactionID", Reason::bad_data_format},
    {"CMP header: senderNonce", Reason::bad_sender_nonce},
    {"CMP header: recipNonce", Reason::bad_recipient_nonce},
    {"CMP header: freeText", Reason::bad_data_format},
    {"CMP header: generalInfo", Reason::bad_data_format},
};

void note(Header& header, Error problem) {
    if (!header.problem) header.problem = std::move(problem);
}

// The optional fields stand in the order of their tags, each at most once.
Status read_fields(Header& header, der::Reader& fields) {
    int next = 0;
    while (!fields.at_end()) {
        PKI_TRY(const der::Element field, fields.any());
        const int number = field.tag - der::constructed(0);
        if (number < next || number >= kFields) {
            note(header, fail(Errc::malformed, Reason::bad_data_format,
                              "CMP header: a field that is not expected"));
            continue;
        }
        next = number + 1;
        if (const Status read = read_field(header, number, field.content); !read)
            note(header, fail(Errc::malformed, kFieldRows[number].reason,
                              kFieldRows[number].text, read.error().text));
    }
    return {};
}

}  // namespace

Result<Header> read_header(der::Reader& message) {
    Header header;
    PKI_TRY(const der::Element sequence, der::Reader(message).element(der::kSequence));
    header.encoding = sequence.encoding;
    PKI_TRY(der::Reader fields, message.enter(der::kSequence));
    PKI_TRY(header.pvno, fields.small_integer());
    PKI_TRY(header.sender, read_general_name(fields));
    PKI_TRY(header.recipient, read_general_name(fields));
    PKI_CHECK(read_fields(header, fields));
    return header;
}

}  // namespace pki::cmp
