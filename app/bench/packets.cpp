/* SPDX-License-Identifier: BSD-3-Clause */
#include "packets.hpp"

#include "environment.hpp"

#include <braid.h>
#include <braid_pin.h>

#include <rte_mbuf.h>

#include <algorithm>

namespace braid::bench {

packet_set::packet_set(traffic kind, unsigned count) : packets_(count)
{
	if (rte_pktmbuf_alloc_bulk(packet_pool(), packets_.data(), count) != 0)
		give_up("too few packets in the pool");
	random_source random(1);
	for (unsigned k = 0; k < count; k++) {
		rte_mbuf *const m = packets_[k];
		auto *const at = reinterpret_cast<std::uint8_t *>(rte_pktmbuf_append(m, frame_size));
		write_frame(std::span<std::uint8_t, frame_size>(at, frame_size), kind, k, random);
		// As a port with RSS leaves it.
		m->hash.rss = static_cast<std::uint32_t>(random());
		m->ol_flags |= RTE_MBUF_F_RX_RSS_HASH;
	}
}

packet_set::~packet_set()
{
	set_references(1);
	rte_pktmbuf_free_bulk(packets_.data(), static_cast<unsigned>(packets_.size()));
}

void packet_set::shuffle() { std::shuffle(packets_.begin(), packets_.end(), order_); }

void packet_set::set_references(unsigned each)
{
	for (rte_mbuf *m : packets_)
		rte_mbuf_refcnt_set(m, static_cast<std::uint16_t>(each));
}

void packet_set::pin(std::span<const std::uint32_t> member_ids)
{
	braid_pin place = {};
	if (braid_pin_lookup(&place) != 0)
		give_up(std::string("pinning: ") + braid_error_text());
	random_source random(2);
	for (rte_mbuf *m : packets_)
		braid_pin_packet(&place, m, member_ids[random() % member_ids.size()]);
}

} // namespace braid::bench
