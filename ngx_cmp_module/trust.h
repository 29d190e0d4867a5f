// Who may sign requests, as directives say: cmp_trusted_certificate, cmp_ra_certificate,
// cmp_crl.
#pragma once

#include "ngx_common/chain.h"
#include "ngx_common/nginx.h"

namespace ngx_enroll::cmp {

// Anchors from a PEM file; cmp_crl is added when the location is complete. nullptr: the cause
// is logged.
const Trust* load_trust(ngx_conf_t* cf, ngx_str_t& file);

// From a PEM file, one or more. nullptr: the cause is logged.
const Crls* load_crls(ngx_conf_t* cf, ngx_str_t& file);

// The same anchors with these CRLs.
const Trust* with_crls(ngx_conf_t* cf, const Trust& trust, const Crls& crls);

}  // namespace ngx_enroll::cmp
