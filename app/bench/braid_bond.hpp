/* SPDX-License-Identifier: BSD-3-Clause */
// A net_braid to measure the control of: made or the program ends, asked through braid.h, kept busy by a thread.
#pragma once

#include "environment.hpp"
#include "packets.hpp"
#include "subject.hpp"

#include <braid.h>

#include <cstdint>
#include <memory>
#include <string>

namespace braid::bench {

std::unique_ptr<subject> braid_bond(const bond_options &options);

// Ends the program if `status` is negative.
void succeed(int status, const char *what);

std::uint32_t id_of(std::uint16_t bond, const std::string &name);
braid_info info_of(std::uint16_t bond);
void wait_for_usable(std::uint16_t bond, unsigned members);
sink &active_member(subject &bond);

// What a data core does with a bond: one receive and one transmit burst, again and again.
class forwarder {
public:
	explicit forwarder(std::uint16_t bond) : bond_(bond), packets_(traffic::ipv4, 256) {}
	void round();

private:
	const std::uint16_t bond_;
	packet_set packets_;
	std::size_t next_ = 0;
};

// The same on a thread beside, until it goes out of scope.
class forwarding {
public:
	explicit forwarding(std::uint16_t bond) : forwarder_(bond), thread_([this] { forwarder_.round(); }) { thread_.run(); }

private:
	forwarder forwarder_;
	background thread_; // last: it ends before what it uses
};

} // namespace braid::bench
