// Paths: what route() finds stands in the path and makes one in which the same is found.
#include <string>

#include "libpki/base/limits.h"
#include "libpki/cmp/operation.h"
#include "t/fuzz/fuzz.h"

namespace cmp = pki::cmp;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view path = pki::as_text({data, size});
    const auto route = cmp::route(path);
    if (!route) return 0;
    std::string again;
    if (!route->label.empty()) {
        PROPERTY(cmp::valid_label(route->label));
        PROPERTY(route->label.size() <= pki::limits::kCmpLabel);
        again = "/p/" + std::string(route->label);
    }
    if (route->operation) {
        PROPERTY(cmp::operation_from_name(name(*route->operation)) == route->operation);
        again += "/" + std::string(name(*route->operation));
    }
    const auto found = cmp::route(again);
    PROPERTY(found && found->label == route->label && found->operation == route->operation);
    PROPERTY(path.find(route->label) != path.npos);
    return 0;
}
