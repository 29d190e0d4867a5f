// What enroll shares with the other clients goes by its short names here.
#pragma once

namespace clients {}

namespace enroll {
using namespace clients;
}
