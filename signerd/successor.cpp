#include "signerd/successor.h"

#include <algorithm>

namespace signerd {

namespace {

const Ca* successor_of(const Ca& ca, const Cas& cas) {
    return ca.successor ? &cas.at(ca.successor->ca) : nullptr;
}

void add_new(std::vector<pki::Bytes>& list, const std::vector<pki::Buffer>& certificates) {
    for (const pki::Buffer& der : certificates) {
        const auto same = [&](pki::Bytes other) { return pki::equal(other, der); };
        if (std::ranges::none_of(list, same)) list.emplace_back(der);
    }
}

}  // namespace

std::vector<const Ca*> line_of(const Ca& ca, const Cas& cas) {
    std::vector<const Ca*> line;
    for (const Ca* next = &ca; next != nullptr; next = successor_of(*next, cas))
        line.push_back(next);
    return line;
}

bool leads_to(const std::string& from, const std::string& name, const Cas& cas) {
    if (from == name) return true;
    const auto first = cas.find(from);
    if (first == cas.end()) return false;
    return std::ranges::any_of(line_of(first->second, cas),
                               [&](const Ca* ca) { return ca->name == name; });
}

const Ca& issuing_ca(const Ca& ca, const Cas& cas, std::int64_t now) {
    const Ca* issuing = &ca;
    while (issuing->successor && issuing->successor->from && *issuing->successor->from <= now)
        issuing = successor_of(*issuing, cas);
    return *issuing;
}

std::vector<pki::Bytes> ca_certificates(const Ca& ca, const Cas& cas, std::int64_t now) {
    const auto line = line_of(ca, cas);
    std::vector<pki::Bytes> all;
    add_new(all, issuing_ca(ca, cas, now).chain);
    for (const Ca* one : line) add_new(all, one->chain);
    for (const Ca* one : line)
        if (one->successor) add_new(all, one->successor->cross);
    return all;
}

}  // namespace signerd
