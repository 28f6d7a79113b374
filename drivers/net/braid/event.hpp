/* SPDX-License-Identifier: BSD-3-Clause */
// What can happen to a bond, and who is told of it (events.cpp).
#pragma once

#include "member.hpp"
#include "names/name.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace braid {

// Something that listeners are told. Numbered as enum braid_event_kind.
enum class event_kind : std::uint8_t {
	member_added, member_removed, member_lost, member_renamed, member_usable, member_unusable, active_changed,
	mode_changed, link_up, link_down, attach_failed, events_lost, mac_changed, mac_failed, option_changed,
	member_wanted,
};

constexpr const char *to_string(event_kind k) noexcept
{
	switch (k) {
	case event_kind::member_added: return "member_added";
	case event_kind::member_removed: return "member_removed";
	case event_kind::member_lost: return "member_lost";
	case event_kind::member_renamed: return "member_renamed";
	case event_kind::member_usable: return "member_usable";
	case event_kind::member_unusable: return "member_unusable";
	case event_kind::active_changed: return "active_changed";
	case event_kind::mode_changed: return "mode_changed";
	case event_kind::link_up: return "link_up";
	case event_kind::link_down: return "link_down";
	case event_kind::attach_failed: return "attach_failed";
	case event_kind::events_lost: return "events_lost";
	case event_kind::mac_changed: return "mac_changed";
	case event_kind::mac_failed: return "mac_failed";
	case event_kind::option_changed: return "option_changed";
	case event_kind::member_wanted: return "member_wanted";
	}
	return "?";
}

struct event {
	std::uint64_t number = 0; // of the bond's first event 0, of each later one 1 more
	event_kind kind;
	member_id id = member_id::none;
	std::uint64_t time_ns = 0;
	std::uint64_t generation = 0;
	name after;  // of the member; empty without one
	name before; // of a renamed member
	std::string reason;
};

// What has been done to a bond, to be told together with what comes of it.
struct news {
	event_kind kind;
	member_id id = member_id::none;
	std::string reason;
};

using news_list = std::vector<news>;

// That an option has another value now: of a member, or of the bond. Key and value are spelled as in the devargs.
inline news new_value(const char *key, const std::string &value, member_id id = member_id::none)
{
	return {event_kind::option_changed, id, std::string(key) + "=" + value};
}
inline news new_value(const char *key, const char *word) { return new_value(key, std::string(word)); }
inline news new_value(const char *key, bool on, member_id id = member_id::none)
{
	return new_value(key, std::string(on ? "1" : "0"), id);
}
inline news_list if_new(bool is_new, news what) { return is_new ? news_list{std::move(what)} : news_list(); }

// Of a member that has just got its place. A device that was there and has gone is wanted, like one that was not there.
inline news_list joins_or_is_wanted(const member &m, bool joined)
{
	if (joined)
		return {{event_kind::member_added, m.id, {}}};
	return {{event_kind::member_wanted, m.id, std::string("member=") + m.spec.text}};
}

// What a late reader is given. What is kept is at least the last 1024 events.
struct event_page {
	std::vector<event> events; // one after the other, the oldest first
	std::uint64_t next = 0;    // where to go on
	std::uint64_t missed = 0;  // events from the asked one on that were overwritten before they were read
	std::uint64_t left = 0;    // events from `next` on that there are by now
};

using listener_function = void (*)(std::uint16_t bond_port, const event &what, void *callback, void *arg);

struct listener {
	listener_function call;
	void *callback;
	void *arg;
	std::uint64_t first_event = 0; // registered after those before it

	bool operator==(const listener &other) const noexcept
	{
		return call == other.call && callback == other.callback && arg == other.arg;
	}
};

} // namespace braid
