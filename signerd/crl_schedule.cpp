#include "signerd/crl_schedule.h"

#include <algorithm>

namespace signerd {

namespace {

constexpr CrlKind kComplete{0, false};
constexpr CrlKind kDelta{0, true};

// A clock that was set back must not keep us from making lists for so long.
constexpr std::int64_t kAhead = 300;

bool is_over(std::int64_t from, std::int64_t every, std::int64_t now) {
    return now >= from + every || from > now + kAhead;
}

const CrlRecord* find(const CrlLine& line, CrlKind kind) {
    const auto found = line.newest.find(kind);
    return found == line.newest.end() ? nullptr : &found->second;
}

// Lists that certificates point to go on, also when there are fewer partitions by now. A delta
// needs a complete list of the same form that was there before it.
std::set<CrlKind> complete_kinds(const Ca& ca, const CrlLine& line) {
    std::uint32_t partitions = ca.crl.partitions;
    for (const auto& [kind, record] : line.newest)
        partitions = std::max(partitions, kind.partition);
    std::set<CrlKind> kinds{kComplete};
    for (std::uint32_t i = 1; i <= partitions; i++) kinds.insert({i, false});
    const CrlRecord* complete = find(line, kComplete);
    if (ca.crl.delta_every != 0 && complete != nullptr && complete->form == crl_form(ca))
        kinds.insert(kDelta);
    return kinds;
}

bool complete_is_due(const Ca& ca, const CrlLine& line, std::int64_t now) {
    const CrlRecord* complete = find(line, kComplete);
    if (complete == nullptr || complete->form != crl_form(ca) ||
        is_over(complete->scheduled, ca.crl.every, now))
        return true;
    for (std::uint32_t i = 1; i <= ca.crl.partitions; i++)
        if (find(line, {i, false}) == nullptr) return true;
    return false;
}

bool delta_is_due(const Ca& ca, const CrlLine& line, std::int64_t now) {
    if (ca.crl.delta_every == 0) return false;
    const CrlRecord* delta = find(line, kDelta);
    return delta == nullptr || line.demanded ||
           is_over(delta->this_update, ca.crl.delta_every, now);
}

// A delta that nobody replaces must not hide the revocations since: it is over soon.
std::int64_t validity_of(const Ca& ca, CrlKind kind) {
    return kind.delta ? std::min(2 * ca.crl.delta_every, ca.crl.validity) : ca.crl.validity;
}

// More than these have nobody who points to them any more.
constexpr std::size_t kUrls = 16;

std::vector<std::string> split(std::string_view urls) {
    std::vector<std::string> parts;
    while (!urls.empty()) {
        const std::size_t end = urls.find(' ');
        parts.emplace_back(urls.substr(0, end));
        urls.remove_prefix(end == urls.npos ? urls.size() : end + 1);
    }
    return parts;
}

std::string joined(const std::vector<std::string>& urls) {
    std::string text;
    for (const std::string& url : urls) text += (text.empty() ? "" : " ") + url;
    return text;
}

// Where certificates look for this partition: those of today, and those that were issued under
// other URLs, or while there were more partitions, which the list before remembers.
std::vector<std::string> urls_of_list(const Ca& ca, CrlKind kind, const CrlRecord* before) {
    std::vector<std::string> urls;
    if (kind.partition <= ca.crl.partitions) urls = partition_urls(ca, kind.partition);
    if (before != nullptr)
        for (const std::string& url : split(before->urls))
            if (std::ranges::find(urls, url) == urls.end()) urls.push_back(url);
    if (urls.size() > kUrls) urls.resize(kUrls);
    return urls;
}

}  // namespace

CrlDue crl_due(const Ca& ca, const CrlLine& line, std::int64_t now) {
    if (!ca.crl.enabled || now < ca.not_before || now >= ca.not_after) return {};
    if (line.failures > 0 && now < line.not_before) return {};
    if (line.anew || complete_is_due(ca, line, now)) return {complete_kinds(ca, line), true};
    if (now < line.not_before) return {};
    if (delta_is_due(ca, line, now)) return {{kDelta}, false};
    if (line.demanded && ca.crl.delta_every == 0) return {complete_kinds(ca, line), false};
    return {};
}

CrlDraft crl_draft(const Ca& ca, const CrlLine& line, CrlKind kind, bool scheduled,
                   std::int64_t now) {
    const CrlRecord* complete = find(line, kComplete);
    CrlDraft draft;
    draft.alive = complete == nullptr ? 0 : complete->scheduled;
    draft.record.ca = ca.name;
    draft.record.partition = kind.partition;
    draft.record.delta = kind.delta;
    draft.record.number = line.number;
    draft.record.this_update = now;
    draft.record.next_update = now + validity_of(ca, kind);
    draft.record.scheduled = scheduled ? now : draft.alive;
    // RFC 5280 5.2.4: beside a complete list it is over the one before.
    if (kind.delta) {
        draft.record.base = complete->number;
        draft.since = complete->change;
    }
    draft.scheme = ca.scheme;
    draft.issuer = ca.subject;
    draft.authority_key_identifier = ca.key_identifier;
    draft.only_user_certs = ca.crl.distribution_point || kind.partition != 0;
    draft.record.form = crl_form(ca);
    if (kind.partition != 0) {
        draft.distribution_points = urls_of_list(ca, kind, find(line, kind));
        draft.record.urls = joined(draft.distribution_points);
    }
    if (kind == kComplete) draft.freshest = ca.crl.delta_urls;
    return draft;
}

pki::ossl::Sha256 crl_form(const Ca& ca) {
    pki::Buffer form;
    const auto add = [&](pki::Bytes value) {
        pki::append(form, pki::as_bytes(std::to_string(value.size()) + ":"));
        pki::append(form, value);
    };
    const auto add_number = [&](std::int64_t number) {
        add(pki::as_bytes(std::to_string(number)));
    };
    const CrlRules& rules = ca.crl;
    add(ca.chain.front());
    add_number(rules.every);
    add_number(rules.validity);
    add_number(rules.delta_every);
    add_number(rules.partitions);
    add_number(rules.distribution_point);
    add_number(static_cast<std::int64_t>(rules.delta_urls.size()));
    for (const std::string& url : rules.delta_urls) add(pki::as_bytes(url));
    if (rules.partitions != 0)
        for (const std::string& url : ca.crl_urls) add(pki::as_bytes(url));
    return pki::ossl::sha256(form);
}

std::uint32_t partition_of(const Ca& ca, pki::Bytes serial) {
    if (ca.crl.partitions == 0 || serial.size() < 2) return 0;
    const std::uint32_t random =
        static_cast<std::uint32_t>(serial[serial.size() - 2]) << 8 | serial[serial.size() - 1];
    return 1 + random % ca.crl.partitions;
}

std::vector<std::string> partition_urls(const Ca& ca, std::uint32_t partition) {
    std::vector<std::string> urls = ca.crl_urls;
    for (std::string& url : urls)
        for (std::size_t at; (at = url.find(kPartitionWord)) != url.npos;)
            url.replace(at, kPartitionWord.size(), std::to_string(partition));
    return urls;
}

}  // namespace signerd
