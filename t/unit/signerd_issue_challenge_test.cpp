// Challenges in the issue path, what they use up, who is asked outside; transactionIDs.
#include "t/unit/scep_issue_fixture.h"

#include "t/unit/unit.h"

namespace {

using pki::Errc;
namespace wire = pki::wire;
using unit::challenge_csr;
using unit::new_key;
using unit::ScepFixture;
using unit::with_password;

// Counts one device at a time.
class CountedChallenge : public signerd::Challenge {
   public:
    CountedChallenge() : Challenge("counted") {}
    signerd::Finding check(const signerd::Presented& presented) const override {
        signerd::Finding finding{signerd::Verdict::accepted, {}, {}, {}};
        finding.claims.counted = signerd::CountedValue{
            pki::ossl::sha256(pki::as_bytes(presented.password)), presented.now + unit::kDay};
        finding.claims.limit = 2;
        return finding;
    }
};

class AskingChallenge : public signerd::Challenge {
   public:
    AskingChallenge() : Challenge("connector") {}
    signerd::Finding check(const signerd::Presented&) const override {
        return {signerd::Verdict::ask, {}, {}, {}};
    }
    bool asks_outside() const override { return true; }
};

// Answers when it is told to.
class FakeOutside : public signerd::Outside {
   public:
    void ask(const signerd::Challenge& challenge, const signerd::Presented& presented,
             Done done) override {
        asked = challenge.name() + ":" + std::string(presented.password);
        waiting.push_back(std::move(done));
    }
    void tell(const signerd::Challenge& challenge, const signerd::Presented& presented,
              const signerd::Outcome& outcome) override {
        told.push_back(challenge.name() + ":" + std::string(presented.transaction) + ":" +
                       (outcome.error ? outcome.error->message() : "issued"));
        assert_true(outcome.certificate.empty() == (outcome.error != nullptr));
    }
    void answer(const pki::Result<signerd::Finding>& finding) {
        for (const Done& done : std::exchange(waiting, {})) done(finding);
    }

    std::string asked;
    std::vector<std::string> told;
    std::vector<Done> waiting;
};

void a_right_challenge_issues(void**) {
    ScepFixture fixture;
    fixture.certificate(fixture.enrol("factory secret"));
    const auto row = fixture.audit().back();
    assert_int_equal(row.credential, wire::Credential::challenge);
    assert_text(row.credential_name, "factory");
    assert_int_equal(row.protocol, wire::Protocol::scep);
    fixture.certificate(fixture.enrol(fixture.token(), "t-2"));
    assert_text(fixture.audit().back().credential_name, "mdm/k1");
    fixture.remove();
}

// Who showed a client certificate is known by it; the challenge is in the detail.
void a_challenge_beside_a_certificate(void**) {
    ScepFixture fixture;
    const pki::Buffer shown = fixture.enrolled();
    const pki::Buffer csr = challenge_csr(new_key().get(), fixture.token());
    wire::IssueRequest request = ScepFixture::enrolment(csr);
    request.credential = wire::Credential::certificate;
    request.credential_name = "CN=device-1";
    request.client_certificate = shown;
    fixture.certificate(fixture.issue(request));
    const auto row = fixture.audit().back();
    assert_int_equal(row.credential, wire::Credential::certificate);
    assert_text(row.credential_name, "CN=device-1");
    assert_text(row.detail, "challenge mdm/k1");
    fixture.remove();
}

// One answer for every cause; the cause is in the record, the challenge is nowhere.
void a_wrong_challenge_is_refused(void**) {
    ScepFixture fixture;
    const std::string expired = fixture.token(-1);
    const struct {
        std::string password;
        const char* cause;
    } cases[] = {
        {"", "challenge refused: no challengePassword"},
        {"not the secret", "challenge refused: factory: none of its secrets; mdm: not a token"},
        {expired, "challenge refused: mdm: the token has expired"},
    };
    std::string answer;
    for (const auto& c : cases) {
        const std::uint64_t id = fixture.enrol(c.password);
        fixture.assert_refused(id, Errc::unauthenticated);
        const std::string text(fixture.replies.error(id)->text);
        if (!answer.empty()) assert_text(text, answer);
        answer = text;
        assert_text(fixture.detail(), c.cause);
        assert_int_equal(fixture.audit().back().credential, wire::Credential::none);
    }
    assert_true(answer.find("challenge") == answer.npos);
    assert_int_equal(fixture.certificates(), 0);
    for (const auto& entry : fixture.entries)
        assert_true(pki::as_text(entry.canonical).find("not the secret") ==
                    std::string_view::npos);
    fixture.remove();
}

// Latin-1, UCS-2: what is compared is the text.
void the_string_type_does_not_matter(void**) {
    ScepFixture fixture;
    fixture.rules().challenges = {unit::static_challenge("umlaut", {"gr\xc3\xbc\xc3\x9f"
                                                                    "e-123"})};
    const pki::Buffer latin = unit::hex("6772fcdf652d313233");
    const pki::Buffer wide = unit::hex("0067 0072 00fc 00df 0065 002d 0031 0032 0033");
    const pki::Buffer utf8 = unit::hex("6772c3bcc39f652d313233");
    const struct {
        std::uint8_t tag;
        const pki::Buffer& value;
        bool good;
    } cases[] = {
        {pki::der::kTeletexString, latin, true}, {pki::der::kBmpString, wide, true},
        {pki::der::kUtf8String, utf8, true},     {pki::der::kUtf8String, latin, false},
        {pki::der::kTeletexString, utf8, false}, {pki::der::kPrintableString, utf8, false},
        {pki::der::kIa5String, utf8, false}};
    int number = 0;
    for (const auto& c : cases) {
        const pki::Buffer csr = with_password(new_key().get(), c.tag, c.value);
        const std::string transaction = "t-" + std::to_string(++number);
        const std::uint64_t id = fixture.issue(ScepFixture::enrolment(csr, transaction));
        if (c.good)
            fixture.certificate(id);
        else
            fixture.assert_refused(id, Errc::unauthenticated);
    }
    assert_text(fixture.detail(),
                "challenge refused: challengePassword is not text of its string type");
    fixture.remove();
}

void profiles_decide_who_may_come(void**) {
    ScepFixture fixture;
    fixture.rules().challenges.clear();
    fixture.assert_refused(fixture.enrol("factory secret"), Errc::unauthenticated);
    assert_text(fixture.detail(), "challenge refused: the profile takes none");
    fixture.assert_refused(fixture.enrol(""), Errc::unauthenticated);
    fixture.rules().open = true;
    fixture.certificate(fixture.enrol("", "t-3"));
    fixture.certificate(fixture.enrol("whatever it is", "t-4"));
    assert_int_equal(fixture.audit().back().credential, wire::Credential::none);
    fixture.config->profiles["device"].scep.reset();
    fixture.assert_refused(fixture.enrol("factory secret", "t-5"), Errc::denied);
    assert_text(fixture.detail(), "the profile is not for SCEP");
    fixture.remove();
}

void a_token_is_good_once(void**) {
    ScepFixture fixture;
    const std::string token = fixture.token();
    const auto key = new_key();
    const pki::Buffer csr = challenge_csr(key.get(), token);
    const pki::Buffer first = fixture.certificate(fixture.issue(ScepFixture::enrolment(csr)));
    // The same request again is a retry, and gets the same certificate.
    assert_true(fixture.certificate(fixture.issue(ScepFixture::enrolment(csr))) == first);
    assert_int_equal(fixture.certificates(), 1);
    fixture.assert_refused(fixture.enrol(token, "t-2"), Errc::unauthenticated);
    assert_text(fixture.detail(), "challenge refused: used already");
    assert_int_equal(fixture.certificates(), 1);
    fixture.remove();
}

void two_at_once_do_not_share_a_token(void**) {
    ScepFixture fixture;
    const std::string token = fixture.token();
    const pki::Buffer one = challenge_csr(new_key().get(), token);
    const pki::Buffer two = challenge_csr(new_key().get(), token);
    const std::uint64_t first = fixture.begin(ScepFixture::enrolment(one, "t-1"));
    const std::uint64_t second = fixture.begin(ScepFixture::enrolment(two, "t-2"));
    fixture.finish();
    fixture.certificate(first);
    assert_int_equal(fixture.replies.error(second)->code, Errc::unauthenticated);
    assert_text(fixture.audit().front().detail,
                "challenge refused: used by another request that is being worked on");
    fixture.remove();
}

// Whatever goes wrong before the commit, the token is as good as before.
void failures_burn_nothing(void**) {
    ScepFixture fixture;
    const std::string token = fixture.token();
    const pki::Buffer bad_name = challenge_csr(new_key().get(), token, "O=Example");
    fixture.assert_refused(fixture.issue(ScepFixture::enrolment(bad_name)), Errc::denied);
    fixture.signer.instead = pki::Error{Errc::unavailable, "key child away", 0, {}};
    const std::uint64_t unsigned_id = fixture.enrol(token, "t-2");
    assert_int_equal(fixture.replies.error(unsigned_id)->code, Errc::unavailable);
    fixture.signer.instead.reset();
    fixture.committer.failure = pki::Error{Errc::unavailable, "disk full", 0, {}};
    const std::uint64_t lost = fixture.enrol(token, "t-3");
    assert_int_equal(fixture.replies.error(lost)->code, Errc::unavailable);
    fixture.committer.failure.reset();
    fixture.certificate(fixture.enrol(token, "t-4"));
    fixture.assert_refused(fixture.enrol(token, "t-5"), Errc::unauthenticated);
    fixture.remove();
}

void a_device_gets_so_many_in_a_day(void**) {
    ScepFixture fixture;
    fixture.rules().challenges = {std::make_shared<CountedChallenge>()};
    const pki::Buffer one = challenge_csr(new_key().get(), "device a");
    const pki::Buffer two = challenge_csr(new_key().get(), "device a");
    const pki::Buffer three = challenge_csr(new_key().get(), "device a");
    fixture.certificate(fixture.issue(ScepFixture::enrolment(one, "t-1")));
    // One in the store, one on its way.
    const std::uint64_t second = fixture.begin(ScepFixture::enrolment(two, "t-2"));
    const std::uint64_t third = fixture.begin(ScepFixture::enrolment(three, "t-3"));
    fixture.finish();
    fixture.certificate(second);
    assert_int_equal(fixture.replies.error(third)->code, Errc::denied);
    fixture.certificate(fixture.enrol("device b", "t-4"));
    fixture.clock.seconds += unit::kDay - 1;
    fixture.assert_refused(fixture.enrol("device a", "t-5"), Errc::denied);
    fixture.clock.seconds += 1;
    fixture.certificate(fixture.enrol("device a", "t-6"));
    fixture.remove();
}

void a_transaction_is_one_public_key(void**) {
    ScepFixture fixture;
    const auto key = new_key();
    const pki::Buffer csr = challenge_csr(key.get(), "factory secret");
    const pki::Buffer again = challenge_csr(key.get(), "factory secret");
    assert_true(csr != again);  // signed anew
    const pki::Buffer first = fixture.certificate(fixture.issue(ScepFixture::enrolment(csr)));
    assert_true(fixture.certificate(fixture.issue(ScepFixture::enrolment(again))) == first);
    const std::uint64_t other = fixture.enrol("factory secret");
    fixture.assert_refused(other, Errc::conflict);
    assert_text(fixture.detail(), "the transaction belongs to another key");
    // Whom no challenge knows learns nothing of it.
    fixture.assert_refused(fixture.enrol("not the secret"), Errc::unauthenticated);
    assert_text(fixture.detail(),
                "challenge refused: factory: none of its secrets; mdm: not a token");
    assert_int_equal(fixture.certificates(), 1);
    fixture.remove();
}

// RFC 8894 3.2.1.1: whoever did not get the answer asks again, and clients are slow.
void a_retry_comes_when_its_token_has_expired(void**) {
    ScepFixture fixture;
    const pki::Buffer csr = challenge_csr(new_key().get(), fixture.token(60));
    const pki::Buffer first = fixture.certificate(fixture.issue(ScepFixture::enrolment(csr)));
    fixture.clock.seconds += 61;
    assert_true(fixture.certificate(fixture.issue(ScepFixture::enrolment(csr))) == first);
    assert_int_equal(fixture.certificates(), 1);
    fixture.assert_refused(fixture.issue(ScepFixture::enrolment(csr, "t-2")),
                           Errc::unauthenticated);
    fixture.clock.seconds += 3600;
    fixture.assert_refused(fixture.issue(ScepFixture::enrolment(csr)), Errc::unauthenticated);
    assert_text(fixture.detail(), "challenge refused: mdm: the token has expired");
    fixture.remove();
}

void a_wrong_challenge_shares_its_refusal_with_nobody(void**) {
    ScepFixture fixture;
    const auto key = new_key();
    const pki::Buffer wrong = challenge_csr(key.get(), "not the secret");
    const pki::Buffer right = challenge_csr(key.get(), "factory secret");
    const std::uint64_t refused = fixture.begin(ScepFixture::enrolment(wrong));
    const std::uint64_t issued = fixture.begin(ScepFixture::enrolment(right));
    fixture.finish();
    assert_int_equal(fixture.replies.error(refused)->code, Errc::unauthenticated);
    fixture.certificate(issued);
    assert_int_equal(fixture.issuer.in_flight(), 0);
    fixture.remove();
}

void whom_no_challenge_knows_hears_nothing_of_the_policy(void**) {
    ScepFixture fixture;
    const pki::Buffer csr = challenge_csr(new_key().get(), "not the secret", "O=Example");
    fixture.assert_refused(fixture.issue(ScepFixture::enrolment(csr)), Errc::unauthenticated);
    fixture.remove();
}

void while_it_is_worked_on_too(void**) {
    ScepFixture fixture;
    const auto key = new_key();
    const pki::Buffer csr = challenge_csr(key.get(), fixture.token());
    const pki::Buffer other = challenge_csr(new_key().get(), "factory secret");
    const std::uint64_t first = fixture.begin(ScepFixture::enrolment(csr));
    const std::uint64_t retry = fixture.begin(ScepFixture::enrolment(csr));
    const std::uint64_t foreign = fixture.begin(ScepFixture::enrolment(other));
    fixture.finish();
    assert_true(fixture.certificate(first) == fixture.certificate(retry));
    assert_int_equal(fixture.replies.error(foreign)->code, Errc::conflict);
    fixture.remove();
}

// Often a hash of the public key: months later it is a new transaction.
void a_transaction_lasts_for_the_window(void**) {
    ScepFixture fixture;
    const auto key = new_key();
    const pki::Buffer csr = challenge_csr(key.get(), "factory secret");
    const pki::Buffer first = fixture.certificate(fixture.issue(ScepFixture::enrolment(csr)));
    fixture.clock.seconds += 3600;
    const pki::Buffer second = fixture.certificate(fixture.issue(ScepFixture::enrolment(csr)));
    assert_true(first != second);
    fixture.clock.seconds += 3600;
    fixture.certificate(fixture.enrol("factory secret"));  // another key
    fixture.remove();
}

class AskingFixture : public ScepFixture {
   public:
    AskingFixture() {
        rules().challenges.push_back(std::make_shared<AskingChallenge>());
        issuer.ask_through(&outside);
    }
    std::uint64_t start(const char* transaction = "t-1") {
        csr = challenge_csr(key.get(), "for somebody else");
        return begin(enrolment(csr, transaction));
    }

    FakeOutside outside;
    pki::ossl::PkeyPtr key = new_key();
    pki::Buffer csr;
};

void somebody_outside_is_asked_and_told(void**) {
    AskingFixture fixture;
    const std::uint64_t id = fixture.start();
    assert_text(fixture.outside.asked, "connector:for somebody else");
    assert_int_equal(fixture.signer.waiting(), 0);
    // A retry waits for the same answer.
    const std::uint64_t retry = fixture.begin(ScepFixture::enrolment(fixture.csr));
    assert_int_equal(fixture.outside.waiting.size(), 1);
    fixture.outside.answer(signerd::Finding{signerd::Verdict::accepted, {}, {}, {}});
    assert_true(fixture.outside.told.empty());
    fixture.finish();
    assert_true(fixture.certificate(id) == fixture.certificate(retry));
    assert_true(fixture.outside.told == std::vector<std::string>{"connector:t-1:issued"});
    assert_text(fixture.audit().back().credential_name, "connector");
    // What is known is not asked again.
    fixture.outside.asked.clear();
    fixture.issue(ScepFixture::enrolment(fixture.csr));
    assert_text(fixture.outside.asked, "");
    fixture.remove();
}

// Somebody else has its transactionID, and is not judged yet.
void the_owner_of_a_transaction_waits(void**) {
    AskingFixture fixture;
    const std::uint64_t thief = fixture.start();
    const pki::Buffer csr = challenge_csr(new_key().get(), "factory secret");
    const std::uint64_t owner = fixture.begin(ScepFixture::enrolment(csr));
    const std::uint64_t retry = fixture.begin(ScepFixture::enrolment(csr));
    const std::uint64_t wrong =
        fixture.begin(ScepFixture::enrolment(challenge_csr(new_key().get(), "")));
    fixture.finish();
    assert_int_equal(fixture.replies.error(wrong)->code, Errc::unauthenticated);
    assert_int_equal(fixture.replies.frames.count(owner), 0);
    fixture.outside.answer(signerd::Finding{signerd::Verdict::refused, "junk", {}, {}});
    fixture.finish();
    fixture.finish();
    assert_int_equal(fixture.replies.error(thief)->code, Errc::unauthenticated);
    assert_true(fixture.certificate(owner) == fixture.certificate(retry));
    assert_int_equal(fixture.issuer.in_flight(), 0);
    fixture.remove();
}

void what_signerd_knows_is_not_asked(void**) {
    AskingFixture fixture;
    fixture.certificate(fixture.enrol("factory secret"));
    assert_text(fixture.outside.asked, "");
    assert_true(fixture.outside.told.empty());
    fixture.remove();
}

void outside_says_no(void**) {
    AskingFixture fixture;
    const std::uint64_t id = fixture.start();
    fixture.outside.answer(
        signerd::Finding{signerd::Verdict::refused, "no such device", {}, {}});
    fixture.finish();
    fixture.assert_refused(id, Errc::unauthenticated);
    assert_text(fixture.detail(), "challenge refused: connector: no such device");
    assert_true(fixture.outside.told.empty());  // what it said itself
    assert_int_equal(fixture.certificates(), 0);
    fixture.remove();
}

// Fail closed.
void outside_is_away(void**) {
    AskingFixture fixture;
    const std::uint64_t id = fixture.start();
    fixture.outside.answer(pki::Error{Errc::unavailable, "timed out", 0, {}});
    fixture.finish();
    assert_int_equal(fixture.replies.error(id)->code, Errc::unavailable);
    assert_text(fixture.detail(), "timed out: connector");
    assert_true(fixture.outside.told.empty());
    fixture.issuer.ask_through(nullptr);
    const std::uint64_t nobody = fixture.start("t-2");
    fixture.finish();
    assert_int_equal(fixture.replies.error(nobody)->code, Errc::unavailable);
    assert_int_equal(fixture.certificates(), 0);
    fixture.remove();
}

void a_failure_after_the_answer_is_told(void**) {
    AskingFixture fixture;
    fixture.start();
    fixture.signer.instead = pki::Error{Errc::unavailable, "key child away", 0, {}};
    fixture.outside.answer(signerd::Finding{signerd::Verdict::accepted, {}, {}, {}});
    fixture.finish();
    assert_true(fixture.outside.told ==
                std::vector<std::string>{"connector:t-1:key child away"});
    fixture.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_right_challenge_issues),
        cmocka_unit_test(a_challenge_beside_a_certificate),
        cmocka_unit_test(a_wrong_challenge_is_refused),
        cmocka_unit_test(the_string_type_does_not_matter),
        cmocka_unit_test(profiles_decide_who_may_come),
        cmocka_unit_test(a_token_is_good_once),
        cmocka_unit_test(two_at_once_do_not_share_a_token),
        cmocka_unit_test(failures_burn_nothing),
        cmocka_unit_test(a_device_gets_so_many_in_a_day),
        cmocka_unit_test(a_transaction_is_one_public_key),
        cmocka_unit_test(a_retry_comes_when_its_token_has_expired),
        cmocka_unit_test(a_wrong_challenge_shares_its_refusal_with_nobody),
        cmocka_unit_test(whom_no_challenge_knows_hears_nothing_of_the_policy),
        cmocka_unit_test(the_owner_of_a_transaction_waits),
        cmocka_unit_test(while_it_is_worked_on_too),
        cmocka_unit_test(a_transaction_lasts_for_the_window),
        cmocka_unit_test(somebody_outside_is_asked_and_told),
        cmocka_unit_test(what_signerd_knows_is_not_asked),
        cmocka_unit_test(outside_says_no),
        cmocka_unit_test(outside_is_away),
        cmocka_unit_test(a_failure_after_the_answer_is_told),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
