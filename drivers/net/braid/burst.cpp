/* SPDX-License-Identifier: BSD-3-Clause */
// The burst functions: one read section, one load of the snapshot, one call of the function that it carries.
//
// Compiled on its own with -ftls-model=initial-exec, so that the read section reaches liburcu's per-thread pointer in
// two instructions instead of a call to __tls_get_addr.
#include "burst.hpp"

#include "announce/look_box.hpp"
#include "ethdev_port.hpp"
#include "policy/observed.hpp"
#include "policy/select.hpp"
#include "rcu/read_section.hpp"

namespace braid {

std::uint16_t tx_burst(void *queue, rte_mbuf **pkts, std::uint16_t n) noexcept
{
	tx_lane &lane = *static_cast<tx_lane *>(queue);
	const rcu::read_section section;
	const snapshot &s = *lane.published->get(section);
	return s.tx(s, lane, pkts, n);
}

std::uint16_t rx_burst(void *queue, rte_mbuf **pkts, std::uint16_t n) noexcept
{
	rx_lane &lane = *static_cast<rx_lane *>(queue);
	const rcu::read_section section;
	const snapshot &s = *lane.published->get(section);
	return s.rx(s, lane, pkts, n);
}

std::uint16_t tx_prepare(void *queue, rte_mbuf **pkts, std::uint16_t n) noexcept
{
	tx_lane &lane = *static_cast<tx_lane *>(queue);
	const rcu::read_section section;
	const snapshot &s = *lane.published->get(section);
	return prepare<ethdev_port>(s, lane, pkts, n);
}

int rx_queue_count(void *queue) noexcept
{
	rx_lane &lane = *static_cast<rx_lane *>(queue);
	const rcu::read_section section;
	const snapshot &s = *lane.published->get(section);
	int sum = 0;
	for (unsigned m = 0; m < s.rx_count; m++) {
		const int waiting = rte_eth_rx_queue_count(s.rx_member[m].port, lane.queue);
		if (waiting < 0)
			return waiting;
		sum += waiting;
	}
	return sum;
}

namespace {

struct source_looker {
	static void look(tx_lane &lane, rte_mbuf *const *pkts, std::uint16_t n) noexcept
	{
		lane.looks->fill({pkts, n});
		lane.look_wanted.store(false, std::memory_order_release); // pairs with collect_sources()
	}
};

} // namespace

void select_functions(snapshot &s, tx_empty when_empty, rx_port owner, bool learns) noexcept
{
	s.tx = select_tx<ethdev_port>(s.mode, s.policy, s.tx_count, when_empty);
	if (learns && s.tx_count != 0)
		s.tx = look_and_send<source_looker, ethdev_port>;
	s.rx = select_rx<ethdev_port>(s.rx_count, owner);
}

} // namespace braid
