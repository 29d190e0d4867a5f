#include "libpki/cmp/free_text.h"

#include "libpki/base/limits.h"
#include "libpki/x509/string_type.h"

namespace pki::cmp {

Result<std::string> read_free_text(der::Reader& fields) {
    PKI_TRY(der::Reader texts, fields.enter(der::kSequence));
    std::string first;
    std::size_t count = 0;
    do {
        if (count == limits::kCmpFreeText)
            return fail(Errc::malformed, "PKIFreeText: too many texts", texts.offset());
        const std::size_t offset = texts.offset();
        PKI_TRY(const Bytes content, texts.content(der::kUtf8String));
        std::optional<std::string> text = x509::whole_text(der::kUtf8String, content);
        if (!text) return fail(Errc::malformed, "PKIFreeText: not UTF-8", offset);
        if (count++ == 0) first = *std::move(text);
    } while (!texts.at_end());
    return first;
}

void write_free_text(der::Writer& writer, std::string_view text) {
    writer.sequence([&] { writer.primitive(der::kUtf8String, as_bytes(text)); });
}

}  // namespace pki::cmp
