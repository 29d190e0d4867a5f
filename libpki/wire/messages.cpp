#include "libpki/wire/messages.h"

namespace pki::wire {

std::string_view name(Protocol protocol) {
    switch (protocol) {
        case Protocol::none: return "none";
        case Protocol::est: return "est";
        case Protocol::scep: return "scep";
        case Protocol::cmp: return "cmp";
        case Protocol::enroll: return "enroll";
    }
    return "unknown";
}

std::string_view name(Operation operation) {
    switch (operation) {
        case Operation::none: return "none";
        case Operation::enroll: return "enroll";
        case Operation::renew: return "renew";
        case Operation::revoke: return "revoke";
        case Operation::release: return "release";
        case Operation::crl: return "crl";
        case Operation::responder: return "responder";
        case Operation::challenge: return "challenge";
        case Operation::ra: return "ra";
        case Operation::confirm: return "confirm";
        case Operation::token: return "token";
    }
    return "unknown";
}

std::string_view name(Credential credential) {
    switch (credential) {
        case Credential::none: return "none";
        case Credential::basic: return "basic";
        case Credential::certificate: return "certificate";
        case Credential::unproven: return "unproven";
        case Credential::challenge: return "challenge";
        case Credential::mac: return "mac";
        case Credential::token: return "token";
    }
    return "unknown";
}

}  // namespace pki::wire
