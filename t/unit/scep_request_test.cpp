// What a request must have to be answered, and what tampering with it leads to.
#include <algorithm>

#include "libpki/scep/message.h"
#include "libpki/x509/oids.h"
#include "t/unit/scep_fixture.h"

namespace {

using pki::as_bytes;
using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using unit::ScepClient;
using unit::ScepRa;
namespace cms = pki::cms;
namespace der = pki::der;
namespace oid = pki::x509::oid;
namespace scep = pki::scep;

const ScepRa& ra() {
    static const ScepRa only;
    return only;
}

const ScepClient& client() {
    static const ScepClient only = unit::ec_client();
    return only;
}

Buffer attribute(Bytes type, std::uint8_t tag, Bytes content) {
    der::Writer value;
    value.primitive(tag, content);
    return cms::build_attribute(type, value.view());
}

// A message whose parts are chosen; by itself it is a fine PKCSReq.
struct Parts {
    Buffer type = attribute(oid::kScepMessageType, der::kPrintableString, as_bytes("19"));
    Buffer transaction =
        attribute(oid::kScepTransactionId, der::kPrintableString, as_bytes("transaction-1"));
    Buffer nonce = attribute(oid::kScepSenderNonce, der::kOctetString, client().nonce);
    Bytes content_type = oid::kData;
    std::optional<Buffer> content = envelope();
    std::vector<Bytes> certificates = {client().certificate};

    static Buffer envelope() {
        cms::SealingSpec spec;
        spec.content = client().csr;
        spec.recipient_certificate = ra().ra.certificate;
        return *cms::build_enveloped_data(spec);
    }
    Buffer encode() const {
        cms::SigningSpec spec;
        spec.key = client().key.get();
        spec.certificate = client().certificate;
        spec.content_type = content_type;
        if (content) spec.content = *content;
        for (const Buffer* part : {&type, &transaction, &nonce})
            if (!part->empty()) spec.attributes.push_back(*part);
        spec.certificates = certificates;
        return *cms::build_signed_data(spec);
    }
};

// "fine", or the error of parse_request().
std::string parsed(const Parts& parts) {
    const Buffer message = parts.encode();
    const auto request = scep::parse_request(message);
    return request ? "fine" : pki::name(request.error().code);
}

// "fine", or the error of verify_request() for a message that was read.
std::string verified(Bytes message) {
    const auto request = scep::parse_request(message);
    assert_ok(request);
    const auto status = scep::verify_request(*request, {});
    return status ? "fine" : pki::name(status.error().code);
}

void the_type(void**) {
    const auto with = [](std::uint8_t tag, std::string_view text) {
        Parts parts;
        parts.type = attribute(oid::kScepMessageType, tag, as_bytes(text));
        return parsed(parts);
    };
    for (const char* known : {"17", "19", "20", "21", "22"})
        assert_text(with(der::kPrintableString, known), "fine");
    for (const char* unknown :
         {"0", "3", "18", "23", "019", "19 ", "", "+19", "275", "x", "18446744073709551635"})
        assert_text(with(der::kPrintableString, unknown), "malformed");
    assert_text(with(der::kInteger, "\x13"), "malformed");
    assert_text(with(der::kOctetString, "19"), "malformed");
}

void the_transaction(void**) {
    const auto with = [](std::uint8_t tag, std::string_view text) {
        Parts parts;
        parts.transaction = attribute(oid::kScepTransactionId, tag, as_bytes(text));
        return parsed(parts);
    };
    for (const auto tag : {der::kPrintableString, der::kUtf8String, der::kIa5String,
                           der::kTeletexString, der::kBmpString, der::kUniversalString})
        assert_text(with(tag, "abcd"), "fine");
    assert_text(with(der::kPrintableString, std::string_view("\x00\xff\n\x80", 4)), "fine");
    assert_text(with(der::kPrintableString, std::string(255, 'x')), "fine");
    assert_text(with(der::kPrintableString, std::string(256, 'x')), "malformed");
    assert_text(with(der::kPrintableString, ""), "malformed");
    assert_text(with(der::kOctetString, "abcd"), "malformed");
}

void the_nonce(void**) {
    const auto with = [](std::uint8_t tag, std::size_t size) {
        Parts parts;
        parts.nonce = attribute(oid::kScepSenderNonce, tag, Buffer(size, 'n'));
        return parsed(parts);
    };
    assert_text(with(der::kOctetString, 8), "fine");
    assert_text(with(der::kOctetString, 16), "fine");
    assert_text(with(der::kOctetString, 64), "fine");
    assert_text(with(der::kOctetString, 7), "malformed");
    assert_text(with(der::kOctetString, 65), "malformed");
    assert_text(with(der::kOctetString, 0), "malformed");
    assert_text(with(der::kPrintableString, 16), "malformed");
}

void nothing_may_be_missing(void**) {
    assert_text(parsed({}), "fine");
    for (Buffer Parts::*part : {&Parts::type, &Parts::transaction, &Parts::nonce}) {
        Parts parts;
        (parts.*part).clear();
        assert_text(parsed(parts), "malformed");
    }
    Parts without_signer;
    without_signer.certificates.clear();
    assert_text(parsed(without_signer), "not_found");
    without_signer.certificates = {ra().ra.certificate};
    assert_text(parsed(without_signer), "not_found");
}

void other_certificates_do_not_matter(void**) {
    Parts parts;
    parts.certificates = {ra().ra.certificate, client().certificate, ra().ca.certificate};
    assert_text(parsed(parts), "fine");
    assert_text(verified(parts.encode()), "fine");
}

// A CertRep can say what is wrong with the content, once the signature holds.
void contents_are_judged_after_the_signature(void**) {
    Parts parts;
    parts.content = std::nullopt;
    assert_text(verified(parts.encode()), "malformed");
    parts.content = unit::hex("04020000");
    assert_text(verified(parts.encode()), "malformed");
    parts.content = Parts::envelope();
    parts.content->push_back(0);
    assert_text(verified(parts.encode()), "malformed");
    parts.content = Parts::envelope();
    parts.content_type = oid::kSignedData;
    assert_text(verified(parts.encode()), "malformed");
    // A request of these types has an envelope.
    parts.content_type = oid::kData;
    parts.content = client().csr;
    assert_text(verified(parts.encode()), "denied");
    parts.type = attribute(oid::kScepMessageType, der::kPrintableString, as_bytes("21"));
    const Buffer message = parts.encode();
    const auto request = scep::parse_request(message);
    assert_ok(request);
    assert_false(request->lightweight);
    assert_error(Errc::malformed, scep::verify_request(*request, {.lightweight = true}));
}

void what_is_no_message(void**) {
    assert_error(Errc::malformed, scep::parse_request({}));
    assert_error(Errc::malformed, scep::parse_request(Buffer(200'000, 0x30)));
    Buffer trailing = Parts().encode();
    trailing.push_back(0);
    assert_error(Errc::malformed, scep::parse_request(trailing));
    assert_error(Errc::malformed,
                 scep::parse_request(pki::x509::build_certs_only({client().certificate})));
    assert_error(Errc::unsupported, scep::parse_request(Parts::envelope()));
}

// X.690: the envelope of Apple and jscep has indefinite lengths, and the signature covers them.
Buffer indefinite(Bytes encoding) {
    const der::Element element = *der::Reader(encoding).any();
    Buffer out{element.tag, 0x80};
    pki::append(out, element.content);
    pki::append(out, unit::hex("0000"));
    return out;
}

void indefinite_lengths(void**) {
    Parts parts;
    parts.content = indefinite(*parts.content);
    const Buffer sent = indefinite(parts.encode());
    assert_error(Errc::malformed, scep::parse_request(sent));
    const auto message = cms::der_from_ber(sent, 160 * 1024);
    assert_ok(message);
    const auto request = scep::parse_request(*message);
    assert_ok(request);
    assert_ok(scep::verify_request(*request, {}));
    assert_hex(*ra().open(*request), pki::hex_encode(client().csr));
}

void transactions_for_people(void**) {
    const auto text = [](std::string_view id) {
        scep::Request request;
        request.transaction_id = as_bytes(id);
        return scep::transaction_text(request);
    };
    assert_text(text("Ab9+/= :_"), "Ab9+/= :_");
    assert_text(text(std::string(128, 'x')), std::string(128, 'x'));
    assert_true(text(std::string(129, 'x')).starts_with("sha256:"));
    assert_text(text("a\nb"),
                "sha256:7e18f737311b2dc3b2f269dd78396b0351f14fb66efa879f768cb23181883c78");
    assert_true(text("\xc3\xa4").starts_with("sha256:"));
    scep::Request request;
    request.transaction_id = as_bytes("abc");
    assert_text(scep::transaction_key(request),
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

// --- Tampering ---

Bytes content_of(Bytes message) { return *cms::parse_signed_data(message)->content; }

// Two octet strings of the same length in the place of each other.
Buffer overwritten(Buffer message, Bytes what, Bytes with) {
    const auto at = std::ranges::search(message, what);
    assert_true(!at.empty() && what.size() == with.size());
    std::ranges::copy(with, at.begin());
    return message;
}

// Whoever records a message must not be able to send another content under its signature.
void an_envelope_under_another_signature(void**) {
    const Buffer captured = Parts().encode();
    const Buffer other = Parts::envelope();
    assert_text(verified(captured), "fine");
    assert_text(verified(overwritten(captured, content_of(captured), other)), "bad_signature");
}

// The same with a digest that fits: then the attributes are not those that were signed.
void a_digest_of_another_envelope(void**) {
    const Buffer captured = Parts().encode();
    const Buffer other = Parts().encode();
    const auto digest = [](Bytes message) {
        return cms::parse_signed_data(message)->signer->find(oid::kMessageDigest)->value;
    };
    Buffer forged = overwritten(captured, content_of(captured), content_of(other));
    forged = overwritten(forged, digest(captured), digest(other));
    assert_text(verified(forged), "bad_signature");
}

void a_transaction_changed(void**) {
    const Buffer captured = Parts().encode();
    assert_text(
        verified(overwritten(captured, as_bytes("transaction-1"), as_bytes("transaction-2"))),
        "bad_signature");
}

void a_type_changed(void**) {
    const Buffer captured = Parts().encode();
    const Buffer renewal =
        attribute(oid::kScepMessageType, der::kPrintableString, as_bytes("17"));
    assert_text(verified(overwritten(captured, Parts().type, renewal)), "bad_signature");
}

void attributes_removed(void**) {
    Parts parts;
    // One that nobody asks for, so that what is left can still be read.
    const Buffer more = attribute(oid::kScepRecipientNonce, der::kOctetString, Buffer(16, 1));
    pki::append(parts.nonce, more);
    const Buffer captured = parts.encode();
    assert_text(verified(captured), "fine");
    const Buffer without = unit::replaced(captured, more, {});
    assert_true(without.size() < captured.size());
    assert_text(verified(without), "bad_signature");
}

void the_digest_or_type_of_the_content_removed(void**) {
    const Buffer captured = Parts().encode();
    for (const Bytes type : {oid::kMessageDigest, oid::kContentType}) {
        const auto read = cms::parse_signed_data(captured);
        const Buffer whole = cms::build_attribute(type, read->signer->find(type)->value);
        const Buffer without = unit::replaced(captured, whole, {});
        assert_true(without.size() < captured.size());
        assert_text(verified(without), "bad_signature");
    }
}

void another_certificate_with_the_same_name(void**) {
    const ScepClient other = unit::ec_client();
    const Buffer captured = Parts().encode();
    // The other key, in a certificate with the number of the first.
    const auto mine = pki::x509::parse_certificate(client().certificate);
    const auto theirs = pki::x509::parse_certificate(other.certificate);
    const Buffer swapped = unit::replaced(client().certificate, mine->tbs.spki.encoding,
                                          theirs->tbs.spki.encoding);
    assert_text(verified(unit::replaced(captured, client().certificate, swapped)),
                "bad_signature");
}

void a_bit_of_the_signature(void**) {
    const Buffer captured = Parts().encode();
    const auto read = cms::parse_signed_data(captured);
    Buffer other = pki::to_buffer(read->signer->signature);
    other.back() ^= 1;
    assert_text(verified(overwritten(captured, read->signer->signature, other)),
                "bad_signature");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_type),
        cmocka_unit_test(the_transaction),
        cmocka_unit_test(the_nonce),
        cmocka_unit_test(nothing_may_be_missing),
        cmocka_unit_test(other_certificates_do_not_matter),
        cmocka_unit_test(contents_are_judged_after_the_signature),
        cmocka_unit_test(what_is_no_message),
        cmocka_unit_test(indefinite_lengths),
        cmocka_unit_test(transactions_for_people),
        cmocka_unit_test(an_envelope_under_another_signature),
        cmocka_unit_test(a_digest_of_another_envelope),
        cmocka_unit_test(a_transaction_changed),
        cmocka_unit_test(a_type_changed),
        cmocka_unit_test(attributes_removed),
        cmocka_unit_test(the_digest_or_type_of_the_content_removed),
        cmocka_unit_test(another_certificate_with_the_same_name),
        cmocka_unit_test(a_bit_of_the_signature),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
