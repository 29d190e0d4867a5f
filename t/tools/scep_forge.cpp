// SCEP messages as clients should not send them, and what the server answers.
//
//     scep_forge request NAME=VALUE ...    a message on standard output: request.h, envelope.h
//     scep_forge reply NAME=VALUE ...      what a CertRep says, a line each: reply.h
//     scep_forge ber NAME=VALUE ...        in=FILE with indefinite lengths

#include <cstdio>
#include <string_view>

#include "t/tools/reply.h"
#include "t/tools/request.h"

namespace {

void write(const pki::Buffer& message) {
    if (std::fwrite(message.data(), 1, message.size(), stdout) != message.size())
        forge::die("cannot write");
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view command = argc > 1 ? argv[1] : "";
    const forge::Options options(argc, argv);
    if (command == "request")
        write(forge::build_request(options));
    else if (command == "reply")
        forge::print_reply(options);
    else if (command == "ber")
        write(forge::indefinite(options.file("in")));
    else
        forge::die("usage: scep_forge request|reply|ber NAME=VALUE ...");
    return 0;
}
