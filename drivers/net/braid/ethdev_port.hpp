/* SPDX-License-Identifier: BSD-3-Clause */
// A member's queues as the burst functions see them: ethdev's own inline calls, with whatever an application has
// registered on the member (captures, callbacks) still in place.
#pragma once

#include "policy/port.hpp"
#include "sdk.hpp"

namespace braid {

struct ethdev_port {
	static std::uint16_t send(std::uint16_t port, std::uint16_t queue, rte_mbuf **pkts, std::uint16_t n) noexcept
	{
		return rte_eth_tx_burst(port, queue, pkts, n);
	}
	static std::uint16_t receive(std::uint16_t port, std::uint16_t queue, rte_mbuf **pkts, std::uint16_t n) noexcept
	{
		return rte_eth_rx_burst(port, queue, pkts, n);
	}
	static std::uint16_t prepare(std::uint16_t port, std::uint16_t queue, rte_mbuf **pkts, std::uint16_t n) noexcept
	{
		return rte_eth_tx_prepare(port, queue, pkts, n);
	}
	static void drop(rte_mbuf *pkt) noexcept { rte_pktmbuf_free(pkt); }
	static void reference(rte_mbuf *pkt, std::int16_t by) noexcept { rte_pktmbuf_refcnt_update(pkt, by); }
};
static_assert(member_port<ethdev_port>);

} // namespace braid
