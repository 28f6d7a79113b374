/* SPDX-License-Identifier: BSD-3-Clause */
// Counters of a member that never fall: sums of what its port counted since it joined.
#pragma once

#include "sdk.hpp"

#include <array>
#include <cstdint>

namespace braid {

// The counters of rte_eth_stats as one array, so that they are added and compared alike.
struct port_counters {
	enum index { rx_packets, tx_packets, rx_bytes, tx_bytes, rx_missed, rx_errors, tx_errors, rx_no_mbuf, common };
	enum queue_index { q_rx_packets, q_tx_packets, q_rx_bytes, q_tx_bytes, q_rx_errors, per_queue };
	static constexpr unsigned queues = RTE_ETHDEV_QUEUE_STAT_CNTRS;

	std::array<std::uint64_t, common + per_queue * queues> value{};

	std::uint64_t &operator[](unsigned i) noexcept { return value[i]; }
	std::uint64_t operator[](unsigned i) const noexcept { return value[i]; }
	std::uint64_t &of_queue(unsigned q, queue_index i) noexcept { return value[common + q * per_queue + i]; }
	std::uint64_t of_queue(unsigned q, queue_index i) const noexcept { return value[common + q * per_queue + i]; }

	port_counters &operator+=(const port_counters &other) noexcept
	{
		for (unsigned i = 0; i < value.size(); i++)
			value[i] += other.value[i];
		return *this;
	}
};

// What a port reports now. A negative errno if it does not answer.
int read_counters(std::uint16_t port, port_counters &now) noexcept;

// Turns readings that start anywhere and may fall back to zero into sums that only grow.
class traffic {
public:
	// The port counts from `now` on; what it counted before was not for the bond.
	void begin(const port_counters &now) noexcept { last_ = now; }

	// A reading below the last one is of a device that was reset in between: all of it is new.
	void sample(const port_counters &now) noexcept
	{
		for (unsigned i = 0; i < now.value.size(); i++) {
			sum_[i] += now[i] >= last_[i] ? now[i] - last_[i] : now[i];
			last_[i] = now[i];
		}
	}

	void clear() noexcept { sum_ = {}; }
	const port_counters &sum() const noexcept { return sum_; }

private:
	port_counters last_;
	port_counters sum_;
};

} // namespace braid
