#include "libpki/cms/set_of.h"

namespace pki::cms {

// Shorter ones count as padded with zeros behind; no element is the beginning of another.
Buffer join_sorted(std::vector<Bytes> elements) {
    std::ranges::sort(
        elements, [](Bytes a, Bytes b) { return std::ranges::lexicographical_compare(a, b); });
    Buffer joined;
    for (const Bytes element : elements) append(joined, element);
    return joined;
}

}  // namespace pki::cms
