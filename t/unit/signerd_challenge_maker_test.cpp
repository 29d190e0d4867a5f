// Tokens that an admin asks for.
#include "signerd/challenge/maker.h"

#include "signerd/json_reader.h"
#include "t/unit/scep_issue_fixture.h"

#include "t/unit/unit.h"

namespace {

using pki::Errc;
namespace wire = pki::wire;

class MakerFixture : public unit::ScepFixture {
   public:
    static wire::ChallengeCreateRequest asked() {
        wire::ChallengeCreateRequest request;
        request.profile = "device";
        return request;
    }
    std::uint64_t ask(const wire::ChallengeCreateRequest& request) {
        const std::uint64_t id = ++last_;
        const pki::Buffer frame = *wire::encode(request, id);
        if (!generation) generation = *signerd::make_generation(1, config);
        maker.create({generation, &peer, *wire::parse_frame(frame), {7, id}});
        return id;
    }
    std::uint64_t made(const wire::ChallengeCreateRequest& request) {
        const std::uint64_t id = ask(request);
        finish();
        return id;
    }
    std::string member(std::uint64_t id, const char* name) {
        const auto reply =
            wire::decode<wire::JsonReply>(*wire::parse_frame(replies.frames.at(id)));
        assert_ok(reply);
        const auto json = signerd::parse_json(pki::as_text(reply->json), "answer");
        assert_ok(json);
        return json_string_value(json_object_get(json->get(), name));
    }

    signerd::ChallengeMaker maker{clock, committer, replies};

   private:
    std::uint64_t last_ = 1000;  // apart from those of IssueFixture
};

void a_token_enrols_and_is_recorded(void**) {
    MakerFixture fixture;
    wire::ChallengeCreateRequest request = MakerFixture::asked();
    request.subject = "device-1";
    const std::uint64_t id = fixture.ask(request);
    assert_true(fixture.replies.frames.empty());  // not before it is recorded
    fixture.finish();
    const std::string token = fixture.member(id, "challenge");
    assert_text(fixture.member(id, "expires"), "2027-01-15T09:00:00Z");
    const auto row = fixture.audit().back();
    assert_int_equal(row.operation, wire::Operation::challenge);
    assert_int_equal(row.decision, wire::Decision::allow);
    assert_int_equal(row.credential, wire::Credential::challenge);
    assert_text(row.credential_name, "mdm/k1");
    assert_text(row.profile, "device");
    assert_text(row.tenant, "demo");
    assert_text(row.subject, "CN=device-1");
    assert_text(row.peer, "nginx");
    assert_text(row.detail, "good until 2027-01-15T09:00:00Z");
    assert_true(pki::as_text(fixture.entries.back().canonical).find(token.substr(6)) ==
                std::string_view::npos);
    fixture.certificate(fixture.enrol(token));
    fixture.remove();
}

void version_and_lifetime_can_be_said(void**) {
    MakerFixture fixture;
    fixture.rules().challenges = {unit::hmac_challenge("mdm", true, true)};
    wire::ChallengeCreateRequest request = MakerFixture::asked();
    request.version = 1;
    request.lifetime = 60;
    request.challenge = "mdm";
    const std::uint64_t id = fixture.made(request);
    assert_int_equal(fixture.member(id, "challenge").size(), 72);
    assert_text(fixture.member(id, "expires"), "2027-01-15T08:01:00Z");
    fixture.remove();
}

void what_cannot_be_made_is_refused(void**) {
    MakerFixture fixture;
    const auto refused = [&](const wire::ChallengeCreateRequest& request, Errc code) {
        fixture.assert_refused(fixture.made(request), code);
        assert_int_equal(fixture.audit().back().operation, wire::Operation::challenge);
    };
    wire::ChallengeCreateRequest request = MakerFixture::asked();
    request.profile = "absent";
    refused(request, Errc::not_found);
    request = MakerFixture::asked();
    request.challenge = "factory";
    refused(request, Errc::not_found);
    request = MakerFixture::asked();
    request.version = 1;
    refused(request, Errc::denied);
    request = MakerFixture::asked();
    request.lifetime = 366 * 86400;
    refused(request, Errc::denied);
    fixture.rules().challenges.push_back(unit::hmac_challenge("second"));
    refused(MakerFixture::asked(), Errc::conflict);
    request = MakerFixture::asked();
    request.challenge = "second";
    assert_true(fixture.member(fixture.made(request), "challenge").starts_with("v2.k1."));
    fixture.config->profiles["device"].scep.reset();
    refused(MakerFixture::asked(), Errc::not_found);
    fixture.remove();
}

void nothing_leaves_that_is_not_recorded(void**) {
    MakerFixture fixture;
    fixture.committer.failure = pki::Error{Errc::unavailable, "disk full", 0, {}};
    const std::uint64_t id = fixture.made(MakerFixture::asked());
    assert_int_equal(fixture.replies.error(id)->code, Errc::unavailable);
    fixture.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_token_enrols_and_is_recorded),
        cmocka_unit_test(version_and_lifetime_can_be_said),
        cmocka_unit_test(what_cannot_be_made_is_refused),
        cmocka_unit_test(nothing_leaves_that_is_not_recorded),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
