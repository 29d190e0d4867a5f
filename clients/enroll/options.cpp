#include "clients/enroll/options.h"

namespace enroll {

namespace {

constexpr Option kOptions[] = {
    {.name = "json", .help = "print one JSON object"},
    {.name = "help", .help = "print this and exit"},
};

}  // namespace

const Tool kTool{
    .name = "enroll",
    .options = kOptions,
    .exit_status =
        "Exit status: 0 done, 1 refused, 2 wrong usage, 3 server not reached, not trusted or\n"
        "busy, 4 pending, 5 faulty answer. See enroll(1).\n",
};

}  // namespace enroll
