/* SPDX-License-Identifier: BSD-3-Clause */
#include "floor.hpp"

#include "packets.hpp"
#include "work.hpp"

#include <rte_cycles.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <limits>

namespace braid::bench {
namespace {

constexpr unsigned hot = 256;
constexpr unsigned passes = 16; // timed together: reading the clock is little beside them

// Touches each packet, eight in a row so that the loop itself costs nothing.
template <typename Touch> double cost_of(packet_set &packets, double seconds, Touch touch)
{
	rte_mbuf *const *const pkts = packets.all().data();
	const std::uint64_t clock = clock_cost();
	const auto pass = [&] {
		for (unsigned k = 0; k < hot; k += 8)
#pragma GCC unroll 8
			for (unsigned i = 0; i < 8; i++)
				touch(pkts[k + i]);
	};
	double least = std::numeric_limits<double>::max();
	const std::uint64_t end = rte_rdtsc() + static_cast<std::uint64_t>(seconds * static_cast<double>(rte_get_tsc_hz()));
	do {
		pass();
		const std::uint64_t start = rte_rdtsc_precise();
		for (unsigned p = 0; p < passes; p++)
			pass();
		least = std::min(least, static_cast<double>(rte_rdtsc_precise() - start - clock) / (passes * hot));
	} while (rte_rdtsc() < end);
	return least;
}

} // namespace

std::vector<floor_cost> measure_floors(double seconds)
{
	packet_set packets(traffic::ipv4, hot);
	const auto load = [](rte_mbuf *m) {
		std::uint16_t count = rte_mbuf_refcnt_read(m);
		asm volatile("" : "+r"(count)); // read all the same
	};
	const auto store = [](rte_mbuf *m) { rte_mbuf_refcnt_set(m, 1); };
	const auto both = [](rte_mbuf *m) {
		if (m->nb_segs == 1 && rte_mbuf_refcnt_read(m) == 1) [[likely]]
			rte_mbuf_refcnt_set(m, 1);
	};
	const auto atomic = [](rte_mbuf *m) { __atomic_add_fetch(&m->port, 1, __ATOMIC_ACQ_REL); };
	return {
		{"load/refcnt", cost_of(packets, seconds, load)},
		{"store/refcnt", cost_of(packets, seconds, store)},
		{"test-and-store/refcnt", cost_of(packets, seconds, both)},
		{"atomic", cost_of(packets, seconds, atomic)},
	};
}

} // namespace braid::bench
