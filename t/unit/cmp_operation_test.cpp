#include "libpki/base/base64.h"
#include "libpki/cmp/operation.h"

#include "t/unit/unit.h"

namespace {

using pki::cmp::BodyType;
using pki::cmp::Operation;

constexpr Operation kAll[] = {Operation::initialization, Operation::certification,
                              Operation::keyupdate,      Operation::pkcs10,
                              Operation::revocation,     Operation::getcacerts,
                              Operation::getrootupdate,  Operation::getcertreqtemplate,
                              Operation::getcrls,        Operation::nested};

// "label operation" with "-" for what is not there, or "none".
std::string routed(std::string_view path) {
    const auto route = pki::cmp::route(path);
    if (!route) return "none";
    std::string text(route->label.empty() ? "-" : route->label);
    return text + ' ' + std::string(route->operation ? name(*route->operation) : "-");
}

// RFC 9483 6.1.
void operations(void**) {
    for (const Operation operation : kAll) {
        const std::string name(pki::cmp::name(operation));
        assert_true(pki::cmp::operation_from_name(name) == operation);
        assert_text(routed("/" + name), "- " + name);
        assert_text(routed("/p/lab/" + name), "lab " + name);
    }
    assert_text(pki::cmp::name(Operation::initialization), "initialization");
    assert_text(pki::cmp::name(Operation::nested), "nested");
    for (const char* unknown : {"", "Initialization", "ir", "keyupdates", "serverkeygen", "p"})
        assert_false(pki::cmp::operation_from_name(unknown).has_value());
}

void no_operation(void**) {
    for (const char* path : {"", "/", "//"}) assert_text(routed(path), "- -");
    for (const char* path : {"/p/lab", "/p/lab/", "p/lab"}) assert_text(routed(path), "lab -");
    assert_text(routed("/keyupdate/"), "- keyupdate");
}

// What looks like an operation is a label behind "p".
void labels(void**) {
    for (const char* label : {"tls", "ca:4", "a~b", "x.y", "%", "initialization", "p", "?"})
        assert_text(routed("/p/" + std::string(label) + "/getcrls"),
                    std::string(label) + " getcrls");
    const std::string longest(64, 'a');
    assert_true(pki::cmp::valid_label(longest));
    for (const std::string& label :
         {std::string(), longest + 'a', std::string("a b"), std::string("a/b"),
          std::string("caf\xc3\xa9"), std::string("a\0b", 3), std::string("a\n")}) {
        assert_false(pki::cmp::valid_label(label));
        assert_text(routed("/p/" + label + "/getcrls"), "none");
    }
}

void other_paths(void**) {
    for (const char* path :
         {"/p", "/p/", "/p//getcrls", "/lab", "/lab/getcrls", "/getcrls/getcrls", "/GetCrls",
          "/p/a/b/getcrls", "/p/a/b", "/p/a//getcrls", "/getcrls/p/a", "/pp/a", "/unknown",
          "/p/a/unknown"})
        assert_text(routed(path), "none");
}

// What a path is named after, and what follows in its transaction.
void messages(void**) {
    const std::pair<Operation, BodyType> kOwn[] = {
        {Operation::initialization, BodyType::ir},
        {Operation::certification, BodyType::cr},
        {Operation::keyupdate, BodyType::kur},
        {Operation::pkcs10, BodyType::p10cr},
        {Operation::revocation, BodyType::rr},
        {Operation::getcacerts, BodyType::genm},
        {Operation::getrootupdate, BodyType::genm},
        {Operation::getcertreqtemplate, BodyType::genm},
        {Operation::getcrls, BodyType::genm},
        {Operation::nested, BodyType::nested}};
    for (const auto& [operation, own] : kOwn) {
        for (unsigned type = 0; type <= pki::cmp::kLastBodyType; type++) {
            const auto body = static_cast<BodyType>(type);
            const bool follows = body == BodyType::cert_conf || body == BodyType::poll_req ||
                                 body == BodyType::error;
            assert_true(pki::cmp::takes(operation, body) == (body == own || follows));
        }
    }
}

void information(void**) {
    const std::pair<Operation, std::string_view> kInfos[] = {
        {Operation::getcacerts, "2b06010505070411"},
        {Operation::getrootupdate, "2b06010505070414"},
        {Operation::getcertreqtemplate, "2b06010505070413"},
        {Operation::getcrls, "2b06010505070416"},
        {Operation::keyupdate, ""},
        {Operation::nested, ""}};
    for (const auto& [operation, info] : kInfos)
        assert_text(pki::hex_encode(pki::cmp::required_info(operation)), std::string(info));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(operations), cmocka_unit_test(no_operation),
        cmocka_unit_test(labels),     cmocka_unit_test(other_paths),
        cmocka_unit_test(messages),   cmocka_unit_test(information),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
