// HTTP requests over N connections, in a closed loop or an open one.
//
// In a closed loop each connection sends its next request when it has its answer. In an open
// one requests are due at a rate, whatever the answers, on any connection that is free, and
// latency counts from the time that one was due. With kept connections the first request of
// each, which waits for the handshake, has no part in the latencies.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "t/bench/latencies.h"

namespace bench {

enum class Handshake { once, resumed, full };

struct LoadSpec {
    std::uint16_t port = 0;
    std::size_t connections = 1;
    double seconds = 10;
    double rate = 0;  // requests a second, 0: closed loop
    bool tls = true;
    Handshake handshake = Handshake::once;  // other than once: a connection for each request
    std::string certificate, certificate_key;
};

// What one answer was. 503 is shed, whatever the protocol.
enum class Outcome { ok, pending, shed, refused };
// Of a whole answer, by the number of its request.
using Judge = std::function<Outcome(std::size_t request, std::string_view answer)>;

struct Report {
    double seconds = 0;
    std::size_t ok = 0, pending = 0, shed = 0, refused = 0, broken = 0, resumed = 0;
    Latencies latencies;  // of what was ok or pending
};

// What its connection sends next before the request counts as answered: the answer to that is
// the one that is judged, and ends what is measured. Empty: nothing.
using FollowUp = std::function<std::string(std::size_t request, std::string_view answer)>;

// Ends the process when a load cannot be made.
Report run_load(const LoadSpec& spec, const std::vector<std::string>& requests,
                const Judge& judge, const FollowUp& follow_up = {});
// One JSON object on standard output.
void print_report(Report report);

// --- what the command lines have in common ---

[[noreturn]] void die(const std::string& what);

using Arguments = std::map<std::string, std::string>;
// "--name value" in pairs, over what is given.
Arguments read_arguments(int argc, char** argv, Arguments defaults);
// --port --connections --seconds --rate --handshake --cert --cert-key
LoadSpec load_spec(Arguments& given);

// 200 or 503 by the status line; everything else is refused.
Outcome http_outcome(std::string_view answer);

}  // namespace bench
