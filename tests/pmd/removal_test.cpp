/* SPDX-License-Identifier: BSD-3-Clause */
// What stands in a leaving member's queues: sent, delivered, or told about.
#include "event_recorder.hpp"
#include "port_view.hpp"
#include "test_bond.hpp"

#include <atomic>

namespace braid {
namespace {

// Goes by itself only when the member is still.
constexpr const char *unhurried = "lsc_poll_period_ms=1,drain_ms=60000";

exactly bond_of(const fake_port &leaves, const fake_port &stays, const char *with = unhurried)
{
	return {std::string(with) + ",mode=round-robin,member=" + leaves.name() + ",member=" + stays.name()};
}

// Removes a member in a thread of its own; over when the object ends.
class removal {
public:
	removal(const test_bond &bond, const fake_port &member)
		: thread_([this, port = bond.port(), id = bond.id_of(member.name())] {
			  EXPECT_EQ(braid_member_remove(port, id), 0) << braid_error_text();
			  over_ = true;
		  })
	{
		EXPECT_TRUE(eventually([&] { return over_ || bond.info_of(member.name()).state == BRAID_MEMBER_LEAVING; }));
	}
	~removal() { thread_.join(); }
	removal(const removal &) = delete;
	removal &operator=(const removal &) = delete;

	bool is_over() const { return over_; }

private:
	std::atomic<bool> over_{false};
	std::thread thread_;
};

// What a driver tells about its transmit queues.
struct teller {
	const char *name;
	bool status;
	bool cleanup;
};

void PrintTo(const teller &t, std::ostream *out) { *out << t.name; }

fake_options told_by(const teller &t)
{
	fake_options options{.tells_tx_status = t.status};
	if (!t.cleanup)
		options.absent = {fake_op::tx_done_cleanup};
	return options;
}

class TransmitRing : public mbuf_accounting, public testing::WithParamInterface<teller> {};

TEST_P(TransmitRing, RunsEmptyBeforeAMemberIsStopped)
{
	fake_port leaves(told_by(GetParam())), stays;
	leaves.tx_mode(fake_tx::ring);
	test_bond bond(bond_of(leaves, stays));
	ASSERT_EQ(bond.bring_up(2), 0);
	ASSERT_EQ(bond.send(make_burst(40), 0), 40);
	ASSERT_EQ(bond.send(make_burst(40), 1), 40);
	ASSERT_EQ(leaves.in_ring(), 40u);
	const removal going(bond, leaves);
	// Some packets at each turn, with both queues polled in between, as the wire and the application would.
	EXPECT_TRUE(eventually([&] {
		for (const std::uint16_t queue : {0, 1}) {
			leaves.transmit(queue, 1);
			bond.receive(queue);
		}
		return going.is_over();
	}));
	EXPECT_EQ(leaves.tx_lost(), 0u);
	EXPECT_EQ(leaves.in_ring(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Told, TransmitRing,
                         testing::Values(teller{"ByItsDescriptors", true, false}, teller{"ByCleaningUp", false, true},
                                         teller{"ByBoth", true, true}),
                         [](const auto &info) { return info.param.name; });

class StillMember : public mbuf_accounting {};

TEST_F(StillMember, IsOneWhoseDriverTellsNothing)
{
	fake_port leaves(told_by({"", false, false})), stays;
	leaves.tx_mode(fake_tx::ring);
	test_bond bond(bond_of(leaves, stays));
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.send(make_burst(8)), 8);
	const removal going(bond, leaves);
	EXPECT_TRUE(eventually([&] {
		bond.receive();
		return going.is_over();
	}));
	EXPECT_EQ(leaves.tx_lost(), 4u);
}

// An answer to what the member sent last comes when its queue has been found empty already.
TEST_F(StillMember, IsNotOneThatWasFoundEmptyOnce)
{
	fake_port leaves, stays;
	test_bond bond(bond_of(leaves, stays));
	ASSERT_EQ(bond.bring_up(), 0);
	const removal going(bond, leaves);
	ASSERT_EQ(bond.receive(), 0);
	EXPECT_TRUE(stays_false([&] { return going.is_over(); })) << "one look is not enough";
	ASSERT_TRUE(leaves.inject(0, make_packet({})));
	EXPECT_EQ(bond.receive(), 1);
	EXPECT_TRUE(stays_false([&] { return going.is_over(); })) << "and another answer may come";
	ASSERT_TRUE(leaves.inject(0, make_packet({})));
	EXPECT_EQ(bond.receive(), 1);
	EXPECT_TRUE(eventually([&] {
		bond.receive();
		return going.is_over();
	}));
	EXPECT_EQ(leaves.rx_lost(), 0u);
}

TEST_F(StillMember, IsWaitedForOnEveryQueue)
{
	fake_port leaves, stays;
	test_bond bond(bond_of(leaves, stays));
	ASSERT_EQ(bond.bring_up(2), 0);
	const removal going(bond, leaves);
	EXPECT_TRUE(stays_false([&] {
		bond.receive(0);
		return going.is_over();
	})) << "nobody looks into queue 1";
	EXPECT_TRUE(eventually([&] {
		bond.receive(0);
		bond.receive(1);
		return going.is_over();
	}));
}

TEST_F(StillMember, IsFoundByWhoAsksForFewPacketsAtATime)
{
	fake_port leaves, stays;
	test_bond bond(bond_of(leaves, stays));
	ASSERT_EQ(bond.bring_up(), 0);
	for (unsigned i = 0; i < 5; i++)
		ASSERT_TRUE(leaves.inject(0, make_packet({})));
	const removal going(bond, leaves);
	EXPECT_TRUE(eventually([&] {
		bond.receive(0, 2);
		return going.is_over();
	}));
	EXPECT_EQ(leaves.rx_lost(), 0u);
}

TEST_F(StillMember, IsWaitedForNoLongerThanItMay)
{
	fake_port leaves, stays;
	leaves.tx_mode(fake_tx::ring);
	test_bond bond(bond_of(leaves, stays, "drain_ms=20"));
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.send(make_burst(12)), 12);
	for (int i = 0; i < 5; i++)
		ASSERT_TRUE(leaves.inject(0, make_packet({})));
	event_recorder events(bond);
	log_capture log;
	ASSERT_EQ(bond.remove(leaves.name()), 0);
	const std::string what = "5 packets were left in its receive queues and 6 descriptors in its transmit queues";
	EXPECT_EQ(events.last(BRAID_EVENT_MEMBER_REMOVED).reason, what);
	EXPECT_TRUE(eventually([&] { return log.contains("member " + leaves.name() + " has been removed: " + what); }));
	EXPECT_EQ(leaves.tx_lost(), 6u);
	EXPECT_EQ(leaves.rx_lost(), 5u);
}

TEST_F(StillMember, IsNotWaitedForByForce)
{
	fake_port leaves, stays;
	leaves.tx_mode(fake_tx::ring);
	test_bond bond(bond_of(leaves, stays));
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.send(make_burst(12)), 12);
	event_recorder events(bond);
	const std::uint64_t generation = bond.info().generation;
	ASSERT_EQ(braid_member_remove_now(bond.port(), bond.id_of(leaves.name())), 0);
	EXPECT_EQ(bond.info().generation, generation + 1);
	EXPECT_EQ(leaves.tx_lost(), 6u);
	EXPECT_NE(events.last(BRAID_EVENT_MEMBER_REMOVED).reason, "");
	EXPECT_EQ(owner_of(leaves.port_id()), "");
	EXPECT_EQ(bond.names(), std::vector<std::string>{stays.name()});
	EXPECT_EQ(braid_member_remove_now(bond.port(), 99), -ENOENT);
	EXPECT_EQ(braid_member_remove_now(stays.port_id(), 1), -ENODEV);
}

TEST_F(StillMember, MayVanishWhileItIsWaitedFor)
{
	fake_port leaves({.announces_rmv = true}), stays;
	leaves.tx_mode(fake_tx::ring);
	test_bond bond(bond_of(leaves, stays));
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(bond.send(make_burst(8)), 8);
	{
		const removal going(bond, leaves);
		ASSERT_FALSE(going.is_over());
		ASSERT_TRUE(leaves.vanish());
	}
	leaves.bury();
	EXPECT_EQ(bond.names(), std::vector<std::string>{stays.name()});
	EXPECT_EQ(bond.send(make_burst(8)), 8);
	EXPECT_EQ(leaves.violations(), 0u);
}

// Drivers that collect the descriptors of what they have sent when they need them. What the driver says is all that is known.
class LateCollector : public mbuf_accounting {
protected:
	// Sends 40 packets over a member, all of which leave, and removes it. The reason of the event.
	static std::string farewell_of(fake_options options)
	{
		options.collects_late = true;
		fake_port leaves(options);
		leaves.tx_mode(fake_tx::ring);
		test_bond bond(exactly{std::string(unhurried) + ",mode=round-robin,member=" + leaves.name()});
		EXPECT_EQ(bond.bring_up(), 0);
		EXPECT_EQ(bond.send(make_burst(40)), 40);
		EXPECT_EQ(leaves.transmit(0, 40), 40u);
		event_recorder events(bond);
		{
			const removal going(bond, leaves);
			EXPECT_TRUE(eventually([&] {
				bond.receive();
				return going.is_over();
			}));
		}
		EXPECT_EQ(leaves.tx_lost(), 0u);
		return events.last(BRAID_EVENT_MEMBER_REMOVED).reason;
	}
};

TEST_F(LateCollector, IsAskedToCollect) { EXPECT_EQ(farewell_of({}), ""); }

// It marks every 32nd descriptor only, and learns of those before it from that one: of the last 8 it will never know.
TEST_F(LateCollector, IsNotBelievedAboutDescriptorsThatItDoesNotMark) { EXPECT_EQ(farewell_of({.tx_rs_thresh = 32}), ""); }

// Nothing was left in it, so the warning must not say so.
TEST_F(LateCollector, ThatCannotBeAskedIsQuoted)
{
	EXPECT_EQ(farewell_of({.absent = {fake_op::tx_done_cleanup}}),
	          "its driver still counts 40 transmit descriptors as in use, which may have been sent: none has changed for 50 ms");
}

} // namespace
} // namespace braid
