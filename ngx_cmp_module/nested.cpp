#include "ngx_cmp_module/nested.h"

#include "libpki/cmp/general.h"
#include "ngx_cmp_module/answer.h"
#include "ngx_cmp_module/open.h"
#include "ngx_cmp_module/report.h"

namespace ngx_enroll::cmp {

namespace {

using pki::Errc;
using pki::fail;
using pki::Reason;

// All of them are read before one is worked on.
pki::Status read_all(CmpExchange& exchange) {
    if (!exchange.message.ra)
        return fail(Errc::denied, Reason::not_authorized, "the signer is no RA");
    PKI_TRY(const auto messages, pki::cmp::parse_nested(exchange.message.message->body));
    exchange.nested.resize(messages.size());
    for (std::size_t i = 0; i < messages.size(); i++) {
        exchange.nested[i].der = messages[i];
        PKI_CHECK(read_message(exchange.nested[i]));
    }
    return {};
}

ngx_int_t work_on(CmpExchange& exchange, Request& request) {
    exchange.current = &request;
    return open_nested(exchange);
}

ngx_int_t answer_all(CmpExchange& exchange) {
    std::vector<pki::Bytes> answers;
    for (const Request& request : exchange.nested) answers.push_back(request.answer);
    exchange.current = &exchange.message;
    // Each of them has a record of its own.
    exchange.outcome = "ok";
    return answer_with(exchange, {pki::cmp::BodyType::nested, pki::cmp::build_nested(answers)});
}

}  // namespace

ngx_int_t start_nested(CmpExchange& exchange) {
    if (const auto status = read_all(exchange); !status) {
        exchange.nested.clear();
        return answer_failure(exchange, status.error());
    }
    return work_on(exchange, exchange.nested.front());
}

ngx_int_t take_nested_answer(CmpExchange& exchange, pki::Buffer answer) {
    // RFC 9483 5.2.2.1: what an RA has only added its protection to is answered as if it had
    // come alone, and the RA hands that on.
    if (exchange.nested.size() == 1) return send_message(exchange, answer);
    exchange.current->answer = std::move(answer);
    Request* const next = exchange.current + 1;
    return next == exchange.nested.data() + exchange.nested.size() ? answer_all(exchange)
                                                                   : work_on(exchange, *next);
}

void record_nested_refusal(CmpExchange& exchange) {
    if (exchange.nested.size() < 2 || exchange.current == &exchange.message) return;
    const auto outcome = outcome_from_name(exchange.outcome).value_or(Outcome::other);
    report_decision({exchange.request, &exchange, conf_of(exchange.request).limits.location,
                     static_cast<std::size_t>(exchange.task), outcome, NGX_HTTP_OK, false,
                     nullptr});
}

}  // namespace ngx_enroll::cmp
