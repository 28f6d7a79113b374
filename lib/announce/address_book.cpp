/* SPDX-License-Identifier: BSD-3-Clause */
#include "announce/address_book.hpp"

#include <algorithm>

namespace braid {

void address_book::note(const sighting &what, time_ms now) noexcept
{
	if (entry *known = find(what)) {
		const bool weaker = what.how == evidence::seen && known->what.how == evidence::claimed;
		if (!weaker) {
			known->what.mac = what.mac;
			known->what.how = what.how;
		}
		// A solicitation does not say whether it is a router that asks.
		if (what.router != router_flag::unknown)
			known->what.router = what.router;
		known->last_seen = now;
		return;
	}
	if (entry *place = place_for(what))
		*place = {what, now};
}

void address_book::expire(time_ms now) noexcept
{
	const auto end = entries_.begin() + count_;
	const auto kept = std::remove_if(entries_.begin(), end, [now](const entry &e) { return now - e.last_seen > max_age_ms; });
	count_ = static_cast<unsigned>(kept - entries_.begin());
}

address_book::entry *address_book::find(const sighting &what) noexcept
{
	const auto end = entries_.begin() + count_;
	const auto found = std::find_if(entries_.begin(), end, [&what](const entry &e) {
		return e.what.ip == what.ip && e.what.tags == what.tags;
	});
	return found == end ? nullptr : &*found;
}

// Null if there is none for it.
address_book::entry *address_book::place_for(const sighting &what) noexcept
{
	if (count_ < capacity)
		return &entries_[count_++];
	entry *const oldest = &*std::min_element(entries_.begin(), entries_.end(), [](const entry &a, const entry &b) {
		const bool a_claimed = a.what.how == evidence::claimed, b_claimed = b.what.how == evidence::claimed;
		return a_claimed != b_claimed ? b_claimed : a.last_seen < b.last_seen;
	});
	const bool stronger = oldest->what.how == evidence::claimed && what.how == evidence::seen;
	return stronger ? nullptr : oldest;
}

} // namespace braid
