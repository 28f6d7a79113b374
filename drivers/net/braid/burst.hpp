/* SPDX-License-Identifier: BSD-3-Clause */
// What ethdev calls for every burst, and the choice of what a snapshot carries.
#pragma once

#include "base/options.hpp"
#include "policy/select.hpp"
#include "policy/snapshot.hpp"

namespace braid {

// `queue` is a tx_lane or an rx_lane. Any thread, one per queue at a time.
using burst_function = std::uint16_t (*)(void *queue, rte_mbuf **pkts, std::uint16_t n) noexcept;

// The quickest that this kernel allows.
burst_function tx_burst() noexcept;
burst_function rx_burst() noexcept;
std::uint16_t tx_prepare(void *queue, rte_mbuf **pkts, std::uint16_t n) noexcept;

// Sum of the packets that wait on the members' queues, or a negative errno of the first member that cannot tell.
int rx_queue_count(void *queue) noexcept;

// Sets s.tx and s.rx for the mode, policy and counts that `s` holds, and for pinning if its flag is set. `learns`: what is sent is looked at now and
// then; in active-backup only.
void select_functions(snapshot &s, const tx_options &options, rx_port owner, bool learns) noexcept;

} // namespace braid
