#include "ngx_cmp_module/route.h"

#include <algorithm>
#include <span>

#include "libpki/wire/transaction.h"

namespace ngx_enroll::cmp {

namespace {

using pki::Errc;
using pki::fail;

const ngx_http_core_loc_conf_t& core_of(ngx_http_request_t* r) {
    return *static_cast<ngx_http_core_loc_conf_t*>(
        ngx_http_get_module_loc_conf(r, ngx_http_core_module));
}

}  // namespace

pki::Result<Route> find_route(ngx_http_request_t* r) {
    const LocConf& conf = conf_of(r);
    Route route{view(conf.profile), false, {}};
    if (conf.regex) return route;
    const std::string_view prefix = view(core_of(r).name);
    std::string_view path = view(r->uri);
    // Sent here by a rewrite, or by error_page to a named location.
    if (!path.starts_with(prefix)) return route;
    path.remove_prefix(prefix.size());
    const bool whole_segment = path.empty() || path[0] == '/' || prefix.ends_with('/');
    const auto named = whole_segment ? pki::cmp::route(path) : std::nullopt;
    if (!named) return fail(Errc::not_found, "no such CMP resource");
    route.operation = named->operation;
    if (named->label.empty()) return route;
    const auto profile = profile_of_label(conf, named->label);
    if (!profile) return fail(Errc::not_found, "no such CMP resource");
    route.profile = *profile;
    route.labelled = true;
    return route;
}

std::optional<std::string_view> profile_of_label(const LocConf& conf, std::string_view label) {
    if (conf.labels == nullptr) return std::nullopt;
    const auto* labels = static_cast<Label*>(conf.labels->elts);
    for (ngx_uint_t i = 0; i < conf.labels->nelts; i++)
        if (view(labels[i].label) == label) return view(labels[i].profile);
    return std::nullopt;
}

std::vector<pki::Bytes> other_profiles(const LocConf& conf, std::string_view profile) {
    std::vector<pki::Bytes> others;
    if (conf.labels == nullptr) return others;
    for (const Label& label :
         std::span(static_cast<Label*>(conf.labels->elts), conf.labels->nelts)) {
        const pki::Bytes name = pki::as_bytes(view(label.profile));
        const auto same = [&](pki::Bytes other) { return pki::equal(other, name); };
        if (same(pki::as_bytes(profile)) || std::ranges::any_of(others, same)) continue;
        others.push_back(name);
        if (others.size() == pki::wire::kOtherProfiles) break;
    }
    return others;
}

pki::Status check_operation(const Route& route, pki::cmp::BodyType type) {
    if (!route.operation || pki::cmp::takes(*route.operation, type)) return {};
    return fail(Errc::malformed, pki::Reason::bad_request,
                "CMP: the message does not suit the operation that its path names");
}

}  // namespace ngx_enroll::cmp
