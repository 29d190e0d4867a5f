// parse_time() against OpenSSL: what ours accepts is the same second there. The first byte
// chooses the type. Ours is stricter: seconds and "Z" must be there (RFC 5280 4.1.2.5).
#include <openssl/asn1.h>

#include <ctime>
#include <memory>

#include "libpki/base/der_reader.h"
#include "libpki/base/time.h"
#include "libpki/ossl/handles.h"
#include "t/fuzz/fuzz.h"

namespace {

using TimePtr = std::unique_ptr<ASN1_TIME, pki::ossl::Deleter<ASN1_TIME_free>>;

std::int64_t openssl_seconds(std::uint8_t tag, pki::Bytes content) {
    const TimePtr time(ASN1_STRING_type_new(tag));
    PROPERTY(ASN1_STRING_set(time.get(), content.data(), static_cast<int>(content.size())) ==
             1);
    std::tm fields{};
    PROPERTY(ASN1_TIME_to_tm(time.get(), &fields) == 1);
    return timegm(&fields);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view whole = pki::as_text({data, size});
    const auto date = pki::parse_iso8601(whole);
    PROPERTY(!date || pki::format_iso8601(*date) == whole);

    const std::uint8_t tag = data[0] % 2 ? pki::der::kUtcTime : pki::der::kGeneralizedTime;
    const pki::Bytes content(data + 1, size - 1);
    const auto seconds = pki::parse_time(tag, content);
    if (!seconds) return 0;
    PROPERTY(*seconds == openssl_seconds(tag, content));

    const std::string text = pki::format_time(*seconds);
    const auto type = text.size() == 13 ? pki::der::kUtcTime : pki::der::kGeneralizedTime;
    const auto back = pki::parse_time(type, pki::as_bytes(text));
    PROPERTY(back && *back == *seconds);
    PROPERTY(type != tag || text == pki::as_text(content));
    const auto same = pki::parse_iso8601(pki::format_iso8601(*seconds));
    PROPERTY(same && *same == *seconds);
    return 0;
}
