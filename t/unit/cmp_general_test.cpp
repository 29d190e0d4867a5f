#include "libpki/cmp/general.h"

#include "libpki/base/limits.h"
#include "libpki/base/time.h"
#include "libpki/cmp/general_oids.h"
#include "libpki/x509/crmf.h"
#include "libpki/x509/crmf_oids.h"
#include "libpki/x509/oids.h"
#include "t/unit/cmp_vectors.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
using unit::cmp_body;
using unit::hex;
namespace cmp = pki::cmp;
namespace der = pki::der;
namespace limits = pki::limits;
namespace x509 = pki::x509;
namespace oid = pki::x509::oid;

Buffer sequences(std::size_t count) {
    der::Writer w;
    w.sequence([&] {
        for (std::size_t i = 0; i < count; i++) w.raw(hex("3000"));
    });
    return std::move(w).take();
}

void messages_of_openssl_are_read(void**) {
    const Buffer body = cmp_body("genm");
    const auto infos = cmp::parse_general(body);
    assert_ok(infos);
    assert_int_equal(infos->size(), 1);
    assert_true(pki::equal((*infos)[0].type, cmp::kSignKeyPairTypes));
    assert_true((*infos)[0].value.empty());
    assert_true(cmp::build_general(*infos) == body);
}

void messages_are_bounded(void**) {
    const Buffer value = hex("0500");
    std::vector<cmp::Info> infos(limits::kCmpInfos, cmp::Info{cmp::kCaCerts, value});
    const Buffer most = cmp::build_general(infos);
    const auto read = cmp::parse_general(most);
    assert_ok(read);
    assert_int_equal(read->size(), limits::kCmpInfos);
    assert_hex((*read)[15].value, "0500");
    infos.push_back(infos[0]);
    assert_error(Errc::malformed, cmp::parse_general(cmp::build_general(infos)));
    for (const char* body : {"", "3000", "3002 3000", "0500", "3005 3003 06012a 00",
                             "3009 3007 06012a 0500 0500", "3004 3002 0600"})
        assert_error(Errc::malformed, cmp::parse_general(hex(body)));
}

void certificates_and_crls_are_lists(void**) {
    const Buffer certificate = unit::read_vector("cmp/ca.der");
    const Buffer value = cmp::ca_certs_value({certificate, certificate});
    const auto read = cmp::parse_ca_certs(value);
    assert_ok(read);
    assert_int_equal(read->size(), 2);
    assert_true(pki::equal((*read)[1], certificate));
    assert_true(cmp::crls_value({certificate, certificate}) == value);
    assert_int_equal(cmp::parse_crls(value)->size(), 2);

    assert_ok(cmp::parse_ca_certs(sequences(limits::kChain)));
    assert_error(Errc::malformed, cmp::parse_ca_certs(sequences(limits::kChain + 1)));
    assert_ok(cmp::parse_crls(sequences(limits::kCmpCrls)));
    assert_error(Errc::malformed, cmp::parse_crls(sequences(limits::kCmpCrls + 1)));
    for (const char* bad : {"", "3000", "3002 0500", "3102 3000", "3002 3000 00"}) {
        assert_error(Errc::malformed, cmp::parse_ca_certs(hex(bad)));
        assert_error(Errc::malformed, cmp::parse_crls(hex(bad)));
    }
}

// The tags are explicit: [0] and [1] around the certificates.
void root_updates_are_read(void**) {
    const Buffer a = hex("3003020101"), b = hex("3003020102"), c = hex("3003020103");
    const Buffer all = cmp::root_update_value({a, b, c});
    assert_hex(all, "30133003020101a0053003020102a1053003020103");
    const auto update = cmp::parse_root_update(all);
    assert_ok(update);
    assert_true(pki::equal(update->new_with_new, a));
    assert_true(pki::equal(update->new_with_old, b));
    assert_true(pki::equal(update->old_with_new, c));
    const Buffer alone = cmp::root_update_value({a, {}, {}});
    assert_hex(alone, "30053003020101");
    assert_true(cmp::parse_root_update(alone)->old_with_new.empty());
    for (const char* bad :
         {"", "3000", "3004 3000 a000", "3006 3000 a002 0500", "300a 3000 a102 3000 a002 3000",
          "3008 3000 a004 3000 3000", "3006 3000 a202 3000"})
        assert_error(Errc::malformed, cmp::parse_root_update(hex(bad)));
}

void lists_that_a_client_has_are_read(void**) {
    const Buffer issuer = *x509::name_from_text("CN=CA");
    const std::int64_t when = *pki::parse_iso8601("2026-11-20T17:00:00Z");
    const cmp::CrlStatus by_url{{}, {"http://a.example/1.crl", "http://b.example/1.crl"}, when};
    const cmp::CrlStatus by_issuer{issuer, {}, {}};
    const Buffer value = cmp::crl_status_list_value({by_url, by_issuer});
    const auto wanted = cmp::parse_crl_status_list(value);
    assert_ok(wanted);
    assert_int_equal(wanted->size(), 2);
    assert_true((*wanted)[0].issuer.empty());
    assert_int_equal((*wanted)[0].urls.size(), 2);
    assert_text((*wanted)[0].urls[1], "http://b.example/1.crl");
    assert_int_equal((*wanted)[0].this_update.value_or(0), when);
    assert_true(pki::equal((*wanted)[1].issuer, issuer));
    assert_true((*wanted)[1].urls.empty());
    assert_false((*wanted)[1].this_update.has_value());
}

void sources_that_we_do_not_have_are_let_pass(void**) {
    // nameRelativeToCRLIssuer; a directoryName as a fullName; an issuer that is a URI, and one
    // behind it that is a name.
    const auto relative = cmp::parse_crl_status_list(hex("3008 3006 a004 a102 3100"));
    assert_ok(relative);
    assert_true((*relative)[0].urls.empty() && (*relative)[0].issuer.empty());
    assert_true(
        (*cmp::parse_crl_status_list(hex("300a 3008 a006 a004 a402 3000")))[0].urls.empty());
    const Buffer both = hex("300d 300b a109 3007 8601 61 a402 3000");
    assert_hex((*cmp::parse_crl_status_list(both))[0].issuer, "3000");
    assert_int_equal((*cmp::parse_crl_status_list(both))[0].urls.size(), 0);
}

void lists_that_are_wrong_are_refused(void**) {
    for (const char* bad :
         {"", "3000", "3002 3000", "3004 3002 a000", "3006 3004 a002 3000",
          "3006 3004 a102 a000", "3008 3006 a004 a000 0500", "300a 3008 a106 3004 a402 3100",
          "3008 3006 a002 a000 0500", "300a 3008 a002 a000 1702 3030",
          "3017 3015 a002 a000 170d 3236313132303137303030305a 0500", "3006 3004 a202 a000"})
        assert_error(Errc::malformed, cmp::parse_crl_status_list(hex(bad)));
    const auto several = [](std::size_t count) {
        der::Writer w;
        w.sequence([&] {
            for (std::size_t i = 0; i < count; i++) w.raw(hex("3004 a002 a000"));
        });
        return std::move(w).take();
    };
    assert_ok(cmp::parse_crl_status_list(several(limits::kCmpCrls)));
    assert_error(Errc::malformed, cmp::parse_crl_status_list(several(limits::kCmpCrls + 1)));
}

void the_names_of_a_source_are_bounded(void**) {
    for (const auto& [source, names] : {std::pair<int, int>{0, der::constructed(0)},
                                        std::pair<int, int>{1, der::kSequence}}) {
        for (const std::size_t count : {limits::kGeneralNames, limits::kGeneralNames + 1}) {
            der::Writer w;
            const auto write_names = [&] {
                for (std::size_t i = 0; i < count; i++) w.raw(hex("8601 61"));
            };
            w.sequence([&] {
                w.sequence([&] {
                    w.tlv(der::constructed(source),
                          [&] { w.tlv(static_cast<std::uint8_t>(names), write_names); });
                });
            });
            assert_int_equal(cmp::parse_crl_status_list(w.view()).has_value(),
                             count == limits::kGeneralNames);
        }
    }
}

void types_and_algorithms_are_lists(void**) {
    assert_hex(cmp::algorithms_value({hex("300506032b6570"), hex("300506032b6571")}),
               "300e300506032b6570300506032b6571");
    assert_hex(cmp::unsupported_oids_value({cmp::kCurrentCrl}), "300a06082b06010505070406");
}

// --- templates ---

x509::Profile profile() {
    x509::Profile p;
    p.keys = {*x509::parse_key_rule("rsa:2048-4096"), *x509::parse_key_rule("ec:P-256"),
              *x509::parse_key_rule("ed25519")};
    p.subject[pki::to_buffer(oid::kCommonName)] = {true, {"*.example.com"}};
    p.subject[pki::to_buffer(oid::kOrganization)] = {true, {"Example"}};
    p.subject[pki::to_buffer(oid::kCountry)] = {true, {"Österreich"}};  // no PrintableString
    p.subject[pki::to_buffer(oid::kOrganizationalUnit)] = {false, {"Devices"}};
    p.san[x509::SanType::dns] = {"**"};
    p.san_ip = {*x509::parse_ip_range("192.0.2.0/24")};
    p.key_usage = x509::kDigitalSignature;
    p.extended_key_usage = {pki::to_buffer(oid::kClientAuth)};
    return p;
}

struct Template {
    Bytes subject;     // content of the Name
    Bytes extensions;  // content of [9]
    Bytes controls;    // content of keySpec
};

Template take_apart(const Buffer& value) {
    der::Reader fields = *der::Reader(value).enter(der::kSequence);
    der::Reader wanted = *fields.enter(der::kSequence);
    Template out;
    if (wanted.next_is(der::constructed(5)))
        out.subject = *wanted.enter(der::constructed(5))->content(der::kSequence);
    if (wanted.next_is(der::constructed(9)))
        out.extensions = *wanted.content(der::constructed(9));
    assert_ok(wanted.finish());
    if (!fields.at_end()) out.controls = *fields.content(der::kSequence);
    assert_ok(fields.finish());
    return out;
}

// What the client chooses is empty, what it has no choice about is there; what it may leave
// out is left out.
void a_template_has_the_subject(void**) {
    const auto value = cmp::cert_req_template_value(profile());
    assert_ok(value);
    assert_hex(take_apart(*value).subject,
               "3109300706035504030c00"                  // CN
               "3109300706035504060c00"                  // C
               "3110300e060355040a0c074578616d706c65");  // O
}

void a_template_has_the_extensions(void**) {
    const auto value = cmp::cert_req_template_value(profile());
    assert_hex(take_apart(*value).extensions,
               "300d0603551d110406300482008700"
               "300e0603551d0f0101ff040403020780"
               "30130603551d25040c300a06082b06010505070302");
}

void a_template_has_the_keys(void**) {
    const auto value = cmp::cert_req_template_value(profile());
    der::Reader controls(take_apart(*value).controls);
    for (const char* length : {"02020800", "02020c00", "02021000"}) {
        der::Reader control = *controls.enter(der::kSequence);
        assert_true(pki::equal(*control.oid(), oid::kRegRsaKeyLen));
        assert_hex(control.rest(), length);
    }
    for (const char* algorithm :
         {"301306072a8648ce3d020106082a8648ce3d030107", "300506032b6570"}) {
        der::Reader control = *controls.enter(der::kSequence);
        assert_true(pki::equal(*control.oid(), oid::kRegAlgId));
        assert_hex(control.rest(), algorithm);
    }
    assert_ok(controls.finish());
}

void a_profile_may_want_nothing(void**) {
    const auto value = cmp::cert_req_template_value(x509::Profile{});
    assert_ok(value);
    assert_hex(*value, "30023000");
    x509::Profile odd;
    odd.keys = {*x509::parse_key_rule("rsa:2500-2600")};
    const auto between = cmp::cert_req_template_value(odd);
    assert_hex(Bytes(*between).last(4), "020209c4");
}

void key_pair_types_are_named_once(void**) {
    x509::Profile p = profile();
    p.keys.push_back(*x509::parse_key_rule("rsa:8192"));
    const auto sign = cmp::key_pair_types(p, false);
    assert_int_equal(sign.size(), 3);
    assert_hex(sign[0], "300d06092a864886f70d0101010500");
    assert_hex(sign[2], "300506032b6570");
    assert_int_equal(cmp::key_pair_types(p, true).size(), 2);
    assert_true(cmp::key_pair_types(x509::Profile{}, false).empty());
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(messages_of_openssl_are_read),
        cmocka_unit_test(messages_are_bounded),
        cmocka_unit_test(certificates_and_crls_are_lists),
        cmocka_unit_test(root_updates_are_read),
        cmocka_unit_test(lists_that_a_client_has_are_read),
        cmocka_unit_test(sources_that_we_do_not_have_are_let_pass),
        cmocka_unit_test(lists_that_are_wrong_are_refused),
        cmocka_unit_test(the_names_of_a_source_are_bounded),
        cmocka_unit_test(types_and_algorithms_are_lists),
        cmocka_unit_test(a_template_has_the_subject),
        cmocka_unit_test(a_template_has_the_extensions),
        cmocka_unit_test(a_template_has_the_keys),
        cmocka_unit_test(a_profile_may_want_nothing),
        cmocka_unit_test(key_pair_types_are_named_once),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
