/* SPDX-License-Identifier: BSD-3-Clause */
// Guards of renaming: who is asked, who is told, and what they may do meanwhile.
#include "event_recorder.hpp"
#include "operation.hpp"
#include "port_view.hpp"
#include "test_bond.hpp"
#include "turnstile.hpp"

#include <rte_bus_vdev.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace braid {
namespace {

using texts = std::vector<std::string>;

// What all guards of a test have been told, in order: "a? wan>lan" when asked, "a! wan>lan" when reverted.
class diary {
public:
	void note(const std::string &line)
	{
		const std::lock_guard guard(lock_);
		lines_.push_back(line);
	}
	texts lines() const
	{
		const std::lock_guard guard(lock_);
		return lines_;
	}
	texts take()
	{
		const std::lock_guard guard(lock_);
		return std::exchange(lines_, {});
	}

private:
	mutable std::mutex lock_;
	texts lines_;
};

// Registered from its construction to its destruction, which must come before the bond's.
class guard {
public:
	guard(const test_bond &bond, diary &d, std::string name, std::function<int()> answer = [] { return 0; })
		: port_(bond.port()), diary_(d), name_(std::move(name)), answer_(std::move(answer))
	{
		EXPECT_EQ(braid_rename_guard_register(port_, call, this), 0) << braid_error_text();
	}
	~guard()
	{
		const int status = braid_rename_guard_unregister(port_, call, this);
		EXPECT_TRUE(status == 0 || (left_ && (status == -ENOENT || status == -ENODEV))) << braid_error_text();
	}
	guard(const guard &) = delete;
	guard &operator=(const guard &) = delete;

	int leave()
	{
		left_ = true;
		return braid_rename_guard_unregister(port_, call, this);
	}
	void is_left() { left_ = true; }

private:
	static int call(std::uint16_t port, braid_rename_phase phase, const braid_rename *const *renames, unsigned n, void *arg)
	{
		guard &self = *static_cast<guard *>(arg);
		EXPECT_EQ(port, self.port_);
		std::string line = self.name_ + (phase == BRAID_RENAME_PROPOSED ? "?" : "!");
		for (unsigned i = 0; i < n; i++)
			line += std::string(" ") + renames[i]->old_name + ">" + renames[i]->name;
		self.diary_.note(line);
		return phase == BRAID_RENAME_PROPOSED ? self.answer_() : -EIO;
	}

	const std::uint16_t port_;
	diary &diary_;
	const std::string name_;
	const std::function<int()> answer_;
	std::atomic<bool> left_{false};
};

class RenameGuard : public mbuf_accounting {
protected:
	RenameGuard() : bond_("balance", {&first_, &second_, &third_})
	{
		EXPECT_EQ(bond_.bring_up(), 0);
		EXPECT_EQ(bond_.rename(first_.name(), "a"), 0);
		EXPECT_EQ(bond_.rename(second_.name(), "b"), 0);
		EXPECT_EQ(bond_.rename(third_.name(), "c"), 0);
	}

	int swap()
	{
		const braid_rename both[] = {{1, nullptr, "b"}, {2, nullptr, "a"}};
		return braid_members_rename(bond_.port(), both, 2, sizeof(braid_rename));
	}

	fake_port first_, second_, third_;
	test_bond bond_;
	diary diary_;
};

TEST_F(RenameGuard, IsAskedBeforeAnythingShows)
{
	event_recorder events(bond_);
	guard g(bond_, diary_, "g", [&] {
		EXPECT_EQ(bond_.names(), (texts{"a", "b", "c"}));
		EXPECT_EQ(bond_.id_of("wan"), BRAID_NO_MEMBER);
		EXPECT_EQ(events.count(BRAID_EVENT_MEMBER_RENAMED), 0u);
		return 0;
	});
	ASSERT_EQ(bond_.rename("a", "wan"), 0);
	EXPECT_EQ(diary_.lines(), texts{"g? a>wan"});
	EXPECT_EQ(events.last(BRAID_EVENT_MEMBER_RENAMED).name, "wan");
	EXPECT_EQ(bond_.names(), (texts{"wan", "b", "c"}));
}

TEST_F(RenameGuard, IsShownTheWholeOfOneCallAndNothingThatStays)
{
	guard g(bond_, diary_, "g");
	ASSERT_EQ(swap(), 0);
	EXPECT_EQ(diary_.take(), texts{"g? a>b b>a"});
	const braid_rename one_stays[] = {{3, nullptr, "c"}, {1, nullptr, "eth%d"}};
	ASSERT_EQ(braid_members_rename(bond_.port(), one_stays, 2, sizeof(braid_rename)), 0);
	EXPECT_EQ(diary_.take(), texts{"g? b>eth0"}) << "and the number is filled in";
}

TEST_F(RenameGuard, IsNotAskedAboutWhatCannotBeOrChangesNothing)
{
	guard g(bond_, diary_, "g");
	EXPECT_EQ(bond_.rename("a", "a"), 0);
	EXPECT_EQ(bond_.rename("a", "b"), -EEXIST);
	EXPECT_EQ(bond_.rename("a", "x/y"), -EINVAL);
	EXPECT_EQ(braid_member_rename(bond_.port(), 99, "x"), -ENOENT);
	ASSERT_EQ(braid_live_rename_set(bond_.port(), 0), 0);
	EXPECT_EQ(bond_.rename("a", "x"), -EBUSY);
	EXPECT_EQ(diary_.lines(), texts{});
}

TEST_F(RenameGuard, ThatRefusesEndsItAndThoseWhoHadAgreedAreToldInReverse)
{
	event_recorder events(bond_);
	guard a(bond_, diary_, "A"), b(bond_, diary_, "B"), c(bond_, diary_, "C", [] { return -EACCES; }), d(bond_, diary_, "D");
	EXPECT_EQ(swap(), -EACCES);
	EXPECT_STREQ(braid_error_text(), "a rename guard refuses that \"a\" becomes \"b\" and what goes with it: Permission denied");
	EXPECT_EQ(diary_.lines(), (texts{"A? a>b b>a", "B? a>b b>a", "C? a>b b>a", "B! a>b b>a", "A! a>b b>a"}));
	EXPECT_EQ(bond_.names(), (texts{"a", "b", "c"}));
	events.settle();
	EXPECT_EQ(events.count(BRAID_EVENT_MEMBER_RENAMED), 0u);
}

TEST_F(RenameGuard, WhoAnswersWhatIsNoErrnoRefusesWithEperm)
{
	int answer = 0;
	guard g(bond_, diary_, "g", [&] { return answer; });
	for (int odd : {1, INT32_MAX, INT32_MIN, -5000}) {
		answer = odd;
		EXPECT_EQ(bond_.rename("a", "x"), -EPERM) << odd;
	}
	EXPECT_EQ(bond_.id_of("x"), BRAID_NO_MEMBER);
}

TEST_F(RenameGuard, EachPlaceMayRefuse)
{
	for (int at = 0; at < 4; at++) {
		std::vector<std::unique_ptr<guard>> all;
		texts expected;
		for (int i = 0; i < 4; i++)
			all.push_back(std::make_unique<guard>(bond_, diary_, std::to_string(i),
			                                      [i, at] { return i == at ? -ENOSPC : 0; }));
		for (int i = 0; i <= at; i++)
			expected.push_back(std::to_string(i) + "? c>x");
		for (int i = at; i-- > 0;)
			expected.push_back(std::to_string(i) + "! c>x");
		EXPECT_EQ(bond_.rename("c", "x"), -ENOSPC);
		EXPECT_EQ(diary_.take(), expected);
	}
}

// ---- the bond changes while guards are asked

TEST_F(RenameGuard, ANameThatIsTakenMeanwhileRevertsIt)
{
	bool first_time = true;
	guard thief(bond_, diary_, "g", [&] {
		if (std::exchange(first_time, false)) {
			EXPECT_EQ(bond_.rename("b", "x"), 0);
		}
		return 0;
	});
	EXPECT_EQ(bond_.rename("a", "x"), -EEXIST);
	EXPECT_EQ(diary_.lines(), (texts{"g? a>x", "g? b>x", "g! a>x"}));
	EXPECT_EQ(bond_.names(), (texts{"a", "x", "c"}));
}

TEST_F(RenameGuard, AMemberThatIsRenamedMeanwhileRevertsIt)
{
	bool first_time = true;
	guard other(bond_, diary_, "g", [&] {
		if (std::exchange(first_time, false)) {
			EXPECT_EQ(bond_.rename("a", "y"), 0);
		}
		return 0;
	});
	EXPECT_EQ(bond_.rename("a", "x"), -EAGAIN);
	EXPECT_EQ(diary_.lines(), (texts{"g? a>x", "g? a>y", "g! a>x"}));
	EXPECT_EQ(bond_.names(), (texts{"y", "b", "c"}));
}

TEST_F(RenameGuard, AMemberThatIsRemovedMeanwhileRevertsTheWholeCall)
{
	guard other(bond_, diary_, "g", [&] { return bond_.remove("b"); });
	EXPECT_EQ(swap(), -ENOENT);
	EXPECT_EQ(diary_.lines(), (texts{"g? a>b b>a", "g! a>b b>a"}));
	EXPECT_EQ(bond_.names(), (texts{"a", "c"}));
}

TEST_F(RenameGuard, TurningLiveRenameOffMeanwhileRevertsIt)
{
	guard other(bond_, diary_, "g", [&] { return braid_live_rename_set(bond_.port(), 0); });
	EXPECT_EQ(bond_.rename("a", "x"), -EBUSY);
	EXPECT_EQ(diary_.lines(), (texts{"g? a>x", "g! a>x"}));
}

TEST_F(RenameGuard, WhatHappensBesideItIsNoMatter)
{
	bool first_time = true;
	guard other(bond_, diary_, "g", [&] { return std::exchange(first_time, false) ? bond_.rename("c", "z") : 0; });
	EXPECT_EQ(bond_.rename("a", "x"), 0);
	EXPECT_EQ(diary_.lines(), (texts{"g? a>x", "g? c>z"}));
	EXPECT_EQ(bond_.names(), (texts{"x", "b", "z"}));
}

// ---- what a guard may do

// Linux b84c5632c7b3: a listener that set up the device anew when told of a rename met the lock that the rename held.
TEST_F(RenameGuard, MayStopAndStartTheBondAndEverythingElse)
{
	fake_port fourth;
	bool busy = false;
	guard g(bond_, diary_, "g", [&] {
		if (std::exchange(busy, true))
			return 0;
		EXPECT_EQ(bond_.stop(), 0);
		EXPECT_EQ(bond_.start(), 0);
		EXPECT_EQ(bond_.add(fourth.name(), "d"), 0);
		EXPECT_EQ(bond_.rename("d", "e"), 0);
		EXPECT_EQ(bond_.mode(BRAID_MODE_ACTIVE_BACKUP), 0);
		EXPECT_EQ(bond_.primary("e"), 0);
		EXPECT_EQ(bond_.remove("c"), 0);
		EXPECT_EQ(rte_eth_dev_set_mtu(bond_.port(), 1400), 0);
		return 0;
	});
	ASSERT_EQ(bond_.rename("a", "x"), 0);
	EXPECT_EQ(bond_.names(), (texts{"x", "b", "e"}));
	EXPECT_EQ(diary_.lines(), (texts{"g? a>x", "g? d>e"}));
}

TEST_F(RenameGuard, MayRenameInAListenerToo)
{
	guard g(bond_, diary_, "g");
	struct after {
		static void call(std::uint16_t port, const braid_event *e, void *arg)
		{
			if (e->kind == BRAID_EVENT_MEMBER_RENAMED && std::string(e->name) == "x") {
				EXPECT_EQ(braid_member_rename(port, e->member_id, "y"), 0);
				*static_cast<std::atomic<bool> *>(arg) = true;
			}
		}
	};
	std::atomic<bool> done{false};
	ASSERT_EQ(braid_event_callback_register(bond_.port(), after::call, &done), 0);
	ASSERT_EQ(bond_.rename("a", "x"), 0);
	EXPECT_TRUE(eventually([&] { return done.load(); }));
	EXPECT_EQ(diary_.lines(), (texts{"g? a>x", "g? x>y"}));
	ASSERT_EQ(braid_event_callback_unregister(bond_.port(), after::call, &done), 0);
}

TEST_F(RenameGuard, ThatChasesItsOwnTailIsStopped)
{
	unsigned round = 0, deepest = 0;
	int innermost = 0;
	guard g(bond_, diary_, "g", [&] {
		deepest = std::max(deepest, ++round);
		const int status = bond_.rename("a", "x" + std::to_string(round));
		if (status == -ELOOP)
			innermost = status;
		round--;
		return status == -ELOOP ? 0 : status;
	});
	EXPECT_EQ(bond_.rename("a", "x"), -EAGAIN) << "the innermost has come about";
	EXPECT_EQ(innermost, -ELOOP);
	EXPECT_EQ(deepest, 8u);
	EXPECT_EQ(bond_.names(), (texts{"x7", "b", "c"}));
}

TEST_F(RenameGuard, IsRegisteredOnce)
{
	EXPECT_EQ(braid_rename_guard_register(bond_.port(), nullptr, nullptr), -EINVAL);
	const braid_rename_guard yes = [](std::uint16_t, braid_rename_phase, const braid_rename *const *, unsigned, void *) { return 0; };
	int one = 0, two = 0;
	EXPECT_EQ(braid_rename_guard_register(bond_.port(), yes, &one), 0);
	EXPECT_EQ(braid_rename_guard_register(bond_.port(), yes, &one), -EEXIST);
	EXPECT_EQ(braid_rename_guard_register(bond_.port(), yes, &two), 0) << "another guard";
	EXPECT_EQ(braid_rename_guard_unregister(bond_.port(), yes, &one), 0);
	EXPECT_EQ(braid_rename_guard_unregister(bond_.port(), yes, &one), -ENOENT);
	EXPECT_EQ(braid_rename_guard_unregister(bond_.port(), yes, &two), 0);
	EXPECT_EQ(braid_rename_guard_register(RTE_MAX_ETHPORTS, yes, &one), -ENODEV);
	EXPECT_EQ(braid_rename_guard_unregister(RTE_MAX_ETHPORTS, yes, &one), -ENODEV);
}

TEST_F(RenameGuard, MayTakeItselfBackAndOthersAndIsNotToldMore)
{
	std::unique_ptr<guard> next;
	guard once(bond_, diary_, "once", [&] {
		EXPECT_EQ(once.leave(), 0);
		EXPECT_EQ(next->leave(), 0);
		return 0;
	});
	next = std::make_unique<guard>(bond_, diary_, "next");
	guard refuses(bond_, diary_, "refuses", [] { return -EBUSY; });
	EXPECT_EQ(bond_.rename("a", "x"), -EBUSY);
	EXPECT_EQ(diary_.lines(), (texts{"once? a>x", "refuses? a>x"})) << "who has left is not told that it is reverted";
}

TEST_F(RenameGuard, ThatIsRegisteredMeanwhileIsAskedTheNextTime)
{
	std::unique_ptr<guard> late;
	guard g(bond_, diary_, "g", [&] {
		if (!late)
			late = std::make_unique<guard>(bond_, diary_, "late");
		return 0;
	});
	ASSERT_EQ(bond_.rename("a", "x"), 0);
	ASSERT_EQ(bond_.rename("x", "y"), 0);
	EXPECT_EQ(diary_.lines(), (texts{"g? a>x", "g? x>y", "late? x>y"}));
}

// A guard that waits until it is let go.
struct gate {
	std::atomic<bool> inside{false}, open{false};
	int pass()
	{
		inside = true;
		open.wait(false);
		return 0;
	}
	void let_go()
	{
		open = true;
		open.notify_all();
	}
};

// Takes a guard back while it runs, after it has taken itself back or without; whoever does it gets `answer`, and not before the
// guard has returned. The renaming that it is asked about comes about.
void expect_waited_for(test_bond &bond, diary &notes, bool takes_itself_back, int answer)
{
	gate g;
	std::atomic<bool> left{false}, returned{false};
	guard slow(bond, notes, "slow", [&] {
		if (takes_itself_back) {
			EXPECT_EQ(slow.leave(), 0);
		}
		const int status = g.pass();
		left = true;
		return status;
	});
	std::thread renaming([&] { EXPECT_EQ(bond.rename("a", "x"), 0); });
	ASSERT_TRUE(eventually([&] { return g.inside.load(); }));
	std::thread taking_back([&] {
		EXPECT_EQ(slow.leave(), answer);
		EXPECT_TRUE(left) << "it runs no more";
		returned = true;
	});
	for (unsigned i = 0; i < 1000; i++) {
		EXPECT_FALSE(returned);
		std::this_thread::yield();
	}
	g.let_go();
	renaming.join();
	taking_back.join();
	EXPECT_EQ(bond.rename("x", "y"), 0);
}

TEST_F(RenameGuard, TakingItBackWaitsForTheCallThatRuns)
{
	expect_waited_for(bond_, diary_, false, 0);
	EXPECT_EQ(diary_.lines(), texts{"slow? a>x"});
}

TEST_F(RenameGuard, ThatTookItselfBackIsWaitedForByWhoeverTakesItBackAgain)
{
	expect_waited_for(bond_, diary_, true, -ENOENT);
	EXPECT_EQ(diary_.lines(), texts{"slow? a>x"});
}

TEST_F(RenameGuard, ThatTakesItsTimeHoldsUpNobody)
{
	gate g;
	guard slow(bond_, diary_, "slow", [&] { return bond_.id_of("b") == BRAID_NO_MEMBER ? 0 : g.pass(); });
	std::thread renaming([&] { EXPECT_EQ(bond_.rename("a", "x"), 0); });
	ASSERT_TRUE(eventually([&] { return g.inside.load(); }));
	first_.set_link(false);
	EXPECT_TRUE(eventually([&] { return bond_.info().usable == 2; }));
	EXPECT_EQ(bond_.send(make_burst(16)), 16);
	EXPECT_EQ(bond_.mode(BRAID_MODE_ROUND_ROBIN), 0);
	EXPECT_EQ(bond_.remove("c"), 0);
	EXPECT_EQ(bond_.id_of("a"), 1u);
	EXPECT_EQ(bond_.remove("b"), 0);
	g.let_go();
	renaming.join();
	EXPECT_EQ(bond_.names(), texts{"x"});
}

TEST_F(RenameGuard, OfTwoRenamesAtATimeTheFirstToComeThroughWins)
{
	gate g;
	std::atomic<unsigned> calls{0};
	guard slow(bond_, diary_, "slow", [&] { return calls++ == 0 ? g.pass() : 0; });
	std::thread renaming([&] { EXPECT_EQ(bond_.rename("a", "x"), -EEXIST); });
	ASSERT_TRUE(eventually([&] { return g.inside.load(); }));
	EXPECT_EQ(bond_.rename("b", "x"), 0) << "nothing is reserved for who is still being asked about";
	g.let_go();
	renaming.join();
	EXPECT_EQ(bond_.names(), (texts{"a", "x", "c"}));
}

// ---- the end of the bond

TEST_F(RenameGuard, DestroyingTheBondWaitsForItAndItIsToldThatNothingCameOfIt)
{
	gate g;
	std::atomic<bool> destroyed{false};
	guard slow(bond_, diary_, "slow", [&] { return g.pass(); });
	std::thread renaming([&] { EXPECT_EQ(braid_member_rename(bond_.port(), 1, "x"), -ENODEV); });
	ASSERT_TRUE(eventually([&] { return g.inside.load(); }));
	slow.is_left();
	std::thread destroying([&, port = bond_.port()] {
		EXPECT_EQ(braid_destroy(port), 0);
		destroyed = true;
	});
	// From here on the bond is being closed.
	ASSERT_TRUE(eventually([&] { return braid_live_rename_set(bond_.port(), 1) == -ENODEV; }));
	for (unsigned i = 0; i < 1000; i++) {
		EXPECT_FALSE(destroyed);
		std::this_thread::yield();
	}
	g.let_go();
	destroying.join();
	EXPECT_EQ(diary_.lines(), (texts{"slow? a>x", "slow! a>x"})) << "before braid_destroy() returned";
	renaming.join();
	bond_.is_destroyed();
}

// Who has taken it back may free what it uses. That its port is no bond's any more is no reason to say so too early.
TEST_F(RenameGuard, ThatHasClosedItsPortIsWaitedForByWhoTakesItBack)
{
	gate g;
	std::atomic<bool> left{false};
	guard slow(bond_, diary_, "slow", [&, port = bond_.port()] {
		EXPECT_EQ(rte_eth_dev_stop(port), 0);
		EXPECT_EQ(rte_eth_dev_close(port), 0);
		g.pass();
		left = true;
		return 0;
	});
	std::thread renaming([&] { EXPECT_EQ(bond_.rename("a", "x"), -ENODEV); });
	ASSERT_TRUE(eventually([&] { return g.inside.load(); }));
	std::thread taking_back([&] {
		EXPECT_EQ(slow.leave(), -ENODEV);
		EXPECT_TRUE(left) << "it runs no more";
	});
	EXPECT_TRUE(stays_false([&] { return left.load(); }));
	g.let_go();
	taking_back.join();
	renaming.join();
	EXPECT_EQ(diary_.lines(), texts{"slow? a>x"}) << "who has left is not told that it is reverted";
	EXPECT_EQ(rte_vdev_uninit("net_braid0"), 0);
	bond_.is_destroyed();
}

// Whoever has planned a renaming may come late to ask about it.
TEST(RenameGuardOfADestroyedBond, IsNotCalledAnyMore)
{
	bool stopped = true;
	for (unsigned nth = 1; stopped; nth++) {
		SCOPED_TRACE(nth);
		fake_port member;
		test_bond bond("balance", {&member});
		ASSERT_EQ(bond.bring_up(), 0);
		std::atomic<bool> destroyed{false};
		const braid_rename_guard look = [](std::uint16_t, braid_rename_phase, const braid_rename *const *, unsigned, void *arg) {
			EXPECT_FALSE(*static_cast<std::atomic<bool> *>(arg));
			return 0;
		};
		ASSERT_EQ(braid_rename_guard_register(bond.port(), look, &destroyed), 0);
		turnstile stile("operator", nth);
		const operation renaming([port = bond.port()] {
			const int status = braid_member_rename(port, 1, "x");
			EXPECT_TRUE(status == 0 || status == -ENODEV) << status;
		});
		const patience meanwhile(stile, std::chrono::milliseconds(300));
		stopped = renaming.stops_in(stile);
		EXPECT_EQ(bond.destroy(), 0);
		destroyed = true;
	}
}

TEST_F(RenameGuard, CannotDestroyItsBondButMayCloseItsPort)
{
	guard g(bond_, diary_, "g", [&] {
		EXPECT_EQ(braid_destroy(bond_.port()), -EDEADLK);
		EXPECT_NE(std::string(braid_error_text()).find("rename guard"), std::string::npos) << braid_error_text();
		g.is_left();
		EXPECT_EQ(rte_eth_dev_stop(bond_.port()), 0);
		EXPECT_EQ(rte_eth_dev_close(bond_.port()), 0);
		return 0;
	});
	EXPECT_EQ(bond_.rename("a", "x"), -ENODEV);
	EXPECT_EQ(diary_.lines(), (texts{"g? a>x", "g! a>x"}));
	EXPECT_EQ(rte_vdev_uninit("net_braid0"), 0);
	bond_.is_destroyed();
}

} // namespace
} // namespace braid
