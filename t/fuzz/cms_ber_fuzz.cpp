// der_from_ber: what comes out are definite, minimal lengths as our reader wants them, it is
// the same when rewritten again, and OpenSSL sees in it what it sees in the input.
#include <openssl/cms.h>

#include "libpki/base/limits.h"
#include "libpki/cms/ber.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/openssl_view.h"

namespace {

using pki::Buffer;
using pki::Bytes;
namespace cms = pki::cms;
namespace der = pki::der;
namespace ossl = pki::ossl;

using MessagePtr = std::unique_ptr<CMS_ContentInfo, ossl::Deleter<CMS_ContentInfo_free>>;

MessagePtr read(Bytes input) {
    const unsigned char* end = input.data();
    MessagePtr message(d2i_CMS_ContentInfo(nullptr, &end, static_cast<long>(input.size())));
    ERR_clear_error();
    return message;
}

// Stops where a tag of the universal class is primitive that should not be: it was copied.
void check_lengths(Bytes encoding, std::size_t depth) {
    PROPERTY(depth <= pki::limits::kBerDepth + 1);
    der::Reader reader(encoding);
    while (!reader.at_end()) {
        const auto element = reader.any();
        if (!element) {
            PROPERTY(std::string_view(element.error().text) ==
                     "DER: primitive for constructed or the reverse");
            return;
        }
        if (element->tag & 0x20) check_lengths(element->content, depth + 1);
    }
}

// The content of SignedData, which may have been in parts.
void check_same(const CMS_ContentInfo* before, const CMS_ContentInfo* after) {
    PROPERTY(OBJ_cmp(CMS_get0_type(before), CMS_get0_type(after)) == 0);
    ASN1_OCTET_STRING** const a = CMS_get0_content(const_cast<CMS_ContentInfo*>(before));
    ASN1_OCTET_STRING** const b = CMS_get0_content(const_cast<CMS_ContentInfo*>(after));
    ERR_clear_error();
    PROPERTY((a == nullptr) == (b == nullptr));
    if (a == nullptr) return;
    PROPERTY((*a == nullptr) == (*b == nullptr));
    if (*a != nullptr) PROPERTY(ASN1_OCTET_STRING_cmp(*a, *b) == 0);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto out = cms::der_from_ber({data, size}, pki::limits::kScepMessage);
    if (!out) {
        PROPERTY(out.error().offset <= size);
        return 0;
    }
    PROPERTY(out->size() <= size + pki::limits::kBerElements);
    check_lengths(*out, 0);
    const auto again = cms::der_from_ber(*out, out->size());
    PROPERTY(again && pki::equal(*again, *out));
    const MessagePtr before = read({data, size}), after = read(*out);
    if (!before) return 0;
    PROPERTY(after != nullptr);
    check_same(before.get(), after.get());
    return 0;
}
