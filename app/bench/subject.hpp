/* SPDX-License-Identifier: BSD-3-Clause */
// What is measured: a sink alone, or a bond over sinks of its own, ready to send and receive.
#pragma once

#include "sink.hpp"

#include "base/mode.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include <rte_config.h>

namespace braid::bench {

enum class driver : std::uint8_t { bare, net_bonding, net_braid };

struct bond_options {
	braid::mode mode = mode::balance;
	std::string policy = "l34";     // net_bonding has the closest of its own
	std::string rx_port = "member"; // only net_braid has a choice
	std::string simd = "auto";      // the same
	bool pinning = false;           // the same
	unsigned members = 2;
	std::uint16_t queues = 1;
	sink::on_send on_send = sink::on_send::count;
	sink::link_events link_events = sink::link_events::raised;
};

// Configures a port with that many queues in each direction and starts it: 0, or a negative errno.
int start_port(std::uint16_t port, std::uint16_t queues);

class subject {
public:
	// Started. Fails with the reason where the driver is missing or does not offer what is asked for.
	static result<std::unique_ptr<subject>> make(driver d, const bond_options &options);
	~subject();
	subject(const subject &) = delete;
	subject &operator=(const subject &) = delete;

	std::uint16_t port() const { return port_; }
	std::deque<sink> &members() { return members_; }

	// Members that have sent anything.
	unsigned members_in_use() const;

private:
	subject() = default;

	std::deque<sink> members_;
	std::string bond_;                      // name of the vdev; empty for a bare sink
	std::uint16_t port_ = RTE_MAX_ETHPORTS; // until there is one
};

} // namespace braid::bench
