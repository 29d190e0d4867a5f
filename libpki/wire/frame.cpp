#include "libpki/wire/frame.h"

namespace pki::wire {

namespace {

std::uint64_t number_at(Bytes in, std::size_t offset, std::size_t size) {
    std::uint64_t value = 0;
    for (const std::uint8_t octet : in.subspan(offset, size)) value = value << 8 | octet;
    return value;
}

bool known(Kind kind) {
    switch (kind) {
        case Kind::error_reply:
        case Kind::issue_request:
        case Kind::issue_reply:
        case Kind::ca_certs_request:
        case Kind::ca_certs_reply:
        case Kind::report_request:
        case Kind::report_reply:
        case Kind::status_request:
        case Kind::status_reply:
        case Kind::cert_list_request:
        case Kind::cert_show_request:
        case Kind::audit_page_request:
        case Kind::audit_page_reply:
        case Kind::json_reply:
        case Kind::revoke_request:
        case Kind::revoke_many_request:
        case Kind::crl_request:
        case Kind::crl_reply:
        case Kind::watch_request:
        case Kind::watch_reply:
        case Kind::ocsp_request:
        case Kind::ocsp_reply:
        case Kind::crl_publish_request:
        case Kind::pending_reply:
        case Kind::poll_request:
        case Kind::certificate_request:
        case Kind::issuer_crl_request:
        case Kind::next_ca_request:
        case Kind::request_list_request:
        case Kind::request_decide_request:
        case Kind::challenge_create_request:
        case Kind::ra_issue_request:
        case Kind::confirm_request:
        case Kind::transaction_reply:
        case Kind::cmp_revoke_request:
        case Kind::template_request:
        case Kind::template_reply:
        case Kind::root_update_request:
        case Kind::root_update_reply:
        case Kind::token_create_request:
        case Kind::token_list_request:
        case Kind::token_revoke_request:
        case Kind::csr_attributes_request:
        case Kind::csr_attributes_reply: return true;
    }
    return false;
}

}  // namespace

Result<std::size_t> frame_size(Bytes in) {
    if (in.size() < kLengthSize) return std::size_t{0};
    const std::size_t length = number_at(in, 0, kLengthSize);
    if (length > limits::kFrame) return fail(Errc::malformed, "wire: frame too large");
    if (length < kHeaderSize - kLengthSize)
        return fail(Errc::malformed, "wire: frame shorter than its header");
    return kLengthSize + length;
}

Result<Frame> parse_frame(Bytes in) {
    PKI_TRY(const std::size_t size, frame_size(in));
    if (size == 0 || size != in.size()) return fail(Errc::malformed, "wire: incomplete frame");
    if (in[4] != kVersion) return fail(Errc::unsupported, "wire: unknown version", 4);
    const Kind kind{in[5]};
    if (!known(kind)) return fail(Errc::unsupported, "wire: unknown kind", 5);
    if (number_at(in, 6, 2) != 0) return fail(Errc::malformed, "wire: reserved bytes", 6);
    return Frame{{kind, number_at(in, 8, 8)}, in.subspan(kHeaderSize)};
}

}  // namespace pki::wire
