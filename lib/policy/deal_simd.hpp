/* SPDX-License-Identifier: BSD-3-Clause */
// Dealing out with wider instructions. Whether the processor has them, the caller must know.
#pragma once

#include "policy/borders.hpp"

#include <rte_config.h>

struct rte_mbuf;

namespace braid {

// How many packets are dealt out at a time.
inline constexpr unsigned dealt_at_once = 8;

// Deals n packets out, by their hashes and at least one border; n is a multiple of dealt_at_once. Of each row, there is room for
// n. Returns how many the second row has got; the first has got the others.
using two_row_deal = unsigned (*)(rte_mbuf *const *pkts, unsigned n, const std::uint32_t *hashes, const borders &between,
                                  rte_mbuf **first_row, rte_mbuf **second_row) noexcept;

#ifdef RTE_ARCH_X86_64
unsigned deal_to_two_avx2(rte_mbuf *const *pkts, unsigned n, const std::uint32_t *hashes, const borders &between,
                          rte_mbuf **first_row, rte_mbuf **second_row) noexcept;
#endif

} // namespace braid
