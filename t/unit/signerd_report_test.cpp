// Decisions of frontends in the audit log: one batch, one transaction, once.
#include "signerd/report.h"

#include "signerd/refusals.h"
#include "t/unit/issue_fixture.h"

#include "t/unit/unit.h"

namespace {

namespace wire = pki::wire;
using pki::Errc;

constexpr std::int64_t kMicros = signerd::kMicroseconds;

wire::ReportedDecision wrong_password() {
    wire::ReportedDecision decision;
    decision.time = (unit::kNow - 1) * kMicros;
    decision.profile = "device";
    decision.protocol = wire::Protocol::est;
    decision.operation = wire::Operation::enroll;
    decision.reason = Errc::unauthenticated;
    decision.http_status = 401;
    decision.detail = "the password is wrong";
    decision.client_address = "192.0.2.1";
    decision.credential = wire::Credential::unproven;
    decision.credential_name = "alice";
    decision.transaction = "t-1";
    return decision;
}

class Desk : public unit::IssueFixture {
   public:
    explicit Desk(signerd::Reports::Pace pace = {})
        : reports(clock, committer, replies, pace) {}
    std::uint64_t report(std::uint64_t sequence,
                         const std::vector<wire::ReportedDecision>& decisions,
                         char reporter = 'a') {
        wire::ReportRequest request;
        const pki::Buffer name(pki::limits::kReporter, static_cast<std::uint8_t>(reporter));
        request.reporter = name;
        request.sequence = sequence;
        std::vector<pki::Buffer> encoded;
        for (const auto& decision : decisions)
            encoded.push_back(*wire::encode_decision(decision));
        request.decisions.assign(encoded.begin(), encoded.end());
        return send(request);
    }
    std::uint64_t send(const wire::ReportRequest& request) {
        const std::uint64_t id = ++last_;
        const pki::Buffer frame = *wire::encode(request, id);
        if (!generation) generation = *signerd::make_generation(1, config);
        reports.record({generation, &peer, *wire::parse_frame(frame), {7, id}}, others);
        return id;
    }
    bool answered(std::uint64_t id) const { return replies.frames.contains(id); }
    wire::ReportReply answer(std::uint64_t id) const {
        return *wire::decode<wire::ReportReply>(*wire::parse_frame(replies.frames.at(id)));
    }
    bool refused(std::uint64_t id, Errc code) const { return replies.error(id)->code == code; }

    signerd::Reports reports;
    std::size_t others = 0;

   private:
    std::uint64_t last_ = 0;
};

void test_record(void**) {
    Desk desk;
    const std::uint64_t id = desk.report(1, {wrong_password()});
    assert_false(desk.answered(id));  // not before it is durable
    assert_int_equal(desk.reports.waiting(), 1);
    desk.committer.run();
    assert_false(desk.answer(id).repeated);
    assert_int_equal(desk.reports.waiting(), 0);
    const auto rows = desk.audit();
    assert_int_equal(rows.size(), 1);
    assert_true(rows[0].time == (unit::kNow - 1) * kMicros);
    assert_text(rows[0].signerd, "signerd-1");
    assert_text(rows[0].tenant, "demo");
    assert_text(rows[0].profile, "device");
    assert_true(rows[0].decision == wire::Decision::deny);
    assert_int_equal(rows[0].reason, Errc::unauthenticated);
    assert_int_equal(rows[0].http_status, 401);
    assert_text(rows[0].detail, "the password is wrong");
    assert_text(rows[0].client_address, "192.0.2.1");
    assert_true(rows[0].credential == wire::Credential::unproven);
    assert_text(rows[0].credential_name, "alice");
    assert_text(rows[0].transaction, "t-1");
    assert_text(rows[0].peer, "nginx");
    desk.remove();
}

void test_one_transaction(void**) {
    Desk desk;
    auto shed = wrong_password();
    shed.reason = Errc::unavailable;
    desk.report(1, {wrong_password(), shed, wrong_password()});
    desk.committer.run();
    const auto rows = desk.audit();
    assert_int_equal(rows.size(), 3);
    assert_true(rows[1].decision == wire::Decision::shed);
    assert_int_equal(unit::whole_chain(*desk.store), 3);
    desk.remove();
}

// Together or not at all; and what allows something comes with its certificate, never here.
void test_all_or_nothing(void**) {
    Desk desk;
    signerd::Decided decided = unit::denial(1);
    decided.more = {unit::denial(2).audit, unit::denial(3).audit};
    decided.more[1].decision = wire::Decision::allow;
    assert_error(Errc::internal, unit::commit(*desk.store, {decided}));
    assert_int_equal(desk.audit().size(), 0);
    decided.more[1].decision = wire::Decision::deny;
    assert_ok(unit::commit(*desk.store, {decided}));
    assert_int_equal(unit::whole_chain(*desk.store), 3);
    desk.remove();
}

// The answer to a batch that came before is given again, and nothing is written.
void test_repeated_batch(void**) {
    Desk desk;
    desk.report(1, {wrong_password()});
    const std::uint64_t meanwhile = desk.report(1, {wrong_password()});
    assert_false(desk.answered(meanwhile));
    desk.committer.run();
    assert_true(desk.answer(meanwhile).repeated);
    const std::uint64_t later = desk.report(1, {wrong_password()});
    assert_true(desk.answer(later).repeated);
    desk.report(2, {wrong_password()});
    desk.report(1, {wrong_password()}, 'b');  // another worker
    desk.committer.run();
    assert_int_equal(desk.audit().size(), 3);
    desk.remove();
}

void test_next_batch_too_early(void**) {
    Desk desk;
    desk.report(1, {wrong_password()});
    assert_true(desk.refused(desk.report(2, {wrong_password()}), Errc::unavailable));
    desk.remove();
}

// The worker keeps what could not be stored, and its retry is no repetition.
void test_store_away(void**) {
    Desk desk;
    desk.committer.failure = pki::Error{Errc::internal, "disk", 0, {}};
    const std::uint64_t id = desk.report(1, {wrong_password()});
    desk.committer.run();
    assert_true(desk.refused(id, Errc::unavailable));
    assert_int_equal(desk.reports.waiting(), 0);
    desk.committer.failure.reset();
    const std::uint64_t again = desk.report(1, {wrong_password()});
    desk.committer.run();
    assert_false(desk.answer(again).repeated);
    assert_int_equal(desk.audit().size(), 1);
    desk.remove();
}

void test_gap(void**) {
    Desk desk;
    wire::ReportRequest request;
    const pki::Buffer name(pki::limits::kReporter, 'a');
    request.reporter = name;
    request.sequence = 1;
    request.lost = 1234;
    request.lost_from = (unit::kNow - 60) * kMicros;
    request.lost_to = unit::kNow * kMicros;
    desk.send(request);
    desk.committer.run();
    const auto rows = desk.audit();
    assert_int_equal(rows.size(), 1);
    assert_text(rows[0].detail,
                "not recorded: 1234 decisions between 2027-01-15T07:59:00Z and "
                "2027-01-15T08:00:00Z");
    assert_true(rows[0].decision == wire::Decision::shed);
    assert_true(rows[0].time == unit::kNow * kMicros);
    assert_text(rows[0].peer, "nginx");
    desk.remove();
}

// A worker names a profile that it may not use: the record tells of the peer alone.
void test_foreign_profile(void**) {
    Desk desk;
    desk.peer.all_profiles = false;
    desk.report(1, {wrong_password()});
    desk.committer.run();
    auto unknown = wrong_password();
    unknown.profile = "nothing";
    desk.peer.all_profiles = true;
    desk.report(2, {unknown});
    desk.committer.run();
    for (const auto& row : desk.audit()) {
        assert_text(row.profile, "");
        assert_text(row.tenant, "");
        assert_text(row.peer, "nginx");
    }
    desk.remove();
}

void test_times_that_cannot_be(void**) {
    Desk desk;
    auto future = wrong_password(), past = wrong_password(), old = wrong_password();
    future.time = (unit::kNow + unit::kHour) * kMicros;
    past.time = -1;
    old.time = (unit::kNow - 6 * unit::kDay) * kMicros;
    desk.report(1, {future, past, old});
    desk.committer.run();
    const auto rows = desk.audit();
    assert_true(rows[0].time == unit::kNow * kMicros);
    assert_text(rows[0].detail,
                "the password is wrong: recorded on arrival, the time reported was "
                "2027-01-15T09:00:00Z");
    assert_true(rows[1].time == unit::kNow * kMicros);
    assert_true(rows[2].time == old.time);
    assert_text(rows[2].detail, "the password is wrong");
    desk.remove();
}

void test_malformed(void**) {
    Desk desk;
    const auto refused = [&](auto&& change) {
        wire::ReportRequest request;
        const pki::Buffer name(pki::limits::kReporter, 'a');
        const pki::Buffer decision = *wire::encode_decision(wrong_password());
        request.reporter = name;
        request.sequence = 1;
        request.decisions = {decision};
        change(request);
        return desk.refused(desk.send(request), Errc::malformed);
    };
    const pki::Buffer no_decision = unit::hex("0500000001ff");
    assert_true(refused([](auto& request) { request.reporter = request.reporter.first(15); }));
    assert_true(refused([](auto& request) { request.sequence = 0; }));
    assert_true(refused([](auto& request) { request.decisions.clear(); }));
    assert_true(refused([](auto& request) { request.lost_from = 1; }));
    assert_true(refused([&](auto& request) { request.decisions.push_back(no_decision); }));
    desk.committer.run();
    assert_int_equal(desk.audit().size(), 0);
    desk.remove();
}

// nginx shows the status that it sent, so that its record does not pass for one of signerd.
void test_malformed_decisions(void**) {
    Desk desk;
    wire::ReportedDecision decision = wrong_password();
    decision.http_status = 0;
    assert_true(desk.refused(desk.report(1, {decision}), Errc::malformed));
    decision = wrong_password();
    const pki::Buffer short_hash(3, 0x5a);
    decision.csr_sha256 = short_hash;
    assert_true(desk.refused(desk.report(1, {decision}), Errc::malformed));
    desk.remove();
}

// What a frontend decides itself: requests for certificates, and by CMP for revocations.
void test_operations(void**) {
    Desk desk;
    wire::ReportedDecision decision = wrong_password();
    decision.protocol = wire::Protocol::cmp;
    decision.operation = wire::Operation::revoke;
    desk.report(1, {decision});
    desk.committer.run();
    const auto rows = desk.audit();
    assert_int_equal(rows.size(), 1);
    assert_true(rows[0].operation == wire::Operation::revoke);
    decision.operation = wire::Operation::release;
    const auto encoded = wire::encode_decision(decision);
    assert_true(!encoded || desk.refused(desk.report(2, {decision}), Errc::malformed));
    desk.remove();
}

// A peer that floods is told to come later; another one is not.
void test_too_many_reports(void**) {
    Desk desk({3, 1});
    const std::vector three(3, wrong_password());
    assert_false(desk.answered(desk.report(1, three)));
    desk.committer.run();
    assert_true(desk.refused(desk.report(2, {wrong_password()}), Errc::unavailable));
    desk.clock.seconds -= 100;  // a clock that was set back gives nothing
    assert_true(desk.refused(desk.report(2, {wrong_password()}), Errc::unavailable));
    desk.peer.name = "other";
    assert_false(desk.answered(desk.report(1, three, 'b')));
    desk.peer.name = "nginx";
    desk.clock.seconds += 1;
    assert_false(desk.answered(desk.report(2, {wrong_password()})));
    desk.committer.run();
    assert_int_equal(desk.audit().size(), 7);
    desk.remove();
}

void test_queue(void**) {
    Desk desk;
    desk.config->limits.queue = 3;
    desk.report(1, {wrong_password(), wrong_password()}, 'a');
    desk.report(1, {wrong_password()}, 'b');
    assert_true(desk.refused(desk.report(1, {wrong_password()}, 'c'), Errc::unavailable));
    desk.committer.run();
    desk.others = 3;
    assert_true(desk.refused(desk.report(1, {wrong_password()}, 'c'), Errc::unavailable));
    desk.others = 2;
    desk.report(1, {wrong_password()}, 'c');
    desk.committer.run();
    assert_int_equal(desk.audit().size(), 4);
    desk.remove();
}

// However many workers there have been, the last ones are remembered.
void test_many_reporters(void**) {
    Desk desk;
    for (std::size_t i = 0; i < signerd::Reports::kReporters + 10; i++) {
        wire::ReportRequest request;
        pki::Buffer name(pki::limits::kReporter, 0);
        name[0] = static_cast<std::uint8_t>(i >> 8);
        name[1] = static_cast<std::uint8_t>(i);
        const pki::Buffer decision = *wire::encode_decision(wrong_password());
        request.reporter = name;
        request.sequence = 1;
        request.decisions = {decision};
        desk.send(request);
        desk.committer.run();
        assert_true(desk.answer(desk.send(request)).repeated);
    }
    desk.remove();
}

// One record at once, the rest with a count a second later.
void test_refusals(void**) {
    Desk desk;
    std::vector<std::function<void()>> timers;
    signerd::Refusals refusals(desk.clock, desk.committer,
                               [&](auto, auto run) { timers.push_back(run); });
    desk.generation = *signerd::make_generation(1, desk.config);
    const pki::Error error{Errc::denied, "not permitted", 0, "status"};
    for (int i = 0; i < 5; i++) refusals.note(*desk.generation, desk.peer, error);
    desk.committer.run();
    assert_int_equal(desk.audit().size(), 1);
    timers.at(0)();
    timers.at(1)();
    assert_int_equal(timers.size(), 2);
    desk.committer.run();
    const auto rows = desk.audit();
    assert_int_equal(rows.size(), 2);
    assert_text(rows[0].detail, "not permitted: status");
    assert_text(rows[0].peer, "nginx");
    assert_text(rows[1].detail, "not permitted: status; and 3 more before it");
    refusals.note(*desk.generation, desk.peer, error);
    desk.committer.run();
    assert_int_equal(desk.audit().size(), 3);
    desk.remove();
}

// What one peer did is not counted for another, and nothing is forgotten at the end.
void test_refusals_of_several_peers(void**) {
    Desk desk;
    signerd::Refusals refusals(desk.clock, desk.committer, [](auto, auto) {});
    desk.generation = *signerd::make_generation(1, desk.config);
    signerd::Peer other = desk.peer;
    other.name = "operator";
    const pki::Error error{Errc::denied, "not permitted", 0, "status"};
    for (int i = 0; i < 4; i++) refusals.note(*desk.generation, desk.peer, error);
    refusals.note(*desk.generation, other, error);
    refusals.finish();
    desk.committer.run();
    const auto rows = desk.audit();
    assert_int_equal(rows.size(), 3);
    assert_text(rows[1].peer, "nginx");
    assert_text(rows[1].detail, "not permitted: status; and 2 more before it");
    assert_text(rows[2].peer, "operator");
    assert_text(rows[2].detail, "not permitted: status");
    desk.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_record),
        cmocka_unit_test(test_one_transaction),
        cmocka_unit_test(test_all_or_nothing),
        cmocka_unit_test(test_repeated_batch),
        cmocka_unit_test(test_next_batch_too_early),
        cmocka_unit_test(test_store_away),
        cmocka_unit_test(test_gap),
        cmocka_unit_test(test_foreign_profile),
        cmocka_unit_test(test_times_that_cannot_be),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_malformed_decisions),
        cmocka_unit_test(test_operations),
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_many_reporters),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_refusals_of_several_peers),
        cmocka_unit_test(test_too_many_reports),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
