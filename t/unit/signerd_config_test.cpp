// signerd.json: a good file is understood, and each thing that can be wrong is refused with
// the path of its key. For CAs and profiles see signerd_config_ca_test.cpp and
// signerd_config_profile_test.cpp.
#include "t/unit/config_refusals.h"

namespace {

using unit::Refusal;
using unit::refusal;

const unit::ConfigFolder* folder;

void good_file_top_level(void**) {
    const auto config = folder->load(unit::kGoodConfig);
    assert_ok(config);
    const signerd::Config& c = **config;
    assert_text(c.path, folder->file("signerd.json"));
    assert_text(c.id, "signerd-1");
    assert_text(c.store, folder->file("store.db"));
    assert_int_equal(c.limits.connections, 10);
    assert_int_equal(c.limits.queue, 20);
    assert_int_equal(c.limits.drain_seconds, 3);
}

void good_file_sockets(void**) {
    const auto config = folder->load(unit::kGoodConfig);
    assert_ok(config);
    const signerd::Listen& first = (*config)->listen.at(0);
    assert_text(first.path, folder->file("signerd.sock"));
    assert_int_equal(first.mode, 0660);
    assert_int_equal(*first.group, 33);
    const signerd::Peer& nginx = first.peers.at(0);
    assert_text(nginx.name, "nginx");
    assert_int_equal(*nginx.user, 0);
    assert_int_equal(*nginx.group, 0);
    assert_true(nginx.role == signerd::Role::frontend);
    assert_false(nginx.all_profiles);
    assert_int_equal(nginx.profiles.size(), 1);
    assert_text(nginx.profiles[0], "device");
    assert_false(nginx.verify_possession);

    const signerd::Listen& second = (*config)->listen.at(1);
    assert_int_equal(second.mode, 0600);
    assert_false(second.group.has_value());
    assert_true(second.peers.at(0).role == signerd::Role::admin);
    assert_false(second.peers.at(0).group.has_value());
    assert_true(second.peers.at(1).role == signerd::Role::reader);
    assert_int_equal(*second.peers.at(1).group, 12345);
}

void defaults(void**) {
    const auto config = folder->load(R"({
        "id": "a", "store": "sqlite:/var/lib/s.db",
        "listen": [ { "path": "unix:s.sock", "peers": [
            { "name": "n", "user": 0, "role": "frontend", "profiles": "*" } ] } ],
        "cas": { "i": { "tenant": "t", "certificate": "ca/issuing-chain.pem",
                        "key": "ca/issuing.key" } },
        "profiles": { "p": { "ca": "i", "keys": ["ed25519"], "subject": { "cn": {} },
                             "validity": "1d" } } })");
    assert_ok(config);
    const signerd::Config& c = **config;
    assert_text(c.store, "/var/lib/s.db");
    assert_text(c.listen[0].path, folder->file("s.sock"));
    assert_int_equal(c.listen[0].mode, 0660);
    assert_true(c.listen[0].peers[0].all_profiles);
    assert_true(c.listen[0].peers[0].verify_possession);
    assert_int_equal(c.limits.connections, 1024);
    assert_int_equal(c.limits.queue, 4096);
    assert_int_equal(c.limits.drain_seconds, 10);
    assert_true(c.confinement == signerd::Confinement{});
    assert_true(c.confinement.sandbox);
    const signerd::Profile& profile = c.profiles.at("p");
    assert_int_equal(profile.idempotency_window, 3600);
    assert_false(profile.approval.manual);
    assert_int_equal(profile.approval.lifetime, 7 * 86400);
    assert_int_equal(profile.approval.retry, 60);
    assert_int_equal(profile.approval.limit, 1000);
    assert_int_equal(profile.rules.key_usage, pki::x509::kDigitalSignature);
    assert_true(profile.rules.extended_key_usage.empty());
    assert_int_equal(profile.rules.backdate_seconds, 300);
    assert_false(profile.rules.empty_subject);
    assert_false(profile.rules.san_required);
    assert_false(profile.rules.ignore_requested_usages);
    assert_false(profile.rules.must_staple);
}

void missing_keys(void**) {
    for (const char* path :
         {"id", "store", "listen", "cas", "profiles", "listen[0].path", "listen[0].peers",
          "listen[0].peers[0].name", "listen[0].peers[0].role", "cas.issuing.tenant",
          "cas.issuing.certificate", "cas.issuing.key", "profiles.device.ca",
          "profiles.device.keys", "profiles.device.validity"})
        unit::check_refusal(*folder, path, nullptr, std::string(path) + ": missing");
}

void optional_keys(void**) {
    for (const char* path :
         {"limits", "limits.queue", "limits.connections", "limits.drain", "listen[0].mode",
          "listen[0].group", "listen[0].peers[0].verify_possession", "cas.issuing.crl_urls",
          "cas.issuing.ocsp_urls", "cas.issuing.ca_issuers_urls", "profiles.device.subject",
          "profiles.device.empty_subject", "profiles.device.key_usage",
          "profiles.device.extended_key_usage", "profiles.device.required_attributes",
          "profiles.device.requested_usages", "profiles.device.backdate",
          "profiles.device.must_staple", "profiles.device.idempotency_window",
          "profiles.device.approval", "profiles.device.approval_lifetime",
          "profiles.device.approval_retry", "profiles.device.approval_limit"})
        assert_ok(folder->load_with(path, nullptr));
}

void top_level(void**) {
    unit::check_refusals(
        *folder,
        (const Refusal[]){
            {"id", "\"\"", "id: empty"},
            {"id", "\"a b\"", "id: not a name"},
            {"id", "\"a:b\"", "id: not a name"},
            {"id", "7", "id: not a string"},
            {"id", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
             "id: not a name: 1 to 64"},
            {"store", "\"postgresql://db/signerd\"",
             "store: scheme \"postgresql\" is not supported, only \"sqlite\""},
            {"store", "\"sqlite:\"", "store: no path"},
            {"user", "7", "user: not a string"},
            {"user", "\"\"", "user: empty"},
            {"group", "\"nogroup\"", "group: only with user"},
            {"sandbox", "\"no\"", "sandbox: not true or false"},
            {"limits.connections", "0", "limits.connections: out of range: from 1 to 65536"},
            {"limits.connections", "65537", "limits.connections: out of range"},
            {"limits.queue", "1.5", "limits.queue: not a whole number"},
            {"limits.queue", "\"20\"", "limits.queue: not a whole number"},
            {"limits.drain", "10", "limits.drain: not a string"},
            {"limits.drain", "\"2h\"", "limits.drain: out of range: from 0s to 1h"},
            {"limits", "[]", "limits: not an object"},
            {"cas", "{}", "cas: no CA"},
            {"profiles", "{}", "profiles: no profile"},
            {"listen", "[]", "listen: an empty list"},
        });
}

void unknown_keys(void**) {
    unit::check_refusals(
        *folder,
        (const Refusal[]){
            {"stroe", "1", "stroe: unknown key (did you mean \"store\"?)"},
            {"comment", "1", "comment: unknown key"},
            {"limits.quue", "1", "limits.quue: unknown key (did you mean \"queue\"?)"},
            {"listen[1].modes", "1", "listen[1].modes: unknown key (did you mean \"mode\"?)"},
            {"listen[1].peers[1].usr", "1",
             "listen[1].peers[1].usr: unknown key (did you mean \"user\"?)"},
            {"cas.issuing.pin", "1", "cas.issuing.pin: unknown key"},
            {"profiles.device.validty", "1",
             "profiles.device.validty: unknown key (did you mean \"validity\"?)"},
            {"profiles.device.subject.CN.pattern", "1",
             "profiles.device.subject.CN.pattern: unknown key (did you mean \"patterns\"?)"},
            {"profiles.device.san.upn", "1", "profiles.device.san.upn: unknown key"},
        });
}

void sockets(void**) {
    const std::string long_path = "\"/" + std::string(107, 'a') + "\"";
    unit::check_refusal(*folder, "listen[0].path", long_path.c_str(),
                        "listen[0].path: longer than a Unix socket's path may be (107 bytes)");
    unit::check_refusals(
        *folder,
        (const Refusal[]){
            {"listen[0].path", "\"tcp:0.0.0.0:8555\"", "listen[0].path: scheme \"tcp\""},
            {"listen[1].path", "\"./x/../signerd.sock\"", "listen[1]: a second socket"},
            {"listen[0].mode", "\"660\"", "listen[0].mode: not a mode"},
            {"listen[0].mode", "\"0668\"", "listen[0].mode: not a mode"},
            {"listen[0].mode", "\"4660\"", "listen[0].mode: not a mode"},
            {"listen[0].mode", "660", "listen[0].mode: not a string"},
            {"listen[0].group", "\"no-such-group\"",
             "listen[0].group: no group \"no-such-group\" on this system"},
            {"listen[0].group", "-1", "listen[0].group: out of range"},
            {"listen[0].group", "4294967295", "listen[0].group: out of range"},
            {"listen[0].peers", "[]", "listen[0].peers: an empty list"},
            {"listen[0]", "{\"path\": \"a.sock\"}", "listen[0].peers: missing"},
        });
}

void peers(void**) {
    unit::check_refusals(
        *folder,
        (const Refusal[]){
            {"listen[0].peers[0].name", "\"\"", "listen[0].peers[0].name: empty"},
            {"listen[0].peers[0].user", "\"no-such-user\"",
             "listen[0].peers[0].user: no user \"no-such-user\" on this system"},
            {"listen[0].peers[0].user", "true", "listen[0].peers[0].user: not a string"},
            {"listen[1].peers[0].user", nullptr, "listen[1].peers[0]: neither user nor group"},
            {"listen[0].peers[0].role", "\"root\"",
             "listen[0].peers[0].role: \"root\" is none of frontend, reader, admin"},
            {"listen[0].peers[0].profiles", nullptr, "listen[0].peers[0].profiles: missing"},
            {"listen[0].peers[0].profiles", "[]", "listen[0].peers[0].profiles: an empty list"},
            {"listen[0].peers[0].profiles", "\"device\"",
             "listen[0].peers[0].profiles: neither a list of profiles nor \"*\""},
            {"listen[0].peers[0].profiles", "[\"*\"]",
             "listen[0].peers[0].profiles[0]: no profile \"*\""},
            {"listen[0].peers[0].profiles[1]", "\"devices\"",
             "listen[0].peers[0].profiles[1]: no profile \"devices\""},
            {"listen[0].peers[0].profiles[1]", "\"device\"",
             "listen[0].peers[0].profiles[1]: the same as listen[0].peers[0].profiles[0]"},
            {"listen[0].peers[0].verify_possession", "1",
             "listen[0].peers[0].verify_possession: not true or false"},
            {"listen[1].peers[0].profiles", "[\"device\"]",
             "listen[1].peers[0].profiles: only for a frontend"},
            {"listen[1].peers[1].verify_possession", "true",
             "listen[1].peers[1].verify_possession: only for a frontend"},
            {"listen[1].peers[1].name", "\"operator\"",
             "listen[1].peers[1]: a second peer \"operator\""},
            {"listen[1].peers[1]",
             "{\"name\": \"b\", \"user\": 0, \"group\": 9, \"role\": \"reader\"}",
             "listen[1].peers[1]: never matches, \"operator\" comes first"},
        });
}

void peers_of_one_user_by_group(void**) {
    assert_ok(folder->load_with("listen[1].peers",
                                R"([{"name": "a", "user": 0, "group": 1, "role": "admin"},
            {"name": "b", "user": 0, "group": 2, "role": "reader"},
            {"name": "c", "user": 0, "role": "reader"}])"));
}

void urls(void**) {
    const std::string long_url = "[\"http://" + std::string(506, 'a') + "\"]";
    unit::check_refusal(*folder, "cas.issuing.crl_urls", long_url.c_str(),
                        "cas.issuing.crl_urls[0]: longer than 512 bytes");
    unit::check_refusals(
        *folder,
        (const Refusal[]){
            {"cas.issuing.crl_urls[0]", "\"ftp://a/b\"",
             "cas.issuing.crl_urls[0]: not an http, https or ldap URL"},
            {"cas.issuing.crl_urls[0]", "\"http://\"", "cas.issuing.crl_urls[0]: not an http"},
            {"cas.issuing.crl_urls[0]", "\"http://a b\"",
             "cas.issuing.crl_urls[0]: not printable ASCII without spaces"},
            {"cas.issuing.ca_issuers_urls[0]", "\"http://b\\u00fccher.example\"",
             "cas.issuing.ca_issuers_urls[0]: not printable ASCII"},
            {"cas.issuing.ocsp_urls[0]", "\"ldap://a/b\"",
             "cas.issuing.ocsp_urls[0]: not an http or https URL"},
        });
}

void syntax(void**) {
    const std::string file = folder->file("signerd.json");
    assert_text(refusal(folder->load("{\n  \"id\": \"a\",\n}\n")),
                file + ":3:1: string or '}' expected near '}'");
    assert_text(refusal(folder->load("{ \"id\": \"a\", \"id\": \"b\" }")),
                file + ":1:17: duplicate object key near '\"id\"'");
    assert_text(refusal(folder->load("[]")), "top level: not an object");
    assert_text(refusal(folder->load("{} {}")), file + ":1:4: end of file expected near '{'");
    assert_text(refusal(folder->load("{ \"a\\\"\\u0007\": 1 }")),
                "[\"a\\x22\\x07\"]: unknown key");
}

void unreadable_files(void**) {
    assert_error(pki::Errc::not_found, signerd::load_config(folder->file("absent.json")));
    const auto directory = signerd::load_config(folder->file("ca"));
    assert_error(pki::Errc::not_found, directory);
    assert_text(directory.error().text, "not a regular file");
    mkfifo(folder->file("fifo.json").c_str(), 0600);
    assert_error(pki::Errc::not_found, signerd::load_config(folder->file("fifo.json")));
}

}  // namespace

int main() {
    const unit::ConfigFolder made;
    folder = &made;
    const CMUnitTest tests[] = {
        cmocka_unit_test(good_file_top_level),
        cmocka_unit_test(good_file_sockets),
        cmocka_unit_test(defaults),
        cmocka_unit_test(missing_keys),
        cmocka_unit_test(optional_keys),
        cmocka_unit_test(top_level),
        cmocka_unit_test(unknown_keys),
        cmocka_unit_test(sockets),
        cmocka_unit_test(peers),
        cmocka_unit_test(peers_of_one_user_by_group),
        cmocka_unit_test(urls),
        cmocka_unit_test(syntax),
        cmocka_unit_test(unreadable_files),
    };
    const int failed = cmocka_run_group_tests(tests, nullptr, nullptr);
    made.remove();
    return failed;
}
