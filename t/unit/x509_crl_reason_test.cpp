#include "libpki/x509/crl_reason.h"

#include "t/unit/unit.h"

namespace {

namespace x509 = pki::x509;
using x509::CrlReason;

constexpr CrlReason kAll[] = {
    CrlReason::unspecified,         CrlReason::key_compromise,
    CrlReason::ca_compromise,       CrlReason::affiliation_changed,
    CrlReason::superseded,          CrlReason::cessation_of_operation,
    CrlReason::certificate_hold,    CrlReason::remove_from_crl,
    CrlReason::privilege_withdrawn, CrlReason::aa_compromise,
};

void names_are_read_back(void**) {
    for (const CrlReason reason : kAll) {
        const std::string_view name = x509::name(reason);
        assert_false(name.empty());
        assert_true(x509::crl_reason_from_name(name) == reason);
        assert_true(x509::crl_reason_from_number(static_cast<std::uint64_t>(reason)) == reason);
    }
}

void names_are_those_of_the_rfc(void**) {
    assert_text(x509::name(CrlReason::ca_compromise), "cACompromise");
    assert_text(x509::name(CrlReason::remove_from_crl), "removeFromCRL");
    assert_true(x509::crl_reason_from_name("KEYcompromise") == CrlReason::key_compromise);
}

void what_is_no_reason(void**) {
    for (const char* name : {"", "compromise", "keyCompromise ", "7"})
        assert_false(x509::crl_reason_from_name(name).has_value());
    for (const std::uint64_t number :
         {std::uint64_t{7}, std::uint64_t{11}, std::uint64_t{256}, std::uint64_t{1} << 32})
        assert_false(x509::crl_reason_from_number(number).has_value());
    assert_text(x509::name(CrlReason{7}), "");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(names_are_read_back),
        cmocka_unit_test(names_are_those_of_the_rfc),
        cmocka_unit_test(what_is_no_reason),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
