/* SPDX-License-Identifier: BSD-3-Clause */
// A subject for a case, up to the point where all of its members carry packets.
#pragma once

#include "subject.hpp"
#include "work.hpp"

#include <memory>
#include <string>

namespace braid::bench {

// `simd` is net_braid's.
result<std::unique_ptr<subject>> make_ready(driver d, const station &s, const std::string &simd = "auto");

} // namespace braid::bench
