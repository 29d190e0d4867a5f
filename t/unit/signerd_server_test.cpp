// Who gets a connection when there are few left.
#include "signerd/server.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "t/unit/store_fixture.h"

#include "t/unit/unit.h"

namespace {

using signerd::Role;

// A server with a socket for each role, all of them ours.
class Sockets {
   public:
    explicit Sockets(std::size_t limit) : loop(*signerd::EventLoop::create()) {
        auto config = std::make_shared<signerd::Config>();
        config->limits.connections = limit;
        for (const auto& [name, role] : {std::pair{"frontend", Role::frontend},
                                         {"reader", Role::reader},
                                         {"admin", Role::admin}}) {
            signerd::Peer peer;
            peer.name = name;
            peer.user = geteuid();
            peer.role = role;
            config->listen.push_back({folder.file(name), 0600, {}, {peer}});
        }
        auto listeners = *server.prepare(*config);
        auto generation = *signerd::make_generation(1, config);
        server.apply(std::move(generation), std::move(listeners));
    }

    void connect(const std::string& name, std::size_t count) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, folder.file(name).c_str(), sizeof(address.sun_path) - 1);
        for (std::size_t i = 0; i < count; i++) {
            clients.emplace_back(socket(AF_UNIX, SOCK_STREAM, 0));
            assert_int_equal(::connect(clients.back().get(),
                                       reinterpret_cast<sockaddr*>(&address), sizeof(address)),
                             0);
        }
        // One turn takes all that are waiting.
        loop->after({}, [this] { loop->stop(); });
        loop->run();
    }

    unit::StoreFolder folder;
    std::unique_ptr<signerd::EventLoop> loop;
    signerd::Server server{
        *loop, [](const signerd::Request&) {},
        [](const signerd::Generation&, const signerd::Peer&, const pki::Error&) {}};
    std::vector<signerd::Fd> clients;
};

void test_frontends_leave_some(void**) {
    Sockets sockets(20);
    sockets.connect("frontend", 30);
    assert_int_equal(sockets.server.connections(), 12);
    sockets.folder.remove();
}

void test_operators_get_what_is_left(void**) {
    for (const char* role : {"reader", "admin"}) {
        Sockets sockets(20);
        sockets.connect("frontend", 30);
        sockets.connect(role, 10);
        assert_int_equal(sockets.server.connections(), 20);
        sockets.folder.remove();
    }
}

void test_a_quarter_of_a_low_limit(void**) {
    for (const auto& [limit, frontends] :
         {std::pair{1, 1}, {3, 3}, {4, 3}, {15, 12}, {16, 8}}) {
        Sockets sockets(static_cast<std::size_t>(limit));
        sockets.connect("frontend", 20);
        assert_int_equal(sockets.server.connections(), frontends);
        sockets.folder.remove();
    }
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_frontends_leave_some),
        cmocka_unit_test(test_operators_get_what_is_left),
        cmocka_unit_test(test_a_quarter_of_a_low_limit),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
