// CRLs by the URLs that certificates have for them.
#pragma once

#include <optional>
#include <string_view>

#include "signerd/crl_schedule.h"

namespace signerd {

// The list of the CA behind this URL, one of its "crl_urls" or "crl.delta_urls": the complete
// one, that of a partition, or the delta. nullopt: the URL is none of them, to the letter.
std::optional<CrlKind> crl_at(const Ca& ca, std::string_view url);

}  // namespace signerd
