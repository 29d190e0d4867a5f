// The front's side of the outside child, with a keeper and children that this test plays.
#include "signerd/outside/client.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "signerd/keys/protocol.h"
#include "signerd/outside/keeper.h"

#include "t/unit/unit.h"

namespace {

namespace wire = pki::wire;
using pki::Errc;
using signerd::Fd;
using signerd::KeeperMessage;
using signerd::OutsideAnswer;
using signerd::OutsideClient;
using signerd::OutsideQuestion;
using signerd::OutsideVerdict;
using std::chrono::milliseconds;

constexpr milliseconds kNever = std::chrono::hours(1);

signerd::OutsideConfig config(const std::string& url = "https://a.example/") {
    signerd::OutsideConfig config;
    config.rules.hosts = {"a.example"};
    config.challenges["hook"] = signerd::WebhookRules{url, "secret", 0, true};
    return config;
}

struct Received {
    KeeperMessage message;
    Fd fd;
};

// The end of a socket that the client does not have.
class Peer {
   public:
    explicit Peer(int fd) : fd_(fd) {}

    // Waits: the client has sent something.
    Received receive() {
        Received received;
        iovec part{&received.message, sizeof(received.message)};
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof(control);
        assert_int_equal(recvmsg(fd_.get(), &message, 0), sizeof(received.message));
        if (const cmsghdr* header = CMSG_FIRSTHDR(&message)) {
            int fd = -1;
            std::copy_n(CMSG_DATA(header), sizeof(fd), reinterpret_cast<unsigned char*>(&fd));
            received.fd.reset(fd);
        }
        return received;
    }

   private:
    Fd fd_;
};

// A child that does what a test says.
class Child {
   public:
    explicit Child(Fd fd) : fd_(std::move(fd)) {}

    void ready(const signerd::OutsideConfig& read, std::uint64_t pid = 4711) {
        const auto facts = signerd::facts_of(read);
        say(*wire::encode(signerd::OutsideReady{facts, pid}, 0));
    }
    // Of the next question; waits for it.
    std::uint64_t question() {
        while (true) {
            const auto bytes = input_.next();
            assert_ok(bytes);
            if (!bytes->empty()) return signerd::parse_key_frame(*bytes)->header.id;
            const auto room = input_.room();
            const ssize_t size = read(fd_.get(), room.data(), room.size());
            assert_true(size > 0);
            input_.filled(static_cast<std::size_t>(size));
        }
    }
    void answer(std::uint64_t id, OutsideVerdict verdict) {
        say(*wire::encode(OutsideAnswer{verdict, "so"}, id));
    }
    void say(const pki::Buffer& bytes) {
        assert_int_equal(write(fd_.get(), bytes.data(), bytes.size()), bytes.size());
    }
    void die() { fd_.reset(); }

   private:
    Fd fd_;
    signerd::FrameBuffer input_;
};

class Front {
   public:
    explicit Front(OutsideClient::Patience patience = {kNever, kNever, milliseconds(1)})
        : loop(*signerd::EventLoop::create()) {
        std::array<int, 2> pair{};
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair.data()), 0);
        keeper = std::make_unique<Peer>(pair[1]);
        const pid_t pid = fork();
        if (pid == 0) _exit(0);
        client = std::make_unique<OutsideClient>(
            *loop, signerd::OutsideKeeper{pid, Fd(pair[0])}, patience);
        loop->each_turn([this] {
            client->flush();
            if (happened_()) loop->stop();
        });
    }

    Child child() {
        Received received = keeper->receive();
        assert_int_equal(received.message.what, KeeperMessage::kStart);
        assert_true(static_cast<bool>(received.fd));
        return Child(std::move(received.fd));
    }
    Child ready_child() {
        Child made = child();
        made.ready(config());
        run_until([&] { return std::string_view(client->state()) == "ready"; });
        return made;
    }
    void ask(const std::string& password = {}) {
        OutsideQuestion question;
        question.password = pki::as_bytes(password);
        question.challenge = "hook";
        question.id = "id";
        client->ask(question,
                    [this](const pki::Status& status) { verdicts.push_back(status); });
        client->flush();
    }
    void run_until(std::function<bool()> happened) {
        bool late = false;
        happened_ = std::move(happened);
        auto running = std::make_shared<bool>(true);
        loop->after(std::chrono::seconds(20), [this, running, &late] {
            if (!*running) return;
            late = true;
            loop->stop();
        });
        if (!happened_()) loop->run();
        *running = false;
        assert_false(late);
    }
    pki::Status verdict() {
        run_until([&] { return !verdicts.empty(); });
        const pki::Status first = verdicts.front();
        verdicts.erase(verdicts.begin());
        return first;
    }

    std::unique_ptr<signerd::EventLoop> loop;
    std::unique_ptr<Peer> keeper;
    std::unique_ptr<OutsideClient> client;
    std::vector<pki::Status> verdicts;

   private:
    std::function<bool()> happened_ = [] { return false; };
};

void verdicts(void**) {
    Front front;
    front.client->use(config());
    Child child = front.ready_child();
    for (int i = 0; i < 3; i++) front.ask();
    const std::uint64_t ids[] = {child.question(), child.question(), child.question()};
    child.answer(ids[2], OutsideVerdict::allowed);
    assert_ok(front.verdict());
    child.answer(ids[0], OutsideVerdict::refused);
    assert_error(Errc::unauthenticated, front.verdict());
    child.answer(ids[1], OutsideVerdict::unavailable);
    assert_error(Errc::unavailable, front.verdict());
    assert_true(front.client->idle());
}

// What comes before it is ready waits.
void early_question(void**) {
    Front front;
    front.client->use(config());
    front.ask();
    Child child = front.child();
    child.ready(config());
    front.run_until([&] { return std::string_view(front.client->state()) == "ready"; });
    child.answer(child.question(), OutsideVerdict::allowed);
    assert_ok(front.verdict());
}

void lost_child(void**) {
    Front front;
    front.client->use(config());
    Child child = front.ready_child();
    front.ask();
    child.question();
    child.die();
    assert_error(Errc::unavailable, front.verdict());
    assert_int_equal(front.keeper->receive().message.what, KeeperMessage::kEnd);
    front.run_until([&] { return std::string_view(front.client->state()) == "starting"; });
    Child next = front.ready_child();
    front.ask();
    next.answer(next.question(), OutsideVerdict::allowed);
    assert_ok(front.verdict());
}

// It has another configuration than the front, or none at all.
void other_child(void**) {
    Front front;
    front.client->use(config());
    Child other = front.child();
    other.ready(config("https://a.example/other"));
    front.run_until([&] { return std::string_view(front.client->state()) == "down"; });
    front.run_until([&] { return std::string_view(front.client->state()) == "starting"; });
    Child odd = front.child();
    odd.say({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    front.run_until([&] { return std::string_view(front.client->state()) == "down"; });
    front.run_until([&] { return std::string_view(front.client->state()) == "starting"; });
    front.ready_child();
}

void child_that_hangs(void**) {
    Front front({kNever, milliseconds(50), milliseconds(1)});
    front.client->use(config());
    Child child = front.ready_child();
    front.ask();
    child.question();
    assert_error(Errc::unavailable, front.verdict());
    const Received end = front.keeper->receive();
    assert_int_equal(end.message.what, KeeperMessage::kEnd);
    assert_int_equal(end.message.pid, 4711);
}

// It got the question when the time for it was almost over, and others after it.
void child_that_was_late(void**) {
    Front front({kNever, milliseconds(1000), milliseconds(1)});
    front.client->use(config());
    front.ask();
    Child child = front.child();
    child.ready(config());
    front.run_until([&] { return std::string_view(front.client->state()) == "ready"; });
    child.question();
    assert_error(Errc::unavailable, front.verdict());
    assert_string_equal(front.client->state(), "ready");
    front.ask();
    child.answer(child.question(), OutsideVerdict::allowed);
    assert_ok(front.verdict());
}

void question_that_is_too_large(void**) {
    Front front;
    front.client->use(config());
    front.ask(std::string(signerd::kOutsideChallenge + 1, 'x'));
    assert_error(Errc::denied, front.verdict());
}

void no_child_in_time(void**) {
    Front front({milliseconds(20), milliseconds(50), kNever});
    front.client->use(config());
    Child child = front.child();
    front.ask();
    assert_error(Errc::unavailable, front.verdict());
    assert_string_equal(front.client->state(), "down");
}

// Those of the configuration before finish what they were asked, and hear nothing new.
void reload(void**) {
    Front front;
    front.client->use(config());
    Child first = front.ready_child();
    front.ask();
    const std::uint64_t old = first.question();
    front.client->use(config());
    Child second = front.ready_child();
    front.ask();
    const std::uint64_t fresh = second.question();
    second.answer(old, OutsideVerdict::allowed);  // not its question
    second.answer(fresh, OutsideVerdict::refused);
    assert_error(Errc::unauthenticated, front.verdict());
    first.answer(old, OutsideVerdict::allowed);
    assert_ok(front.verdict());
    assert_int_equal(front.keeper->receive().message.what, KeeperMessage::kEnd);
}

void nobody_to_ask(void**) {
    Front front;
    front.ask();
    assert_error(Errc::unavailable, front.verdict());
    assert_string_equal(front.client->state(), "unused");
    // With the keeper its children are done with.
    front.client->use(config());
    Child child = front.ready_child();
    front.ask();
    front.keeper.reset();
    assert_error(Errc::unavailable, front.verdict());
    assert_string_equal(front.client->state(), "down");
    front.ask();
    assert_error(Errc::unavailable, front.verdict());
}

// A service that does not answer does not fill the memory.
void many_notices(void**) {
    Front front;
    front.client->use(config());
    OutsideQuestion notice;
    notice.challenge = "hook";
    notice.event = signerd::OutsideEvent::issued;
    for (int i = 0; i < 300; i++) front.client->tell(notice);
    Child child = front.child();
    child.ready(config());
    front.run_until([&] { return std::string_view(front.client->state()) == "ready"; });
    for (int i = 0; i < 256; i++) child.answer(child.question(), OutsideVerdict::allowed);
    front.run_until([&] { return front.client->idle(); });
    front.ask();
    child.answer(child.question(), OutsideVerdict::allowed);
    assert_ok(front.verdict());
    auto silent = config();
    std::get<signerd::WebhookRules>(silent.challenges["hook"]).notify = false;
    front.client->use(silent);
    front.client->tell(notice);
    assert_true(front.client->idle());
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(verdicts),
        cmocka_unit_test(early_question),
        cmocka_unit_test(lost_child),
        cmocka_unit_test(other_child),
        cmocka_unit_test(child_that_hangs),
        cmocka_unit_test(child_that_was_late),
        cmocka_unit_test(question_that_is_too_large),
        cmocka_unit_test(no_child_in_time),
        cmocka_unit_test(reload),
        cmocka_unit_test(nobody_to_ask),
        cmocka_unit_test(many_notices),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
