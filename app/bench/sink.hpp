/* SPDX-License-Identifier: BSD-3-Clause */
// The member of every measurement: a port that takes each packet at once without touching it, frees nothing, and
// receives packets that were made before. What a burst over it costs is the bond's own cost.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <rte_mbuf_core.h>

namespace braid::bench {

inline constexpr std::uint16_t sink_queues = 2;

// One vdev net_sinkN, from construction to destruction. A bond over it is destroyed first.
class sink {
public:
	enum class on_send {
		count, // and nothing else
		label, // also write the port's id into mbuf->port: tells which member was chosen
		stamp, // also note when the first one came
	};
	enum class link_events {
		raised, // with RTE_ETH_DEV_INTR_LSC
		none,   // as a device without LSC: who wants to know the link asks
	};

	explicit sink(on_send what = on_send::count, link_events events = link_events::raised);
	~sink();
	sink(const sink &) = delete;
	sink &operator=(const sink &) = delete;

	const std::string &name() const { return name_; }
	std::uint16_t port() const { return port_; }

	// From now on each receive burst of each queue yields up to `per_burst` of `packets`, in turn, for ever. They
	// stay the caller's. Call it while nobody receives.
	void supply(std::span<rte_mbuf *> packets, std::uint16_t per_burst);

	// Packets taken by all transmit queues. Exact while nobody sends.
	std::uint64_t sent() const;

	// on_send::stamp: the time-stamp counter when the first packet came since forget_first_send(); 0: none has.
	std::uint64_t first_send() const;
	void forget_first_send();

	// Takes the link down or up and, unless there are no link events, raises the interrupt in the calling thread.
	void set_link(bool up);

	// The device goes and comes back under its name. What it was supplied with is forgotten.
	void unplug();
	void plug();

private:
	std::string name_;
	const on_send what_;
	const link_events events_;
	std::uint16_t port_;
};

} // namespace braid::bench
