// Who else may write to the files that signerd lives from: nobody. And what each of the three
// ways to read signerd.json looks at.
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "t/unit/config_refusals.h"

namespace {

using unit::refusal;

constexpr uid_t kSomebody = 65534;

const unit::ConfigFolder* folder;

struct Place {
    const char* name;  // in the folder; "" is the folder itself
    const char* key;   // of the error; "" where the error names the file alone
    mode_t good;
};

// In the order in which they are looked at.
constexpr Place kPlaces[] = {
    {"signerd.json", "", 0600},        {"", "", 0700},
    {"state/store.db", "store", 0600}, {"state", "store", 0700},
    {"ca", "cas.issuing.key", 0700},   {"run", "listen[0].path", 0700}};

std::string path_of(const Place& place) {
    std::string path = folder->file(place.name);
    if (path.ends_with('/')) path.pop_back();
    return path;
}

unit::LoadResult load() { return signerd::load_config(folder->file("signerd.json")); }

std::string message(const unit::LoadResult& result) {
    return result ? "(accepted)" : result.error().message();
}

void make_places() {
    for (const char* name : {"state", "run"}) mkdir(folder->file(name).c_str(), 0700);
    folder->write("state/store.db", "");
    for (const Place& place : kPlaces) chmod(path_of(place).c_str(), place.good);
}

void no_one_else_may_write(void**) {
    for (const Place& place : kPlaces) {
        const std::string path = path_of(place);
        const std::string key = *place.key == '\0' ? "" : std::string(place.key) + ": ";
        for (const mode_t bad : {0020, 0002}) {
            chmod(path.c_str(), place.good | bad);
            const std::string actual = message(load());
            chmod(path.c_str(), place.good);
            assert_non_null(
                std::strstr(actual.c_str(),
                            (key + "writable by group or others: chmod go-w " + path).c_str()));
        }
        assert_ok(load());
    }
}

void all_may_read(void**) {
    for (const Place& place : kPlaces) {
        chmod(path_of(place).c_str(), place.good | 0055);
        assert_ok(load());
        chmod(path_of(place).c_str(), place.good);
    }
}

// As /tmp is: a name in it belongs to whoever took it first. The store has more than one name.
void sticky_folders(void**) {
    for (const Place& place : kPlaces) {
        if (place.good != 0700) continue;
        chmod(path_of(place).c_str(), 01777);
        const bool accepted = load().has_value();
        chmod(path_of(place).c_str(), place.good);
        assert_int_equal(accepted, std::string_view(place.key) != "store");
    }
}

void no_one_else_may_own(void**) {
    if (geteuid() != 0) skip();
    for (const Place& place : kPlaces) {
        const std::string path = path_of(place);
        assert_int_equal(chown(path.c_str(), kSomebody, 0), 0);
        const std::string actual = message(load());
        assert_int_equal(chown(path.c_str(), 0, 0), 0);
        assert_non_null(std::strstr(
            actual.c_str(),
            ("belongs to a user who is neither root nor this one: chown " + path).c_str()));
    }
}

void absent_places(void**) {
    assert_ok(folder->load_with("store", "\"absent/store.db\""));
    assert_ok(folder->load_with("listen[0].path", "\"absent/signerd.sock\""));
}

void keys_alone(void**) {
    const std::string file = folder->file("signerd.json");
    assert_false(folder->load_with("listen[0].peers[0].user", "\"no-such-user\"").has_value());
    chmod(folder->file("state").c_str(), 0777);
    const auto config = signerd::load_key_config(file);
    chmod(folder->file("state").c_str(), 0700);
    assert_ok(config);
    assert_int_equal((*config)->cas.size(), 1);
    assert_int_equal((*config)->profiles.size(), 1);
    assert_true((*config)->listen.empty());
    assert_false(folder->load_with("limts", "1").has_value());
    assert_text(refusal(signerd::load_key_config(file)),
                "limts: unknown key (did you mean \"limits\"?)");
}

void confinement_alone(void**) {
    const std::string file = folder->file("signerd.json");
    folder->write("signerd.json", R"({"user": "a", "group": "b", "sandbox": false, "cas": 7})");
    const auto confinement = signerd::load_confinement(file);
    assert_ok(confinement);
    assert_text(confinement->user, "a");
    assert_text(confinement->group, "b");
    assert_false(confinement->sandbox);
    chmod(file.c_str(), 0602);
    const auto refused = signerd::load_confinement(file);
    chmod(file.c_str(), 0600);
    assert_error(pki::Errc::denied, refused);
    folder->write("signerd.json", R"({"usr": "a"})");
    assert_error(pki::Errc::malformed, signerd::load_confinement(file));
}

std::string with_places() {
    const signerd::JsonPtr config(json_loads(unit::kGoodConfig, 0, nullptr));
    json_object_set_new(config.get(), "store", json_string("state/store.db"));
    json_t* const socket = json_array_get(json_object_get(config.get(), "listen"), 0);
    json_object_set_new(socket, "path", json_string("run/signerd.sock"));
    return unit::json_text(config.get());
}

int setup(void**) {
    folder->write("signerd.json", with_places());
    return 0;
}

}  // namespace

int main() {
    const unit::ConfigFolder made;
    folder = &made;
    make_places();
    const CMUnitTest tests[] = {
        cmocka_unit_test_setup(no_one_else_may_write, setup),
        cmocka_unit_test_setup(all_may_read, setup),
        cmocka_unit_test_setup(sticky_folders, setup),
        cmocka_unit_test_setup(no_one_else_may_own, setup),
        cmocka_unit_test_setup(absent_places, setup),
        cmocka_unit_test_setup(keys_alone, setup),
        cmocka_unit_test_setup(confinement_alone, setup),
    };
    const int failed = cmocka_run_group_tests(tests, nullptr, nullptr);
    made.remove();
    return failed;
}
