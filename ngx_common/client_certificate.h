// The client's TLS certificate, verified against one location's own anchors.
//
// What the listener's handshake accepted is not looked at: a listener serves many
// locations, and a resumed session skips its checks. Validity is checked at each
// request.
#pragma once

#include <string>

#include "libpki/base/bytes.h"
#include "libpki/base/result.h"
#include "libpki/ossl/handles.h"
#include "ngx_common/nginx.h"

namespace ngx_enroll {

// Trust anchors from a PEM file; each certificate in it is one, intermediates too, since a
// resumed session has the client's leaf only and no chain to build on. nullptr when
// the file has none or cannot be read; the cause is logged with the directive's place.
X509_STORE* load_anchors(ngx_conf_t* cf, ngx_str_t& file);

// After a PEM reader of OpenSSL gave nothing: was there nothing more, or was it damaged?
bool end_of_pem();

// Did the client present one, good or not? The connection must be a TLS connection.
bool has_client_certificate(ngx_http_request_t* r);

// Why nginx itself refuses the client's certificate, or that there is none, as
// ngx_http_process_request() judges: a literal; nullptr: it does not, or there is no TLS.
const char* listener_refuses_certificate(ngx_http_request_t* r);

// The subject of the one that was presented, good or not, for the audit record of its refusal;
// empty: there is none that we can read.
std::string presented_subject(ngx_http_request_t* r);

// Whether a certificate that is over will do: the client's own, none above it.
enum class Expired : bool { refused, accepted };

// The DER of the client's certificate, chained to the anchors, in date, with clientAuth
// among its purposes if it names any. unauthenticated with the cause as text. Not checked:
// revocation.
pki::Result<pki::Buffer> verified_client_certificate(ngx_http_request_t* r, X509_STORE* anchors,
                                                     Expired expired = Expired::refused);

}  // namespace ngx_enroll
