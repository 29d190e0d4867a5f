#include "libpki/cmp/general.h"

#include "libpki/base/limits.h"

namespace pki::cmp {

namespace {

Buffer sequence_of(const std::vector<Bytes>& elements) {
    der::Writer w;
    w.sequence([&] {
        for (const Bytes element : elements) w.raw(element);
    });
    return std::move(w).take();
}

// SEQUENCE SIZE (1..most) OF SEQUENCE, such as certificates and CRLs, which are not read.
Result<std::vector<Bytes>> parse_sequences(Bytes value, std::size_t most) {
    der::Reader input(value);
    PKI_TRY(der::Reader list, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    std::vector<Bytes> elements;
    do {
        if (elements.size() == most)
            return fail(Errc::malformed, "CMP: too many elements", list.offset());
        PKI_TRY(const der::Element element, list.element(der::kSequence));
        elements.push_back(element.encoding);
    } while (!list.at_end());
    return elements;
}

// InfoTypeAndValue ::= SEQUENCE { infoType, infoValue ANY OPTIONAL }
Result<Info> read_info(der::Reader& list) {
    PKI_TRY(der::Reader fields, list.enter(der::kSequence));
    Info info;
    PKI_TRY(info.type, fields.oid());
    if (!fields.at_end()) {
        PKI_TRY(const der::Element value, fields.any());
        info.value = value.encoding;
    }
    PKI_CHECK(fields.finish());
    return info;
}

// [n] CMPCertificate OPTIONAL, empty when it is not there.
Result<Bytes> explicit_certificate(der::Reader& fields, int n) {
    if (!fields.next_is(der::constructed(n))) return Bytes();
    PKI_TRY(der::Reader inner, fields.enter(der::constructed(n)));
    PKI_TRY(const der::Element certificate, inner.element(der::kSequence));
    PKI_CHECK(inner.finish());
    return certificate.encoding;
}

}  // namespace

// GenMsgContent, GenRepContent ::= SEQUENCE OF InfoTypeAndValue
Result<std::vector<Info>> parse_general(Bytes body) {
    der::Reader input(body);
    PKI_TRY(der::Reader list, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    std::vector<Info> infos;
    do {
        if (infos.size() == limits::kCmpInfos)
            return fail(Errc::malformed, "CMP: too many InfoTypeAndValues", list.offset());
        PKI_TRY(const Info info, read_info(list));
        infos.push_back(info);
    } while (!list.at_end());
    return infos;
}

Buffer build_general(const std::vector<Info>& infos) {
    der::Writer w;
    const auto write_info = [&](const Info& info) {
        w.sequence([&] {
            w.oid(info.type);
            w.raw(info.value);
        });
    };
    w.sequence([&] {
        for (const Info& info : infos) write_info(info);
    });
    return std::move(w).take();
}

Buffer ca_certs_value(const std::vector<Bytes>& certificates) {
    return sequence_of(certificates);
}

Result<std::vector<Bytes>> parse_ca_certs(Bytes value) {
    return parse_sequences(value, limits::kChain);
}

// RootCaKeyUpdateContent ::= SEQUENCE { newWithNew, newWithOld [0], oldWithNew [1] }
Buffer root_update_value(const RootUpdate& update) {
    der::Writer w;
    const auto write_optional = [&](int n, Bytes certificate) {
        if (!certificate.empty()) w.tlv(der::constructed(n), [&] { w.raw(certificate); });
    };
    w.sequence([&] {
        w.raw(update.new_with_new);
        write_optional(0, update.new_with_old);
        write_optional(1, update.old_with_new);
    });
    return std::move(w).take();
}

Result<RootUpdate> parse_root_update(Bytes value) {
    der::Reader input(value);
    PKI_TRY(der::Reader fields, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    PKI_TRY(const der::Element root, fields.element(der::kSequence));
    RootUpdate update;
    update.new_with_new = root.encoding;
    PKI_TRY(update.new_with_old, explicit_certificate(fields, 0));
    PKI_TRY(update.old_with_new, explicit_certificate(fields, 1));
    PKI_CHECK(fields.finish());
    return update;
}

Buffer crls_value(const std::vector<Bytes>& crls) { return sequence_of(crls); }

Result<std::vector<Bytes>> parse_crls(Bytes value) {
    return parse_sequences(value, limits::kCmpCrls);
}

Buffer algorithms_value(const std::vector<Bytes>& algorithms) {
    return sequence_of(algorithms);
}

Buffer unsupported_oids_value(const std::vector<Bytes>& types) {
    der::Writer w;
    w.sequence([&] {
        for (const Bytes type : types) w.oid(type);
    });
    return std::move(w).take();
}

}  // namespace pki::cmp
