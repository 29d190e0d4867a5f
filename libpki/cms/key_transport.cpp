#include "libpki/cms/key_transport.h"

#include "libpki/cms/algorithm.h"
#include "libpki/x509/algorithm.h"
#include "libpki/x509/oids.h"

namespace pki::cms {

namespace {

using ossl::Hash;
using ossl::RsaPadding;
namespace oid = x509::oid;

Result<Hash> parse_hash(Bytes encoding) {
    PKI_TRY(const Hash hash, parse_digest_algorithm(encoding));
    if (hash == Hash::md5) return fail(Errc::unsupported, "OAEP: MD5");
    return hash;
}

// [n] EXPLICIT AlgorithmIdentifier; empty when it is left out.
Result<Bytes> explicit_algorithm(der::Reader& params, int n) {
    if (!params.next_is(der::constructed(n))) return Bytes();
    PKI_TRY(der::Reader inner, params.enter(der::constructed(n)));
    PKI_TRY(const der::Element algorithm, inner.element(der::kSequence));
    PKI_CHECK(inner.finish());
    return algorithm.encoding;
}

Result<Hash> parse_mask(Bytes encoding) {
    PKI_TRY(const x509::Algorithm algorithm, x509::parse_algorithm(encoding));
    if (!equal(algorithm.id, oid::kMgf1))
        return fail(Errc::unsupported, "OAEP: mask generation");
    return parse_hash(algorithm.parameters);
}

Result<Bytes> parse_label(Bytes encoding) {
    PKI_TRY(const x509::Algorithm algorithm, x509::parse_algorithm(encoding));
    if (!equal(algorithm.id, oid::kPSpecified))
        return fail(Errc::unsupported, "OAEP: source of the label");
    PKI_TRY(const der::Element label, der::only(algorithm.parameters, der::kOctetString));
    return label.content;
}

// RSAES-OAEP-params: everything has a default, SHA-1 and no label.
Result<RsaPadding> parse_oaep(Bytes parameters) {
    der::Reader input(parameters);
    PKI_TRY(der::Reader params, input.enter(der::kSequence));
    PKI_CHECK(input.finish());
    RsaPadding padding;
    padding.oaep = true;
    PKI_TRY(const Bytes hash, explicit_algorithm(params, 0));
    PKI_TRY(const Bytes mask, explicit_algorithm(params, 1));
    PKI_TRY(const Bytes label, explicit_algorithm(params, 2));
    PKI_CHECK(params.finish());
    if (!hash.empty()) {
        PKI_TRY(padding.hash, parse_hash(hash));
    }
    if (!mask.empty()) {
        PKI_TRY(padding.mgf1, parse_mask(mask));
    }
    if (!label.empty()) {
        PKI_TRY(padding.label, parse_label(label));
    }
    return padding;
}

// X.690 11.5: what is the default is left out.
void write_oaep(der::Writer& w, const RsaPadding& padding) {
    if (padding.hash != Hash::sha1)
        w.tlv(der::constructed(0), [&] { write_digest_algorithm(w, padding.hash); });
    if (padding.mgf1 != Hash::sha1)
        w.tlv(der::constructed(1), [&] {
            w.sequence([&] {
                w.oid(oid::kMgf1);
                write_digest_algorithm(w, padding.mgf1);
            });
        });
    if (!padding.label.empty())
        w.tlv(der::constructed(2), [&] {
            w.sequence([&] {
                w.oid(oid::kPSpecified);
                w.octet_string(padding.label);
            });
        });
}

}  // namespace

Result<RsaPadding> parse_key_transport(Bytes encoding) {
    PKI_TRY(const x509::Algorithm algorithm, x509::parse_algorithm(encoding));
    if (equal(algorithm.id, oid::kRsaOaep)) return parse_oaep(algorithm.parameters);
    if (!equal(algorithm.id, oid::kRsaEncryption))
        return fail(Errc::unsupported, "CMS: key transport", x509::oid_to_text(algorithm.id));
    if (!x509::no_parameters(algorithm))
        return fail(Errc::malformed, "CMS: parameters of rsaEncryption");
    return RsaPadding();
}

void write_key_transport(der::Writer& w, const RsaPadding& padding) {
    w.sequence([&] {
        w.oid(padding.oaep ? oid::kRsaOaep : oid::kRsaEncryption);
        if (padding.oaep)
            w.sequence([&] { write_oaep(w, padding); });
        else
            w.null();
    });
}

}  // namespace pki::cms
