#include "libpki/cmc/data.h"

#include "libpki/base/der_reader.h"
#include "libpki/base/der_writer.h"
#include "libpki/cmc/limits.h"

namespace pki::cmc {

namespace {

// Reads the elements of one PKIData and keeps book of what all of them have: identifiers, and
// how many there are.
class PartReader {
   public:
    // BodyPartID ::= INTEGER (0..4294967295), not 0 here, which means the PKIData itself, and
    // none twice.
    Result<BodyPart> body_part(der::Reader& fields) {
        const std::size_t offset = fields.offset();
        const auto number = fields.small_integer();
        if (!number || *number == 0 || *number > limits::kCmcBodyPart)
            return fail(Errc::malformed, "CMC: bodyPartID", offset);
        const auto id = static_cast<BodyPart>(*number);
        if (std::ranges::find(seen_, id) != seen_.end())
            return fail(Errc::malformed, "CMC: bodyPartID twice", offset);
        if (seen_.size() == limits::kCmcParts)
            return fail(Errc::malformed, "CMC: too many body parts", offset);
        seen_.push_back(id);
        return id;
    }

    // TaggedAttribute ::= SEQUENCE { bodyPartID, attrType, attrValues SET OF }
    Result<Control> control(der::Reader& list) {
        PKI_TRY(der::Reader fields, list.enter(der::kSequence));
        Control control;
        PKI_TRY(control.id, body_part(fields));
        PKI_TRY(control.type, fields.oid());
        PKI_TRY(der::Reader values, fields.enter(der::kSet));
        PKI_CHECK(fields.finish());
        while (!values.at_end()) {
            if (control.values.size() == limits::kCmcParts)
                return fail(Errc::malformed, "CMC: too many values", values.offset());
            PKI_TRY(const der::Element value, values.any());
            control.values.push_back(value.encoding);
        }
        return control;
    }

    // TaggedRequest ::= CHOICE { tcr [0], crm [1], orm [2] }, with implicit tags.
    Result<TaggedRequest> request(der::Reader& list) {
        if (list.next_is(der::constructed(0))) return pkcs10(list);
        if (list.next_is(der::constructed(1))) return crmf(list);
        PKI_TRY(const der::Element element, der::Reader(list).element(der::constructed(2)));
        PKI_TRY(der::Reader fields, list.enter(der::constructed(2)));
        TaggedRequest request{0, RequestForm::other, element.encoding};
        PKI_TRY(request.id, body_part(fields));
        PKI_CHECK(fields.oid());
        PKI_CHECK(fields.any());
        PKI_CHECK(fields.finish());
        return request;
    }

    // TaggedContentInfo and OtherMsg: a message that only a control could refer to, of which we
    // have none (RFC 5272 3.2.1: they are ignored then).
    Status other(der::Reader& list) {
        PKI_TRY(der::Reader fields, list.enter(der::kSequence));
        PKI_CHECK(body_part(fields));
        return {};
    }

   private:
    // SEQUENCE { bodyPartID, CertificationRequest }
    Result<TaggedRequest> pkcs10(der::Reader& list) {
        PKI_TRY(der::Reader fields, list.enter(der::constructed(0)));
        TaggedRequest request{0, RequestForm::pkcs10, {}};
        PKI_TRY(request.id, body_part(fields));
        PKI_TRY(const der::Element csr, fields.element(der::kSequence));
        request.encoding = csr.encoding;
        PKI_CHECK(fields.finish());
        return request;
    }

    // CertReqMsg, whose certReqId is the bodyPartID (RFC 5272 3.2.2).
    Result<TaggedRequest> crmf(der::Reader& list) {
        PKI_TRY(const der::Element message, der::Reader(list).element(der::constructed(1)));
        PKI_TRY(der::Reader fields, list.enter(der::constructed(1)));
        PKI_TRY(der::Reader cert_request, fields.enter(der::kSequence));
        TaggedRequest request{0, RequestForm::crmf, message.encoding};
        PKI_TRY(request.id, body_part(cert_request));
        return request;
    }

    std::vector<BodyPart> seen_;
};

template <class Read>
Status each(der::Reader& fields, Read&& read) {
    PKI_TRY(der::Reader list, fields.enter(der::kSequence));
    while (!list.at_end()) PKI_CHECK(read(list));
    return {};
}

}  // namespace

const Control* PkiData::find(Bytes type) const {
    const auto found =
        std::ranges::find_if(controls, [&](const Control& c) { return equal(c.type, type); });
    return found == controls.end() ? nullptr : &*found;
}

Result<PkiData> parse_pki_data(Bytes der) {
    der::Reader input(der);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    PkiData data;
    PartReader parts;
    PKI_CHECK(each(fields, [&](der::Reader& list) -> Status {
        PKI_TRY(Control control, parts.control(list));
        data.controls.push_back(std::move(control));
        return {};
    }));
    PKI_CHECK(each(fields, [&](der::Reader& list) -> Status {
        PKI_TRY(const TaggedRequest request, parts.request(list));
        data.requests.push_back(request);
        return {};
    }));
    for (int sequence = 0; sequence < 2; sequence++)
        PKI_CHECK(each(fields, [&](der::Reader& list) -> Status {
            data.others++;
            return parts.other(list);
        }));
    PKI_CHECK(fields.finish());
    return data;
}

Buffer as_cert_req_msg(const TaggedRequest& request) {
    Buffer message = to_buffer(request.encoding);
    if (!message.empty()) message[0] = der::kSequence;
    return message;
}

}  // namespace pki::cmc
