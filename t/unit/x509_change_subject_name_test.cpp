#include "libpki/x509/change_subject_name.h"

#include "libpki/base/der_writer.h"
#include "t/unit/request_fixture.h"
#include "t/unit/unit.h"

namespace {

using pki::Buffer;
using pki::Bytes;
using pki::Errc;
namespace der = pki::der;
namespace x509 = pki::x509;

// A CSR whose attributes are these; nothing here looks at its signature.
Buffer csr_with(Bytes attributes) {
    const Buffer plain = unit::Request().encode();
    const auto csr = x509::parse_csr(plain);
    assert_ok(csr);
    der::Writer w;
    w.sequence([&] {
        w.sequence([&] {
            w.integer(std::uint64_t{0});
            w.raw(csr->subject.encoding);
            w.raw(csr->spki.encoding);
            w.primitive(der::constructed(0), attributes);
        });
        w.raw(csr->signature_algorithm);
        w.bit_string(csr->signature);
    });
    return std::move(w).take();
}

// The attribute, with this content of its SET.
Buffer attribute(Bytes values) {
    der::Writer w;
    w.sequence([&] {
        w.oid(unit::hex("2b06010505070724"));
        w.primitive(der::kSet, values);
    });
    return std::move(w).take();
}

Buffer sequence(std::initializer_list<Buffer> parts) {
    der::Writer w;
    w.sequence([&] {
        for (const Buffer& part : parts) w.raw(part);
    });
    return std::move(w).take();
}

Buffer name() { return *x509::name_from_text("CN=new"); }
Buffer san() { return *x509::build_san({"dns:new.example"}); }

// "subject/SAN", "none" or "refused".
std::string names(Bytes attributes) {
    const Buffer der = csr_with(attributes);
    const auto csr = x509::parse_csr(der);
    assert_ok(csr);
    const auto change = x509::change_subject_name(*csr);
    if (!change) {
        assert_true(change.error().code == Errc::malformed);
        return "refused";
    }
    if (!*change) return "none";
    std::string text = x509::name_text((*change)->subject) + '/';
    if ((*change)->san) text += x509::general_name_text((*change)->san->names.at(0));
    return text;
}

void each_field_may_be_there(void**) {
    assert_text(names(attribute(sequence({name(), san()}))), "CN=new/dns:new.example");
    assert_text(names(attribute(sequence({name()}))), "CN=new/");
    assert_text(names(attribute(sequence({san()}))), "/dns:new.example");
    assert_text(names(attribute(sequence({unit::hex("3000"), san()}))), "/dns:new.example");
}

void there_may_be_none(void**) {
    assert_text(names({}), "none");
    const Buffer csr = unit::Request().encode();
    const auto change = x509::change_subject_name(*x509::parse_csr(csr));
    assert_ok(change);
    assert_false(change->has_value());
    // A request in CRMF, in these terms.
    assert_ok(x509::change_subject_name(x509::Csr()));
}

void bad_forms(void**) {
    const Buffer good = attribute(sequence({name(), san()}));
    Buffer twice = good;
    pki::append(twice, good);
    Buffer values = sequence({name()});
    pki::append(values, sequence({name()}));
    assert_text(names(twice), "refused");
    assert_text(names(attribute(values)), "refused");
    assert_text(names(attribute(unit::hex("3000"))), "refused");
    assert_text(names(attribute(unit::hex("0500"))), "refused");
    assert_text(names(attribute(sequence({san(), name()}))), "refused");
    assert_text(names(attribute(sequence({name(), name()}))), "refused");
    assert_text(names(attribute(sequence({name(), san(), san()}))), "refused");
    assert_text(names(attribute(sequence({unit::hex("3003310101")}))), "refused");
    assert_text(names(attribute(sequence({name(), unit::hex("3000")}))), "refused");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_field_may_be_there),
        cmocka_unit_test(there_may_be_none),
        cmocka_unit_test(bad_forms),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
