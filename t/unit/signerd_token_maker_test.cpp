// Tokens that an operator makes, lists and revokes.
#include "t/unit/token_fixture.h"

#include "t/unit/unit.h"

namespace {

using pki::Errc;
namespace wire = pki::wire;
using unit::TokenFixture;

void a_token_is_made_and_recorded(void**) {
    TokenFixture fixture;
    wire::TokenCreateRequest request = TokenFixture::asked(true);
    request.name = "floor 2";
    request.identity = "device-1.example.com";
    const std::uint64_t id = fixture.tell(request);
    assert_true(fixture.replies.frames.empty());  // not before it is recorded
    fixture.finish();
    const std::string token = fixture.member(id, "token");
    assert_int_equal(token.size(), 32);
    assert_true(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                        "0123456789-_") == token.npos);
    assert_text(fixture.member(id, "expires"), "2027-01-15T09:00:00Z");
    assert_text(fixture.member(id, "name"), "floor 2");
    assert_text(fixture.member(id, "identity"), "device-1.example.com");
    assert_text(fixture.member(id, "created_by"), "operator");
    assert_text(fixture.member(id, "state"), "good");
    assert_int_equal(json_integer_value(json_object_get(fixture.json(id).get(), "id")), 1);
    const auto row = fixture.audit().back();
    assert_int_equal(row.operation, wire::Operation::token);
    assert_int_equal(row.decision, wire::Decision::allow);
    assert_int_equal(row.credential, wire::Credential::token);
    assert_text(row.credential_name, "floor 2");
    assert_text(row.profile, "device");
    assert_text(row.tenant, "demo");
    assert_text(row.subject, "CN=device-1.example.com");
    assert_text(row.peer, "operator");
    const std::string hash = pki::hex_encode(pki::ossl::sha256(pki::as_bytes(token)));
    assert_text(row.detail,
                "made, SHA-256 " + hash + ", good once until 2027-01-15T09:00:00Z for device");
    assert_true(pki::as_text(fixture.entries.back().canonical).find(token) ==
                std::string_view::npos);
    assert_text(pki::hex_encode((*fixture.store->find_token(1))->sha256), hash);
    fixture.remove();
}

void each_is_another_one(void**) {
    TokenFixture fixture;
    const std::string first = fixture.make(TokenFixture::asked());
    assert_true(first != fixture.make(TokenFixture::asked()));
    assert_text((*fixture.store->find_token(2))->name, "");
    fixture.remove();
}

void what_cannot_be_made_is_refused(void**) {
    TokenFixture fixture;
    fixture.config->cas["other"] = fixture.config->cas["issuing"];
    fixture.config->cas["other"].name = "other";
    fixture.config->cas["other"].tenant = "stranger";
    fixture.config->profiles["theirs"] = fixture.config->profiles["user"];
    fixture.config->profiles["theirs"].ca = "other";
    const auto refused = [&](const wire::TokenCreateRequest& request, const char* why) {
        const std::uint64_t id = fixture.tell(request);
        fixture.finish();
        assert_text(fixture.said(id), why);
        assert_int_equal(fixture.audit().back().operation, wire::Operation::token);
        assert_int_equal(fixture.audit().back().decision, wire::Decision::deny);
    };
    const pki::Buffer absent = pki::to_buffer(pki::as_bytes("absent"));
    const pki::Buffer theirs = pki::to_buffer(pki::as_bytes("theirs"));
    wire::TokenCreateRequest request = TokenFixture::asked();
    request.profiles.emplace_back(absent);
    refused(request, "not_found: no such profile: absent");
    request = TokenFixture::asked();
    request.profiles.emplace_back(theirs);
    refused(request, "denied: profiles of several tenants");
    request.profiles.clear();
    refused(request, "malformed: a token without a profile");
    request = TokenFixture::asked();
    request.lifetime = 0;
    refused(request, "malformed: a token that is good more than once needs a lifetime");
    request.lifetime = 366 * 86400;
    refused(request, "denied: a lifetime of more than a year");
    assert_false(fixture.store->find_token(1)->has_value());
    fixture.remove();
}

void a_token_is_revoked(void**) {
    TokenFixture fixture;
    fixture.make(TokenFixture::asked());
    wire::TokenRevokeRequest request;
    request.id = 1;
    std::uint64_t id = fixture.tell(request);
    fixture.finish();
    assert_text(fixture.member(id, "state"), "revoked");
    assert_text(fixture.member(id, "revoked"), "2027-01-15T08:00:00Z");
    assert_text(fixture.detail(), "token 1 revoked");
    assert_text(fixture.audit().back().credential_name, "token 1");
    id = fixture.tell(request);
    fixture.finish();
    assert_text(fixture.said(id), "conflict: the token is revoked already: 1");
    request.id = 2;
    id = fixture.tell(request);
    fixture.finish();
    assert_text(fixture.said(id), "not_found: no such token: 2");
    fixture.remove();
}

// Two at the same time are both right.
void two_revoke_at_once(void**) {
    TokenFixture fixture;
    fixture.make(TokenFixture::asked());
    wire::TokenRevokeRequest request;
    request.id = 1;
    const std::uint64_t first = fixture.tell(request);
    const std::uint64_t second = fixture.tell(request);
    fixture.finish();
    assert_text(fixture.member(first, "state"), "revoked");
    assert_text(fixture.member(second, "state"), "revoked");
    fixture.remove();
}

void nothing_leaves_that_is_not_recorded(void**) {
    TokenFixture fixture;
    fixture.committer.failure = pki::Error{Errc::unavailable, "disk full", 0, {}};
    const std::uint64_t id = fixture.tell(TokenFixture::asked());
    fixture.finish();
    assert_int_equal(fixture.replies.error(id)->code, Errc::unavailable);
    fixture.remove();
}

void tokens_are_listed(void**) {
    TokenFixture fixture;
    for (int i = 0; i < 3; i++) fixture.make(TokenFixture::asked());
    fixture.revoke(2);
    const auto listed = [&](bool all, std::uint64_t after, std::uint32_t limit) {
        wire::TokenListRequest request;
        request.all = all;
        request.after = after;
        request.limit = limit;
        const pki::Buffer frame = *wire::encode(request, 1);
        const auto answer = signerd::token_list(
            *fixture.store, fixture.clock.seconds,
            {fixture.generation, &fixture.admin, *wire::parse_frame(frame), {8, 1}});
        const auto reply = wire::decode<wire::JsonReply>(*wire::parse_frame(*answer));
        const auto json = *signerd::parse_json(pki::as_text(reply->json), "answer");
        std::string text;
        std::size_t index;
        json_t* token;
        json_array_foreach(json_object_get(json.get(), "tokens"), index, token) {
            text += std::to_string(json_integer_value(json_object_get(token, "id"))) + " ";
            text += std::string(json_string_value(json_object_get(token, "state"))) + " ";
            assert_null(json_object_get(token, "token"));
        }
        const json_t* more = json_object_get(json.get(), "after");
        return text +
               (more != nullptr ? "after " + std::to_string(json_integer_value(more)) : "");
    };
    assert_text(listed(false, 0, 0), "1 good 3 good ");
    assert_text(listed(true, 0, 0), "1 good 2 revoked 3 good ");
    assert_text(listed(true, 0, 2), "1 good 2 revoked after 2");
    assert_text(listed(true, 2, 2), "3 good ");
    fixture.clock.seconds += unit::kHour;
    assert_text(listed(false, 0, 0), "");
    assert_text(listed(true, 0, 0), "1 expired 2 revoked 3 expired ");
    fixture.remove();
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_made_and_recorded),
        cmocka_unit_test(each_is_another_one),
        cmocka_unit_test(what_cannot_be_made_is_refused),
        cmocka_unit_test(a_token_is_revoked),
        cmocka_unit_test(two_revoke_at_once),
        cmocka_unit_test(nothing_leaves_that_is_not_recorded),
        cmocka_unit_test(tokens_are_listed),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
