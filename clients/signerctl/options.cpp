#include "clients/signerctl/options.h"

namespace signerctl {

namespace {

constexpr Option kOptions[] = {
    {.name = "socket", .value = "PATH", .help = "signerd's admin socket"},
    {.name = "json", .help = "print JSON"},
    {.name = "help", .help = "print this and exit"},
};

}  // namespace

const Tool kTool{
    .name = "signerctl",
    .options = kOptions,
    .exit_status = "Exit status: 0 success, 1 failure, 2 wrong usage. See signerctl(1).\n",
};

}  // namespace signerctl
