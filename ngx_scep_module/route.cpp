#include "ngx_scep_module/route.h"

#include <algorithm>

namespace ngx_enroll::scep {

namespace {

constexpr std::string_view kProgram = "pkiclient.exe";
constexpr std::string_view kFolder = "cgi-bin";
constexpr std::size_t kMaxLabel = 64;

std::string_view without_slashes(std::string_view path) {
    while (path.starts_with('/')) path.remove_prefix(1);
    while (path.ends_with('/')) path.remove_suffix(1);
    return path;
}

// The last segment of the path, when it is this one.
bool drop_last(std::string_view& path, std::string_view segment) {
    if (!path.ends_with(segment)) return false;
    const std::size_t rest = path.size() - segment.size();
    if (rest != 0 && path[rest - 1] != '/') return false;
    path = without_slashes(path.substr(0, rest));
    return true;
}

std::optional<std::string_view> profile_of_label(const LocConf& conf, std::string_view label) {
    if (label.empty()) return view(conf.profile);
    if (conf.labels == nullptr) return std::nullopt;
    const auto* labels = static_cast<Label*>(conf.labels->elts);
    for (ngx_uint_t i = 0; i < conf.labels->nelts; i++)
        if (view(labels[i].label) == label) return view(labels[i].profile);
    return std::nullopt;
}

}  // namespace

std::optional<std::string_view> profile_of_path(ngx_http_request_t* r) {
    const LocConf& conf = conf_of(r);
    const auto* core = static_cast<ngx_http_core_loc_conf_t*>(
        ngx_http_get_module_loc_conf(r, ngx_http_core_module));
    if (conf.regex) return view(conf.profile);
    std::string_view path = view(r->uri);
    // Sent here by a rewrite, or by error_page to a named location.
    if (!path.starts_with(view(core->name))) return view(conf.profile);
    path.remove_prefix(core->name.len);
    const bool whole_segment =
        path.empty() || path[0] == '/' || view(core->name).ends_with('/');
    if (!whole_segment) return std::nullopt;
    path = without_slashes(path);
    if (drop_last(path, kProgram)) drop_last(path, kFolder);
    return profile_of_label(conf, path);
}

bool valid_label(std::string_view label) {
    return !label.empty() && label.size() <= kMaxLabel && label != kProgram &&
           label != kFolder && std::ranges::all_of(label, [](unsigned char c) {
               return c > 0x20 && c < 0x7f && c != '/' && c != '?' && c != '#' && c != '%';
           });
}

}  // namespace ngx_enroll::scep
