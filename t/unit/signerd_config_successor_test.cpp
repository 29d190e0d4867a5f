// "successor" of a CA in signerd.json, and the certificates between two roots.
#include "signerd/successor.h"
#include "t/unit/config_refusals.h"

namespace {

using unit::make_ca;
using unit::make_ca_with;
using unit::TestCa;

const unit::ConfigFolder* folder;

constexpr std::int64_t kFrom = 1'798'761'600;  // 2027-01-01

// What a rollover has beside the good configuration: a new root of the old one's name, an
// issuing CA below it, and the roots' certificates for each other.
struct Rollover {
    TestCa root = make_ca({.name = "CN=Test Root, O=Example"});
    TestCa issuing = make_ca({.name = "CN=Test Issuing G2, O=Example"}, &root);
    TestCa old_with_new = certify(folder->root, root);
    TestCa new_with_old = certify(root, folder->root);

    static TestCa certify(const TestCa& subject, const TestCa& issuer,
                          unit::TestCaSpec spec = {.name = "CN=Test Root, O=Example"}) {
        EVP_PKEY_up_ref(subject.key.get());
        return make_ca_with(pki::ossl::PkeyPtr(subject.key.get()), spec, &issuer);
    }
};

void write_ca(const std::string& name, const TestCa& issuing, const std::string& above) {
    folder->write("ca/" + name + ".pem", issuing.pem() + above);
    folder->write("ca/" + name + ".key", issuing.key_pem());
    chmod(folder->file("ca/" + name + ".key").c_str(), 0600);
}

std::string entry(const std::string& name, const std::string& successor = "",
                  const std::string& tenant = "demo") {
    const std::string file = name == "issuing" ? "issuing-chain" : name;
    return "\"" + name + "\": { \"tenant\": \"" + tenant + "\", \"certificate\": \"ca/" + file +
           ".pem\", \"key\": \"ca/" + name + ".key\"" +
           (successor.empty() ? "" : ", \"successor\": " + successor) + " }";
}

unit::LoadResult load_cas(const std::string& entries) {
    return folder->load_with("cas", ("{" + entries + "}").c_str());
}

// "issuing" with this successor, beside "next".
unit::LoadResult load_successor(const std::string& successor) {
    return load_cas(entry("issuing", successor) + "," + entry("next"));
}

unit::LoadResult load_cross(const std::string& pem) {
    folder->write("ca/cross.pem", pem);
    return load_successor(R"({ "ca": "next", "cross": "ca/cross.pem" })");
}

void check_refused(const unit::LoadResult& result, const std::string& expected) {
    const std::string actual = unit::refusal(result);
    if (actual.starts_with(expected)) return;
    print_error("\"%s\" where \"%s\" was expected\n", actual.c_str(), expected.c_str());
    fail();
}

void check_cross_refused(const std::string& pem, const std::string& expected) {
    check_refused(load_cross(pem), "cas.issuing.successor.cross: " + expected);
}

void announced(void**) {
    const auto config = load_successor(R"({ "ca": "next" })");
    assert_ok(config);
    const auto& successor = (*config)->cas.at("issuing").successor;
    assert_true(successor.has_value());
    assert_text(successor->ca, "next");
    assert_false(successor->from.has_value());
    assert_true(successor->cross.empty());
    assert_false((*config)->cas.at("next").successor.has_value());
}

void with_a_date(void**) {
    const auto dated = load_successor(R"({ "ca": "next", "from": "2027-01-01T00:00:00Z" })");
    assert_ok(dated);
    assert_true((*dated)->cas.at("issuing").successor->from == kFrom);
    const auto now = load_successor(R"({ "ca": "next", "from": "now" })");
    assert_ok(now);
    assert_true((*now)->cas.at("issuing").successor->from == signerd::kFromNow);
}

void bad_dates(void**) {
    const std::string form = "cas.issuing.successor.from: not a time as 2026-11-20T17:00:00Z";
    for (const char* from : {"\"2027-01-01\"", "\"tomorrow\"", "\"2027-02-29T00:00:00Z\"",
                             "\"Now\"", "\"2027-01-01T00:00:00+01:00\""})
        check_refused(load_successor(std::string(R"({ "ca": "next", "from": )") + from + "}"),
                      form);
    check_refused(load_successor(R"({ "ca": "next", "from": 1798761600 })"),
                  "cas.issuing.successor.from: not a string");
    // kTestNotAfter and a second more.
    assert_ok(load_successor(R"({ "ca": "next", "from": "2033-05-18T03:33:20Z" })"));
    check_refused(load_successor(R"({ "ca": "next", "from": "2033-05-18T03:33:21Z" })"),
                  "cas.issuing.successor.from: after the end of the certificate of \"next\", "
                  "2033-05-18T03:33:20Z");
}

void who_may_succeed(void**) {
    const std::string key = "cas.issuing.successor.ca: ";
    check_refused(load_successor("{}"), key + "missing");
    check_refused(load_successor(R"({ "ca": "absent" })"), key + "no CA \"absent\"");
    check_refused(load_successor(R"({ "ca": "issuing" })"), key + "this CA itself");
    check_refused(
        load_cas(entry("issuing", R"({ "ca": "next" })") + "," + entry("next", "", "other")),
        key + "of another tenant, \"other\"");
    check_refused(load_successor(R"({ "ca": "next", "form": "now" })"),
                  "cas.issuing.successor.form: unknown key (did you mean \"from\"?)");
    check_refused(load_successor("\"next\""), "cas.issuing.successor: not an object");
}

void circles(void**) {
    check_refused(load_cas(entry("issuing", R"({ "ca": "next" })") + "," +
                           entry("next", R"({ "ca": "issuing" })")),
                  "cas.issuing.successor.ca: the successors form a circle");
    // One that leads into a circle and is no part of it.
    check_refused(load_cas(entry("issuing", R"({ "ca": "next" })") + "," +
                           entry("next", R"({ "ca": "third" })") + "," +
                           entry("third", R"({ "ca": "next" })")),
                  "cas.issuing.successor.ca: the successors form a circle");
    assert_ok(load_cas(entry("issuing", R"({ "ca": "next" })") + "," +
                       entry("next", R"({ "ca": "third" })") + "," + entry("third")));
    assert_ok(load_cas(entry("issuing", R"({ "ca": "next" })") + "," +
                       entry("third", R"({ "ca": "next" })") + "," + entry("next")));
}

void cross_certificates(void**) {
    const Rollover made;
    write_ca("next", made.issuing, made.root.pem());
    for (const std::string& pem : {made.old_with_new.pem() + made.new_with_old.pem(),
                                   made.new_with_old.pem() + made.old_with_new.pem()}) {
        const auto config = load_cross(pem);
        assert_ok(config);
        const auto& cross = (*config)->cas.at("issuing").successor->cross;
        assert_int_equal(cross.size(), 2);
        assert_true(cross[0] == made.old_with_new.certificate);
        assert_true(cross[1] == made.new_with_old.certificate);
    }
    const auto one = load_cross(made.new_with_old.pem());
    assert_ok(one);
    assert_int_equal((*one)->cas.at("issuing").successor->cross.size(), 1);
}

void other_certificates_are_no_cross(void**) {
    const Rollover made;
    write_ca("next", made.issuing, made.root.pem());
    const std::string path = folder->file("ca/cross.pem") + ": ";
    const std::string neither = "not one root's key, signed by the other's: ";
    check_cross_refused(made.root.pem(), neither + "O=Example,CN=Test Root");
    check_cross_refused(folder->root.pem(), neither);
    check_cross_refused(made.issuing.pem(), neither);
    const TestCa stranger = make_ca({.name = "CN=Test Root, O=Example"});
    check_cross_refused(stranger.pem(), neither);
    check_cross_refused(Rollover::certify(stranger, folder->root).pem(), neither);
    check_cross_refused(Rollover::certify(made.root, stranger).pem(), neither);
    check_cross_refused(
        Rollover::certify(made.root, folder->root, {.name = "CN=Other Root"}).pem(), neither);
    // The right names and key under a signature of the key itself.
    TestCa renamed = make_ca({.name = "CN=Other"});
    renamed.name = folder->root.name;
    check_cross_refused(Rollover::certify(made.root, renamed).pem(), neither);
    check_cross_refused(made.new_with_old.pem() + made.new_with_old.pem(),
                        "two in the same direction: O=Example,CN=Test Root");
    check_cross_refused(
        made.old_with_new.pem() + made.new_with_old.pem() + made.new_with_old.pem(),
        path + "more than two");
    check_cross_refused("", path);
    check_refused(load_successor(R"({ "ca": "next", "cross": "ca/absent.pem" })"),
                  "cas.issuing.successor.cross: " + folder->file("ca/absent.pem") +
                      ": cannot be read: No such file");
}

// Who trusts one root has to be able to get to an issuing CA through it.
void cross_certificates_that_lead_nowhere(void**) {
    const Rollover made;
    write_ca("next", made.issuing, made.root.pem());
    const std::string name = "CN=Test Root, O=Example";
    const auto with = [&](const unit::TestCaSpec& spec) {
        return Rollover::certify(made.root, folder->root, spec).pem();
    };
    check_cross_refused(with({.name = name, .ca = false}), "not a CA certificate");
    check_cross_refused(with({.name = name, .path_length = 0}),
                        "its path length allows no CA this far below");
    assert_ok(load_cross(with({.name = name, .path_length = 1})));
    check_cross_refused(with({.name = name, .key_usage = pki::x509::kCrlSign}),
                        "its key usage lacks keyCertSign");
}

void one_root_needs_no_cross(void**) {
    const TestCa issuing = make_ca({.name = "CN=Test Issuing G2, O=Example"}, &folder->root);
    write_ca("next", issuing, folder->root.pem());
    assert_ok(load_successor(R"({ "ca": "next" })"));
    check_cross_refused(folder->root.pem(), "both chains end in the same certificate");
    const Rollover made;
    write_ca("next", made.issuing, made.root.pem());
}

// CAs that are their own roots.
void self_signed_cas(void**) {
    const TestCa before = make_ca({.name = "CN=One"}), after = make_ca({.name = "CN=Two"});
    write_ca("before", before, "");
    write_ca("after", after, "");
    folder->write("ca/cross.pem",
                  Rollover::certify(before, after, {.name = "CN=One"}).pem() +
                      Rollover::certify(after, before, {.name = "CN=Two"}).pem());
    assert_ok(load_cas(entry("issuing") + "," +
                       entry("before", R"({ "ca": "after", "cross": "ca/cross.pem" })") + "," +
                       entry("after")));
}

// Seven CAs, three certificates each.
void too_many_certificates(void**) {
    std::string entries = entry("issuing", R"({ "ca": "ca1" })");
    for (int i = 1; i <= 6; i++) {
        const std::string name = "ca" + std::to_string(i);
        const TestCa top = make_ca({.name = "CN=Top"}),
                     middle = make_ca({.name = "CN=M"}, &top);
        write_ca(name, make_ca({.name = "CN=" + name}, &middle), middle.pem() + top.pem());
        const std::string next = "{ \"ca\": \"ca" + std::to_string(i + 1) + "\" }";
        if (i == 4) assert_ok(load_cas(entries + "," + entry(name)));  // 2 + 12
        entries += "," + entry(name, i < 6 ? next : "");
    }
    check_refused(load_cas(entries),
                  "cas.issuing.successor.ca: the chains and cross certificates are more than "
                  "16 certificates together");
}

// --- what follows from it ---

struct Line {
    std::shared_ptr<const signerd::Config> config;

    explicit Line(const char* first = R"({ "ca": "next", "cross": "ca/cross.pem" })",
                  const char* second = R"({ "ca": "third" })") {
        const auto loaded = load_cas(entry("issuing", first) + "," + entry("next", second) +
                                     "," + entry("third") + "," + entry("other"));
        assert_ok(loaded);
        config = *loaded;
    }
    std::string issuing(const char* name, std::int64_t now) const {
        return signerd::issuing_ca(config->cas.at(name), config->cas, now).name;
    }
    std::vector<pki::Bytes> certificates(const char* name, std::int64_t now) const {
        return signerd::ca_certificates(config->cas.at(name), config->cas, now);
    }
};

void write_line(const Rollover& made) {
    write_ca("next", made.issuing, made.root.pem());
    write_ca("third", make_ca({.name = "CN=Third"}, &made.root), made.root.pem());
    write_ca("other", make_ca({.name = "CN=Other"}), "");
    folder->write("ca/cross.pem", made.new_with_old.pem() + made.old_with_new.pem());
}

void the_clock_decides(void**) {
    write_line({});
    const Line announced;
    assert_text(announced.issuing("issuing", kFrom), "issuing");
    const Line dated(R"({ "ca": "next", "from": "2027-01-01T00:00:00Z" })");
    assert_text(dated.issuing("issuing", kFrom - 1), "issuing");
    assert_text(dated.issuing("issuing", kFrom), "next");
    assert_text(dated.issuing("next", kFrom), "next");
    assert_text(dated.issuing("other", kFrom), "other");
    const Line at_once(R"({ "ca": "next", "from": "now" })");
    assert_text(at_once.issuing("issuing", 1), "next");
    // Each step waits for its own time.
    const Line both(R"({ "ca": "next", "from": "2027-01-01T00:00:00Z" })",
                    R"({ "ca": "third", "from": "2027-01-01T00:00:01Z" })");
    assert_text(both.issuing("issuing", kFrom), "next");
    assert_text(both.issuing("issuing", kFrom + 1), "third");
    const Line second(R"({ "ca": "next", "from": "2027-01-01T00:00:00Z" })",
                      R"({ "ca": "third", "from": "now" })");
    assert_text(second.issuing("issuing", kFrom - 1), "issuing");
    assert_text(second.issuing("issuing", kFrom), "third");
}

void what_clients_are_told(void**) {
    const Rollover made;
    write_line(made);
    const Line line(R"({ "ca": "next", "cross": "ca/cross.pem",
                         "from": "2027-01-01T00:00:00Z" })");
    const auto& cas = line.config->cas;
    const auto is = [](const pki::Bytes& one, const pki::Buffer& expected) {
        assert_true(pki::equal(one, expected));
    };
    const auto before = line.certificates("issuing", kFrom - 1);
    assert_int_equal(before.size(), 7);
    is(before[0], folder->issuing.certificate);
    is(before[1], folder->root.certificate);
    is(before[2], made.issuing.certificate);
    is(before[3], made.root.certificate);
    is(before[4], cas.at("third").chain[0]);
    is(before[5], made.old_with_new.certificate);
    is(before[6], made.new_with_old.certificate);
    const auto after = line.certificates("issuing", kFrom);
    assert_int_equal(after.size(), 7);
    is(after[0], made.issuing.certificate);
    is(after[1], made.root.certificate);
    is(after[2], folder->issuing.certificate);
    is(after[3], folder->root.certificate);
    assert_int_equal(line.certificates("next", kFrom).size(), 3);
    assert_int_equal(line.certificates("other", kFrom).size(), 1);
}

void who_leads_to_whom(void**) {
    write_line({});
    const Line line;
    const auto leads = [&](const char* from, const char* to) {
        return signerd::leads_to(from, to, line.config->cas);
    };
    assert_true(leads("issuing", "issuing"));
    assert_true(leads("issuing", "next"));
    assert_true(leads("issuing", "third"));
    assert_true(leads("next", "third"));
    assert_false(leads("next", "issuing"));
    assert_false(leads("third", "next"));
    assert_false(leads("issuing", "other"));
    assert_false(leads("absent", "issuing"));
}

}  // namespace

int main() {
    const unit::ConfigFolder made;
    folder = &made;
    write_ca("next", make_ca({.name = "CN=Next"}), "");
    write_ca("third", make_ca({.name = "CN=Third"}), "");
    const CMUnitTest tests[] = {
        cmocka_unit_test(announced),
        cmocka_unit_test(with_a_date),
        cmocka_unit_test(bad_dates),
        cmocka_unit_test(who_may_succeed),
        cmocka_unit_test(circles),
        cmocka_unit_test(cross_certificates),
        cmocka_unit_test(other_certificates_are_no_cross),
        cmocka_unit_test(cross_certificates_that_lead_nowhere),
        cmocka_unit_test(one_root_needs_no_cross),
        cmocka_unit_test(self_signed_cas),
        cmocka_unit_test(too_many_certificates),
        cmocka_unit_test(the_clock_decides),
        cmocka_unit_test(what_clients_are_told),
        cmocka_unit_test(who_leads_to_whom),
    };
    const int failed = cmocka_run_group_tests(tests, nullptr, nullptr);
    made.remove();
    return failed;
}
