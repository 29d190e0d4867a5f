// PKIData (RFC 5272 3.2.1): what a client asks for by CMC.
#pragma once

#include <optional>
#include <vector>

#include "libpki/base/bytes.h"
#include "libpki/base/result.h"

namespace pki::cmc {

// Names an element of one PKIData; 0 is the whole of it.
using BodyPart = std::uint32_t;

// TaggedAttribute: a control, whatever it is.
struct Control {
    BodyPart id = 0;
    Bytes type;                 // OID content
    std::vector<Bytes> values;  // complete elements
};

enum class RequestForm : std::uint8_t { pkcs10, crmf, other };

// TaggedRequest.
struct TaggedRequest {
    BodyPart id = 0;
    RequestForm form = RequestForm::other;
    // PKCS#10; or CertReqMsg with the tag [1] that it has here, which as_cert_req_msg()
    // changes; or the orm, whatever is in it.
    Bytes encoding;
};

// Views into what was parsed.
struct PkiData {
    std::vector<Control> controls;
    std::vector<TaggedRequest> requests;
    std::size_t others = 0;  // messages in cmsSequence and otherMsgSequence, never opened

    const Control* find(Bytes type) const;  // the first; nullptr when there is none
};

// From the content of a SignedData, in DER. malformed: also an identifier that is 0 or there
// twice (RFC 5272 3.2.2), and more than limits::kCmcParts elements. Not checked: what controls
// and requests hold, which objection_to() and the readers of PKCS#10 and CRMF do.
Result<PkiData> parse_pki_data(Bytes der);

// CertReqMsg as it stands outside of a PKIData.
Buffer as_cert_req_msg(const TaggedRequest& request);

}  // namespace pki::cmc
