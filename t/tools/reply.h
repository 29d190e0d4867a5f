// A CertRep, attribute by attribute.
#pragma once

#include "t/tools/options.h"

namespace forge {

// Options: message, ra (who must have signed it), key and cert (whom it is sealed for),
// password. A word and a value a line; what is not there has no line.
void print_reply(const Options& options);

}  // namespace forge
