#include "libpki/cms/content_info.h"

namespace pki::cms {

Result<der::Element> parse_content_info(Bytes content_info, Bytes type) {
    der::Reader input(content_info);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    PKI_TRY(const Bytes id, fields.oid());
    if (!equal(id, type))
        return fail(Errc::unsupported, "CMS: content type", x509::oid_to_text(id));
    PKI_TRY(der::Reader content, fields.enter(der::constructed(0)));
    PKI_CHECK(fields.finish());
    PKI_TRY(const der::Element element, content.element(der::kSequence));
    PKI_CHECK(content.finish());
    return element;
}

Bytes bare_content(Bytes content_info) {
    der::Reader input(content_info);
    auto fields = input.enter(der::kSequence);
    if (!fields || !fields->any()) return {};
    const auto content = fields->content(der::constructed(0));
    return content ? *content : Bytes();
}

}  // namespace pki::cms
