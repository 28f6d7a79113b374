/* SPDX-License-Identifier: BSD-3-Clause */
// A bond as tests use it: made through the C API, driven through ethdev, closed at the end.
#pragma once

#include "fake_port.hpp"
#include "harness.hpp"
#include "packet.hpp"

#include <braid.h>

#include <rte_ethdev.h>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

namespace braid {

// Poll period and drain of tests: short, so that nothing waits for them longer than it must. Announcements are off, so that
// members have the queues and send the packets that a test counts.
inline constexpr const char *quick = "lsc_poll_period_ms=1,drain_ms=50,announce=0";

// Nothing is polled within the time of a test: what happens, an event has made happen.
inline constexpr const char *patient = "lsc_poll_period_ms=3600000,drain_ms=50,announce=0";

// "mode=balance,member=net_fake0,member=net_fake1". The first word may go on: "balance,xmit_policy=l34".
std::string with_members(const std::string &mode, std::span<const fake_port> members);

// Devargs without `quick` before them.
struct exactly {
	std::string devargs;
};

// The driver logs nothing while one lives: for tests that make it refuse things by the thousand.
class quiet_log {
public:
	quiet_log();
	~quiet_log();
	quiet_log(const quiet_log &) = delete;
	quiet_log &operator=(const quiet_log &) = delete;
};

class test_bond {
public:
	// "mode=balance,member=..." after `quick`. A failure is a failure of the test; port() is then RTE_MAX_ETHPORTS.
	explicit test_bond(const std::string &devargs = {}, const std::string &name = "net_braid0");
	test_bond(const std::string &mode, std::initializer_list<const fake_port *> members);
	explicit test_bond(const exactly &all);
	~test_bond();
	test_bond(const test_bond &) = delete;
	test_bond &operator=(const test_bond &) = delete;

	std::uint16_t port() const { return port_; }

	// Configure, queues, start: 0 or the first negative errno.
	int configure(std::uint16_t queues = 1, const rte_eth_conf &conf = {});
	int start() { return rte_eth_dev_start(port_); }
	int stop() { return rte_eth_dev_stop(port_); }
	int bring_up(std::uint16_t queues = 1, const rte_eth_conf &conf = {});
	// Somebody else has destroyed it.
	void is_destroyed() { port_ = RTE_MAX_ETHPORTS; }
	// Closes it now instead of in the destructor.
	int destroy();

	// 0 or the negative errno of the API.
	int add(const std::string &device, const char *name = nullptr);
	int remove(const std::string &member);
	int rename(const std::string &member, const std::string &to);
	int primary(const std::string &member);
	int mode(braid_mode m) { return braid_mode_set(port_, m); }

	std::uint32_t id_of(const std::string &member) const;        // BRAID_NO_MEMBER without one
	braid_member_info info_of(const std::string &member) const;  // zeros without one
	braid_info info() const;
	std::string active() const;                                  // name of the active member, "" for none
	std::vector<std::string> names() const;
	bool link_up() const;
	std::uint64_t xstat(const std::string &name) const;          // fails the test if there is none

	// Sends what make_burst() made; gives back to the pool what was refused. Returns how many were taken.
	std::uint16_t send(std::vector<rte_mbuf *> packets, std::uint16_t queue = 0);
	// One receive burst, freed. Returns how many there were.
	std::uint16_t receive(std::uint16_t queue = 0, std::uint16_t n = 32);

private:
	void create(const std::string &name, const std::string &devargs);

	std::uint16_t port_ = RTE_MAX_ETHPORTS;
};

} // namespace braid
