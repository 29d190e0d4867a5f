#include "ngx_enroll_module/crl_copy.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "t/unit/unit.h"

namespace {

namespace fs = std::filesystem;
using ngx_enroll::copy_path;
using ngx_enroll::CopyFacts;
using ngx_enroll::CopyWriter;
using ngx_enroll::is_ca_name;
using ngx_enroll::read_facts;

struct Folder {
    std::string path = (fs::temp_directory_path() / "crl-copy-XXXXXX").string();

    Folder() { path = mkdtemp(path.data()); }
    ~Folder() { fs::remove_all(path); }
    std::string file() const { return path + "/ca.crl"; }
    std::size_t files() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(path), fs::directory_iterator()));
    }
};

CopyFacts facts_of(std::string_view list, std::uint64_t number = 7) {
    return {number, 1000, -5, list.size(), pki::ossl::sha256(pki::as_bytes(list))};
}

void write_copy(const std::string& path, std::string_view list, std::uint64_t number = 7) {
    CopyWriter writer(path, facts_of(list, number));
    assert_ok(writer.open());
    assert_ok(writer.append(pki::as_bytes(list.substr(0, 3))));
    assert_ok(writer.append(pki::as_bytes(list.substr(3))));
    assert_ok(writer.complete());
    assert_ok(writer.publish());
}

void names_of_files_are_distinct_and_safe(void**) {
    assert_text(copy_path("/x", {"issuing", 0, false}), "/x/issuing.crl");
    assert_text(copy_path("/x/", {"issuing", 7, false}), "/x/issuing+7.crl");
    assert_text(copy_path("/x", {"issuing", 0, true}), "/x/issuing+delta.crl");
    assert_text(copy_path("/x", {"issuing", 1024, true}), "/x/issuing+1024+delta.crl");
    assert_true(is_ca_name("Issuing_CA-1.2"));
    assert_true(is_ca_name(std::string(64, 'a')));
    for (const std::string_view bad : {"", "a/b", "a+b", "a b", "\xc3\xa4"})
        assert_false(is_ca_name(bad));
    assert_false(is_ca_name(std::string_view("a\0b", 3)));
    assert_false(is_ca_name(std::string(65, 'a')));
}

void a_copy_says_what_it_is(void**) {
    const Folder folder;
    write_copy(folder.file(), "a list of nobody");
    assert_true(read_facts(folder.file()) == facts_of("a list of nobody"));
    std::ifstream in(folder.file(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    assert_true(text.starts_with("a list of nobody"));
    write_copy(folder.file(), "another list", 8);
    assert_true(read_facts(folder.file()) == facts_of("another list", 8));
    assert_int_equal(folder.files(), 1);
}

void what_was_not_announced_is_not_taken(void**) {
    const Folder folder;
    write_copy(folder.file(), "the list");
    {
        CopyWriter writer(folder.file(), facts_of("the next"));
        assert_ok(writer.open());
        assert_ok(writer.append(pki::as_bytes("the text")));
        assert_error(pki::Errc::malformed, writer.complete());
    }
    {
        CopyWriter writer(folder.file(), facts_of("the next"));
        assert_ok(writer.open());
        assert_ok(writer.append(pki::as_bytes("the ")));
        assert_error(pki::Errc::malformed, writer.append(pki::as_bytes("next one")));
    }
    {
        CopyWriter writer(folder.file(), facts_of("the next"));
        assert_ok(writer.open());
        assert_ok(writer.append(pki::as_bytes("the ")));
        assert_error(pki::Errc::malformed, writer.complete());
    }
    assert_true(read_facts(folder.file()) == facts_of("the list"));
    assert_int_equal(folder.files(), 1);
}

void files_that_are_no_copy_have_no_facts(void**) {
    const Folder folder;
    assert_false(read_facts(folder.file()).has_value());
    std::ofstream(folder.file()) << "short";
    assert_false(read_facts(folder.file()).has_value());
    std::ofstream(folder.file()) << std::string(1000, 'x');
    assert_false(read_facts(folder.file()).has_value());
    write_copy(folder.file(), "a list of nobody");
    for (fs::path path = folder.file(); const int change : {-1, 1}) {
        fs::resize_file(path, fs::file_size(path) + change);
        assert_false(read_facts(folder.file()).has_value());
        write_copy(folder.file(), "a list of nobody");
    }
    fs::remove(folder.file());
    fs::create_directory(folder.file());
    assert_false(read_facts(folder.file()).has_value());
}

void what_a_killed_writer_left_is_removed(void**) {
    const Folder folder;
    write_copy(folder.file(), "the list");
    const std::string own = folder.file() + "." + std::to_string(getpid()) + ".tmp";
    const std::string dead = folder.file() + ".4194305.tmp";  // beyond the largest number
    for (const std::string& file : {own, dead, folder.path + "/note.tmp"})
        std::ofstream(file) << "x";
    ngx_enroll::remove_leftovers(folder.path);
    assert_false(fs::exists(dead));
    assert_true(fs::exists(own));
    assert_true(fs::exists(folder.path + "/note.tmp"));
    assert_true(read_facts(folder.file()).has_value());
    ngx_enroll::remove_leftovers(folder.path + "/absent");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(names_of_files_are_distinct_and_safe),
        cmocka_unit_test(a_copy_says_what_it_is),
        cmocka_unit_test(what_was_not_announced_is_not_taken),
        cmocka_unit_test(files_that_are_no_copy_have_no_facts),
        cmocka_unit_test(what_a_killed_writer_left_is_removed),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
