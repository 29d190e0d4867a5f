#include "libpki/est/operation.h"
#include "libpki/est/status.h"

#include "t/unit/unit.h"

namespace {

using pki::Errc;
using pki::est::Operation;

// "label operation", or "none".
std::string routed(std::string_view path) {
    const auto route = pki::est::route(path);
    if (!route) return "none";
    return std::string(route->label) + ' ' + std::string(pki::est::name(route->operation));
}

void operations(void**) {
    for (const Operation operation :
         {Operation::cacerts, Operation::simpleenroll, Operation::simplereenroll,
          Operation::csrattrs, Operation::serverkeygen, Operation::fullcmc}) {
        const auto name = pki::est::name(operation);
        assert_true(pki::est::operation_from_name(name) == operation);
        assert_text(routed("/.well-known/est/" + std::string(name)), ' ' + std::string(name));
    }
    for (const char* unknown : {"", "CACerts", "cacert", "cacerts/"})
        assert_false(pki::est::operation_from_name(unknown).has_value());
}

// Labels of the field among them.
void labels(void**) {
    for (const char* label : {"tls", "ca:4", "a~b", "x.y", "a-b", "%", "CACERTS"})
        assert_text(routed("/.well-known/est/" + std::string(label) + "/cacerts"),
                    std::string(label) + " cacerts");
}

// RFC 7030 3.2.2.
void bad_labels(void**) {
    const std::string longest(64, 'a');
    assert_true(pki::est::valid_label(longest));
    for (const std::string& label :
         {std::string(), longest + 'a', std::string("a b"), std::string("a/b"),
          std::string("caf\xc3\xa9"), std::string("a\0b", 3), std::string("a\n"),
          std::string("cacerts"), std::string("simpleenroll"), std::string("simplereenroll"),
          std::string("csrattrs"), std::string("serverkeygen"), std::string("fullcmc")}) {
        assert_false(pki::est::valid_label(label));
        assert_text(routed("/.well-known/est/" + label + "/cacerts"), "none");
    }
}

void other_paths(void**) {
    for (const char* path :
         {"", "/", "/.well-known/est", "/.well-known/est/", "/.well-known/est/tls",
          "/.well-known/est/tls/", "/.well-known/est/cacerts/", "/.well-known/est//cacerts",
          "/.well-known/est/a/b/cacerts", "/.well-known/EST/cacerts", "/est/cacerts",
          "/.well-known/estcacerts", "/x/.well-known/est/cacerts",
          "/.well-known/est/tls/unknown", "/.well-known/est/cacerts/cacerts"})
        assert_text(routed(path), "none");
}

// RFC 7030 4.2.3: each error has a status, and never one of success.
void statuses(void**) {
    for (int code = 1; code <= pki::kErrcCount; code++) {
        const int status = pki::est::http_status(static_cast<Errc>(code));
        assert_in_range(status, 400, 503);
    }
    assert_int_equal(pki::est::http_status(Errc::malformed), 400);
    assert_int_equal(pki::est::http_status(Errc::unauthenticated), 401);
    assert_int_equal(pki::est::http_status(Errc::denied), 403);
    assert_int_equal(pki::est::http_status(Errc::unavailable), 503);
    assert_int_equal(pki::est::http_status(static_cast<Errc>(0)), 500);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(operations),  cmocka_unit_test(labels),   cmocka_unit_test(bad_labels),
        cmocka_unit_test(other_paths), cmocka_unit_test(statuses),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
