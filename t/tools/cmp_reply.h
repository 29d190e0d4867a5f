// What a PKIMessage says, as one JSON object on standard output.
#pragma once

#include "t/tools/options.h"

namespace forge {

// Options: message, a file; signers: PEM files with commas, one certificate of each may have
// signed it; secret: of a MAC. The members, of which those are missing that the message has
// not: type, pvno, sender, recipient, time, algorithm, kid, recip_kid, transaction, nonce,
// recip_nonce, free_text, implicit, wait, protected (the file of the certificate, "mac",
// "none", or "wrong"), extra_certs (subjects), extra_pems, and of the body: status, fail_info,
// text, error_code, id, certificate (PEM), private_key (hexadecimal), ca_pubs (how many),
// check_after, infos (type: hexadecimal of the value), statuses (of an rp), inner (of a nested
// message: how many).
void print_message(const Options& options);

}  // namespace forge
