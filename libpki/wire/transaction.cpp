#include "libpki/wire/transaction.h"

namespace pki::wire {

namespace {

template <class M>
Result<Buffer> encode_fields(const M& value) {
    FieldWriter writer;
    M::visit(writer, value);
    return std::move(writer).finish();
}

template <class M>
Result<M> decode_fields(Bytes fields) {
    M value;
    FieldReader reader(fields);
    M::visit(reader, value);
    PKI_CHECK(reader.finish());
    return value;
}

}  // namespace

Result<Buffer> encode_turn(const Turn& turn) { return encode_fields(turn); }
Result<Turn> decode_turn(Bytes fields) { return decode_fields<Turn>(fields); }

Result<Buffer> encode_originator(const Originator& originator) {
    return encode_fields(originator);
}
Result<Originator> decode_originator(Bytes fields) { return decode_fields<Originator>(fields); }

}  // namespace pki::wire
