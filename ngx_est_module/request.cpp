#include "ngx_est_module/request.h"

#include "ngx_common/report_log.h"

namespace ngx_enroll::est {

namespace wire = pki::wire;

wire::IssueRequest request_of(const EstExchange& exchange, const LocConf& conf,
                              const std::string& transaction) {
    wire::IssueRequest request;
    request.profile = exchange.profile;
    request.protocol = wire::Protocol::est;
    request.operation = wire::Operation::enroll;
    request.possession_verified = conf.verify_csr != 0;
    request.credential = exchange.credential;
    request.credential_name = exchange.credential_name;
    request.client_certificate = exchange.client_certificate;
    if (exchange.token_sha256) request.token_sha256 = *exchange.token_sha256;
    request.client_address = client_address(exchange.request->connection);
    request.idempotency_key = exchange.idempotency_key;
    request.idempotency_window = static_cast<std::uint32_t>(conf.idempotency_window);
    request.transaction = transaction;
    return request;
}

}  // namespace ngx_enroll::est
