// The front's side of the key child, with a child that does what a file says: this program
// again, since a key child is the program that starts it.
#include "signerd/keys/signer.h"

#include <signal.h>
#include <unistd.h>

#include <fstream>

#include "signerd/keys/protocol.h"
#include "t/unit/store_fixture.h"

#include "t/unit/unit.h"

namespace {

namespace wire = pki::wire;
using pki::Errc;
using std::chrono::milliseconds;
using std::chrono::seconds;

const pki::ossl::Sha256 kFacts = pki::ossl::sha256(pki::as_bytes("facts"));
const pki::Buffer kTbs{0x30, 0};

// What the child does with a load: what the file holds at that time. It signs with the TBS.
pki::Buffer child_answer(const wire::Frame& frame, const std::string& path) {
    if (const auto sign = wire::decode<signerd::SignRequest>(frame))
        return *wire::encode(signerd::SignReply{sign->tbs}, frame.header.id);
    std::string what;
    std::ifstream(path) >> what;
    while (what == "hang") pause();
    if (what == "good") return *wire::encode(signerd::LoadReply{kFacts}, frame.header.id);
    return *wire::encode(wire::ErrorReply{Errc::malformed, "bad file", 0}, frame.header.id);
}

int run_child(int socket, const std::string& path) {
    signerd::FrameBuffer input;
    while (true) {
        const auto room = input.room();
        const ssize_t size = read(socket, room.data(), room.size());
        if (size <= 0) return 0;
        input.filled(static_cast<std::size_t>(size));
        for (auto bytes = input.next(); bytes && !bytes->empty(); bytes = input.next()) {
            const auto answer = child_answer(*signerd::parse_key_frame(*bytes), path);
            if (write(socket, answer.data(), answer.size()) < 0) return 1;
        }
    }
}

// Runs the loop until something has happened. The longest wait of a signer here is an hour
// where a test is about not waiting; run() gives up long before that.
class Front {
   public:
    explicit Front(const char* what, signerd::ChildSigner::Patience patience)
        : loop(*signerd::EventLoop::create()), signer(*loop, folder.file("what"), patience) {
        child_does(what);
        loop->each_turn([this] {
            signer.flush();
            if (happened_()) loop->stop();
        });
    }

    void child_does(const char* what) { std::ofstream(folder.file("what")) << what; }

    pki::Result<pki::ossl::Sha256> load(std::uint64_t generation) {
        std::optional<pki::Result<pki::ossl::Sha256>> result;
        signer.load(generation, 1, [&](auto facts) { result = std::move(facts); });
        run([&] { return result.has_value(); });
        return *result;
    }
    void start() {
        assert_ok(load(1));
        signer.use(1, 1, kFacts);
    }
    pki::Result<pki::Buffer> sign() {
        std::optional<pki::Result<pki::Buffer>> result;
        signer.sign(1, "issuing", kTbs, [&](auto signature) { result = std::move(signature); });
        run([&] { return result.has_value(); });
        return *result;
    }
    void lose_child() {
        const pid_t before = signer.pid();
        kill(before, SIGKILL);
        run([&] { return signer.pid() != before && signer.pid() != 0; });
    }
    void run(std::function<bool()> happened) {
        bool late = false;
        happened_ = std::move(happened);
        auto running = std::make_shared<bool>(true);
        loop->after(seconds(20), [this, running, &late] {
            if (!*running) return;
            late = true;
            loop->stop();
        });
        if (!happened_()) loop->run();
        *running = false;
        assert_false(late);
    }

    unit::StoreFolder folder;
    std::unique_ptr<signerd::EventLoop> loop;
    signerd::ChildSigner signer;

   private:
    std::function<bool()> happened_ = [] { return false; };
};

constexpr milliseconds kNever = std::chrono::hours(1);
constexpr milliseconds kSoon{100};

void test_sign(void**) {
    Front front("good", {kNever, kNever, kNever, kNever});
    front.start();
    assert_string_equal(front.signer.state(), "ready");
    const auto signature = front.sign();
    assert_ok(signature);
    assert_hex(*signature, pki::hex_encode(kTbs));
    front.folder.remove();
}

void test_hanging_first_load(void**) {
    Front front("hang", {kNever, kSoon, kSoon, kNever});
    assert_error(Errc::unavailable, front.load(1));
    assert_int_equal(front.signer.pid(), 0);
    front.folder.remove();
}

// The reload fails, requests go on with another child, and so do reloads.
void test_hanging_reload(void**) {
    Front front("good", {kNever, kSoon, kSoon, kSoon});
    front.start();
    const pid_t before = front.signer.pid();
    front.child_does("hang");
    assert_error(Errc::unavailable, front.load(2));
    assert_true(front.signer.pid() != before);
    front.child_does("good");
    assert_ok(front.load(3));
    front.signer.use(3, 1, kFacts);
    assert_ok(front.sign());
    front.folder.remove();
}

// A child that reads many keys is not one that hangs.
void test_load_may_outlast_a_request(void**) {
    Front front("good", {kSoon, kNever, kNever, kNever});
    front.start();
    const pid_t before = front.signer.pid();
    front.child_does("hang");
    front.signer.load(2, 1, [](const auto&) {});
    assert_error(Errc::unavailable, front.sign());
    assert_int_equal(front.signer.pid(), before);
    front.folder.remove();
}

void test_request_without_answer(void**) {
    Front front("good", {kSoon, kNever, kNever, kNever});
    front.start();
    const pid_t before = front.signer.pid();
    kill(before, SIGSTOP);
    assert_error(Errc::unavailable, front.sign());
    front.run([&] { return front.signer.pid() != before; });
    front.folder.remove();
}

void test_child_is_replaced(void**) {
    Front front("good", {kNever, kNever, kNever, kNever});
    front.start();
    front.lose_child();
    assert_ok(front.sign());
    front.folder.remove();
}

// Nobody waits for a file to be repaired.
void test_sheds_while_it_cannot_load(void**) {
    Front front("good", {kNever, kNever, kNever, kSoon});
    front.start();
    front.child_does("bad");
    front.lose_child();
    assert_error(Errc::unavailable, front.sign());
    assert_string_equal(front.signer.state(), "unable");
    assert_error(Errc::unavailable, front.sign());

    front.child_does("good");
    front.run([&] { return std::string_view(front.signer.state()) == "ready"; });
    assert_ok(front.sign());
    front.folder.remove();
}

// A reload that fails must not end the attempts to load what is in use.
void test_failed_reload_while_it_cannot_load(void**) {
    Front front("good", {kNever, kNever, kNever, kSoon});
    front.start();
    front.child_does("bad");
    front.lose_child();
    assert_error(Errc::unavailable, front.sign());
    assert_error(Errc::internal, front.load(2));
    front.child_does("good");
    front.run([&] { return std::string_view(front.signer.state()) == "ready"; });
    front.folder.remove();
}

void test_reload_repairs(void**) {
    Front front("good", {kNever, kNever, kNever, kNever});
    front.start();
    front.child_does("bad");
    front.lose_child();
    assert_error(Errc::unavailable, front.sign());
    front.child_does("good");
    assert_ok(front.load(2));
    front.signer.use(2, 1, kFacts);
    assert_ok(front.sign());
    front.folder.remove();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc >= 5 && std::string_view(argv[1]) == "--key-child")
        return run_child(std::stoi(argv[2]), argv[4]);
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_sign),
        cmocka_unit_test(test_hanging_first_load),
        cmocka_unit_test(test_hanging_reload),
        cmocka_unit_test(test_load_may_outlast_a_request),
        cmocka_unit_test(test_request_without_answer),
        cmocka_unit_test(test_child_is_replaced),
        cmocka_unit_test(test_sheds_while_it_cannot_load),
        cmocka_unit_test(test_failed_reload_while_it_cannot_load),
        cmocka_unit_test(test_reload_repairs),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
