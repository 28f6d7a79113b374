/* SPDX-License-Identifier: BSD-3-Clause */
// Writes down what a bond tells its listeners, in order.
#pragma once

#include "test_bond.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace braid {

// A braid_event that may be kept.
struct told {
	braid_event_kind kind;
	std::uint32_t id;
	std::uint64_t time_ns;
	std::uint64_t generation;
	std::string name;
	std::string old_name;
	std::string reason;
};

// Listens from its construction to its destruction, which must come before the bond's.
class event_recorder {
public:
	explicit event_recorder(const test_bond &bond) : port_(bond.port())
	{
		EXPECT_EQ(braid_event_callback_register(port_, note, this), 0) << braid_error_text();
	}
	~event_recorder() { EXPECT_EQ(braid_event_callback_unregister(port_, note, this), 0) << braid_error_text(); }
	event_recorder(const event_recorder &) = delete;
	event_recorder &operator=(const event_recorder &) = delete;

	std::vector<told> all() const
	{
		const std::lock_guard guard(lock_);
		return events_;
	}

	std::vector<braid_event_kind> kinds() const
	{
		std::vector<braid_event_kind> kinds;
		for (const told &e : all())
			kinds.push_back(e.kind);
		return kinds;
	}

	std::size_t count(braid_event_kind kind) const
	{
		const std::vector<told> now = all();
		return static_cast<std::size_t>(
			std::count_if(now.begin(), now.end(), [kind](const told &e) { return e.kind == kind; }));
	}

	// The last event of the kind; waits for the first one.
	told last(braid_event_kind kind) const
	{
		EXPECT_TRUE(eventually([&] { return count(kind) > 0; })) << "no event of kind " << kind;
		told found{};
		for (const told &e : all())
			if (e.kind == kind)
				found = e;
		return found;
	}

	// Returns when everything that had happened before the call has been told: events come in order, so an
	// event made for this purpose is the last. It costs two generations and leaves no trace in the list.
	void settle()
	{
		braid_info info{};
		info.size = sizeof info;
		ASSERT_EQ(braid_info_get(port_, &info), 0);
		const auto other = info.policy == BRAID_POLICY_L2 ? BRAID_POLICY_L34 : BRAID_POLICY_L2;
		const auto start = std::chrono::steady_clock::now().time_since_epoch();
		const auto start_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(start).count();
		const auto mine = [start_ns](const told &e) {
			return e.kind == BRAID_EVENT_MODE_CHANGED && e.time_ns >= static_cast<std::uint64_t>(start_ns);
		};
		ASSERT_EQ(braid_policy_set(port_, other), 0);
		ASSERT_EQ(braid_policy_set(port_, info.policy), 0);
		ASSERT_TRUE(eventually([&] {
			const std::vector<told> now = all();
			return std::count_if(now.begin(), now.end(), mine) == 2;
		}));
		const std::lock_guard guard(lock_);
		std::erase_if(events_, mine);
	}

	void forget()
	{
		settle();
		const std::lock_guard guard(lock_);
		events_.clear();
	}

private:
	static void note(std::uint16_t, const braid_event *e, void *arg)
	{
		auto &self = *static_cast<event_recorder *>(arg);
		const std::lock_guard guard(self.lock_);
		self.events_.push_back(
			{e->kind, e->member_id, e->time_ns, e->generation, e->name, e->old_name, e->reason});
	}

	const std::uint16_t port_;
	mutable std::mutex lock_;
	std::vector<told> events_; // guarded by lock_
};

} // namespace braid
