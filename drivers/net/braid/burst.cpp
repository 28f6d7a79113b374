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

namespace {

struct source_looker {
	static void look(tx_lane &lane, rte_mbuf *const *pkts, std::uint16_t n) noexcept
	{
		lane.looks->fill({pkts, n});
		lane.look_wanted.store(false, std::memory_order_release); // pairs with collect_sources()
	}
};

constexpr tx_function learning = look_and_send<source_looker, ethdev_port>;

// Sends on the one usable member, and keeps in mind which that is in this snapshot.
[[gnu::noinline]] std::uint16_t send_and_remember(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, std::uint16_t n) noexcept
{
	if (s.pin.others != nullptr)
		return s.tx(s, lane, pkts, n);
	lane.only = s.tx_port[0];
	lane.only_in.exchange(s.serial); // and not a store: pairs with want_look()
	if (lane.look_wanted.load(std::memory_order_acquire)) {
		// Asked for while the bond learned addresses, which it does no more.
		if (s.tx != learning)
			source_looker::look(lane, pkts, 0);
		lane.only_in.store(0, std::memory_order_relaxed); // until it has been looked at, which takes a packet
	}
	return s.tx(s, lane, pkts, n);
}

[[gnu::always_inline]] inline std::uint16_t send(const snapshot &s, tx_lane &lane, rte_mbuf **pkts, std::uint16_t n) noexcept
{
	// What s.tx would do for one usable member, sooner: it has no need to wait for what it reads there. What is seldom done
	// is called, so that the burst has nothing to save on the stack but the way out of its read section.
	if (lane.only_in.load(std::memory_order_relaxed) == s.serial) [[likely]]
		return ethdev_port::send(lane.only, lane.queue, pkts, n);
	if (s.tx_count == 1) [[unlikely]]
		return send_and_remember(s, lane, pkts, n);
	return s.tx(s, lane, pkts, n);
}

std::uint16_t receive(const snapshot &s, rx_lane &lane, rte_mbuf **pkts, std::uint16_t n) noexcept
{
	return s.rx(s, lane, pkts, n);
}

// In a section of any kind: the first burst of a thread, one inside a read section of the application's own, or all of them
// where the kernel has no membarrier(2).
[[gnu::noinline]] std::uint16_t tx_burst_in_any_section(void *queue, rte_mbuf **pkts, std::uint16_t n) noexcept
{
	tx_lane &lane = *static_cast<tx_lane *>(queue);
	const rcu::read_section section;
	return send(*lane.published->get(section), lane, pkts, n);
}

[[gnu::noinline]] std::uint16_t rx_burst_in_any_section(void *queue, rte_mbuf **pkts, std::uint16_t n) noexcept
{
	rx_lane &lane = *static_cast<rx_lane *>(queue);
	const rcu::read_section section;
	return receive(*lane.published->get(section), lane, pkts, n);
}

std::uint16_t tx_burst_quickly(void *queue, rte_mbuf **pkts, std::uint16_t n) noexcept
{
	rcu::quick_read_section section;
	if (!section) [[unlikely]]
		return tx_burst_in_any_section(queue, pkts, n);
	tx_lane &lane = *static_cast<tx_lane *>(queue);
	return send(*lane.published->get(section), lane, pkts, n);
}

std::uint16_t rx_burst_quickly(void *queue, rte_mbuf **pkts, std::uint16_t n) noexcept
{
	rcu::quick_read_section section;
	if (!section) [[unlikely]]
		return rx_burst_in_any_section(queue, pkts, n);
	rx_lane &lane = *static_cast<rx_lane *>(queue);
	return receive(*lane.published->get(section), lane, pkts, n);
}

} // namespace

burst_function tx_burst() noexcept
{
	return rcu::readers_need_no_barrier() ? tx_burst_quickly : tx_burst_in_any_section;
}

burst_function rx_burst() noexcept
{
	return rcu::readers_need_no_barrier() ? rx_burst_quickly : rx_burst_in_any_section;
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
		const int waiting = rte_eth_rx_queue_count(ethdev_port::number(s.rx_member[m].port), lane.queue);
		if (waiting < 0)
			return waiting;
		sum += waiting;
	}
	return sum;
}

void select_functions(snapshot &s, const tx_options &options, rx_port owner, bool learns) noexcept
{
	s.rr_limit = options.rr_limit;
	s.tx = select_tx<ethdev_port>(s.mode, s.policy, s.tx_count, options);
	if (learns && s.tx_count != 0)
		s.tx = learning;
	if (s.pin.flag != 0)
		put_pinning_before<ethdev_port>(s);
	s.rx = select_rx<ethdev_port>(s.rx_count, owner);
}

} // namespace braid
