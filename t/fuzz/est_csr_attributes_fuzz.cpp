// What is read of CsrAttrs is what is written of it again, as a template.
#include <algorithm>

#include "libpki/est/csr_attributes.h"
#include "t/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace est = pki::est;
    auto demands = est::parse_csr_attributes({data, size});
    if (!demands) {
        PROPERTY(demands.error().offset <= size);
        return 0;
    }
    const pki::Buffer der =
        est::write_csr_attributes(*demands, est::CsrAttributesForm::request_template);
    PROPERTY(der.empty() == demands->empty());
    if (der.empty()) return 0;
    auto again = est::parse_csr_attributes(der);
    // A template takes a few octets more than OIDs.
    if (!again) return 0;
    std::ranges::sort(demands->attributes);
    std::ranges::sort(again->attributes);
    PROPERTY(*again == *demands);
    return 0;
}
