/* SPDX-License-Identifier: BSD-3-Clause */
// A burst that does not end keeps every snapshot since its beginning alive. How much memory that may take.
#include "allocations.hpp"
#include "links.hpp"
#include "test_bond.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

namespace braid {
namespace {

// Above this many operators wait (lib/rcu/retire.hpp); each of them may be one over it, and each member may be lost once.
constexpr std::uint64_t most_waiting = 8192;
constexpr std::uint64_t some_more = 16;

class Pace : public mbuf_accounting {
protected:
	Pace()
	{
		EXPECT_EQ(bond_.bring_up(), 0);
		first_.hold(fake_op::tx_burst);
		sender_ = std::thread([this] { bond_.send(make_burst(1)); });
		EXPECT_TRUE(eventually([this] { return first_.waiting(fake_op::tx_burst) == 1; }));
	}
	~Pace() override
	{
		let_the_burst_end();
		if (operator_.joinable())
			operator_.join();
	}

	void let_the_burst_end()
	{
		first_.release(fake_op::tx_burst);
		if (sender_.joinable())
			sender_.join();
	}
	// By renaming: cannot end while the burst does not.
	void fill_up()
	{
		const std::uint32_t id = bond_.id_of(second_.name());
		operator_ = std::thread([this, id] {
			for (unsigned k = 0; k < most_waiting + 1000; k++)
				EXPECT_EQ(braid_member_rename(bond_.port(), id, ("uplink" + std::to_string(k)).c_str()), 0);
			finished_ = true;
		});
		EXPECT_TRUE(eventually([this] { return bond_.info().retired > most_waiting; }));
	}

	const quiet_log quiet_;
	fake_port first_{raising_lsc()}, second_{raising_lsc()};
	test_bond bond_{"active-backup", {&first_, &second_}};
	std::thread sender_, operator_;
	std::atomic<bool> finished_{false};
};

TEST_F(Pace, AnOperatorWaitsForABurstThatDoesNotEnd)
{
	fill_up();
	EXPECT_FALSE(finished_.load());
	EXPECT_LE(bond_.info().retired, most_waiting + some_more);
	let_the_burst_end();
	operator_.join();
	EXPECT_TRUE(finished_.load());
	EXPECT_TRUE(eventually([this] { return bond_.info().retired == 0; }));
}

TEST_F(Pace, AFailoverDoesNotWait)
{
	fill_up();
	EXPECT_EQ(bond_.active(), first_.name());
	ASSERT_TRUE(first_.set_link(false));
	EXPECT_EQ(bond_.info().active, bond_.info_of(second_.name()).id) << "when the event returns";
	EXPECT_FALSE(finished_.load());
	let_the_burst_end();
	operator_.join();
}

TEST_F(Pace, ALinkThatFlapsMeanwhileIsLostOnceAndComesBackWhenTheBurstHasEnded)
{
	fill_up();
	for (int k = 0; k < 2000; k++) {
		ASSERT_TRUE(second_.set_link(false));
		EXPECT_EQ(bond_.info().usable, 1u);
		ASSERT_TRUE(second_.set_link(true));
	}
	EXPECT_LE(bond_.info().retired, most_waiting + some_more);
	EXPECT_EQ(bond_.info().usable, 1u);
	let_the_burst_end();
	operator_.join();
	EXPECT_TRUE(eventually([this] { return bond_.info().usable == 2; }));
}

// Whoever waits for memory with the state lock held has everybody wait, a failover too.
TEST(IdlePoll, AllocatesNothing)
{
	fake_port first, second;
	test_bond bond(exactly{"lsc_poll_period_ms=1,announce=1,mode=active-backup,member=" + first.name() + ",member=" + second.name()});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_TRUE(eventually([&] { return bond.info().usable == 2; }));
	const allocations taken("braid-watch");
	const std::uint64_t before = first.link_queries();
	EXPECT_TRUE(eventually([&] {
		EXPECT_EQ(bond.send(make_burst(4)), 4); // whose addresses are collected
		return first.link_queries() > before + 50;
	}));
	EXPECT_EQ(taken.count(), 0u);
}

} // namespace
} // namespace braid
