#include "ngx_common/limits_conf.h"

namespace ngx_enroll {

namespace {

constexpr ngx_uint_t kMaxInflight = 256;  // what a signer commits in one batch
constexpr ngx_uint_t kLoginFailures = 10;
constexpr time_t kLoginWindow = 3600;

constexpr ngx_int_t kMostLoginFailures = 1'000'000;
constexpr time_t kLongestLoginWindow = 30 * 24 * 3600;

char* check_zone_size(ngx_conf_t* cf, void*, void* value) {
    if (*static_cast<size_t*>(value) >= kMinZoneSize) return NGX_CONF_OK;
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "the zone must have at least %uz bytes",
                       kMinZoneSize);
    return static_cast<char*>(NGX_CONF_ERROR);
}

bool parse_failures(const ngx_str_t& text, LimitsConf& conf) {
    const ngx_int_t number = ngx_atoi(text.data, text.len);
    if (number < 1 || number > kMostLoginFailures) return false;
    conf.login_failures = static_cast<ngx_uint_t>(number);
    return true;
}

bool parse_window(const ngx_str_t& text, LimitsConf& conf) {
    constexpr std::string_view kName = "per=";
    if (!view(text).starts_with(kName)) return false;
    ngx_str_t value = lend(view(text).substr(kName.size()));
    const ngx_int_t seconds = ngx_parse_time(&value, 1);
    if (seconds < 1 || seconds > kLongestLoginWindow) return false;
    conf.login_window = seconds;
    return true;
}

}  // namespace

ngx_conf_post_t zone_size_bounds = {check_zone_size};
ngx_conf_num_bounds_t inflight_bounds = {ngx_conf_check_num_bounds, 0, 1'000'000};

void init_limits_conf(LimitsConf& conf) {
    conf.max_inflight = NGX_CONF_UNSET_UINT;
    conf.login_failures = NGX_CONF_UNSET_UINT;
    conf.login_window = NGX_CONF_UNSET;
}

void merge_limits_conf(LimitsConf& conf, const LimitsConf& parent) {
    ngx_conf_merge_uint_value(conf.max_inflight, parent.max_inflight, kMaxInflight);
    // The two belong together: one that is set takes its window from nowhere else.
    ngx_conf_merge_sec_value(conf.login_window, parent.login_window, kLoginWindow);
    ngx_conf_merge_uint_value(conf.login_failures, parent.login_failures, kLoginFailures);
}

char* set_login_failures(ngx_conf_t* cf, ngx_command_t* cmd, void* base) {
    auto& conf = *reinterpret_cast<LimitsConf*>(static_cast<char*>(base) + cmd->offset);
    if (conf.login_failures != NGX_CONF_UNSET_UINT) return const_cast<char*>("is duplicate");
    const auto* args = static_cast<ngx_str_t*>(cf->args->elts);
    conf.login_window = kLoginWindow;
    if (view(args[1]) == "off" && cf->args->nelts == 2) {
        conf.login_failures = 0;
        return NGX_CONF_OK;
    }
    if (!parse_failures(args[1], conf) || (cf->args->nelts > 2 && !parse_window(args[2], conf)))
        return const_cast<char*>("takes a number of 1 to 1000000 and per=time of 1s to 30d");
    return NGX_CONF_OK;
}

}  // namespace ngx_enroll
