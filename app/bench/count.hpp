/* SPDX-License-Identifier: BSD-3-Clause */
// Work to be counted in instructions, by callgrind, which runs this program: scripts/bench --instructions.
#pragma once

#include <string>

namespace braid::bench {

// Makes net_braid ready for "SIMD CASE", such as "avx2 tx/balance-l34/ipv4/m2/b32/hot", calls counted_piece() once and
// prints how many packets (bursts, in receive) that was. Returns false if it could not be done, which it says.
bool do_work_to_count(const std::string &what);

} // namespace braid::bench
