/* SPDX-License-Identifier: BSD-3-Clause */
#include "rcu/read_section.hpp"
#include "rcu/retire.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

namespace braid::rcu {
namespace {

constexpr std::uint64_t alive = 0x6272616964; // "braid"

struct tracked final : retirable {
	explicit tracked(std::atomic<int> &destroyed) : destroyed(destroyed) {}
	~tracked() override
	{
		canary = 0;
		destroyed.fetch_add(1);
	}
	std::atomic<int> &destroyed;
	volatile std::uint64_t canary = alive;
};

TEST(Rcu, RetiredObjectIsDestroyedOnceAfterReclaim)
{
	ASSERT_TRUE(start_reclaimer());
	std::atomic<int> destroyed{0};
	retire(std::make_unique<tracked>(destroyed));
	wait_for_reclaim();
	EXPECT_EQ(destroyed.load(), 1);
}

TEST(Rcu, RetiringNothingIsHarmless)
{
	retire(nullptr);
	wait_for_reclaim();
	SUCCEED() << "no crash is the expectation";
}

TEST(Rcu, ObjectOutlivesTheReadSectionThatFoundIt)
{
	start_reclaimer();
	std::atomic<int> destroyed{0};
	cell<tracked> published;
	published.exchange(new tracked(destroyed));

	std::atomic<bool> inside{false}, leave{false};
	std::thread reader([&] {
		const read_section section;
		const tracked *seen = published.get(section);
		inside = true;
		while (!leave)
			EXPECT_EQ(seen->canary, alive);
	});
	while (!inside)
		std::this_thread::yield();

	retire(std::unique_ptr<retirable>(published.exchange(nullptr)));
	EXPECT_EQ(destroyed.load(), 0) << "a reader is still inside its section";
	leave = true;
	reader.join();
	wait_for_reclaim();
	EXPECT_EQ(destroyed.load(), 1);
}

TEST(Rcu, WaitForReadersReturnsOnlyAfterOldSectionsEnded)
{
	std::atomic<bool> inside{false}, leave{false}, left{false};
	std::thread reader([&] {
		{
			const read_section section;
			inside = true;
			while (!leave)
				std::this_thread::yield();
			left = true;
		}
	});
	while (!inside)
		std::this_thread::yield();
	std::thread releaser([&] { leave = true; });
	wait_for_readers();
	EXPECT_TRUE(left.load());
	releaser.join();
	reader.join();
}

TEST(Rcu, ALoopThatRetiresIsHeldToABoundOfWhatWaits)
{
	std::size_t most = 0;
	for (std::size_t i = 0; i < 3 * rcu::most_waiting_for_reclaim; i++) {
		rcu::retire(std::make_unique<rcu::retirable>());
		rcu::bound_what_waits();
		most = std::max(most, rcu::waiting_for_reclaim());
	}
	EXPECT_LE(most, rcu::most_waiting_for_reclaim);
	rcu::wait_for_reclaim();
	EXPECT_EQ(rcu::waiting_for_reclaim(), 0u);
}

TEST(Rcu, NobodyWaitsForRoomWhileThereIsSomeOrInsideAReadSection)
{
	start_reclaimer();
	wait_for_reclaim();
	ASSERT_EQ(waiting_for_reclaim(), 0u);
	std::atomic<int> destroyed{0};
	std::atomic<bool> inside{false}, leave{false}, goes_on{false};
	std::thread reader([&] {
		const read_section section;
		inside = true;
		while (!leave)
			std::this_thread::yield();
		EXPECT_FALSE(goes_on.load()) << "somebody went on although nothing could be destroyed";
	});
	while (!inside)
		std::this_thread::yield();
	for (std::size_t k = 0; k < most_waiting_for_reclaim; k++)
		retire(std::make_unique<tracked>(destroyed));
	EXPECT_EQ(waiting_for_reclaim(), most_waiting_for_reclaim);
	bound_what_waits(); // as many as may wait: goes on at once, or this test never ends
	retire(std::make_unique<tracked>(destroyed));
	{
		const read_section section;
		bound_what_waits(); // would wait for itself
	}
	std::thread operator_hand([&] {
		bound_what_waits();
		goes_on = true;
	});
	leave = true;
	reader.join();
	operator_hand.join();
	EXPECT_EQ(destroyed.load(), static_cast<int>(most_waiting_for_reclaim) + 1);
	EXPECT_EQ(waiting_for_reclaim(), 0u);
}

TEST(Rcu, ReadersNeverSeeADestroyedObjectWhileItIsReplacedAllTheTime)
{
	start_reclaimer();
	std::atomic<int> destroyed{0};
	cell<tracked> published;
	published.exchange(new tracked(destroyed));
	std::atomic<bool> stop{false};
	std::atomic<std::uint64_t> torn{0}, reads{0};
	auto read = [&] {
		while (!stop) {
			const read_section section;
			const tracked *seen = published.get(section);
			if (seen->canary != alive)
				torn++;
			reads++;
		}
	};
	std::thread first(read), second(read);
	constexpr int rounds = 20000;
	for (int i = 0; i < rounds; i++)
		retire(std::unique_ptr<retirable>(published.exchange(new tracked(destroyed))));
	while (reads < 1000)
		std::this_thread::yield();
	stop = true;
	first.join();
	second.join();
	retire(std::unique_ptr<retirable>(published.exchange(nullptr)));
	wait_for_reclaim();
	EXPECT_EQ(torn.load(), 0u);
	EXPECT_EQ(destroyed.load(), rounds + 1);
}

} // namespace
} // namespace braid::rcu
