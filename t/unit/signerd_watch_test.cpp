// Who waits for news of revocations and CRLs, and what he is told.
#include "signerd/watch.h"

#include "t/unit/idle_crls.h"
#include "t/unit/issue_fixture.h"

#include "t/unit/unit.h"

namespace {

namespace wire = pki::wire;

class Desk : public unit::IssueFixture {
   public:
    Desk() { generation = *signerd::make_generation(1, config); }

    std::uint64_t ask(std::uint64_t change, std::uint64_t crls) {
        const std::uint64_t id = ++last_;
        const pki::Buffer frame = *wire::encode(wire::WatchRequest{change, crls}, id);
        services.watchers.watch({generation, &peer, *wire::parse_frame(frame), {7, id}});
        return id;
    }
    bool answered(std::uint64_t id) const { return replies.frames.contains(id); }
    wire::WatchReply answer(std::uint64_t id) const {
        const auto reply =
            wire::decode<wire::WatchReply>(*wire::parse_frame(replies.frames.at(id)));
        assert_ok(reply);
        return *reply;
    }
    void revoke(std::uint64_t number) {
        signerd::Decided decided;
        decided.audit = unit::audit_record(number);
        decided.audit.operation = wire::Operation::revoke;
        decided.audit.decision = wire::Decision::allow;
        decided.audit.serial = unit::serial_of(number);
        decided.revocations = {{"issuing", unit::serial_of(number), signerd::Revocation{}, {}}};
        assert_ok(unit::commit(*store, {unit::issue(number), decided}));
    }

    unit::IdleCrls services{clock, *store, committer, replies};

   private:
    std::uint64_t last_ = 0;
};

void without_news_nobody_is_answered(void**) {
    Desk desk;
    desk.revoke(1);
    const std::uint64_t id = desk.ask(1, 0);
    assert_false(desk.answered(id));
    desk.services.watchers.notify();
    assert_false(desk.answered(id));
    desk.revoke(2);
    desk.services.watchers.notify();
    const wire::WatchReply reply = desk.answer(id);
    assert_int_equal(reply.change, 2);
    assert_false(reply.everything);
    assert_int_equal(reply.serials.size(), 1);
    assert_hex(reply.serials[0], unit::serial_of(2));
    assert_int_equal(desk.replies.count[id], 1);
    desk.remove();
}

void who_knows_nothing_or_too_much(void**) {
    Desk desk;
    desk.revoke(1);
    desk.revoke(2);
    assert_true(desk.answer(desk.ask(0, 0)).everything);
    assert_true(desk.answer(desk.ask(3, 0)).everything);  // of another store
    const wire::WatchReply behind = desk.answer(desk.ask(1, 0));
    assert_false(behind.everything);
    assert_int_equal(behind.change, 2);
    desk.remove();
}

// The version of the lists is another one: all that there are, which are none here.
void lists_of_another_version(void**) {
    Desk desk;
    const wire::WatchReply reply = desk.answer(desk.ask(0, 99));
    assert_int_equal(reply.crls_version, desk.services.publisher.version());
    assert_true(reply.crls.empty());
    desk.remove();
}

void no_more_wait_than_there_are_connections(void**) {
    Desk desk;
    desk.config->limits.connections = 2;
    const std::uint64_t first = desk.ask(0, 0), second = desk.ask(0, 0);
    assert_false(desk.answered(first));
    assert_false(desk.answered(second));
    assert_true(desk.answered(desk.ask(0, 0)));
    desk.remove();
}

void who_drains_keeps_nobody_waiting(void**) {
    Desk desk;
    const std::uint64_t before = desk.ask(0, 0);
    desk.services.watchers.drain();
    assert_true(desk.answered(before));
    assert_true(desk.answered(desk.ask(0, 0)));
    desk.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(without_news_nobody_is_answered),
        cmocka_unit_test(who_knows_nothing_or_too_much),
        cmocka_unit_test(lists_of_another_version),
        cmocka_unit_test(no_more_wait_than_there_are_connections),
        cmocka_unit_test(who_drains_keeps_nobody_waiting),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
