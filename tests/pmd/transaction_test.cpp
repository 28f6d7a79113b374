/* SPDX-License-Identifier: BSD-3-Clause */
// Adding a member and starting a bond are transactions: whichever step a device refuses, everything is as before.
#include "port_view.hpp"
#include "test_bond.hpp"

#include <algorithm>
#include <map>

namespace braid {
namespace {

// A step of bringing a port into a bond on which set_everything() was called; the name is the one in the error.
struct step {
	fake_op op;
	unsigned on_call;
	const char *named;

	friend std::ostream &operator<<(std::ostream &to, const step &s) { return to << s.named; }
};

constexpr step steps[] = {
	{fake_op::infos_get, fake_port::always, "reading its capabilities"}, // ethdev asks on the way, too
	{fake_op::configure, 1, "configure"},
	{fake_op::rx_queue_setup, 1, "receive queue 0"},
	{fake_op::rx_queue_setup, 2, "receive queue 1"},
	{fake_op::tx_queue_setup, 1, "transmit queue 0"},
	{fake_op::tx_queue_setup, 2, "transmit queue 1"},
	{fake_op::mtu_set, 1, "MTU 1400"},
	{fake_op::mac_set, 1, "MAC address"},
	{fake_op::start, 1, "start"},
	{fake_op::mac_add, 1, "adding a MAC address"},
	{fake_op::mac_add, 2, "adding a MAC address"},
	{fake_op::vlan_filter, 1, "VLAN 7"},
	{fake_op::vlan_filter, 2, "VLAN 4094"},
	{fake_op::mc_list, 1, "multicast list"},
	{fake_op::promiscuous_on, 1, "promiscuous on"},
	{fake_op::allmulticast_on, 1, "allmulticast on"},
	{fake_op::reta_update, 1, "redirection table"},
};

// What undoing the last step of all has to call.
constexpr fake_op undo_ops[] = {
	fake_op::stop,    fake_op::mac_remove, fake_op::vlan_filter,     fake_op::mc_list,
	fake_op::mac_set, fake_op::mtu_set,    fake_op::promiscuous_off, fake_op::allmulticast_off,
};

std::string title_of(const testing::TestParamInfo<step> &info)
{
	std::string title = std::to_string(info.index) + "_" + info.param.named;
	std::replace(title.begin(), title.end(), ' ', '_');
	return title;
}

std::string refusal(const fake_port &port, const step &s)
{
	return port.name() + ": " + s.named + ": Operation not permitted";
}

struct bond_view {
	std::uint64_t generation;
	std::uint32_t members, usable;
	std::string mac;
	std::vector<std::string> names;

	bool operator==(const bond_view &) const = default;
};

bond_view look_at(const test_bond &bond)
{
	const braid_info info = bond.info();
	return {info.generation, info.members, info.usable, mac_of(bond.port()), bond.names()};
}

class Add : public mbuf_accounting, public testing::WithParamInterface<step> {};

INSTANTIATE_TEST_SUITE_P(EachStepRefused, Add, testing::ValuesIn(steps), title_of);

// Mistake 5: an add that failed after the member had been published.
TEST_P(Add, LeavesARunningBondAndThePortAsTheyWere)
{
	const step &refused = GetParam();
	fake_port stays(able_port()), joins(able_port());
	test_bond bond("round-robin", {&stays});
	ASSERT_EQ(bond.bring_up(2, everything()), 0);
	ASSERT_NO_FATAL_FAILURE(set_everything(bond.port()));
	traffic_thread application(bond.port());

	const port_view before = look_at(joins), other = look_at(stays);
	const bond_view bond_before = look_at(bond);
	joins.fail(refused.op, EPERM, refused.on_call);
	log_capture log;
	EXPECT_EQ(bond.add(joins.name()), -EPERM);
	EXPECT_EQ(braid_error_text(), refusal(joins, refused));
	EXPECT_EQ(log.count(refusal(joins, refused)), 1u) << log.text();
	EXPECT_EQ(look_at(joins), before);
	EXPECT_EQ(look_at(stays), other);
	EXPECT_EQ(look_at(bond), bond_before);
	EXPECT_EQ(joins.tx_packets(), 0u);
	EXPECT_TRUE(application.sends());

	joins.heal_all();
	ASSERT_EQ(bond.add(joins.name()), 0) << "this time it agrees: " << braid_error_text();
	EXPECT_TRUE(eventually([&] { return joins.tx_packets() > 0; }));
	EXPECT_EQ(look_at(joins), look_at(stays));
}

TEST_P(Add, LeavesAnEmptyBondEmpty)
{
	const step &refused = GetParam();
	fake_port joins(able_port());
	test_bond bond("mode=broadcast");
	ASSERT_EQ(bond.bring_up(2, everything()), 0);
	ASSERT_NO_FATAL_FAILURE(set_everything(bond.port()));
	const port_view before = look_at(joins);
	const bond_view bond_before = look_at(bond);
	joins.fail(refused.op, EPERM, refused.on_call);
	EXPECT_EQ(bond.add(joins.name()), -EPERM);
	EXPECT_EQ(look_at(joins), before);
	EXPECT_EQ(look_at(bond), bond_before);
	EXPECT_FALSE(bond.link_up());
	EXPECT_EQ(bond.send(make_burst(4)), 0);
}

class AddUndo : public mbuf_accounting, public testing::WithParamInterface<fake_op> {};

INSTANTIATE_TEST_SUITE_P(EachUndoRefused, AddUndo, testing::ValuesIn(undo_ops),
                         [](const auto &info) { return to_string(info.param); });

// The last step of all is refused, and then one of those that take the others back.
TEST_P(AddUndo, GoesOnWithTheRest)
{
	const fake_op undo = GetParam();
	const step &refused = *std::rbegin(steps);
	fake_port stays(able_port()), joins(able_port());
	test_bond bond("balance", {&stays});
	ASSERT_EQ(bond.bring_up(2, everything()), 0);
	ASSERT_NO_FATAL_FAILURE(set_everything(bond.port()));
	const port_view before = look_at(joins);
	const bond_view bond_before = look_at(bond);

	// Once without a failing undo, to learn how often the op comes before the step that is refused.
	joins.clear_calls();
	joins.fail(refused.op, EPERM);
	ASSERT_EQ(bond.add(joins.name()), -EPERM);
	unsigned calls_before = 0;
	for (const fake_call &call : joins.calls()) {
		if (call.op == refused.op)
			break;
		calls_before += call.op == undo;
	}

	joins.fail(refused.op, EPERM);
	joins.fail(undo, EIO, calls_before + 1);
	EXPECT_EQ(bond.add(joins.name()), -EPERM);
	EXPECT_EQ(braid_error_text(), refusal(joins, refused)) << "the reason, not what followed from it";
	EXPECT_EQ(except_for(look_at(joins), undo, before), before);
	EXPECT_EQ(look_at(bond), bond_before);
	EXPECT_EQ(bond.send(make_burst(16, 0, 16)), 16);
	EXPECT_EQ(joins.tx_packets(), 0u);

	joins.heal_all();
	ASSERT_EQ(bond.add(joins.name()), 0) << braid_error_text();
	EXPECT_EQ(look_at(joins), look_at(stays));
	ASSERT_EQ(bond.remove(joins.name()), 0);
	EXPECT_EQ(except_for(look_at(joins), undo, before), before);
}

class Start : public mbuf_accounting, public testing::WithParamInterface<step> {};

INSTANTIATE_TEST_SUITE_P(EachStepRefused, Start, testing::ValuesIn(steps), title_of);

// Mistake 5, mistake 9: the second member fails, so the first is stopped again, once, and may be started again.
TEST_P(Start, StopsTheFirstMemberWhenTheSecondRefuses)
{
	const step &refused = GetParam();
	fake_port first(able_port()), second(able_port());
	test_bond bond("balance", {&first, &second});
	ASSERT_EQ(bond.configure(2, everything()), 0);
	ASSERT_NO_FATAL_FAILURE(set_everything(bond.port()));
	const port_view before = look_at(second);
	const bond_view bond_before = look_at(bond);
	first.clear_calls();
	second.fail(refused.op, EPERM, refused.on_call);
	log_capture log;
	EXPECT_EQ(bond.start(), -EPERM);
	EXPECT_EQ(log.count("net_braid0: start: member " + refusal(second, refused)), 1u) << log.text();
	EXPECT_FALSE(first.started());
	EXPECT_EQ(first.count(fake_op::start), first.count(fake_op::stop));
	EXPECT_EQ(look_at(second), before);
	EXPECT_EQ(look_at(bond), bond_before);
	EXPECT_FALSE(bond.link_up());
	EXPECT_EQ(bond.info_of(first.name()).state, BRAID_MEMBER_CLAIMED);

	second.heal_all();
	ASSERT_EQ(bond.start(), 0);
	EXPECT_TRUE(first.started() && second.started());
	EXPECT_EQ(look_at(first), look_at(second));
	EXPECT_EQ(bond.send(make_burst(32, 0, 32)), 32);
}

TEST(StartOfABond, IsRefusedAlsoWhenTheFirstMemberThenRefusesToStop)
{
	fake_port first, second;
	test_bond bond("round-robin", {&first, &second});
	ASSERT_EQ(bond.configure(), 0);
	second.fail(fake_op::start, EPERM);
	first.fail(fake_op::stop, EIO);
	log_capture log;
	EXPECT_EQ(bond.start(), -EPERM);
	EXPECT_TRUE(log.contains("member " + second.name() + ": start: Operation not permitted")) << log.text();
	EXPECT_TRUE(log.contains(first.name() + ": stop: Input/output error")) << log.text();
	EXPECT_FALSE(bond.link_up());
	ASSERT_EQ(bond.start(), 0) << "whatever state the first is in";
	EXPECT_EQ(bond.send(make_burst(8)), 8);
}

TEST(StartOfABond, RefusedByOneMemberWorksWithoutIt)
{
	fake_port good, bad;
	test_bond bond("active-backup", {&good, &bad});
	ASSERT_EQ(bond.configure(), 0);
	bad.fail(fake_op::start, EPERM, fake_port::always);
	EXPECT_EQ(bond.start(), -EPERM);
	EXPECT_EQ(bond.start(), -EPERM);
	ASSERT_EQ(bond.remove(bad.name()), 0);
	ASSERT_EQ(bond.start(), 0);
	EXPECT_EQ(bond.active(), good.name());
}

TEST(AddToABond, ThatFailsForgetsNeitherThePrimaryNorTheName)
{
	fake_port port, other;
	test_bond bond("mode=active-backup,primary=" + port.name() + ",member=" + other.name());
	ASSERT_EQ(bond.bring_up(), 0);
	port.fail(fake_op::start, EPERM);
	EXPECT_EQ(bond.add(port.name(), "main"), -EPERM);
	EXPECT_EQ(bond.info().primary, BRAID_NO_MEMBER);
	EXPECT_EQ(bond.active(), other.name());
	ASSERT_EQ(bond.rename(other.name(), "main"), 0) << "the name is free";
	ASSERT_EQ(bond.add(port.name()), 0);
	EXPECT_TRUE(bond.info_of(port.name()).is_primary);
	EXPECT_EQ(bond.active(), port.name());
}

TEST(AddToABond, ThatFailsMovesNoFlow)
{
	constexpr unsigned flows = 256;
	fake_port a, b, fails;
	test_bond bond("balance,xmit_policy=l34", {&a, &b});
	ASSERT_EQ(bond.bring_up(), 0);
	const auto flows_of_a = [&] {
		a.tx_mode(fake_tx::keep);
		for (unsigned i = 0; i < flows; i += 32)
			EXPECT_EQ(bond.send(make_burst(32, i, flows)), 32);
		std::vector<rte_mbuf *> kept = a.take_tx();
		const std::vector<std::uint32_t> sequences = sequences_of(kept);
		free_all(kept);
		return sequences;
	};
	const std::vector<std::uint32_t> before = flows_of_a();
	EXPECT_GT(before.size(), 64u);
	for (const fake_op op : {fake_op::configure, fake_op::start}) {
		fails.fail(op, EPERM);
		EXPECT_EQ(bond.add(fails.name()), -EPERM);
		EXPECT_EQ(flows_of_a(), before);
	}
}

// A slow device must not hold up what the others do.
TEST(AddToABond, ThatTakesLongDelaysNoFailover)
{
	fake_port a({.announces_lsc = true}), b({.announces_lsc = true}), slow;
	test_bond bond("active-backup", {&a, &b});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.active(), a.name());
	slow.hold(fake_op::start);
	std::thread adder([&] { EXPECT_EQ(bond.add(slow.name()), 0); });
	ASSERT_TRUE(eventually([&] { return slow.waiting(fake_op::start) == 1; }));
	a.set_link(false);
	EXPECT_TRUE(eventually([&] { return bond.active() == b.name(); }));
	EXPECT_EQ(bond.names().size(), 2u) << "it is not there before it is";
	EXPECT_EQ(bond.id_of(slow.name()), std::uint32_t{BRAID_NO_MEMBER});
	EXPECT_EQ(bond.send(make_burst(4)), 4);
	EXPECT_EQ(bond.rename(a.name(), slow.name()), -EEXIST) << "the name is promised";
	slow.release(fake_op::start);
	adder.join();
	EXPECT_EQ(bond.names().size(), 3u);
}

// Links are reported from other threads while a member joins, also by the first poll after it.
TEST(AddToABond, UnderAStormOfLinkChangesIsSeenWholeOrNotAtAll)
{
	fake_port a({.announces_lsc = true}), b({.announces_lsc = true});
	test_bond bond("balance", {&a});
	ASSERT_EQ(bond.bring_up(), 0);
	std::atomic<bool> stop{false};
	std::thread storm([&] {
		for (bool up = false; !stop; up = !up) {
			a.set_link(up);
			b.raise_lsc();
			std::this_thread::yield();
		}
	});
	for (int round = 0; round < 100; round++) {
		ASSERT_EQ(bond.add(b.name()), 0);
		EXPECT_EQ(bond.names().size(), 2u);
		EXPECT_EQ(bond.send(make_burst(8, 0, 8)), 8) << "the link of the second is up";
		ASSERT_EQ(bond.stop(), 0);
		ASSERT_EQ(bond.remove(b.name()), 0);
		ASSERT_EQ(bond.start(), 0);
	}
	stop = true;
	storm.join();
	EXPECT_EQ(b.tx_packets() + a.tx_packets(), 800u);
}

} // namespace
} // namespace braid
