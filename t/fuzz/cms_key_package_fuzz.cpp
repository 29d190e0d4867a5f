// open_private_key: with an even first octet the rest is an EnvelopedData for a key that we
// have, or a password; with an odd one it is what somebody sealed for us, SignedData at best.
#include <openssl/err.h>

#include "libpki/cms/key_package.h"
#include "libpki/x509/oids.h"
#include "t/fuzz/fuzz.h"

namespace {

using pki::as_bytes;
using pki::Buffer;
using pki::Bytes;
using pki::Errc;
namespace cms = pki::cms;
namespace der = pki::der;
namespace ossl = pki::ossl;
namespace oid = pki::x509::oid;

// As much of a certificate as says who is meant.
Buffer certificate_of(const cms::SignerId& id) {
    der::Writer w;
    w.sequence([&] {
        w.sequence([&] {
            w.primitive(der::kInteger, id.serial);
            w.sequence([] {});
            w.raw(id.issuer);
        });
    });
    return std::move(w).take();
}

EVP_PKEY* own_key(const char* spec) {
    static const ossl::PkeyPtr rsa = *ossl::generate_key("rsa:2048");
    static const ossl::PkeyPtr ec = *ossl::generate_key("ec:P-256");
    return (std::string_view(spec) == "rsa" ? rsa : ec).get();
}

void check(const pki::Result<cms::DeliveredKey>& opened) {
    PROPERTY(ERR_peek_error() == 0);
    if (opened) {
        PROPERTY(der::only(opened->private_key.view(), der::kSequence).has_value());
        PROPERTY(!opened->signer.empty() && !opened->certificates.empty());
        return;
    }
    const Errc code = opened.error().code;
    PROPERTY(code == Errc::bad_signature || code == Errc::not_found ||
             code == Errc::unsupported || code == Errc::malformed || code == Errc::weak_key);
}

// What takes long is for a bench.
bool quick(const cms::Recipient& recipient) {
    return recipient.kind != cms::Recipient::Kind::password ||
           recipient.password.iterations <= 16;
}

void open_envelope(Bytes input) {
    static const Buffer kek(16, 7);
    const auto data = cms::parse_bare_enveloped_data(input, {true, true, true});
    if (!data) {
        PROPERTY(data.error().offset <= input.size());
        return check(cms::open_private_key(input, {}));
    }
    for (const cms::Recipient& one : data->recipients) {
        const Buffer certificate = certificate_of(one.id);
        check(cms::open_private_key(input, {certificate, own_key("rsa"), {}}));
        check(cms::open_private_key(input, {certificate, own_key("ec"), {}}));
        check(cms::open_private_key(input, {{}, own_key("ec"), {}, {}, one.id.key_identifier}));
        check(cms::open_private_key(input, {{}, nullptr, {}, kek, one.id.key_identifier}));
    }
    if (std::ranges::all_of(data->recipients, quick))
        check(cms::open_private_key(input, {{}, nullptr, as_bytes("secret")}));
}

void open_content(Bytes content) {
    static const Buffer serial{1}, issuer{0x30, 0};
    static const Buffer certificate = certificate_of({issuer, serial, {}});
    static const Buffer spki = *ossl::public_key_der(own_key("ec"));
    static const pki::x509::Spki key = *pki::x509::parse_spki(spki);
    cms::SealingSpec spec;
    spec.content = content;
    spec.content_type = oid::kSignedData;
    spec.recipient_certificate = certificate;
    spec.recipient_key = &key;
    spec.key_agreement = true;
    const auto sealed = cms::build_bare_enveloped_data(spec);
    PROPERTY(sealed.has_value());
    check(cms::open_private_key(*sealed, {certificate, own_key("ec"), {}}));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const Bytes rest = Bytes(data, size).subspan(1);
    if (data[0] % 2 == 0)
        open_envelope(rest);
    else
        open_content(rest);
    return 0;
}
