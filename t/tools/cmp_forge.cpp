// CMP messages as clients should not send them, and what the server answers.
//
//     cmp_forge message NAME=VALUE ...    a message on standard output: cmp_message.h
//     cmp_forge read NAME=VALUE ...       what a message says, as JSON: cmp_reply.h

#include <cstdio>
#include <string_view>

#include "t/tools/cmp_message.h"
#include "t/tools/cmp_reply.h"

namespace {

void write(const pki::Buffer& message) {
    if (std::fwrite(message.data(), 1, message.size(), stdout) != message.size())
        forge::die("cannot write");
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view command = argc > 1 ? argv[1] : "";
    const forge::Options options(argc, argv);
    if (command == "message")
        write(forge::build_message(options));
    else if (command == "read")
        forge::print_message(options);
    else
        forge::die("usage: cmp_forge message|read NAME=VALUE ...");
    return 0;
}
