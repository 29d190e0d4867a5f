// The header of a request, and which certificate of extraCerts has signed it.
#include "libpki/cmp/check.h"

#include "libpki/x509/tbs.h"
#include "t/unit/request_fixture.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using pki::Reason;
using pki::cmp::BodyType;
namespace cmp = pki::cmp;
namespace der = pki::der;
namespace x509 = pki::x509;

constexpr std::int64_t kNow = 1'800'000'000;
constexpr std::uint8_t kOctets[17] = {1};
const cmp::HeaderRules kRules{kNow, 300, false};

Bytes octets(std::size_t size) { return Bytes(kOctets).first(size); }

// One that has everything.
cmp::Message good(BodyType type = BodyType::ir) {
    cmp::Message message;
    message.type = type;
    message.header.pvno = 2;
    message.header.message_time = kNow;
    message.header.transaction_id = octets(16);
    message.header.sender_nonce = octets(16);
    return message;
}

#define assert_reason(wanted, ...)                                     \
    do {                                                               \
        const auto& unit_status = (__VA_ARGS__);                       \
        if (unit_status) _fail(__FILE__, __LINE__);                    \
        assert_int_equal(static_cast<int>(unit_status.error().reason), \
                         static_cast<int>(Reason::wanted));            \
    } while (0)

void version(void**) {
    cmp::Message message = good();
    for (const unsigned pvno : {2, 3}) {
        message.header.pvno = pvno;
        assert_ok(cmp::check_header(message, kRules));
    }
    for (const unsigned pvno : {0, 1, 4}) {
        message.header.pvno = pvno;
        assert_reason(unsupported_version, cmp::check_header(message, kRules));
    }
    // Whatever else a version that we do not have may mean.
    message.header.problem =
        pki::Error{Errc::malformed, "a field", 0, {}, Reason::bad_data_format};
    assert_reason(unsupported_version, cmp::check_header(message, kRules));
    message.header.pvno = 2;
    assert_reason(bad_data_format, cmp::check_header(message, kRules));
}

void transaction(void**) {
    for (const auto& id : {std::optional<Bytes>(), std::optional<Bytes>(Bytes())}) {
        cmp::Message message = good();
        message.header.transaction_id = id;
        assert_reason(bad_data_format, cmp::check_header(message, kRules));
        message.type = BodyType::cert_conf;
        assert_reason(bad_request, cmp::check_header(message, kRules));
    }
}

void sender_nonce(void**) {
    cmp::Message message = good();
    message.header.sender_nonce = octets(17);
    assert_ok(cmp::check_header(message, kRules));
    message.header.sender_nonce = octets(15);
    assert_reason(bad_sender_nonce, cmp::check_header(message, kRules));
    message.header.sender_nonce.reset();
    assert_reason(bad_sender_nonce, cmp::check_header(message, kRules));
}

void recipient_nonce(void**) {
    for (const BodyType type : {BodyType::ir, BodyType::cr, BodyType::p10cr, BodyType::kur,
                                BodyType::rr, BodyType::genm}) {
        cmp::Message message = good(type);
        message.header.recip_nonce = octets(16);
        assert_reason(bad_recipient_nonce, cmp::check_header(message, kRules));
        message.header.recip_nonce = Bytes();
        assert_ok(cmp::check_header(message, kRules));
    }
    for (const BodyType type :
         {BodyType::cert_conf, BodyType::poll_req, BodyType::nested, BodyType::error}) {
        cmp::Message message = good(type);
        message.header.recip_nonce = octets(16);
        assert_ok(cmp::check_header(message, kRules));
    }
}

void message_time(void**) {
    cmp::Message message = good();
    for (const int off : {-300, 300}) {
        message.header.message_time = kNow + off;
        assert_ok(cmp::check_header(message, kRules));
    }
    for (const int off : {-301, 301}) {
        message.header.message_time = kNow + off;
        assert_reason(bad_time, cmp::check_header(message, kRules));
        assert_ok(cmp::check_header(message, {kNow, 0, true}));
    }
    message.header.message_time.reset();
    assert_ok(cmp::check_header(message, kRules));
    assert_reason(bad_time, cmp::check_header(message, {kNow, 300, true}));
    assert_reason(bad_time, cmp::check_header(message, {kNow, 0, true}));
}

// --- the signer ---

Buffer certificate(std::string_view subject, const Buffer& key_identifier) {
    const Buffer serial{1}, name = *x509::name_from_text(subject), key = unit::p256_key();
    x509::TbsSpec spec;
    spec.serial = serial;
    spec.scheme = {pki::ossl::KeyType::ec, pki::ossl::Hash::sha256, false};
    spec.issuer = spec.subject = name;
    spec.spki = key;
    spec.subject_key_identifier = key_identifier;
    return x509::assemble_certificate(x509::build_tbs(spec), spec.scheme,
                                      unit::hex("3006020101020101"));
}

Buffer directory_name_of(std::string_view name) {
    der::Writer writer;
    writer.tlv(der::constructed(4), [&] { writer.raw(*x509::name_from_text(name)); });
    return std::move(writer).take();
}

const Buffer kIdentifier{7, 7, 7}, kOther{8, 8, 8};

struct Signed {
    Buffer sender = directory_name_of("O=Example, CN=device-1");
    cmp::Message message = good();

    std::vector<Buffer> certificates;

    explicit Signed(std::vector<Buffer> list) : certificates(std::move(list)) {
        message.header.sender = sender;
        message.header.sender_kid = kIdentifier;
        for (const Buffer& one : certificates) message.extra_certs.push_back(one);
    }
};

void signer_is_named(void**) {
    const Buffer own = certificate("O=EXAMPLE, CN=Device-1", kIdentifier);
    const Buffer issuer = certificate("CN=CA", kOther);
    const Buffer damaged = unit::hex("3000");
    // RFC 9483 3.3 wants it first; not all clients know that.
    const std::vector<std::vector<Buffer>> sets{
        {own}, {own, issuer}, {issuer, own}, {damaged, own}};
    for (const auto& certificates : sets) {
        const Signed sent(certificates);
        const auto found = cmp::find_signer(sent.message);
        assert_ok(found);
        assert_true(pki::equal(found->encoding, own));
    }
}

std::string refused(const Signed& sent) {
    const auto found = cmp::find_signer(sent.message);
    if (found) return "found";
    if (found.error().code != Errc::bad_signature) return "another code";
    if (found.error().reason != Reason::bad_message_check) return "another reason";
    return found.error().text;
}

void signer_is_not_named(void**) {
    const Buffer own = certificate("O=Example, CN=device-1", kIdentifier);
    assert_text(refused(Signed({})), "extraCerts has no certificate of the signer");
    assert_text(refused(Signed({unit::hex("3000")})),
                "the signer's certificate cannot be read");
    assert_text(refused(Signed({certificate("CN=device-1", kIdentifier)})),
                "sender is not the subject of the signer");
    assert_text(refused(Signed({certificate("O=Example, CN=device-1", kOther)})),
                "senderKID is not the signer's key identifier");
    Signed without({own});
    without.message.header.sender_kid.reset();
    assert_text(refused(without), "there is no senderKID");
    const Buffer mail = unit::hex("81 03 61 40 62");
    Signed other_name({own});
    other_name.message.header.sender = mail;
    assert_text(refused(other_name), "sender is no directoryName");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(version),
        cmocka_unit_test(transaction),
        cmocka_unit_test(sender_nonce),
        cmocka_unit_test(recipient_nonce),
        cmocka_unit_test(message_time),
        cmocka_unit_test(signer_is_named),
        cmocka_unit_test(signer_is_not_named),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
