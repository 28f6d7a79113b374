/* SPDX-License-Identifier: BSD-3-Clause */
// Ports that join because a rule means them.
#include "auto_rule.hpp"
#include "busy_worker.hpp"
#include "devargs.hpp"
#include "event_recorder.hpp"
#include "port_view.hpp"
#include "test_bond.hpp"

#include <atomic>
#include <memory>
#include <thread>

namespace braid {
namespace {

std::string refusal_of(const std::string &rule)
{
	const result<auto_rule> parsed = parse_auto_rule(rule);
	if (parsed)
		return "was accepted";
	EXPECT_EQ(parsed.error().code(), EINVAL) << rule;
	return parsed.error().text();
}

bool means(const std::string &rule, const port_facts &port)
{
	rule_list rules;
	const result<auto_rule> parsed = parse_auto_rule(rule);
	EXPECT_TRUE(parsed) << rule;
	EXPECT_TRUE(parsed && rules.push(*parsed));
	return matches(rules, port, nullptr, nullptr);
}

TEST(AutoRule, APatternMeetsAWholeName)
{
	EXPECT_TRUE(means("name:net_tap*", {"net_tap10", "net_tap10", 1}));
	EXPECT_TRUE(means("name:net_tap[12]", {"net_tap1", "net_tap1", 1}));
	EXPECT_FALSE(means("name:net_tap1", {"net_tap10", "net_tap10", 1}));
	EXPECT_FALSE(means("name:tap*", {"net_tap1", "net_tap1", 1}));
	EXPECT_TRUE(means("name:0000:01:00.?", {"port", "0000:01:00.1", 1}));
	EXPECT_FALSE(means("name:*", {"", "", 1}));
	EXPECT_TRUE(means(R"(name:[a\]])", {"]", "]", 1}));
	EXPECT_TRUE(means("name:[[:alpha:]_]x", {"_x", "_x", 1}));
}

TEST(AutoRule, APciPatternMeetsTheAddressHoweverItIsSpelled)
{
	EXPECT_TRUE(means("pci:0000:01:*", {"x", "01:00.0", 1}));
	EXPECT_TRUE(means("pci:0000:01:00.[0-3]", {"x", "0000:01:00.3", 1}));
	EXPECT_FALSE(means("pci:0000:01:*", {"x", "0000:02:00.0", 1}));
	EXPECT_FALSE(means("pci:*", {"net_tap1", "net_tap1", 1}));
}

TEST(AutoRule, AnAddressMustBeKnownOnBothSides)
{
	const rte_ether_addr a = local_mac(1), b = local_mac(2);
	rule_list rules;
	ASSERT_TRUE(rules.push(*parse_auto_rule("mac")));
	EXPECT_TRUE(matches(rules, {"x", "x", 1}, &a, &a));
	EXPECT_FALSE(matches(rules, {"x", "x", 1}, &a, &b));
	EXPECT_FALSE(matches(rules, {"x", "x", 1}, &a, nullptr));
	EXPECT_FALSE(matches(rules, {"x", "x", 1}, nullptr, &a));
}

TEST(AutoRule, EachRefusalSaysWhy)
{
	EXPECT_EQ(refusal_of(""), "\"\" is no rule; use mac, name:<glob> or pci:<glob>");
	EXPECT_EQ(refusal_of("Mac"), "\"Mac\" is no rule; use mac, name:<glob> or pci:<glob>");
	EXPECT_EQ(refusal_of("name:"), "\"name:\" has no pattern; write it like name:net_tap* or pci:0000:01:*");
	EXPECT_EQ(refusal_of("name:a b"), "\"name:a b\": a pattern has 1 to 63 printable characters without space, comma and =");
	EXPECT_NE(refusal_of("name:" + std::string(64, 'a')), "was accepted");
	EXPECT_EQ(refusal_of("name:" + std::string(63, 'a')), "was accepted");
	for (const char *in_part : {"name:a[b", "pci:[^]a"})
		EXPECT_EQ(refusal_of(in_part), std::string("\"") + in_part + "\" opens a bracket that it does not close");
	EXPECT_EQ(refusal_of("name:[z-a]"), "\"name:[z-a]\" has the range z-a, which runs backwards");
	EXPECT_EQ(refusal_of("pci:*:[[.*"), "\"pci:*:[[.*\" opens [. in a bracket and does not close it with .]");
	for (const char *whole : {"name:[a]", "name:\\[", "mac", "pci:0000:01:00.[0-3]"})
		EXPECT_EQ(refusal_of(whole), "was accepted") << whole;
}

// 01:00.0 is right as a member; as a pattern it waited in vain.
TEST(AutoRule, APciPatternThatNoAddressCanMeetIsRefused)
{
	const std::string why = " can meet no address: they are spelled like 0000:01:00.0, in lower case";
	for (const char *in_vain :
	     {"pci:01:00.0", "pci:01:*", "pci:gg*", "pci:0000:01:00", "pci:0000:01", "pci:0000:0A:*", "pci:0000:1:*", "pci:000:*",
	      "pci:00000:*", "pci:00010000:*", "pci:123456789*", "pci:0000:01:2*", "pci:0000:01:00.8", "pci:0000:01:00.0.*",
	      "pci:0000-*", "pci::*", "pci:net_tap*"})
		EXPECT_EQ(refusal_of(in_vain), std::string("\"") + in_vain + "\"" + why);
	for (const char *fine : {"pci:*", "pci:?", "pci:0*", "pci:f*", "pci:0000*", "pci:0000:*", "pci:0000:01:*", "pci:0000:ff:1?.*",
	                         "pci:0000:01:1*", "pci:0000:01:00.0", "pci:0000:01:00.0*", "pci:0000:01:00.[0-3]", "pci:10000:*",
	                         "pci:12345678:01:00.7", "pci:1000*", "pci:ffffffff:ff:1f.7", R"(pci:\0000:*)", "pci:[0]1:00.0",
	                         "pci:*01:00.0", "pci:*gg"})
		EXPECT_EQ(refusal_of(fine), "was accepted") << fine;
}

// What is accepted is tried against addresses, so that no pattern is refused that meets one.
TEST(AutoRule, EveryBeginningOfAnAddressIsAccepted)
{
	for (const std::string address : {"0000:00:00.0", "0000:ff:1f.7", "ffff:0a:10.5", "10000:e1:00.0", "a0000000:80:1e.3",
	                                  "ffffffff:ff:1f.7"}) {
		EXPECT_TRUE(means("pci:" + address, {"x", address.c_str(), 1})) << address;
		for (std::size_t n = 0; n <= address.size(); n++)
			EXPECT_TRUE(means("pci:" + address.substr(0, n) + "*", {"x", address.c_str(), 1})) << address << " to " << n;
	}
}

TEST(AutoRule, ABondHasSixteenDifferentOnes)
{
	rule_list rules;
	for (unsigned i = 0; i < max_auto_rules; i++)
		EXPECT_TRUE(rules.push(*parse_auto_rule("name:x" + std::to_string(i))));
	EXPECT_EQ(rules.push(*parse_auto_rule("name:x3")).error().code(), EEXIST);
	EXPECT_EQ(rules.push(*parse_auto_rule("mac")).error().code(), ENOSPC);
}

class AutoAttach : public mbuf_accounting {
protected:
	// Each test has names of its own, which no rule of another means.
	static std::string rule_for(const char *stem) { return std::string("name:net_fake_") + stem + "*"; }
	static fake_options named(const std::string &name, bool plugged = true)
	{
		return {.name = "net_fake_" + name, .plugged = plugged};
	}
	static bool runs(const test_bond &bond, const fake_port &port)
	{
		return eventually([&] { return bond.info_of(port.name()).state == BRAID_MEMBER_RUNNING; });
	}
};

TEST_F(AutoAttach, PortsThatAreThereJoinWhenTheBondIsMade)
{
	fake_port a(named("there1")), b(named("there2")), other(named("elsewhere"));
	test_bond bond("mode=round-robin,auto=" + rule_for("there"));
	EXPECT_EQ(bond.names(), (std::vector<std::string>{a.name(), b.name()}));
	EXPECT_EQ(owner_of(a.port_id()), "net_braid0");
	EXPECT_EQ(owner_of(other.port_id()), "");
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.send(make_burst(8)), 8);
	EXPECT_EQ(a.tx_packets(), 4u);
}

TEST_F(AutoAttach, APortThatAppearsIsReservedAtOnceAndJoins)
{
	fake_port port(named("new1", false));
	test_bond bond("mode=round-robin,auto=" + rule_for("new"));
	ASSERT_EQ(bond.bring_up(), 0);
	event_recorder events(bond);
	ASSERT_EQ(port.plug(), 0);
	EXPECT_EQ(owner_of(port.port_id()), "net_braid0");
	EXPECT_FALSE(is_visible(port.port_id()));
	ASSERT_TRUE(runs(bond, port));
	events.settle();
	EXPECT_EQ(events.count(BRAID_EVENT_MEMBER_ADDED), 1u);
	EXPECT_EQ(bond.send(make_burst(8)), 8);
}

TEST_F(AutoAttach, RulesComeAndGoWhileTheBondRuns)
{
	fake_port a(named("live1")), b(named("live2", false)), c(named("live3", false));
	test_bond bond;
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(braid_auto_add(bond.port(), rule_for("live").c_str()), 0) << braid_error_text();
	EXPECT_EQ(bond.info_of(a.name()).state, BRAID_MEMBER_RUNNING) << "when the call returns";
	EXPECT_EQ(braid_auto_add(bond.port(), rule_for("live").c_str()), -EEXIST);
	EXPECT_EQ(std::string(braid_error_text()), "auto: \"" + rule_for("live") + "\" was given before");
	EXPECT_EQ(braid_auto_add(bond.port(), "port:3"), -EINVAL);
	EXPECT_EQ(std::string(braid_error_text()), "auto: \"port:3\" is no rule; use mac, name:<glob> or pci:<glob>");
	EXPECT_EQ(braid_auto_add(bond.port(), nullptr), -EINVAL);
	EXPECT_EQ(braid_auto_add(a.port_id(), "mac"), -ENODEV);
	ASSERT_EQ(b.plug(), 0);
	ASSERT_TRUE(runs(bond, b));
	ASSERT_EQ(braid_auto_clear(bond.port()), 0);
	ASSERT_EQ(c.plug(), 0);
	EXPECT_EQ(owner_of(c.port_id()), "");
	EXPECT_TRUE(stays_false([&] { return c.configured(); }));
	EXPECT_EQ(bond.names(), (std::vector<std::string>{a.name(), b.name()}));
}

TEST_F(AutoAttach, OneRuleIsTakenBackAndTheOthersStay)
{
	fake_port a(named("back_a1")), late_a(named("back_a2", false)), late_b(named("back_b2", false));
	test_bond bond("auto=" + rule_for("back_a") + ",auto=" + rule_for("back_b"));
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(braid_auto_remove(bond.port(), rule_for("back_a").c_str()), 0) << braid_error_text();
	ASSERT_EQ(late_a.plug(), 0);
	EXPECT_EQ(owner_of(late_a.port_id()), "");
	ASSERT_EQ(late_b.plug(), 0);
	EXPECT_TRUE(runs(bond, late_b));
	EXPECT_FALSE(late_a.configured());
	EXPECT_EQ(bond.names(), (std::vector<std::string>{a.name(), late_b.name()})) << "what has joined stays";
}

TEST_F(AutoAttach, ARuleThatIsNotThereCannotBeTakenBack)
{
	fake_port other(named("stranger"));
	test_bond bond("auto=mac");
	for (const char *absent : {"name:net_fake_x*", "ma", "mac ", "nonsense", ""}) {
		EXPECT_EQ(braid_auto_remove(bond.port(), absent), -ENOENT) << absent;
		EXPECT_EQ(std::string(braid_error_text()), std::string("auto: there is no rule \"") + absent + "\"");
	}
	EXPECT_EQ(braid_auto_remove(bond.port(), nullptr), -ENOENT);
	EXPECT_EQ(braid_auto_remove(other.port_id(), "mac"), -ENODEV);
	EXPECT_EQ(braid_auto_get(bond.port(), nullptr, 0), 1);
	EXPECT_EQ(braid_auto_remove(bond.port(), "mac"), 0);
	EXPECT_EQ(braid_auto_remove(bond.port(), "mac"), -ENOENT) << "it was there once";
}

TEST_F(AutoAttach, ARuleThatComesOrGoesIsTold)
{
	test_bond bond;
	event_recorder events(bond);
	ASSERT_EQ(braid_auto_add(bond.port(), "mac"), 0);
	EXPECT_EQ(events.last(BRAID_EVENT_OPTION_CHANGED).reason, "auto=mac");
	EXPECT_EQ(braid_auto_add(bond.port(), "mac"), -EEXIST);
	ASSERT_EQ(braid_auto_remove(bond.port(), "mac"), 0);
	events.settle();
	EXPECT_EQ(events.last(BRAID_EVENT_OPTION_CHANGED).reason, "auto=-mac");
	EXPECT_EQ(braid_auto_remove(bond.port(), "mac"), -ENOENT);
	ASSERT_EQ(braid_auto_add(bond.port(), "mac"), 0);
	ASSERT_EQ(braid_auto_clear(bond.port()), 0);
	ASSERT_EQ(braid_auto_clear(bond.port()), 0) << "of which nobody is told, since there is none";
	events.settle();
	EXPECT_EQ(events.last(BRAID_EVENT_OPTION_CHANGED).reason, "auto=");
	EXPECT_EQ(events.count(BRAID_EVENT_OPTION_CHANGED), 4u);
}

// While the application's own listener hears of it, ethdev's walk over the ports of an owner passes a new port over.
TEST_F(AutoAttach, APortThatIsNotMeantAnyMoreWhileItIsStillToldOfIsGivenBack)
{
	const rte_eth_dev_cb_fn clear = [](std::uint16_t, rte_eth_event_type, void *arg, void *) {
		return braid_auto_clear(*static_cast<std::uint16_t *>(arg));
	};
	const rte_eth_dev_cb_fn remove = [](std::uint16_t, rte_eth_event_type, void *arg, void *) {
		return braid_auto_remove(*static_cast<std::uint16_t *>(arg), rule_for("young").c_str());
	};
	for (const rte_eth_dev_cb_fn forget : {clear, remove}) {
		fake_port late(named("young1", false));
		test_bond bond("auto=mac,auto=" + rule_for("young"));
		ASSERT_EQ(bond.bring_up(), 0);
		std::uint16_t port = bond.port();
		ASSERT_EQ(rte_eth_dev_callback_register(RTE_ETH_ALL, RTE_ETH_EVENT_NEW, forget, &port), 0);
		EXPECT_EQ(late.plug(), 0);
		EXPECT_EQ(rte_eth_dev_callback_unregister(RTE_ETH_ALL, RTE_ETH_EVENT_NEW, forget, &port), 0);
		EXPECT_EQ(owner_of(late.port_id()), "");
		EXPECT_FALSE(late.configured());
	}
}

TEST_F(AutoAttach, APortThatAnotherRuleMeansTooStaysReserved)
{
	fake_port port(named("both1", false));
	test_bond bond("auto=" + rule_for("both") + ",auto=" + rule_for("both1"));
	ASSERT_EQ(bond.bring_up(), 0);
	const rte_eth_dev_cb_fn remove = [](std::uint16_t, rte_eth_event_type, void *arg, void *) {
		return braid_auto_remove(*static_cast<std::uint16_t *>(arg), rule_for("both").c_str());
	};
	std::uint16_t bond_port = bond.port();
	ASSERT_EQ(rte_eth_dev_callback_register(RTE_ETH_ALL, RTE_ETH_EVENT_NEW, remove, &bond_port), 0);
	EXPECT_EQ(port.plug(), 0);
	EXPECT_EQ(rte_eth_dev_callback_unregister(RTE_ETH_ALL, RTE_ETH_EVENT_NEW, remove, &bond_port), 0);
	EXPECT_EQ(braid_auto_get(bond_port, nullptr, 0), 1);
	EXPECT_EQ(owner_of(port.port_id()), "net_braid0");
	EXPECT_TRUE(runs(bond, port));
}

TEST_F(AutoAttach, ByTheAddressOfTheBondButNotByAMadeUpOne)
{
	fake_options twin = named("twin1", false);
	twin.mac = local_mac(7);
	fake_port port(twin);
	test_bond bond(std::string("auto=mac,mac=") + text_of(local_mac(7)));
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(port.plug(), 0);
	EXPECT_TRUE(runs(bond, port));

	test_bond second("auto=mac", "net_braid1");
	fake_options alike = named("twin2");
	ASSERT_EQ(rte_eth_macaddr_get(second.port(), &alike.mac), 0);
	fake_port stranger(alike);
	EXPECT_EQ(owner_of(stranger.port_id()), "");
	ASSERT_EQ(second.bring_up(), 0);
	EXPECT_EQ(second.info().members, 0u);
}

TEST_F(AutoAttach, WhoWaitsForAPortByNameGoesFirst)
{
	fake_port port(named("both1", false));
	test_bond bond("mode=round-robin,member=" + port.name() + ",auto=" + rule_for("both"));
	ASSERT_EQ(bond.bring_up(), 0);
	const std::uint32_t id = bond.id_of(port.name());
	ASSERT_EQ(bond.rename(port.name(), "uplink"), 0);
	ASSERT_EQ(port.plug(), 0);
	ASSERT_TRUE(eventually([&] { return bond.info_of("uplink").state == BRAID_MEMBER_RUNNING; }));
	EXPECT_EQ(bond.id_of(port.name()), id);
	EXPECT_EQ(bond.info().members, 1u);
}

TEST_F(AutoAttach, LeavesAloneWhatIsSomebodyElsesOrStarted)
{
	fake_port owned(named("alone1")), started(named("alone2"));
	somebody owner(owned.port_id());
	const rte_eth_conf conf{};
	ASSERT_EQ(rte_eth_dev_configure(started.port_id(), 1, 1, &conf), 0);
	ASSERT_EQ(rte_eth_rx_queue_setup(started.port_id(), 0, 64, SOCKET_ID_ANY, nullptr, eal_mempool()), 0);
	ASSERT_EQ(rte_eth_tx_queue_setup(started.port_id(), 0, 64, SOCKET_ID_ANY, nullptr), 0);
	ASSERT_EQ(rte_eth_dev_start(started.port_id()), 0);
	log_capture log;
	test_bond bond("auto=name:*alone*");
	ASSERT_EQ(bond.bring_up(), 0);
	event_recorder events(bond);
	events.settle();
	EXPECT_EQ(bond.info().members, 0u);
	EXPECT_EQ(owner_of(owned.port_id()), "somebody");
	EXPECT_EQ(owner_of(started.port_id()), "");
	EXPECT_TRUE(started.started());
	EXPECT_EQ(log.count(started.name() + " is meant by a rule and cannot join: the application has started it"), 1u)
		<< log.text();
	EXPECT_FALSE(log.contains(owned.name())) << log.text();
	EXPECT_EQ(rte_eth_dev_stop(started.port_id()), 0);
}

TEST_F(AutoAttach, AMatchThatCannotJoinIsToldOnceAndTriedAgainAtTheNextStart)
{
	fake_port port(named("cannot1", false));
	test_bond bond("auto=" + rule_for("cannot"));
	ASSERT_EQ(bond.bring_up(), 0);
	event_recorder events(bond);
	port.fail(fake_op::start, EPERM);
	ASSERT_EQ(port.plug(), 0);
	const told failed = events.last(BRAID_EVENT_ATTACH_FAILED);
	EXPECT_EQ(failed.id, BRAID_NO_MEMBER);
	EXPECT_EQ(failed.reason, port.name() + " is meant by a rule and cannot join: start: Operation not permitted");
	EXPECT_TRUE(eventually([&] { return owner_of(port.port_id()).empty(); }));
	EXPECT_TRUE(stays_false([&] { return events.count(BRAID_EVENT_ATTACH_FAILED) > 1; }));
	EXPECT_EQ(bond.info().members, 0u);
	ASSERT_EQ(bond.stop(), 0);
	ASSERT_EQ(bond.start(), 0);
	EXPECT_EQ(bond.info_of(port.name()).state, BRAID_MEMBER_RUNNING);
}

TEST_F(AutoAttach, WhatAnOperatorRemovedStaysAwayUntilItAppearsAnew)
{
	fake_port port(named("removed1"));
	test_bond bond("auto=" + rule_for("removed"));
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.remove(port.name()), 0);
	ASSERT_EQ(bond.stop(), 0);
	ASSERT_EQ(bond.start(), 0);
	EXPECT_EQ(bond.info().members, 0u);
	EXPECT_EQ(owner_of(port.port_id()), "");
	ASSERT_EQ(port.replug(), 0);
	EXPECT_TRUE(runs(bond, port));
}

// The number of the port is then that of the device which has appeared.
TEST_F(AutoAttach, ADeviceThatAppearsAnewWhileItIsRemovedJoins)
{
	fake_port port(named("anew1")), other;
	test_bond bond("mode=active-backup,mac_policy=follow,primary=" + port.name() + ",member=" + other.name() +
	               ",auto=" + rule_for("anew"));
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.active(), port.name());
	const std::uint32_t id = bond.id_of(port.name());
	other.hold(fake_op::mac_set); // which takes over the address
	std::thread remover([&] { EXPECT_EQ(braid_member_remove_now(bond.port(), id), 0) << braid_error_text(); });
	EXPECT_TRUE(eventually([&] { return other.waiting(fake_op::mac_set) == 1; }));
	EXPECT_EQ(port.replug(), 0);
	other.release(fake_op::mac_set);
	remover.join();
	EXPECT_TRUE(runs(bond, port));
	EXPECT_NE(bond.id_of(port.name()), id);
}

TEST_F(AutoAttach, APortThatIsNotMeantAnyMoreWhenItsTurnComesIsGivenBack)
{
	fake_options twin = named("turn1", false);
	twin.mac = local_mac(7);
	fake_port port(twin);
	test_bond bond(std::string("auto=mac,mac=") + text_of(local_mac(7)));
	ASSERT_EQ(bond.bring_up(), 0);
	{
		const busy_worker busy(bond);
		ASSERT_EQ(port.plug(), 0);
		EXPECT_EQ(owner_of(port.port_id()), "net_braid0");
		rte_ether_addr another = local_mac(8);
		ASSERT_EQ(rte_eth_dev_default_mac_addr_set(bond.port(), &another), 0);
	}
	EXPECT_TRUE(eventually([&] { return owner_of(port.port_id()).empty(); }));
	EXPECT_EQ(bond.info().members, 0u);
}

TEST_F(AutoAttach, AMemberWhoseDeviceVanishedWaitsForItLikeAnyOther)
{
	fake_port port(named("back1"));
	test_bond bond("auto=" + rule_for("back"));
	ASSERT_EQ(bond.bring_up(), 0);
	const std::uint32_t id = bond.id_of(port.name());
	ASSERT_EQ(bond.rename(port.name(), "uplink"), 0);
	ASSERT_EQ(port.unplug(), 0);
	EXPECT_EQ(bond.info_of("uplink").state, BRAID_MEMBER_PENDING);
	ASSERT_EQ(port.plug(), 0);
	ASSERT_TRUE(eventually([&] { return bond.info_of("uplink").state == BRAID_MEMBER_RUNNING; }));
	EXPECT_EQ(bond.id_of("uplink"), id);
	EXPECT_EQ(bond.info().members, 1u);
}

TEST_F(AutoAttach, ANameThatIsTakenIsMadeDifferent)
{
	fake_port port(named("same1", false)), other;
	test_bond bond("round-robin", {&other});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.rename(other.name(), port.name()), 0);
	ASSERT_EQ(braid_auto_add(bond.port(), rule_for("same").c_str()), 0);
	ASSERT_EQ(port.plug(), 0);
	EXPECT_TRUE(eventually([&] { return bond.info().usable == 2; }));
	EXPECT_EQ(bond.names(), (std::vector<std::string>{port.name(), port.name() + "_0"}));
}

TEST_F(AutoAttach, OfTwoBondsWithOneRuleOneHasThePort)
{
	fake_port port(named("two1", false));
	test_bond first("auto=" + rule_for("two")), second("auto=" + rule_for("two"), "net_braid1");
	ASSERT_EQ(first.bring_up(), 0);
	ASSERT_EQ(second.bring_up(), 0);
	for (int round = 0; round < 3; round++) {
		ASSERT_EQ(port.plug(), 0);
		EXPECT_TRUE(eventually([&] { return first.info().usable + second.info().usable == 1; }));
		EXPECT_EQ(first.info().usable, 1u) << "the elder";
		EXPECT_EQ(second.info().members, 0u);
		ASSERT_EQ(port.unplug(), 0);
	}
}

TEST_F(AutoAttach, TheOneThatIsAwayLongestMakesRoomInAFullBond)
{
	fake_port first(named("room1")), second(named("room2")), late(named("room3", false));
	test_bond bond("auto=" + rule_for("room"));
	ASSERT_EQ(bond.bring_up(), 0);
	for (unsigned i = bond.info().members; i < BRAID_MAX_MEMBERS; i++)
		ASSERT_EQ(bond.add("net_fake_wanted" + std::to_string(i)), 0);
	ASSERT_EQ(second.unplug(), 0);
	EXPECT_TRUE(eventually([&] { return bond.info_of(second.name()).state == BRAID_MEMBER_PENDING; }));
	event_recorder events(bond);
	ASSERT_EQ(late.plug(), 0);
	ASSERT_TRUE(runs(bond, late));
	EXPECT_EQ(bond.info().members, unsigned{BRAID_MAX_MEMBERS});
	EXPECT_EQ(bond.id_of(second.name()), BRAID_NO_MEMBER);
	EXPECT_EQ(events.last(BRAID_EVENT_MEMBER_REMOVED).reason, "it makes room for " + late.name());
	log_capture log;
	ASSERT_EQ(second.plug(), 0);
	EXPECT_TRUE(eventually([&] { return log.contains("cannot join: net_braid0 has 64 members, which is the most"); }));
	EXPECT_TRUE(eventually([&] { return owner_of(second.port_id()).empty(); }));
}

// Whoever could not join has cost nobody a place.
TEST_F(AutoAttach, NobodyMakesRoomForADeviceThatCannotJoin)
{
	fake_port away(named("place1")), late(named("place2", false));
	test_bond bond("auto=" + rule_for("place"));
	ASSERT_EQ(bond.bring_up(), 0);
	for (unsigned i = bond.info().members; i < BRAID_MAX_MEMBERS; i++)
		ASSERT_EQ(bond.add("net_fake_wanted" + std::to_string(i)), 0);
	ASSERT_EQ(away.unplug(), 0);
	const std::uint32_t id = bond.id_of(away.name());
	event_recorder events(bond);
	late.fail(fake_op::start, EIO, fake_port::always);
	ASSERT_EQ(late.plug(), 0);
	EXPECT_EQ(events.last(BRAID_EVENT_ATTACH_FAILED).reason,
	          late.name() + " is meant by a rule and cannot join: start: Input/output error");
	EXPECT_EQ(bond.id_of(away.name()), id);
	EXPECT_EQ(events.count(BRAID_EVENT_MEMBER_REMOVED), 0u);
	const std::uint64_t generation = bond.info().generation;
	late.heal_all();
	ASSERT_EQ(late.replug(), 0);
	ASSERT_TRUE(runs(bond, late));
	EXPECT_EQ(bond.id_of(away.name()), BRAID_NO_MEMBER);
	EXPECT_EQ(events.last(BRAID_EVENT_MEMBER_ADDED).generation, generation + 1) << "both in one publication";
}

TEST_F(AutoAttach, NobodyMakesRoomWhoseDeviceIsBack)
{
	fake_port away(named("back1")), late(named("back2", false));
	test_bond bond("auto=" + rule_for("back"));
	ASSERT_EQ(bond.bring_up(), 0);
	for (unsigned i = bond.info().members; i < BRAID_MAX_MEMBERS; i++)
		ASSERT_EQ(bond.add("net_fake_wanted" + std::to_string(i)), 0);
	ASSERT_EQ(away.unplug(), 0);
	ASSERT_TRUE(eventually([&] { return bond.info_of(away.name()).state == BRAID_MEMBER_PENDING; }));
	const std::uint32_t id = bond.id_of(away.name());
	event_recorder events(bond);
	late.hold(fake_op::start);
	ASSERT_EQ(late.plug(), 0);
	ASSERT_TRUE(eventually([&] { return late.waiting(fake_op::start) == 1; }));
	EXPECT_EQ(away.plug(), 0);
	late.release(fake_op::start);
	EXPECT_TRUE(runs(bond, away));
	EXPECT_EQ(bond.id_of(away.name()), id);
	EXPECT_EQ(events.last(BRAID_EVENT_ATTACH_FAILED).reason,
	          late.name() + " is meant by a rule and cannot join: net_braid0 has 64 members, which is the most");
	EXPECT_EQ(events.count(BRAID_EVENT_MEMBER_REMOVED), 0u);
	EXPECT_TRUE(eventually([&] { return owner_of(late.port_id()).empty() && !late.started(); }));
}

} // namespace
} // namespace braid
