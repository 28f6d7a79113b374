/* SPDX-License-Identifier: BSD-3-Clause */
// A member's queues as the burst functions see them: what ethdev's inline calls do, with whatever an application has
// registered on the member (captures, callbacks) still in place.
#pragma once

#include "policy/port.hpp"
#include "sdk.hpp"

namespace braid {

struct ethdev_port {
	// The address of the table of functions that ethdev keeps for the port. Not the functions themselves: when an application
	// stops a member, ethdev puts harmless ones there. From the number of the port a burst would have to compute it, with
	// nothing else to do meanwhile: 1.8 cycles in 9.
	static port_handle handle(std::uint16_t port) noexcept
	{
		return port_handle{reinterpret_cast<std::uintptr_t>(&rte_eth_fp_ops[port])};
	}
	static std::uint16_t number(port_handle port) noexcept
	{
		return static_cast<std::uint16_t>(&table(port) - rte_eth_fp_ops);
	}

	// ethdev's own calls are taken only where callbacks are registered; inlined everywhere, their way through the
	// callbacks would cost every burst the saving of five registers.
	static std::uint16_t send(port_handle port, std::uint16_t queue, rte_mbuf **pkts, std::uint16_t n) noexcept
	{
		const struct rte_eth_fp_ops &ops = table(port);
		if (has_callbacks(ops.txq, queue)) [[unlikely]]
			return send_with_callbacks(number(port), queue, pkts, n);
		return ops.tx_pkt_burst(ops.txq.data[queue], pkts, n);
	}
	static std::uint16_t receive(port_handle port, std::uint16_t queue, rte_mbuf **pkts, std::uint16_t n) noexcept
	{
		const struct rte_eth_fp_ops &ops = table(port);
		if (has_callbacks(ops.rxq, queue)) [[unlikely]]
			return receive_with_callbacks(number(port), queue, pkts, n);
		return ops.rx_pkt_burst(ops.rxq.data[queue], pkts, n);
	}
	static std::uint16_t prepare(port_handle port, std::uint16_t queue, rte_mbuf **pkts, std::uint16_t n) noexcept
	{
		return rte_eth_tx_prepare(number(port), queue, pkts, n);
	}
	static void drop(rte_mbuf *pkt) noexcept { rte_pktmbuf_free(pkt); }
	static void reference(rte_mbuf **pkts, unsigned n, std::int16_t by) noexcept
	{
		constexpr std::size_t piece = 8; // the compiler unrolls what it knows the length of
		const auto count = static_cast<std::uint16_t>(1 + by);
		rte_mbuf **const end = pkts + n;
		for (; pkts + piece <= end; pkts += piece)
#pragma GCC unroll 8
			for (std::size_t i = 0; i < piece; i++) {
				if (!is_ones_own(*pkts[i])) [[unlikely]]
					return reference_any(pkts + i, end, by);
				rte_mbuf_refcnt_set(pkts[i], count);
			}
		reference_any(pkts, end, by);
	}

private:
	static void reference_any(rte_mbuf **pkts, rte_mbuf **end, std::int16_t by) noexcept
	{
		for (; pkts != end; pkts++) {
			if (is_ones_own(**pkts))
				rte_mbuf_refcnt_set(*pkts, static_cast<std::uint16_t>(1 + by));
			else
				rte_pktmbuf_refcnt_update(*pkts, by);
		}
	}

	// In one segment with one owner: nobody else can change the number, and `next`, on the mbuf's second cache line, need not
	// be read. Both numbers are read together, since two questions cost broadcast 0.2 cycles a packet; and atomically: while
	// there is another owner, he may be giving the packet back.
	static bool is_ones_own(const rte_mbuf &m) noexcept
	{
		using word [[gnu::may_alias]] = std::uint64_t; // offset of the data, owners, segments, port; in either byte order
		constexpr std::size_t start = offsetof(rte_mbuf, data_off);
		static_assert(start % sizeof(word) == 0 && offsetof(rte_mbuf, refcnt) == start + 2 &&
		              offsetof(rte_mbuf, nb_segs) == start + 4);
		const auto *const at = reinterpret_cast<const word *>(reinterpret_cast<const std::byte *>(&m) + start);
		return static_cast<std::uint32_t>(__atomic_load_n(at, __ATOMIC_RELAXED) >> 16) == 0x0001'0001;
	}

	static const struct rte_eth_fp_ops &table(port_handle port) noexcept
	{
		return *reinterpret_cast<const struct rte_eth_fp_ops *>(port);
	}
	static bool has_callbacks([[maybe_unused]] const rte_ethdev_qdata &queues, [[maybe_unused]] std::uint16_t queue) noexcept
	{
#ifdef RTE_ETHDEV_RXTX_CALLBACKS
		// Relaxed, as ethdev reads it: it is only asked whether there is one. Whoever calls it reads it again.
		return __atomic_load_n(&queues.clbk[queue], __ATOMIC_RELAXED) != nullptr;
#else
		return false;
#endif
	}
	[[gnu::noinline, gnu::cold]] static std::uint16_t send_with_callbacks(std::uint16_t port, std::uint16_t queue,
	                                                                      rte_mbuf **pkts, std::uint16_t n) noexcept
	{
		return rte_eth_tx_burst(port, queue, pkts, n);
	}
	[[gnu::noinline, gnu::cold]] static std::uint16_t receive_with_callbacks(std::uint16_t port, std::uint16_t queue,
	                                                                         rte_mbuf **pkts, std::uint16_t n) noexcept
	{
		return rte_eth_rx_burst(port, queue, pkts, n);
	}
};
static_assert(member_port<ethdev_port>);

} // namespace braid
