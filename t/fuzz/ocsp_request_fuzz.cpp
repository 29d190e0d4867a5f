// parse_ocsp_request against d2i_OCSP_REQUEST: what ours accepts, OpenSSL accepts and sees the
// same in it. Ours is stricter by intent: DER instead of BER, limits, known hashes of the right
// length, positive serial numbers, nothing critical that is not known, the length of the nonce.
#include <algorithm>
#include <openssl/ocsp.h>

#include "libpki/base/limits.h"
#include "libpki/x509/ocsp.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/openssl_view.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::equal;
namespace der = pki::der;
namespace ossl = pki::ossl;
namespace x509 = pki::x509;

using RequestPtr = std::unique_ptr<OCSP_REQUEST, ossl::Deleter<OCSP_REQUEST_free>>;

// Ours does not look into the name and the signature of who asks; OpenSSL does.
bool read_to_the_bottom(Bytes request) {
    der::Reader message = *der::Reader(request).enter(der::kSequence);
    der::Reader fields = *message.enter(der::kSequence);
    if (fields.next_is(der::constructed(0))) (void)fields.any();
    return !fields.next_is(der::constructed(1)) && message.at_end();
}

void check_single(const x509::OcspCertId& ours, OCSP_ONEREQ* theirs) {
    ASN1_OCTET_STRING *name = nullptr, *key = nullptr;
    ASN1_OBJECT* hash = nullptr;
    ASN1_INTEGER* serial = nullptr;
    PROPERTY(OCSP_id_get0_info(&name, &hash, &key, &serial, OCSP_onereq_get0_id(theirs)) == 1);
    PROPERTY(equal(fuzz::octets(name), ours.issuer_name_hash));
    PROPERTY(equal(fuzz::octets(key), ours.issuer_key_hash));
    if (ours.serial.empty()) {  // one that no CA may issue
        const pki::Bytes octets = fuzz::octets(serial);
        PROPERTY(serial->type == V_ASN1_NEG_INTEGER || octets.size() > pki::limits::kSerial ||
                 std::ranges::all_of(octets, [](std::uint8_t octet) { return octet == 0; }));
        return;
    }
    PROPERTY(equal(fuzz::octets(serial), ours.serial));
    PROPERTY(serial->type == V_ASN1_INTEGER);
    const int nid = OBJ_obj2nid(hash);
    PROPERTY((nid == NID_sha1) == (ours.hash == ossl::Hash::sha1));
    PROPERTY((nid == NID_sha256) == (ours.hash == ossl::Hash::sha256));
    PROPERTY((nid == NID_sha384) == (ours.hash == ossl::Hash::sha384));
    PROPERTY((nid == NID_sha512) == (ours.hash == ossl::Hash::sha512));
}

void check_nonce(const x509::OcspRequest& ours, OCSP_REQUEST* theirs) {
    const int at = OCSP_REQUEST_get_ext_by_NID(theirs, NID_id_pkix_OCSP_Nonce, -1);
    PROPERTY((at >= 0) == ours.nonce.has_value());
    if (at < 0) return;
    X509_EXTENSION* const nonce = OCSP_REQUEST_get_ext(theirs, at);
    PROPERTY(equal(fuzz::octets(X509_EXTENSION_get_data(nonce)), *ours.nonce));
}

void check_same(const x509::OcspRequest& ours, OCSP_REQUEST* theirs) {
    PROPERTY(OCSP_request_onereq_count(theirs) == static_cast<int>(ours.requests.size()));
    for (std::size_t i = 0; i < ours.requests.size(); i++)
        check_single(ours.requests[i], OCSP_request_onereq_get0(theirs, static_cast<int>(i)));
    check_nonce(ours, theirs);
}

// What was found makes a request in which the same is found.
void check_round_trip(const x509::OcspRequest& ours) {
    std::vector<Bytes> ids;
    for (const x509::OcspCertId& id : ours.requests) ids.push_back(id.encoding);
    const Buffer built = x509::build_ocsp_request(ids, ours.nonce.value_or(Bytes()));
    const auto again = x509::parse_ocsp_request(built);
    PROPERTY(again && again->requests.size() == ids.size());
    for (std::size_t i = 0; i < ids.size(); i++)
        PROPERTY(equal(again->requests[i].encoding, ids[i]));
    PROPERTY(again->nonce.has_value() == ours.nonce.has_value());
    if (ours.nonce) PROPERTY(equal(*again->nonce, *ours.nonce));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto ours = x509::parse_ocsp_request({data, size});
    PROPERTY(ERR_peek_error() == 0);
    if (!ours) {
        PROPERTY(ours.error().offset <= size);
        return 0;
    }
    const unsigned char* end = data;
    const RequestPtr theirs(d2i_OCSP_REQUEST(nullptr, &end, static_cast<long>(size)));
    if (theirs) {
        PROPERTY(end == data + size);
        check_same(*ours, theirs.get());
    } else {
        PROPERTY(!read_to_the_bottom({data, size}));
    }
    check_round_trip(*ours);
    ERR_clear_error();
    return 0;
}
