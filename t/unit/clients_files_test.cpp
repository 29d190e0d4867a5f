#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "clients/common/files.h"
#include "t/unit/unit.h"

namespace {

using clients::Existing;

constexpr std::size_t kMost = 1000;

char folder[] = "/tmp/clients-files-XXXXXX";

int make_test_folder(void**) {
    umask(022);
    return mkdtemp(folder) ? 0 : -1;
}
int remove_test_folder(void**) {
    return rmdir(folder);
}

std::string in_folder(const char* name) {
    return std::string(folder) + "/" + name;
}

std::string content(const std::string& path) {
    const auto bytes = clients::read_file(path, kMost);
    return bytes ? std::string(pki::as_text(*bytes)) : "error: " + bytes.error().message();
}

bool exists(const std::string& path) {
    return access(path.c_str(), F_OK) == 0;
}

mode_t mode_of(const std::string& path) {
    struct stat facts {};
    stat(path.c_str(), &facts);
    return facts.st_mode & 07777;
}

void files_are_written_with_their_modes(void**) {
    const std::string one = in_folder("one"), two = in_folder("two");
    assert_ok(clients::write_files(
        {{one, pki::as_bytes("secret"), 0600}, {two, pki::as_bytes("public"), 0644}},
        Existing::refuse));
    assert_text(content(one), "secret");
    assert_text(content(two), "public");
    assert_int_equal(mode_of(one), 0600);
    assert_int_equal(mode_of(two), 0644);
    const auto secret = clients::read_secret(one, kMost);
    assert_ok(secret);
    assert_text(pki::as_text(secret->view()), "secret");
    unlink(one.c_str());
    unlink(two.c_str());
}

void existing_file_is_refused_and_nothing_is_left_behind(void**) {
    const std::string fresh = in_folder("fresh"), old = in_folder("old");
    assert_ok(clients::write_files({{old, pki::as_bytes("old"), 0600}}, Existing::refuse));
    const auto status = clients::write_files(
        {{fresh, pki::as_bytes("new"), 0600}, {old, pki::as_bytes("new"), 0600}},
        Existing::refuse);
    assert_error(pki::Errc::internal, status);
    assert_true(status.error().detail.starts_with(old));
    assert_text(content(old), "old");
    assert_false(exists(fresh));
    unlink(old.c_str());
}

void symbolic_link_is_not_followed(void**) {
    const std::string link = in_folder("link"), target = in_folder("target");
    assert_int_equal(symlink(target.c_str(), link.c_str()), 0);
    assert_error(pki::Errc::internal,
                 clients::write_files({{link, pki::as_bytes("x"), 0600}}, Existing::refuse));
    assert_false(exists(target));
    unlink(link.c_str());
}

void replaced_file_changes_when_it_is_published(void**) {
    const std::string path = in_folder("replaced");
    assert_ok(clients::write_files({{path, pki::as_bytes("old"), 0600}}, Existing::refuse));
    {
        auto file = clients::NewFile::create(path, Existing::replace, 0600);
        assert_ok(file);
        assert_ok(file->write(pki::as_bytes("half")));
        assert_text(content(path), "old");
    }
    assert_text(content(path), "old");
    assert_ok(clients::write_files({{path, pki::as_bytes("new"), 0600}}, Existing::replace));
    assert_text(content(path), "new");
    unlink(path.c_str());
}

void only_regular_files_within_the_bound_are_read(void**) {
    const std::string path = in_folder("bound");
    assert_ok(clients::write_files({{path, pki::as_bytes("1234"), 0600}}, Existing::refuse));
    assert_ok(clients::read_file(path, 4));
    assert_error(pki::Errc::malformed, clients::read_file(path, 3));
    assert_error(pki::Errc::malformed, clients::read_file(folder, kMost));
    assert_error(pki::Errc::internal, clients::read_file(in_folder("none"), kMost));
    unlink(path.c_str());
}

void folder_is_made_for_its_owner_alone(void**) {
    const std::string path = in_folder("new");
    assert_ok(clients::make_folder(path));
    assert_int_equal(mode_of(path), 0700);
    assert_ok(clients::make_folder(path));
    assert_error(pki::Errc::internal, clients::make_folder(in_folder("no/such")));
    rmdir(path.c_str());
    assert_ok(clients::write_files({{path, pki::as_bytes("x"), 0600}}, Existing::refuse));
    assert_error(pki::Errc::malformed, clients::make_folder(path));
    unlink(path.c_str());
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(files_are_written_with_their_modes),
        cmocka_unit_test(existing_file_is_refused_and_nothing_is_left_behind),
        cmocka_unit_test(symbolic_link_is_not_followed),
        cmocka_unit_test(replaced_file_changes_when_it_is_published),
        cmocka_unit_test(only_regular_files_within_the_bound_are_read),
        cmocka_unit_test(folder_is_made_for_its_owner_alone),
    };
    return cmocka_run_group_tests(tests, make_test_folder, remove_test_folder);
}
