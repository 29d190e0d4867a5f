#pragma once

namespace signerd {

constexpr const char* kVersion = "0.1.0";

}  // namespace signerd
