// parse_enveloped_data against d2i_CMS_ContentInfo: the same kinds of recipients; and whatever
// was read can be opened or refused, with one error, by whoever has a key and a password.
#include <openssl/cms.h>

#include "libpki/base/limits.h"
#include "libpki/cms/enveloped_data.h"
#include "libpki/ossl/key.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/openssl_view.h"

namespace {

using pki::as_bytes;
using pki::Errc;
using pki::Secret;
namespace cms = pki::cms;
namespace limits = pki::limits;
namespace ossl = pki::ossl;

using Kind = cms::Recipient::Kind;
using MessagePtr = std::unique_ptr<CMS_ContentInfo, ossl::Deleter<CMS_ContentInfo_free>>;

void check_same(const cms::EnvelopedData& ours, CMS_ContentInfo* theirs) {
    STACK_OF(CMS_RecipientInfo)* const recipients = CMS_get0_RecipientInfos(theirs);
    PROPERTY(recipients != nullptr);
    PROPERTY(static_cast<std::size_t>(sk_CMS_RecipientInfo_num(recipients)) ==
             ours.recipients.size());
    for (std::size_t i = 0; i < ours.recipients.size(); i++) {
        const int type =
            CMS_RecipientInfo_type(sk_CMS_RecipientInfo_value(recipients, static_cast<int>(i)));
        if (ours.recipients[i].kind == Kind::rsa) PROPERTY(type == CMS_RECIPINFO_TRANS);
        if (ours.recipients[i].kind == Kind::password) PROPERTY(type == CMS_RECIPINFO_PASS);
    }
}

// The certificate of a key that names whoever the message names: its certificate is made of
// the recipient's identifier, so that the key is always tried.
pki::Buffer certificate_of(const cms::SignerId& id) {
    pki::der::Writer w;
    w.sequence([&] {
        w.sequence([&] {
            cms::SignerId plain = id;
            w.primitive(pki::der::kInteger, plain.serial);
            w.sequence([] {});
            w.raw(plain.issuer);
        });
    });
    return std::move(w).take();
}

EVP_PKEY* own_key() {
    static const ossl::PkeyPtr key = *ossl::generate_key("rsa:2048");
    return key.get();
}

// What takes long is for a bench.
bool quick(const cms::Recipient& recipient) {
    return recipient.kind != Kind::password || recipient.password.iterations <= 16;
}

void open(const cms::EnvelopedData& data) {
    std::vector<pki::Buffer> certificates;
    for (const cms::Recipient& one : data.recipients)
        certificates.push_back(certificate_of(one.id));
    std::vector<cms::RecipientKey> keys;
    for (const pki::Buffer& one : certificates) keys.push_back({one, own_key()});
    std::vector<Secret> passwords;
    if (std::ranges::all_of(data.recipients, quick)) passwords.emplace_back(as_bytes("secret"));
    const auto opened = cms::open_enveloped_data(data, keys, passwords);
    PROPERTY(ERR_peek_error() == 0);
    if (opened) return;
    const Errc code = opened.error().code;
    PROPERTY(code == Errc::bad_signature || code == Errc::unsupported ||
             code == Errc::not_found);
    if (code == Errc::bad_signature)
        PROPERTY(opened.error().message() == "CMS: the envelope cannot be opened");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto ours = cms::parse_enveloped_data({data, size});
    if (!ours) {
        PROPERTY(ours.error().offset <= size);
        return 0;
    }
    PROPERTY(!ours->recipients.empty() && ours->recipients.size() <= limits::kRecipients);
    PROPERTY(!ours->cipher || ours->iv.size() == ossl::iv_size(*ours->cipher));
    open(*ours);
    const unsigned char* end = data;
    const MessagePtr theirs(d2i_CMS_ContentInfo(nullptr, &end, static_cast<long>(size)));
    if (theirs) check_same(*ours, theirs.get());
    ERR_clear_error();
    return 0;
}
