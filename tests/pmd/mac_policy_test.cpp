/* SPDX-License-Identifier: BSD-3-Clause */
// Which MAC address the bond and each member have, before, during and after failovers, and when a device refuses a step.
#include "event_recorder.hpp"
#include "port_view.hpp"
#include "test_bond.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <thread>

namespace braid {
namespace {

fake_options raising_lsc() { return {.announces_lsc = true}; }

fake_options with_address(const rte_ether_addr &mac)
{
	fake_options options = raising_lsc();
	options.mac = mac;
	return options;
}

constexpr const char *chosen = "02:b4:1d:00:00:63"; // by the operator
const rte_ether_addr chosen_mac = local_mac(0x63);

std::string own(const fake_port &port) { return text_of(port.permanent_mac()); }
std::string now(const fake_port &port) { return text_of(port.mac()); }

class MacPolicy : public mbuf_accounting {
protected:
	// A bond that polls nothing within the time of a test. Its members are the three ports unless others are given.
	std::string devargs(const std::string &more = {}) const
	{
		std::string args = std::string(patient) + ",mode=active-backup";
		for (const fake_port *port : {&first_, &second_, &third_})
			args += ",member=" + port->name();
		return args + (more.empty() ? "" : "," + more);
	}

	static int policy(const test_bond &bond, braid_mac_policy p) { return braid_mac_policy_set(bond.port(), p); }

	std::vector<std::string> addresses() const { return {now(first_), now(second_), now(third_)}; }

	bool become(const std::vector<std::string> &wanted) const
	{
		return eventually([&] { return addresses() == wanted; });
	}

	// Plays back what every port was told, in the order in which it was, and counts the moments at which two had one address.
	static unsigned duplicates(std::initializer_list<const fake_port *> ports)
	{
		struct told_mac {
			const fake_port *port;
			fake_call call;
		};
		std::vector<told_mac> all;
		std::map<const fake_port *, std::string> has;
		for (const fake_port *port : ports) {
			has[port] = own(*port);
			for (const fake_call &call : port->calls())
				if (call.op == fake_op::mac_set && call.status == 0)
					all.push_back({port, call});
		}
		std::sort(all.begin(), all.end(), [](const auto &a, const auto &b) { return a.call.order < b.call.order; });
		unsigned found = 0;
		for (const told_mac &each : all) {
			has[each.port] = each.call.args;
			for (const auto &[port, mac] : has)
				found += port != each.port && mac == each.call.args;
		}
		return found;
	}

	fake_port first_{raising_lsc()}, second_{raising_lsc()}, third_{raising_lsc()};
};

TEST_F(MacPolicy, SameIsTheDefault)
{
	test_bond bond(exactly{devargs()});
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.info().mac_policy, BRAID_MAC_SAME);
	EXPECT_EQ(addresses(), std::vector(3, own(first_)));
	EXPECT_EQ(mac_of(bond.port()), own(first_));
	const auto told = second_.count(fake_op::mac_set);
	first_.set_link(false);
	EXPECT_EQ(bond.active(), second_.name());
	EXPECT_TRUE(stays_false([&] { return second_.count(fake_op::mac_set) != told; })) << "nothing is to be done";
}

// A device that is refused leaves the bond as it was, which it would have been the first to give an address.
TEST_F(MacPolicy, WhoIsRefusedGivesNoAddress)
{
	fake_port fixed({.no_live_mac = true});
	test_bond bond("mode=active-backup,mac_policy=follow");
	const std::string before = mac_of(bond.port());
	EXPECT_EQ(bond.add(fixed.name()), -ENOTSUP);
	EXPECT_EQ(mac_of(bond.port()), before);
	ASSERT_EQ(bond.add(first_.name()), 0);
	EXPECT_EQ(mac_of(bond.port()), own(first_));
}

// --- by_active

// Members are told one after the other, and a failover waits for none of them.
TEST_F(MacPolicy, ByActiveIsGivenUpDuringAFailover)
{
	const auto give_up_by = [&](auto change) {
		test_bond bond(exactly{devargs("mac_policy=by_active")});
		ASSERT_EQ(bond.bring_up(), 0);
		event_recorder recorder(bond);
		second_.hold(fake_op::mac_set);
		std::thread operator_thread([&] { EXPECT_EQ(change(bond), 0) << braid_error_text(); });
		ASSERT_TRUE(eventually([&] { return second_.waiting(fake_op::mac_set) == 1; }));
		first_.set_link(false);
		EXPECT_EQ(mac_of(bond.port()), own(second_));
		second_.release(fake_op::mac_set);
		operator_thread.join();
		EXPECT_EQ(addresses(), std::vector(3, mac_of(bond.port())));
		recorder.settle();
		EXPECT_NE(recorder.last(BRAID_EVENT_MAC_CHANGED).reason.find(mac_of(bond.port())), std::string::npos);
		first_.set_link(true);
	};
	give_up_by([](const test_bond &bond) { return policy(bond, BRAID_MAC_SAME); });
	give_up_by([](const test_bond &bond) { return braid_mode_set(bond.port(), BRAID_MODE_BALANCE); });
}

TEST_F(MacPolicy, ByActiveTheBondHasTheAddressOfItsActiveMember)
{
	test_bond bond(exactly{devargs()});
	ASSERT_EQ(policy(bond, BRAID_MAC_BY_ACTIVE), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	event_recorder recorder(bond);
	const std::vector<std::string> owns{own(first_), own(second_), own(third_)};
	EXPECT_EQ(addresses(), owns);
	EXPECT_EQ(mac_of(bond.port()), own(first_));

	first_.set_link(false);
	EXPECT_EQ(mac_of(bond.port()), own(second_)) << "at once";
	EXPECT_EQ(addresses(), owns);
	const told changed = recorder.last(BRAID_EVENT_MAC_CHANGED);
	EXPECT_EQ(changed.name, second_.name());
	EXPECT_NE(changed.reason.find(own(second_)), std::string::npos) << changed.reason;
	const braid_info info = bond.info();
	EXPECT_EQ(std::memcmp(info.mac, second_.permanent_mac().addr_bytes, 6), 0);

	second_.set_link(false);
	third_.set_link(false);
	EXPECT_EQ(mac_of(bond.port()), own(third_)) << "with nobody active the last one's stays";
	for (const fake_port *port : {&first_, &second_, &third_})
		EXPECT_EQ(duplicates({port}), 0u);
}

TEST_F(MacPolicy, ByActiveTheAddressIsNotTheOperators)
{
	test_bond bond(exactly{devargs(std::string("mac=") + chosen)});
	ASSERT_EQ(policy(bond, BRAID_MAC_BY_ACTIVE), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(mac_of(bond.port()), own(first_)) << "also of one that was given an address";
	rte_ether_addr other = local_mac(9), present = first_.permanent_mac();
	EXPECT_EQ(rte_eth_dev_default_mac_addr_set(bond.port(), &other), -ENOTSUP);
	EXPECT_EQ(rte_eth_dev_default_mac_addr_set(bond.port(), &present), 0) << "ethdev repeats it at each start";
	EXPECT_EQ(mac_of(bond.port()), own(first_));
}

TEST_F(MacPolicy, ByActiveTakesMembersThatCannotChangeTheirAddress)
{
	fake_port fixed(fake_options{.announces_lsc = true, .absent = {fake_op::mac_set}});
	test_bond bond(exactly{devargs()});
	ASSERT_EQ(policy(bond, BRAID_MAC_BY_ACTIVE), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.add(fixed.name()), 0);
	ASSERT_EQ(bond.primary(fixed.name()), 0);
	EXPECT_EQ(mac_of(bond.port()), own(fixed));
}

// --- follow

TEST_F(MacPolicy, FollowOnlyTheActiveMemberHasTheBondsAddress)
{
	test_bond bond(exactly{devargs(std::string("mac=") + chosen)});
	ASSERT_EQ(policy(bond, BRAID_MAC_FOLLOW), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(addresses(), (std::vector<std::string>{chosen, own(second_), own(third_)})) << "when start returns";
	EXPECT_EQ(mac_of(bond.port()), chosen);
	first_.set_link(false);
	EXPECT_TRUE(become({own(first_), chosen, own(third_)}));
	second_.set_link(false);
	EXPECT_TRUE(become({own(first_), own(second_), chosen}));
	EXPECT_EQ(mac_of(bond.port()), chosen);
	EXPECT_EQ(duplicates({&first_, &second_, &third_}), 0u);
	EXPECT_EQ(bond.xstat("mac_failures"), 0u);
}

// Mistake 11: the failover kept a stale address.
TEST_F(MacPolicy, FollowTheMemberThatGaveTheBondItsAddressTakesTheNewOnesInExchange)
{
	test_bond bond(exactly{devargs()});
	ASSERT_EQ(policy(bond, BRAID_MAC_FOLLOW), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(addresses(), (std::vector<std::string>{own(first_), own(second_), own(third_)}));
	first_.set_link(false);
	EXPECT_TRUE(become({own(second_), own(first_), own(third_)}));
	second_.set_link(false);
	EXPECT_TRUE(become({own(third_), own(second_), own(first_)}));
	first_.set_link(true);
	ASSERT_EQ(bond.primary(first_.name()), 0);
	EXPECT_TRUE(become({own(first_), own(second_), own(third_)}));
	EXPECT_EQ(duplicates({&first_, &second_, &third_}), 0u);
	braid_member_info info = bond.info_of(second_.name());
	EXPECT_EQ(std::memcmp(info.mac, second_.permanent_mac().addr_bytes, 6), 0);
}

TEST_F(MacPolicy, FollowFailoversInQuickSuccessionEndRight)
{
	test_bond bond(exactly{devargs()});
	ASSERT_EQ(policy(bond, BRAID_MAC_FOLLOW), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	traffic_thread traffic(bond.port());
	for (unsigned i = 0; i < 200; i++) {
		first_.set_link(false);
		first_.set_link(true);
		second_.set_link(false);
		second_.set_link(true);
	}
	EXPECT_EQ(bond.active(), first_.name());
	EXPECT_TRUE(become({own(first_), own(second_), own(third_)}));
	second_.set_link(false);
	first_.set_link(false);
	EXPECT_TRUE(become({own(third_), own(second_), own(first_)}));
	EXPECT_EQ(duplicates({&first_, &second_, &third_}), 0u);
	EXPECT_TRUE(traffic.goes_on());
}

TEST_F(MacPolicy, FollowAFailoverWaitsForNoAddress)
{
	test_bond bond(exactly{devargs()});
	ASSERT_EQ(policy(bond, BRAID_MAC_FOLLOW), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	first_.hold(fake_op::mac_set);
	first_.set_link(false);
	EXPECT_EQ(bond.active(), second_.name());
	EXPECT_EQ(bond.send(make_burst(10)), 10);
	EXPECT_EQ(second_.tx_packets(), 10u);
	ASSERT_TRUE(eventually([&] { return first_.waiting(fake_op::mac_set) == 1; }));
	second_.set_link(false);
	EXPECT_EQ(bond.active(), third_.name()) << "while the first one is still being told";
	EXPECT_EQ(bond.send(make_burst(10)), 10);
	EXPECT_EQ(third_.tx_packets(), 10u);
	first_.release(fake_op::mac_set);
	EXPECT_TRUE(become({own(third_), own(second_), own(first_)}));
	EXPECT_EQ(duplicates({&first_, &second_, &third_}), 0u);
}

TEST_F(MacPolicy, FollowChangesNothingElse)
{
	test_bond bond(exactly{devargs()});
	ASSERT_EQ(policy(bond, BRAID_MAC_FOLLOW), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(rte_eth_promiscuous_enable(bond.port()), 0);
	ASSERT_EQ(rte_eth_allmulticast_enable(bond.port()), 0);
	rte_ether_addr extra = local_mac(2);
	ASSERT_EQ(rte_eth_dev_mac_addr_add(bond.port(), &extra, 0), 0);
	port_view first = look_at(first_), second = look_at(second_);
	first_.set_link(false);
	ASSERT_TRUE(become({own(second_), own(first_), own(third_)}));
	std::swap(first.mac, second.mac);
	std::swap(first.mac_of_ethdev, second.mac_of_ethdev);
	EXPECT_EQ(look_at(first_), first);
	EXPECT_EQ(look_at(second_), second);
}

TEST_F(MacPolicy, FollowTheOperatorsAddressIsTheActiveMembers)
{
	test_bond bond(exactly{devargs()});
	ASSERT_EQ(policy(bond, BRAID_MAC_FOLLOW), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	rte_ether_addr mac = chosen_mac;
	ASSERT_EQ(rte_eth_dev_default_mac_addr_set(bond.port(), &mac), 0);
	EXPECT_EQ(addresses(), (std::vector<std::string>{chosen, own(second_), own(third_)}));
	mac = second_.permanent_mac(); // of a backup, which then takes the active one's
	ASSERT_EQ(rte_eth_dev_default_mac_addr_set(bond.port(), &mac), 0);
	EXPECT_EQ(addresses(), (std::vector<std::string>{own(second_), own(first_), own(third_)}));
	first_.set_link(false);
	EXPECT_TRUE(become({own(first_), own(second_), own(third_)}));
	EXPECT_EQ(duplicates({&first_, &second_, &third_}), 0u);
}

TEST_F(MacPolicy, FollowSurvivesStopAndStart)
{
	test_bond bond(exactly{devargs()});
	ASSERT_EQ(policy(bond, BRAID_MAC_FOLLOW), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	first_.set_link(false);
	ASSERT_TRUE(become({own(second_), own(first_), own(third_)}));
	ASSERT_EQ(bond.stop(), 0);
	ASSERT_EQ(bond.start(), 0);
	EXPECT_EQ(bond.active(), second_.name());
	EXPECT_EQ(addresses(), (std::vector<std::string>{own(second_), own(first_), own(third_)}));
}

// --- faults. Mistake 11: one member that could not be set kept the others from it.

struct refused_step {
	const char *who; // refuses
	unsigned on_call;
	std::vector<unsigned> end; // whose own address each of the three ends with; 0: an address of its own
};

TEST_F(MacPolicy, FollowAStepThatFailsIsToldAndKeepsNoOtherFromItsAddress)
{
	// The exchange takes three steps: the first makes room, the second takes the bond's, the first takes the second's.
	const refused_step steps[] = {
		{"first", 1, {1, 1, 3}},  // still has the bond's, which the active one needs all the same
		{"second", 1, {0, 2, 3}}, // kept its own, so nobody else gets it
		{"first", 2, {0, 1, 3}},
	};
	for (const refused_step &step : steps) {
		const bool by_first = step.who == std::string("first");
		fake_port &refuses = by_first ? first_ : second_;
		test_bond bond(exactly{devargs()});
		ASSERT_EQ(policy(bond, BRAID_MAC_FOLLOW), 0);
		ASSERT_EQ(bond.bring_up(), 0);
		event_recorder recorder(bond);
		refuses.fail(fake_op::mac_set, EIO, step.on_call);
		first_.set_link(false);
		const told failed = recorder.last(BRAID_EVENT_MAC_FAILED);
		EXPECT_EQ(failed.name, refuses.name());
		EXPECT_NE(failed.reason.find("Input/output error"), std::string::npos) << failed.reason;
		const std::string owns[] = {"", own(first_), own(second_), own(third_)};
		const auto as_expected = [&] {
			const std::vector<std::string> has = addresses();
			for (unsigned i = 0; i < 3; i++)
				if (step.end[i] != 0 ? has[i] != owns[step.end[i]]
				                     : std::find(std::begin(owns), std::end(owns), has[i]) != std::end(owns))
					return false;
			return true;
		};
		EXPECT_TRUE(eventually(as_expected)) << step.who << " " << step.on_call;
		EXPECT_EQ(bond.xstat("mac_failures"), 1u);
		EXPECT_EQ(bond.send(make_burst(10)), 10);
		// The next failover finds it healed.
		third_.set_link(false);
		first_.set_link(true);
		second_.set_link(false);
		EXPECT_TRUE(become({own(first_), own(second_), own(third_)})) << step.who << " " << step.on_call;
		EXPECT_EQ(bond.xstat("mac_failures"), 1u);
		second_.set_link(true);
		third_.set_link(true);
	}
}

TEST_F(MacPolicy, FollowAMemberThatRefusesForEverDoesNotHoldTheOthers)
{
	test_bond bond(exactly{devargs(std::string("mac=") + chosen)});
	ASSERT_EQ(policy(bond, BRAID_MAC_FOLLOW), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	log_capture log;
	first_.fail(fake_op::mac_set, EIO, fake_port::always);
	first_.set_link(false);
	EXPECT_TRUE(become({chosen, chosen, own(third_)})) << "the active one must be reached";
	second_.set_link(false);
	EXPECT_TRUE(become({chosen, own(second_), chosen}));
	first_.heal_all();
	second_.set_link(true);
	third_.set_link(false);
	EXPECT_TRUE(become({own(first_), chosen, own(third_)}));
	EXPECT_EQ(bond.xstat("mac_failures"), 2u) << "once for each failover";
	EXPECT_TRUE(eventually([&] { return log.count(first_.name() + ": " + own(first_) + ": MAC address: ") == 2; }))
		<< log.text();
}

// --- the policy changes

TEST_F(MacPolicy, IsChangedUnderTraffic)
{
	test_bond bond(exactly{devargs(std::string("mac=") + chosen)});
	ASSERT_EQ(bond.bring_up(), 0);
	traffic_thread traffic(bond.port());
	const std::vector<std::string> same(3, chosen), owns{own(first_), own(second_), own(third_)};
	for (unsigned round = 0; round < 5; round++) {
		ASSERT_EQ(policy(bond, BRAID_MAC_FOLLOW), 0);
		EXPECT_EQ(bond.info().mac_policy, BRAID_MAC_FOLLOW);
		EXPECT_EQ(addresses()[0], mac_of(bond.port()));
		EXPECT_EQ(addresses()[2], own(third_));
		ASSERT_EQ(policy(bond, BRAID_MAC_BY_ACTIVE), 0);
		EXPECT_EQ(addresses(), owns);
		EXPECT_EQ(mac_of(bond.port()), own(first_));
		ASSERT_EQ(policy(bond, BRAID_MAC_SAME), 0);
		EXPECT_EQ(addresses(), std::vector(3, own(first_)));
	}
	EXPECT_TRUE(traffic.goes_on());
}

TEST_F(MacPolicy, AMemberThatRefusesAChangeLeavesAllAsTheyWere)
{
	test_bond bond(exactly{devargs(std::string("mac=") + chosen)});
	ASSERT_EQ(bond.bring_up(), 0);
	// The first call is the question whether it can be set at all.
	for (unsigned call : {1, 2}) {
		for (fake_port *refuses : {&first_, &second_, &third_}) {
			if (refuses == &first_ && call == 2)
				continue; // it has what it is to have
			refuses->fail(fake_op::mac_set, EIO, call);
			EXPECT_EQ(policy(bond, BRAID_MAC_FOLLOW), -EIO);
			const std::string why = braid_error_text();
			EXPECT_NE(why.find("member " + refuses->name()), std::string::npos) << why;
			EXPECT_EQ(addresses(), std::vector<std::string>(3, chosen));
			EXPECT_EQ(bond.info().mac_policy, BRAID_MAC_SAME);
			refuses->heal_all();
		}
	}
	EXPECT_EQ(policy(bond, static_cast<braid_mac_policy>(3)), -EINVAL);
	ASSERT_EQ(policy(bond, BRAID_MAC_FOLLOW), 0);
	second_.fail(fake_op::mac_set, EIO);
	EXPECT_EQ(policy(bond, BRAID_MAC_SAME), -EIO);
	EXPECT_EQ(addresses(), (std::vector<std::string>{chosen, own(second_), own(third_)}));
	EXPECT_EQ(bond.info().mac_policy, BRAID_MAC_FOLLOW);
}

TEST_F(MacPolicy, InOtherModesEveryMemberHasTheBonds)
{
	test_bond bond(exactly{devargs(std::string("mac=") + chosen)});
	ASSERT_EQ(policy(bond, BRAID_MAC_FOLLOW), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	const std::vector<std::string> following{chosen, own(second_), own(third_)}, same(3, chosen);
	for (unsigned round = 0; round < 3; round++) {
		ASSERT_EQ(bond.mode(BRAID_MODE_BALANCE), 0);
		EXPECT_EQ(addresses(), same);
		ASSERT_EQ(bond.mode(BRAID_MODE_ACTIVE_BACKUP), 0);
		EXPECT_EQ(addresses(), following);
	}
	third_.fail(fake_op::mac_set, EIO);
	EXPECT_EQ(bond.mode(BRAID_MODE_BALANCE), -EIO);
	EXPECT_EQ(bond.info().mode, BRAID_MODE_ACTIVE_BACKUP);
	EXPECT_EQ(addresses(), following);
	EXPECT_EQ(bond.send(make_burst(10)), 10);
}

// --- who cannot take part

TEST_F(MacPolicy, FollowRefusesMembersThatCannotChangeTheirAddressLive)
{
	fake_port no_live(fake_options{.no_live_mac = true}), without(fake_options{.absent = {fake_op::mac_set}}), refusing;
	refusing.fail(fake_op::mac_set, ENOTSUP, fake_port::always);
	test_bond bond(exactly{devargs()});
	ASSERT_EQ(bond.bring_up(), 0);
	for (fake_port *cannot : {&no_live, &without, &refusing}) {
		ASSERT_EQ(bond.add(cannot->name()), 0);
		EXPECT_EQ(policy(bond, BRAID_MAC_FOLLOW), -ENOTSUP);
		const std::string why = braid_error_text();
		EXPECT_NE(why.find(cannot->name()), std::string::npos) << why;
		EXPECT_EQ(bond.info().mac_policy, BRAID_MAC_SAME);
		ASSERT_EQ(bond.remove(cannot->name()), 0);
	}
	ASSERT_EQ(policy(bond, BRAID_MAC_FOLLOW), 0);
	for (fake_port *cannot : {&no_live, &without, &refusing}) {
		const port_view before = look_at(*cannot);
		EXPECT_EQ(bond.add(cannot->name()), -ENOTSUP);
		const std::string why = braid_error_text();
		EXPECT_NE(why.find(cannot->name()), std::string::npos) << why;
		EXPECT_EQ(look_at(*cannot), before);
	}
	EXPECT_EQ(bond.names().size(), 3u);
	ASSERT_EQ(bond.mode(BRAID_MODE_BALANCE), 0);
	ASSERT_EQ(bond.add(no_live.name()), 0) << "which follows nobody there";
	EXPECT_EQ(bond.mode(BRAID_MODE_ACTIVE_BACKUP), -ENOTSUP);
	EXPECT_EQ(bond.info().mode, BRAID_MODE_BALANCE);
	EXPECT_EQ(addresses(), std::vector(3, own(first_)));
}

TEST_F(MacPolicy, FollowRefusesAPendingMemberThatCannot)
{
	fake_port late(fake_options{.plugged = false, .no_live_mac = true});
	test_bond bond(exactly{devargs()});
	ASSERT_EQ(policy(bond, BRAID_MAC_FOLLOW), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.add(late.name()), 0);
	event_recorder recorder(bond);
	ASSERT_EQ(late.plug(), 0);
	const told refused = recorder.last(BRAID_EVENT_ATTACH_FAILED);
	EXPECT_EQ(refused.name, late.name());
	EXPECT_NE(refused.reason.find("mac_policy follow"), std::string::npos) << refused.reason;
}

TEST_F(MacPolicy, FollowNeedsMembersWithAddressesOfTheirOwn)
{
	fake_port twin(with_address(second_.permanent_mac()));
	test_bond bond(exactly{devargs()});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.add(twin.name()), 0);
	EXPECT_EQ(policy(bond, BRAID_MAC_FOLLOW), -EADDRINUSE);
	const std::string why = braid_error_text();
	EXPECT_NE(why.find(twin.name()), std::string::npos) << why;
	EXPECT_NE(why.find(second_.name()), std::string::npos) << why;
	EXPECT_EQ(addresses(), std::vector(3, own(first_)));
	ASSERT_EQ(bond.remove(twin.name()), 0);
	ASSERT_EQ(policy(bond, BRAID_MAC_FOLLOW), 0);
	EXPECT_EQ(bond.add(twin.name()), -EADDRINUSE);
	EXPECT_EQ(now(twin), own(twin));
	EXPECT_EQ(owner_of(twin.port_id()), "");
}

// --- members come and go

TEST_F(MacPolicy, EveryMemberGetsItsOwnAddressBack)
{
	for (braid_mac_policy p : {BRAID_MAC_SAME, BRAID_MAC_BY_ACTIVE, BRAID_MAC_FOLLOW}) {
		{
			test_bond bond(exactly{devargs(std::string("mac=") + chosen)});
			ASSERT_EQ(policy(bond, p), 0);
			ASSERT_EQ(bond.bring_up(), 0);
			first_.set_link(false);
			ASSERT_TRUE(eventually([&] { return now(second_) == mac_of(bond.port()); }));
			ASSERT_EQ(bond.remove(second_.name()), 0);
			EXPECT_EQ(now(second_), own(second_));
			first_.set_link(true);
		}
		EXPECT_EQ(addresses(), (std::vector<std::string>{own(first_), own(second_), own(third_)}));
	}
}

// Mistake 12.
TEST_F(MacPolicy, FollowTheFirstMemberDoesNotBringTheBondsAddressBackASecondTime)
{
	test_bond bond(exactly{devargs()});
	ASSERT_EQ(policy(bond, BRAID_MAC_FOLLOW), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	log_capture log;
	ASSERT_EQ(bond.remove(first_.name()), 0);
	EXPECT_EQ(bond.active(), second_.name());
	EXPECT_EQ(addresses(), (std::vector<std::string>{own(first_), own(first_), own(third_)}));
	EXPECT_TRUE(log.contains("goes on using")) << log.text();
	ASSERT_EQ(bond.add(first_.name()), 0);
	EXPECT_EQ(addresses(), (std::vector<std::string>{own(second_), own(first_), own(third_)}));
	second_.set_link(false);
	EXPECT_TRUE(eventually([&] { return now(third_) == own(first_); }));
	EXPECT_TRUE(become({own(third_), own(second_), own(first_)}));
}

TEST_F(MacPolicy, FollowAMemberWhoseDeviceVanishesIsFollowedByTheNext)
{
	fake_port vanishing(fake_options{.announces_lsc = true, .announces_rmv = true});
	test_bond bond(exactly{std::string(patient) + ",mode=active-backup,mac=" + chosen + ",member=" + vanishing.name() +
	                       ",member=" + second_.name()});
	ASSERT_EQ(policy(bond, BRAID_MAC_FOLLOW), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(now(vanishing), chosen);
	ASSERT_TRUE(vanishing.vanish());
	EXPECT_TRUE(eventually([&] { return now(second_) == chosen; }));
	ASSERT_TRUE(eventually([&] { return bond.info_of(vanishing.name()).state == BRAID_MEMBER_PENDING; }));
	vanishing.bury();
	EXPECT_EQ(bond.send(make_burst(4)), 4);
	ASSERT_EQ(vanishing.replug(), 0);
	EXPECT_TRUE(eventually([&] { return bond.info().usable == 2; }));
	EXPECT_EQ(now(vanishing), own(vanishing));
	EXPECT_EQ(now(second_), chosen);
}

TEST_F(MacPolicy, EndsRightAfterWhateverHappens)
{
	std::mt19937 random(4);
	test_bond bond(exactly{devargs()});
	ASSERT_EQ(policy(bond, BRAID_MAC_FOLLOW), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	traffic_thread traffic(bond.port());
	fake_port *const ports[] = {&first_, &second_, &third_};
	const std::string bonds = mac_of(bond.port());
	for (unsigned round = 0; round < 300; round++) {
		fake_port &port = *ports[random() % 3];
		switch (random() % 5) {
		case 0: port.set_link(false); break;
		case 1: port.set_link(true); break;
		case 2: bond.primary(port.name()); break;
		case 3: port.fail(fake_op::mac_set, EIO); break;
		case 4:
			port.heal_all();
			ASSERT_EQ(bond.remove(port.name()), 0);
			ASSERT_EQ(bond.add(port.name()), 0) << braid_error_text();
			break;
		}
		if (random() % 8 == 0)
			for (fake_port *each : ports)
				each->heal_all();
	}
	for (fake_port *port : ports) {
		port->heal_all();
		port->set_link(true);
	}
	// Two failovers, the first of which may still meet a member that has just refused.
	ASSERT_EQ(bond.primary(third_.name()), 0);
	ASSERT_EQ(bond.primary(second_.name()), 0);
	EXPECT_TRUE(become({own(second_), own(first_), own(third_)})) << addresses()[0] << " " << addresses()[1] << " " << addresses()[2];
	EXPECT_EQ(mac_of(bond.port()), bonds);
	EXPECT_TRUE(traffic.goes_on());
}

} // namespace
} // namespace braid
