/* SPDX-License-Identifier: BSD-3-Clause */
// A listener that holds the events of a bond against each other.
#pragma once

#include <braid.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace braid {

// What a member has been through, from its events alone. Each event must fit to those before it, so one that is lost, told
// twice or told too early is found.
class chronicle {
public:
	enum class listening { from_the_beginning, from_now_on };
	explicit chronicle(listening since) : since_(since) {}

	static void note(std::uint16_t, const braid_event *e, void *arg) { static_cast<chronicle *>(arg)->take(*e); }

	// What was told of one member, for the messages.
	std::string of(std::uint32_t id) const
	{
		const std::string part = " " + std::to_string(id) + " ";
		std::string all;
		for (const std::string &line : told_)
			if (line.find(part) != std::string::npos)
				all += "\n  " + line;
		return all;
	}

	// Who they were and what they were called when all was told.
	std::map<std::uint32_t, std::string> names() const
	{
		const std::lock_guard guard(lock_);
		std::map<std::uint32_t, std::string> all;
		for (const auto &[id, m] : members_)
			all[id] = m.name;
		return all;
	}
	bool has_heard_of(const std::string &name) const
	{
		const std::lock_guard guard(lock_);
		return std::any_of(members_.begin(), members_.end(), [&](const auto &m) { return m.second.name == name; });
	}
	// Everything up to the renaming to this.
	std::vector<std::string> told_until(const std::string &name) const
	{
		const std::lock_guard guard(lock_);
		const auto end = std::find_if(told_.begin(), told_.end(), [&](const std::string &line) {
			return line.find(" " + name + " ") != std::string::npos;
		});
		return {told_.begin(), end};
	}

private:
	struct life {
		std::string name;
		bool present = false, usable = false;
	};

	void take(const braid_event &e)
	{
		const std::lock_guard guard(lock_);
		told_.push_back(std::to_string(e.kind) + " " + std::to_string(e.member_id) + " " + e.name + " " + e.old_name +
		                " " + std::to_string(e.generation));
		EXPECT_GE(e.time_ns, time_ns_) << told_.back();
		EXPECT_GE(e.generation, generation_) << told_.back();
		time_ns_ = e.time_ns;
		generation_ = e.generation;
		if (e.kind == BRAID_EVENT_LINK_UP || e.kind == BRAID_EVENT_LINK_DOWN) {
			EXPECT_NE(link_up_, e.kind == BRAID_EVENT_LINK_UP) << told_.back();
			link_up_ = e.kind == BRAID_EVENT_LINK_UP;
		}
		if (e.member_id == BRAID_NO_MEMBER)
			return;
		life &m = members_[e.member_id];
		const std::string known = e.kind == BRAID_EVENT_MEMBER_RENAMED ? e.old_name : e.name;
		if (m.name.empty()) { // the first that is heard of it
			m.name = known;
			if (since_ == listening::from_now_on) {
				m.present = e.kind != BRAID_EVENT_MEMBER_ADDED;
				m.usable = e.kind == BRAID_EVENT_MEMBER_UNUSABLE;
			}
		}
		EXPECT_EQ(known, m.name) << told_.back();
		switch (e.kind) {
		case BRAID_EVENT_MEMBER_ADDED:
			EXPECT_FALSE(m.present) << of(e.member_id);
			m.present = true;
			break;
		case BRAID_EVENT_MEMBER_LOST:
			EXPECT_TRUE(m.present && !m.usable) << of(e.member_id);
			m.present = false;
			break;
		case BRAID_EVENT_MEMBER_REMOVED:
			EXPECT_FALSE(m.usable) << of(e.member_id);
			members_.erase(e.member_id);
			break;
		case BRAID_EVENT_MEMBER_RENAMED: m.name = e.name; break;
		case BRAID_EVENT_MEMBER_USABLE:
			EXPECT_TRUE(m.present && !m.usable) << of(e.member_id);
			m.usable = true;
			break;
		case BRAID_EVENT_MEMBER_UNUSABLE:
			EXPECT_TRUE(m.usable) << of(e.member_id);
			m.usable = false;
			break;
		default: break;
		}
	}

	const listening since_;
	mutable std::mutex lock_;
	std::map<std::uint32_t, life> members_;
	std::vector<std::string> told_;
	std::uint64_t time_ns_ = 0, generation_ = 0;
	bool link_up_ = false;
};

} // namespace braid
