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
	};

	explicit sink(on_send what = on_send::count);
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

	// Takes the link down or up and raises the link-state interrupt, in the calling thread.
	void set_link(bool up);

private:
	std::string name_;
	std::uint16_t port_;
};

} // namespace braid::bench
