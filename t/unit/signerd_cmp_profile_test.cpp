// Later messages of a transaction that do not name their profile.
#include "t/unit/cmp_confirm_fixture.h"

namespace {

using pki::Errc;
using pki::Reason;
using signerd::TransactionState;
using unit::Conf;
using unit::ConfirmFixture;
using unit::make_csr;
using unit::refused;
using unit::Sent;

// The location has "device"; "other" and "third" are its labels.
class Labelled : public ConfirmFixture {
   public:
    Labelled() {
        for (const char* name : {"other", "third"}) {
            config->profiles[name] = config->profiles["device"];
            config->profiles[name].rules.name = name;
        }
    }
    static Sent opens(const std::string& profile) { return {.profile = profile}; }
    static Sent follows(const std::vector<std::string>& others) {
        Sent sent = second();
        sent.others = others;
        return sent;
    }
};

const std::string kNone = refused(Errc::not_found, Reason::bad_request);

void test_the_profile_need_not_be_named_again(void**) {
    Labelled fixture;
    const Conf conf = Labelled::conf(fixture.enrolled(Labelled::opens("other")));
    assert_text(fixture.outcome(fixture.confirm(conf, Labelled::follows({}))), kNone);
    assert_text(fixture.outcome(fixture.confirm(conf, Labelled::follows({"third"}))), kNone);
    assert_text(fixture.audit().back().profile, "device");
    const Sent found = Labelled::follows({"nothing", "third", "other"});
    assert_text(fixture.outcome(fixture.confirm(conf, found)), "done");
    assert_text(fixture.audit().back().profile, "other");
    assert_text(fixture.audit().back().tenant, "demo");
    assert_int_equal(fixture.state(Labelled::opens("other")), TransactionState::confirmed);
    assert_text(fixture.outcome(fixture.confirm(conf, found)), "done again");
    fixture.remove();
}

void test_nor_by_who_polls(void**) {
    Labelled fixture;
    fixture.config->profiles["other"].approval = {.manual = true, .lifetime = 86'400};
    fixture.send(make_csr(), Labelled::opens("other"));
    assert_text(fixture.refusal(fixture.poll(Labelled::follows({"third"}))), kNone);
    assert_text(fixture.said(fixture.poll(Labelled::follows({"third", "other"}))), "pending 1");
    fixture.remove();
}

// What somebody else has opened there is not found, and says nothing.
void test_it_is_the_same_originator(void**) {
    Labelled fixture;
    const Conf conf = Labelled::conf(fixture.enrolled(Labelled::opens("other")));
    Sent foreign = Labelled::follows({"other"});
    foreign.reference = "somebody";
    assert_text(fixture.outcome(fixture.confirm(conf, foreign)), kNone);
    assert_int_equal(fixture.state(Labelled::opens("other")), TransactionState::unconfirmed);
    fixture.remove();
}

void test_the_peer_may_use_each_of_them(void**) {
    Labelled fixture;
    const Conf conf = Labelled::conf(fixture.enrolled(Labelled::opens("other")));
    fixture.peer.all_profiles = false;
    fixture.peer.profiles = {"device", "third"};
    const Sent sent = Labelled::follows({"third", "other"});
    assert_text(fixture.outcome(fixture.confirm(conf, sent)), kNone);
    // That of the location itself is not needed.
    fixture.peer.profiles = {"other"};
    assert_text(fixture.outcome(fixture.confirm(conf, Labelled::follows({"third"}))),
                refused(Errc::not_found));
    assert_text(fixture.outcome(fixture.confirm(conf, sent)), "done");
    fixture.remove();
}

void test_the_one_of_the_location_comes_first(void**) {
    Labelled fixture;
    fixture.enrolled(Labelled::opens("other"));
    const Conf conf = Labelled::conf(fixture.enrolled(Labelled::opens("device")));
    assert_text(fixture.outcome(fixture.confirm(conf, Labelled::follows({"other"}))), "done");
    assert_int_equal(fixture.state(Labelled::opens("device")), TransactionState::confirmed);
    assert_int_equal(fixture.state(Labelled::opens("other")), TransactionState::unconfirmed);
    fixture.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(test_the_profile_need_not_be_named_again),
        cmocka_unit_test(test_nor_by_who_polls),
        cmocka_unit_test(test_it_is_the_same_originator),
        cmocka_unit_test(test_the_peer_may_use_each_of_them),
        cmocka_unit_test(test_the_one_of_the_location_comes_first),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
