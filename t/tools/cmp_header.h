// A PKIHeader, right or wrong in whatever the options say.
#pragma once

#include "t/tools/cmp_protect.h"

namespace forge {

// Options; "none" leaves a field out:
//   pvno               default 2
//   sender, recipient  a PEM file, whose subject it is; "null"; "dns", another kind of name;
//                      hexadecimal of a GeneralName behind "hex:". Default: as protected; null
//   time               seconds from now; time_form=utc: as UTCTime
//   kid, recip_kid     hexadecimal; default: as protected; none
//   transaction, nonce, recip_nonce   hexadecimal; default: random, random, none
//   implicit           "1": implicitConfirm
//   wait               confirmWaitTime, seconds from now; wait_form=utc
//   cert_profile       names; info  more of generalInfo (cmp_write.h)
//   infos              so many of types that nobody knows
//   pad                an info of so many octets
//   free_text
pki::Buffer build_header(const Options& options, const Protection& protection);

}  // namespace forge
