#include "libpki/cmc/response.h"

#include "libpki/base/der_writer.h"
#include "libpki/cmc/oids.h"

namespace pki::cmc {

namespace {

class ControlWriter {
   public:
    explicit ControlWriter(der::Writer& w) : w_(w) {}

    // TaggedAttribute ::= SEQUENCE { bodyPartID, attrType, attrValues SET OF }
    void add(Bytes type, Bytes value) {
        if (value.empty()) return;
        w_.sequence([&] {
            w_.integer(++last_);
            w_.oid(type);
            w_.set([&] { w_.raw(value); });
        });
    }

   private:
    der::Writer& w_;
    BodyPart last_ = 0;
};

Buffer octet_string(Bytes content) {
    der::Writer w(content.size() + 8);
    w.octet_string(content);
    return std::move(w).take();
}

void add_once(std::vector<Bytes>& to, Bytes one) {
    if (std::ranges::none_of(to, [&](Bytes other) { return equal(other, one); }))
        to.push_back(one);
}

ossl::Hash digest_of(EVP_PKEY* key) {
    const auto scheme = ossl::default_scheme(key);
    // RFC 8419 3: Ed25519 goes with SHA-512.
    if (scheme && scheme->type == ossl::KeyType::ed25519) return ossl::Hash::sha512;
    return scheme && scheme->hash != ossl::Hash::none ? scheme->hash : ossl::Hash::sha256;
}

}  // namespace

// PKIResponse ::= SEQUENCE { controlSequence, cmsSequence, otherMsgSequence }
Buffer build_pki_response(const StatusInfo& status, const Echo& echo, Bytes nonce) {
    const bool nonces = !echo.sender_nonce.empty();
    der::Writer w(512 + status.text.size() + echo.data_return.size());
    w.sequence([&] {
        w.sequence([&] {
            ControlWriter controls(w);
            controls.add(oid::kStatusInfoV2, build_status_info(status));
            controls.add(oid::kTransactionId, echo.transaction_id);
            controls.add(oid::kRecipientNonce, echo.sender_nonce);
            controls.add(oid::kSenderNonce, nonces ? octet_string(nonce) : Buffer());
            controls.add(oid::kDataReturn, echo.data_return);
        });
        w.sequence([] {});
        w.sequence([] {});
    });
    return std::move(w).take();
}

Result<Buffer> build_full_response(Bytes pki_response, const Signer& signer,
                                   const std::vector<Bytes>& certificates) {
    cms::SigningSpec spec;
    spec.key = signer.key;
    spec.certificate = signer.certificate;
    spec.digest = digest_of(signer.key);
    spec.content_type = oid::kPkiResponse;
    spec.content = pki_response;
    for (const Bytes one : certificates) add_once(spec.certificates, one);
    add_once(spec.certificates, signer.certificate);
    for (const Bytes one : signer.chain) add_once(spec.certificates, one);
    return cms::build_signed_data(spec);
}

}  // namespace pki::cmc
