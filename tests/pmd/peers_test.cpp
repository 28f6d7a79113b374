/* SPDX-License-Identifier: BSD-3-Clause */
// What the suites of other bonding drivers try in every mode (DPDK's test_link_bonding, the selftests of Linux bonding and team,
// FreeBSD's if_lagg_test) and the files by topic try in one.
#include "port_view.hpp"
#include "test_bond.hpp"

#include <algorithm>
#include <array>
#include <deque>

namespace braid {
namespace {

constexpr unsigned member_count = 4;

class PeersScenario : public mbuf_accounting, public testing::WithParamInterface<const char *> {
protected:
	PeersScenario()
	{
		for (unsigned i = 0; i < member_count; i++)
			ports_.emplace_back(fake_options{.announces_lsc = true});
	}

	bool one_sends() const { return std::string(GetParam()) == "active-backup"; }

	// How many packets each member sent of a burst of 64 flows.
	std::array<std::uint64_t, member_count> shares(test_bond &bond, std::uint16_t taken = 64)
	{
		std::array<std::uint64_t, member_count> before{}, now{};
		for (unsigned i = 0; i < member_count; i++)
			before[i] = ports_[i].tx_packets();
		EXPECT_EQ(bond.send(make_burst(64, 0, 64)), taken);
		for (unsigned i = 0; i < member_count; i++)
			now[i] = ports_[i].tx_packets() - before[i];
		return now;
	}

	std::deque<fake_port> ports_;
};

INSTANTIATE_TEST_SUITE_P(Modes, PeersScenario, testing::Values("round-robin", "active-backup", "balance", "broadcast"),
                         [](const auto &info) {
	                         std::string title = info.param;
	                         std::erase(title, '-');
	                         return title;
                         });

// test_*_verify_promiscuous_enable_disable; the same for allmulticast. Mistake 11: it did not follow a failover.
TEST_P(PeersScenario, PromiscuityIsThatOfEveryMember)
{
	test_bond bond(GetParam(), {&ports_[0], &ports_[1]});
	ASSERT_EQ(rte_eth_promiscuous_enable(bond.port()), 0) << "before anything runs";
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(rte_eth_allmulticast_enable(bond.port()), 0) << "while it runs";
	ASSERT_EQ(bond.add(ports_[2].name()), 0);
	ports_[0].set_link(false);
	for (unsigned i = 0; i < 3; i++)
		EXPECT_TRUE(ports_[i].promiscuous() && ports_[i].allmulticast()) << i;
	ASSERT_EQ(rte_eth_promiscuous_disable(bond.port()), 0);
	ASSERT_EQ(rte_eth_allmulticast_disable(bond.port()), 0);
	ASSERT_EQ(bond.add(ports_[3].name()), 0);
	ports_[0].set_link(true);
	for (unsigned i = 0; i < member_count; i++)
		EXPECT_FALSE(ports_[i].promiscuous() || ports_[i].allmulticast()) << i;
}

// test_*_verify_mac_assignment, test_set_explicit_bonded_mac, if_lagg_test's set_ether.
TEST_P(PeersScenario, TheAddressOfTheBondIsOnEveryMemberThatRuns)
{
	const auto address_of_all = [&](const rte_ether_addr &mac) {
		for (const fake_port &port : ports_)
			EXPECT_EQ(text_of(port.mac()), text_of(mac)) << port.name();
	};
	test_bond bond(GetParam(), {&ports_[0], &ports_[1], &ports_[2]});
	EXPECT_EQ(mac_of(bond.port()), text_of(ports_[0].permanent_mac()));
	rte_ether_addr before_start = local_mac(1), while_running = local_mac(2);
	ASSERT_EQ(bond.configure(), 0);
	ASSERT_EQ(rte_eth_dev_default_mac_addr_set(bond.port(), &before_start), 0);
	ASSERT_EQ(bond.start(), 0);
	ASSERT_EQ(bond.add(ports_[3].name()), 0);
	address_of_all(before_start);
	ASSERT_EQ(rte_eth_dev_default_mac_addr_set(bond.port(), &while_running), 0);
	address_of_all(while_running);
	ports_[0].set_link(false);
	ASSERT_EQ(bond.primary(ports_[1].name()), 0);
	address_of_all(while_running);
	for (const fake_port &port : ports_) {
		ASSERT_EQ(bond.remove(port.name()), 0);
		EXPECT_EQ(text_of(port.mac()), text_of(port.permanent_mac()));
		EXPECT_EQ(mac_of(bond.port()), text_of(while_running)) << "whoever leaves, also the first and the last";
	}
}

// test_*_verify_slave_link_status_change_behaviour.
TEST_P(PeersScenario, WithTwoOfFourLinksDownTheOthersCarryEverything)
{
	test_bond bond(GetParam(), {&ports_[0], &ports_[1], &ports_[2], &ports_[3]});
	ASSERT_EQ(braid_policy_set(bond.port(), BRAID_POLICY_L34), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.info().usable, 4u);
	ports_[1].set_link(false);
	ports_[3].set_link(false);
	EXPECT_EQ(bond.info().usable, 2u);
	EXPECT_TRUE(bond.link_up());
	auto sent = shares(bond);
	EXPECT_EQ(sent[1] + sent[3], 0u);
	EXPECT_GE(sent[0] + sent[2], 64u);
	EXPECT_EQ(sent[0] > 0 && sent[2] > 0, !one_sends());

	for (fake_port &port : ports_)
		port.set_link(false);
	EXPECT_EQ(bond.info().usable, 0u);
	EXPECT_FALSE(bond.link_up());
	shares(bond, 0);
	// What arrives is still delivered: a link that is said to be down may have received before.
	for (fake_port &port : ports_)
		ASSERT_TRUE(port.inject(0, make_packet({})));
	unsigned received = 0;
	EXPECT_TRUE(eventually([&] {
		received += bond.receive();
		return received == (one_sends() ? 0u : member_count) &&
		       std::all_of(ports_.begin(), ports_.end(), [](const fake_port &p) { return p.rx_pending() == 0; });
	})) << received;

	for (fake_port &port : ports_)
		port.set_link(true);
	EXPECT_EQ(bond.info().usable, 4u);
	sent = shares(bond);
	for (unsigned i = 0; i < member_count && !one_sends(); i++)
		EXPECT_GT(sent[i], 0u) << i;
}

// The selftests of team: the members are exchanged one by one while packets flow.
TEST_P(PeersScenario, AllMembersMayBeExchangedUnderTraffic)
{
	test_bond bond(GetParam(), {&ports_[0], &ports_[1]});
	ASSERT_EQ(bond.bring_up(), 0);
	traffic_thread application(bond.port());
	ASSERT_TRUE(application.sends());
	for (unsigned i = 0; i < member_count; i++) {
		ASSERT_EQ(bond.add(ports_[(i + 2) % member_count].name()), 0) << braid_error_text();
		ASSERT_EQ(bond.remove(ports_[i].name()), 0) << braid_error_text();
		EXPECT_TRUE(application.sends());
		EXPECT_EQ(bond.info().usable, 2u);
	}
	application.stop();
	std::uint64_t sent = 0;
	for (const fake_port &port : ports_) {
		sent += port.tx_packets();
		EXPECT_EQ(port.violations(), 0u);
	}
	EXPECT_GE(sent, application.sent());
	if (std::string(GetParam()) != "broadcast") {
		EXPECT_EQ(sent, application.sent()) << "each once";
	}
}

// if_lagg_test's up_destroy_stress and lacp_linkstate_destroy_stress: up, down and away while links flap and somebody asks.
TEST_P(PeersScenario, UpAndDownAndAwayWhileLinksFlap)
{
	std::atomic<bool> stop{false};
	std::atomic<unsigned> flaps{0};
	std::thread flapper([&] {
		for (unsigned i = 0; !stop; i++, flaps++) {
			ports_[i % member_count].set_link(i % 3 != 0);
			braid_info info{};
			info.size = sizeof info;
			std::uint16_t port;
			RTE_ETH_FOREACH_DEV(port)
			if (braid_info_get(port, &info) == 0) {
				EXPECT_LE(info.usable, info.members);
			}
			std::this_thread::yield();
		}
	});
	const quiet_log quiet;
	for (unsigned round = 0; round < 6; round++) {
		test_bond bond(GetParam(), {&ports_[0], &ports_[1], &ports_[2]});
		ASSERT_EQ(bond.bring_up(1 + round % 2), 0);
		for (unsigned times = 0; times < round; times++) {
			const unsigned before = flaps;
			EXPECT_TRUE(eventually([&] { return flaps > before + 3; }));
			EXPECT_EQ(bond.stop(), 0);
			EXPECT_EQ(bond.start(), 0);
		}
	}
	stop = true;
	flapper.join();
	for (const fake_port &port : ports_) {
		EXPECT_FALSE(port.started());
		EXPECT_EQ(owner_of(port.port_id()), "");
		EXPECT_EQ(port.violations(), 0u);
	}
}

} // namespace
} // namespace braid
