// What signerctl shares with the other clients goes by its short names here.
#pragma once

namespace clients {}

namespace signerctl {
using namespace clients;
}
