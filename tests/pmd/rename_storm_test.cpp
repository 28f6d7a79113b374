/* SPDX-License-Identifier: BSD-3-Clause */
// A million renames under traffic, beside readers that spin: nobody sees a name torn, twice or missing, and nothing but names
// changes.
#include "port_view.hpp"
#include "telemetry_client.hpp"
#include "test_bond.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

namespace braid {
namespace {

constexpr unsigned renames = 1'000'000;

const std::string left(40, 'l'), right(40, 'r'), here(40, 'h'), there(40, 't');

// The members' names in the order of a list of xstats names; their rows follow one another.
std::vector<std::string> names_of(const std::vector<rte_eth_xstat_name> &rows, int n)
{
	const std::string_view ending = "_transmits";
	std::vector<std::string> names;
	for (int i = 0; i < n; i++)
		if (const std::string_view row = rows[static_cast<unsigned>(i)].name; row.ends_with(ending))
			names.emplace_back(row.substr(0, row.size() - ending.size()));
	return names;
}

// What "name": says, in order, after "members".
std::vector<std::string> names_in(const std::string &shown)
{
	std::vector<std::string> names;
	const std::string key = "\"name\":\"";
	for (std::size_t at = shown.find(key, shown.find("\"members\"")); at != std::string::npos; at = shown.find(key, at)) {
		at += key.size();
		names.push_back(shown.substr(at, shown.find('"', at) - at));
	}
	return names;
}

// The first two members have swapped or not, the third one is here or there: four lists are right, and no other.
bool whole(const std::vector<std::string> &names)
{
	return names.size() == 3 && ((names[0] == left && names[1] == right) || (names[0] == right && names[1] == left)) &&
	       (names[2] == here || names[2] == there);
}

// A listener that follows each member from name to name.
struct follower {
	static void note(std::uint16_t, const braid_event *e, void *arg)
	{
		auto &self = *static_cast<follower *>(arg);
		std::string &now = self.name_of[e->member_id];
		self.in_order = self.in_order && e->kind == BRAID_EVENT_MEMBER_RENAMED && now == e->old_name;
		now = e->name;
		self.told++;
	}
	std::map<std::uint32_t, std::string> name_of{{1, left}, {2, right}, {3, here}}; // the worker's
	std::atomic<bool> in_order{true};
	std::atomic<unsigned> told{0};
};

// Directories that readers may still use, and what waits for the listener: some 10 MB, not a gigabyte. A sanitizer keeps more for
// itself: what was freed (256 MB), or what each thread did last (32 MB at the largest history_size).
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t most_pages = 500u * 1024 * 1024 / 4096;
#else
constexpr std::size_t most_pages = 100u * 1024 * 1024 / 4096;
#endif

std::size_t resident_pages()
{
	std::size_t total = 0, resident = 0;
	std::FILE *const file = std::fopen("/proc/self/statm", "r");
	EXPECT_EQ(std::fscanf(file, "%zu %zu", &total, &resident), 2);
	std::fclose(file);
	return resident;
}

class RenameStorm : public mbuf_accounting {
protected:
	RenameStorm() : bond_("balance,xmit_policy=l34,seed=1", {&first_, &second_, &third_})
	{
		EXPECT_EQ(bond_.bring_up(2), 0);
		for (const auto &[id, name] : {std::pair{1u, left}, {2u, right}, {3u, here}})
			EXPECT_EQ(braid_member_rename(bond_.port(), id, name.c_str()), 0);
	}

	// By which member each of 256 flows leaves.
	std::vector<std::size_t> flows()
	{
		std::vector<std::size_t> member(256);
		for (fake_port *port : {&first_, &second_, &third_})
			port->tx_mode(fake_tx::keep);
		EXPECT_EQ(bond_.send(make_burst(256, 0, 256)), 256);
		std::size_t i = 0;
		for (fake_port *port : {&first_, &second_, &third_}) {
			std::vector<rte_mbuf *> packets = port->take_tx();
			for (const std::uint32_t sequence : sequences_of(packets))
				member[sequence] = i;
			free_all(packets);
			port->tx_mode(fake_tx::sink);
			i++;
		}
		return member;
	}

	void look_up()
	{
		while (!stop_) {
			std::uint32_t found = BRAID_NO_MEMBER;
			for (const std::string &name : {left, right}) {
				EXPECT_EQ(braid_member_find(bond_.port(), name.c_str(), &found), 0) << "missing";
				EXPECT_TRUE(found == 1 || found == 2) << found;
			}
			for (const std::string &name : {here, there})
				if (braid_member_find(bond_.port(), name.c_str(), &found) == 0) {
					EXPECT_EQ(found, 3u);
				}
			EXPECT_EQ(braid_member_find(bond_.port(), third_.name().c_str(), &found), 0) << "its device stays";
			EXPECT_EQ(found, 3u);
			lookups_++;
		}
	}

	void list()
	{
		std::vector<rte_eth_xstat_name> rows(256);
		while (!stop_) {
			const std::vector<std::string> names =
				names_of(rows, rte_eth_xstats_get_names(bond_.port(), rows.data(), 256));
			EXPECT_TRUE(whole(names)) << testing::PrintToString(names);
			lists_++;
		}
	}

	void ask()
	{
		telemetry_client telemetry;
		while (!stop_) {
			const std::string shown = telemetry.ask("/braid/show,net_braid0");
			EXPECT_TRUE(whole(names_in(shown))) << shown;
			answers_++;
		}
	}

	fake_port first_, second_, third_;
	test_bond bond_;
	std::atomic<bool> stop_{false};
	std::atomic<std::uint64_t> lookups_{0}, lists_{0}, answers_{0};
};

// Linux 11d6011c2cf2: readers of names spun for ever on a counter that a writer who had been preempted had left odd, and
// before that saw them torn. Here they follow one pointer. Two of three calls are a swap.
TEST_F(RenameStorm, ChangesNothingButNamesAndIsNeverSeenTorn)
{
	const std::vector<std::size_t> flows_before = flows();
	const std::uint64_t generation = bond_.info().generation;
	const std::uint64_t sent_before = bond_.xstat(here + "_tx_packets");
	for (fake_port *port : {&first_, &second_, &third_})
		port->clear_calls();
	follower events;
	ASSERT_TRUE(eventually([&] { return bond_.info().next_event != 0; }));
	ASSERT_EQ(braid_event_callback_register(bond_.port(), follower::note, &events), 0);
	traffic_thread traffic(bond_.port(), 1, 256);
	std::thread looking([this] { look_up(); }), listing([this] { list(); }), asking([this] { ask(); });
	const std::size_t pages_before = resident_pages();
	std::size_t pages = 0;

	const auto start = std::chrono::steady_clock::now();
	unsigned done = 0, calls = 0;
	bool swapped = false, is_there = false;
	for (; done < renames; calls++) {
		if (calls % 3 != 2) {
			const braid_rename both[] = {{1, nullptr, swapped ? left.c_str() : right.c_str()},
			                             {2, nullptr, swapped ? right.c_str() : left.c_str()}};
			ASSERT_EQ(braid_members_rename(bond_.port(), both, 2, sizeof(braid_rename)), 0) << braid_error_text();
			swapped = !swapped;
			done += 2;
		} else {
			ASSERT_EQ(braid_member_rename(bond_.port(), 3, is_there ? here.c_str() : there.c_str()), 0);
			is_there = !is_there;
			done++;
		}
		if (calls % 4096 == 0)
			pages = std::max(pages, resident_pages());
	}
	const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
	RecordProperty("seconds", std::to_string(took.count()));
	EXPECT_TRUE(eventually([&] { return lookups_ > 100 && lists_ > 100 && answers_ > 10; }));
	EXPECT_TRUE(traffic.sends());
	stop_ = true;
	for (std::thread *t : {&looking, &listing, &asking})
		t->join();
	traffic.stop();

	EXPECT_TRUE(eventually([&] { return events.told == done; })) << events.told;
	EXPECT_TRUE(events.in_order) << "each member went from name to name, and none is left out";
	EXPECT_EQ(bond_.info().events_lost, 0u);
	ASSERT_EQ(braid_event_callback_unregister(bond_.port(), follower::note, &events), 0);
	EXPECT_EQ(bond_.info().generation, generation) << "bursts know no names";
	EXPECT_EQ(bond_.id_of(swapped ? right : left), 1u);
	EXPECT_EQ(bond_.id_of(swapped ? left : right), 2u);
	EXPECT_EQ(bond_.id_of(is_there ? there : here), 3u);
	for (const fake_port *port : {&first_, &second_, &third_})
		EXPECT_TRUE(port->history().empty()) << "nothing was asked of its device";
	EXPECT_EQ(flows(), flows_before);
	// All that was sent since the test began is in the members' counters, each under its own id.
	EXPECT_EQ(bond_.xstat((swapped ? right : left) + "_tx_packets"), first_.tx_packets());
	EXPECT_EQ(bond_.xstat((swapped ? left : right) + "_tx_packets"), second_.tx_packets());
	EXPECT_EQ(bond_.xstat((is_there ? there : here) + "_tx_packets"), third_.tx_packets());
	EXPECT_GT(third_.tx_packets(), sent_before);
	EXPECT_EQ(first_.tx_packets() + second_.tx_packets() + third_.tx_packets(), traffic.sent() + 2 * 256);
	EXPECT_LT(pages - std::min(pages, pages_before), most_pages);
}

} // namespace
} // namespace braid
