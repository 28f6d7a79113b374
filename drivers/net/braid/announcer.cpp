/* SPDX-License-Identifier: BSD-3-Clause */
// Announcements: which addresses the bond sends from, and telling its neighbours where they are after a failover.
//
//   bursts --look_box--> collect_sources (watcher, each period) --> book_ --> announce (follower, after a failover)
//
// What is sent goes through a transmit queue of the active member that no application uses, and that belongs to this
// thread alone.
#include "bond.hpp"

#include "announce/frames.hpp"
#include "clock.hpp"
#include "log.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <span>

namespace braid {
namespace {

constexpr unsigned pool_size = 2047;
constexpr std::uint16_t pool_room = RTE_PKTMBUF_HEADROOM + 128;
static_assert(announcement_room <= 128);

// One for all bonds, and for good: a port may hold on to what it has sent until it is closed, long after the bond.
rte_mempool *announcement_pool() noexcept
{
	static std::mutex once;
	static rte_mempool *pool = nullptr;
	const std::lock_guard guard(once);
	if (pool == nullptr)
		pool = rte_pktmbuf_pool_create("braid_announcements", pool_size, 0, 0, pool_room, SOCKET_ID_ANY);
	return pool;
}

rte_mbuf *make_frame(rte_mempool *pool, const sighting &what) noexcept
{
	rte_mbuf *const m = rte_pktmbuf_alloc(pool);
	if (m == nullptr)
		return nullptr;
	auto *const room = reinterpret_cast<std::byte *>(rte_pktmbuf_append(m, announcement_room));
	const std::size_t length = write_announcement(what, std::span<std::byte, announcement_room>(room, announcement_room));
	rte_pktmbuf_trim(m, static_cast<std::uint16_t>(announcement_room - length));
	return m;
}

bool contains(std::span<const rte_ether_addr> all, const rte_ether_addr &mac) noexcept
{
	return std::any_of(all.begin(), all.end(), [&mac](const rte_ether_addr &one) { return same_mac(one, mac); });
}

} // namespace

// With the configuration lock held, before a member is started: whether one more queue is of use to it.
bool bond::can_announce() noexcept
{
	{
		const state_guard state(state_);
		if (!announces())
			return false;
	}
	if (announcement_pool() != nullptr)
		return true;
	if (!std::exchange(told_no_pool_, true))
		BRAID_LOG(WARNING, "%s: announcements are off: no memory for their packets", device_name_);
	return false;
}

// With its device lock held, of a member that runs.
void bond::tell_if_silent(member &m) noexcept
{
	if (!m.claimed->announce_queue() && !std::exchange(m.told_silent, true))
		BRAID_LOG(NOTICE, "%s: announcements are off on member %s: it has no spare transmit queue", device_name_,
		          name_of(m.id).c_str());
}

result<void> bond::set_announcements(std::optional<unsigned> times, std::optional<std::uint32_t> interval_ms) noexcept
{
	const pacing pace(*this);
	if (times.value_or(0) > most_announcements)
		return error(EINVAL, "announce: %u times is not 0 to %u", *times, most_announcements);
	if (interval_ms.value_or(0) > max_delay_ms)
		return error(EINVAL, "announce_interval_ms: %u ms is not 0 to %u", *interval_ms, max_delay_ms);
	rcu::bound_what_waits();
	const state_guard state(state_);
	if (result<void> open = still_open(); !open)
		return open;
	const bool before = announces();
	news_list cause;
	if (times && std::exchange(announce_times_, *times) != *times)
		cause.push_back(new_value("announce", std::to_string(*times)));
	if (interval_ms && std::exchange(announce_interval_ms_, *interval_ms) != *interval_ms)
		cause.push_back(new_value("announce_interval_ms", std::to_string(*interval_ms)));
	if (announce_times_ == 0)
		announcing_.give_up();
	if (announces() != before)
		republish(cause); // with the burst function that looks, or without
	else
		std::for_each(cause.begin(), cause.end(), [this](const news &one) { tell(one); });
	return {};
}

// Takes what transmit queues have left since the last time, and asks them to look again.
void bond::collect_sources() noexcept
{
	std::array<tx_lane *, RTE_MAX_QUEUES_PER_PORT> lanes;
	std::array<rte_ether_addr, 1 + max_members> ours;
	std::size_t lane_count = 0, own_count = 0;
	bool wanted = false;
	{
		const state_guard state(state_);
		wanted = announces();
		if (wanted) {
			for (const auto &lane : tx_lanes_)
				if (lane)
					lanes[lane_count++] = lane.get();
			ours[own_count++] = mac_;
			for (const member_ptr &m : members_)
				ours[own_count++] = m->own_mac;
		}
	}
	const std::lock_guard book(book_lock_);
	// What stands there since before it was last switched off may be old.
	const bool is_new = std::exchange(collecting_, wanted);
	const time_ms now = now_ms();
	for (tx_lane *lane : std::span(lanes.data(), lane_count)) {
		if (lane->look_wanted.load(std::memory_order_acquire))
			continue; // it has not sent since
		if (is_new)
			for (sighting source : lane->looks->sources()) {
				// The bond's address, which may be another one when it is announced.
				if (contains({ours.data(), own_count}, source.mac))
					source.mac = {};
				book_.note(source, now);
			}
		lane->want_look();
	}
	book_.expire(now);
}

std::vector<known_address> bond::addresses() noexcept
{
	rte_ether_addr mac;
	{
		const state_guard state(state_);
		mac = mac_;
	}
	std::vector<known_address> all;
	const std::lock_guard book(book_lock_);
	const time_ms now = now_ms();
	book_.expire(now);
	for (const address_book::entry &e : book_.entries()) {
		all.push_back({e.what, now - e.last_seen});
		if (rte_is_zero_ether_addr(&e.what.mac) != 0)
			all.back().what.mac = mac;
	}
	return all;
}

bool bond::is_active(const member &m) noexcept
{
	const state_guard state(state_);
	return last_.active == m.id;
}

// Sends one announcement of each known address through the active member. Nothing is waited for but its device lock.
void bond::announce() noexcept
{
	collect_sources();
	member_ptr m;
	{
		const state_guard state(state_);
		if (!announces() || !started_)
			return;
		m = member_with(last_.active);
	}
	const std::vector<known_address> known = addresses();
	if (!m || known.empty())
		return;

	unsigned sent = 0, failed = 0;
	{
		const std::lock_guard device(m->device);
		if (!m->claimed || !m->claimed->runs() || m->vanished || !is_active(*m))
			return; // what has changed since is announced by itself
		tell_if_silent(*m);
		const std::optional<std::uint16_t> queue = m->claimed->announce_queue();
		if (!queue)
			return;
		rte_eth_tx_done_cleanup(m->claimed->port(), *queue, 0); // what was sent last may wait there still
		std::array<rte_mbuf *, address_book::capacity> frames;
		unsigned made = 0;
		for (const known_address &each : known)
			if (rte_mbuf *frame = make_frame(announcement_pool(), each.what))
				frames[made++] = frame;
		// A queue that takes nothing at all is full, and will be for longer than is worth to wait.
		for (unsigned taken = 1; sent < made && taken != 0; sent += taken)
			taken = rte_eth_tx_burst(m->claimed->port(), *queue, frames.data() + sent,
			                         static_cast<std::uint16_t>(made - sent));
		rte_pktmbuf_free_bulk(frames.data() + sent, made - sent);
		failed = static_cast<unsigned>(known.size()) - sent;
	}
	const state_guard state(state_);
	announced_.sent += sent;
	announced_.failed += failed;
}

} // namespace braid
