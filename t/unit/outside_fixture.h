// A question of each kind.
#pragma once

#include <string>

#include "signerd/outside/protocol.h"

namespace unit {

using signerd::OutsideEvent;
using signerd::OutsideQuestion;

inline OutsideQuestion question(OutsideEvent event) {
    static const std::string kSan = "DNS:a.example";
    static const pki::Buffer kDer{0x30, 0x01, 0x02};
    OutsideQuestion asked;
    asked.challenge = "hook";
    asked.event = event;
    asked.id = "id-1";
    asked.time = 1'800'000'000;
    asked.profile = "device";
    asked.transaction = "4711";
    asked.client_address = "192.0.2.7";
    asked.subject = "CN=a";
    asked.sans = {pki::as_bytes(kSan)};
    asked.csr = kDer;
    if (event == OutsideEvent::decide) asked.password = pki::as_bytes("p\"w");
    if (event == OutsideEvent::issued) {
        asked.serial = "0a0b";
        asked.certificate = kDer;
        asked.issuer = "CN=Issuing";
        asked.not_after = 1'800'000'001;
    }
    if (event == OutsideEvent::failed) {
        asked.reason = "denied by policy";
        asked.code = 6;
    }
    return asked;
}

}  // namespace unit
