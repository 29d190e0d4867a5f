#include "libpki/wire/revocation.h"

namespace pki::wire {

Result<Buffer> encode_crl_name(const CrlName& name) {
    FieldWriter writer;
    CrlName::visit(writer, name);
    return std::move(writer).finish();
}

Result<CrlName> decode_crl_name(Bytes fields) {
    CrlName name;
    FieldReader reader(fields);
    CrlName::visit(reader, name);
    PKI_CHECK(reader.finish());
    return name;
}

}  // namespace pki::wire
