// enroll_crl: lists out of the copies that the watch has made.
#pragma once

#include "ngx_enroll_module/enroll.h"

namespace ngx_enroll::enroll {

// The number of a partition, as text; nullopt: not one of 1 to limits::kPartitions.
std::optional<std::uint32_t> partition_number(std::string_view text);

// The content handler.
ngx_int_t serve_crl(EnrollExchange& exchange);

}  // namespace ngx_enroll::enroll
