/* SPDX-License-Identifier: BSD-3-Clause */
// Everybody at once: two operators, an organiser who gives names, roles, MAC policies and rules, an application that changes
// settings, a monitor on telemetry and one on the C API, one who reads the events late, links that flap, devices that are pulled
// and plugged and now and then refuse, listeners that call back, a guard that refuses names, and two forwarding threads.
//
// Afterwards: nobody hangs (or the watchdog says who, and where), each event was told once and in order, counters have not
// fallen, every member has every setting, and no packet is missing (the fixture counts mbufs, the fake ports notice whatever
// no application may do, main() looks for locks in the wrong order).
#include "port_view.hpp"
#include "telemetry_client.hpp"
#include "test_bond.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <thread>

namespace braid {
namespace {

constexpr unsigned port_count = 6;
constexpr const char *every_port = "name:net_fake*";
constexpr std::uint16_t queue_count = 2;

// Ends the program with what each thread did last, if they do not end in time.
class watchdog {
public:
	static constexpr unsigned most_threads = 16;

	explicit watchdog(std::chrono::seconds patience) : thread_([this, patience] { watch(patience); }) {}
	~watchdog()
	{
		over_ = true;
		thread_.join();
	}
	watchdog(const watchdog &) = delete;
	watchdog &operator=(const watchdog &) = delete;

	// Of the calling thread; texts that live for ever.
	void now(unsigned thread, const char *who, const char *what)
	{
		last_[thread].who = who;
		last_[thread].what = what;
	}

private:
	struct step {
		std::atomic<const char *> who{nullptr}, what{nullptr};
	};

	void watch(std::chrono::seconds patience)
	{
		if (eventually([this] { return over_.load(); }, patience))
			return;
		std::fprintf(stderr, "the threads hang:\n");
		for (const step &s : last_)
			if (s.who != nullptr)
				std::fprintf(stderr, "  %s: %s\n", s.who.load(), s.what.load());
		std::abort();
	}

	std::array<step, most_threads> last_;
	std::atomic<bool> over_{false};
	std::thread thread_; // last: it uses the others
};

// Reads events whenever it is called. None may be missing but those that it has been told it came too late for.
class late_reader {
public:
	void read(std::uint16_t bond)
	{
		std::array<braid_event_record, 64> records;
		records[0].size = sizeof records[0];
		const std::uint64_t from = next_;
		std::uint64_t missed = 0;
		const int n = braid_events_read(bond, &next_, records.data(), records.size(), &missed);
		if (n == -ENODEV)
			return;
		ASSERT_GE(n, 0) << braid_error_text();
		for (int i = 0; i < n; i++)
			EXPECT_EQ(records[static_cast<std::size_t>(i)].number, from + missed + static_cast<unsigned>(i));
		EXPECT_EQ(next_, from + missed + static_cast<unsigned>(n));
		read_ += static_cast<unsigned>(n);
	}
	std::uint64_t has_read() const { return read_; }

private:
	std::uint64_t next_ = 0;
	std::atomic<std::uint64_t> read_{0};
};

// Refuses names now and then.
class moody_guard {
public:
	static int ask(std::uint16_t, braid_rename_phase phase, const braid_rename *const *, unsigned n, void *arg)
	{
		auto &self = *static_cast<moody_guard *>(arg);
		EXPECT_GT(n, 0u);
		if (phase == BRAID_RENAME_PROPOSED && ++self.asked_ % 4 == 0)
			return -EPERM;
		return 0;
	}
	std::uint64_t asked() const { return asked_; }

private:
	std::atomic<std::uint64_t> asked_{0};
};

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

class Commotion : public mbuf_accounting {
protected:
	Commotion()
	{
		for (unsigned i = 0; i < port_count; i++) {
			fake_options options = able_port();
			options.announces_lsc = i % 2 == 0;
			options.announces_rmv = i % 3 == 0;
			options.stats_reset_on_start = i == 4;
			ports_.emplace_back(options);
		}
	}

	~Commotion() override { end(); } // also after a test that has given up

	// Repeats what `act` does with the thread's own dice until the commotion is over.
	template <typename Act> void join_in(const char *who, Act act)
	{
		const auto number = static_cast<unsigned>(threads_.size());
		threads_.emplace_back([this, who, number, act] {
			std::minstd_rand dice(number + 1);
			while (!over_) {
				act(dice, [&](const char *what) { dog_.now(number, who, what); });
				rounds_[number]++;
				std::this_thread::yield();
			}
			dog_.now(number, who, "has ended");
		});
	}

	// Until stopped, as all that join in; `telemetry` must live that long.
	void let_links_flap_and_be_watched(telemetry_client &telemetry)
	{
		join_in("links", [this](auto &dice, const auto &step) {
			step("set_link");
			ports_[dice() % port_count].set_link(dice() % 3 != 0, dice() % 2 == 0);
		});
		join_in("telemetry", [this, &telemetry](auto &dice, const auto &step) {
			monitor(telemetry, dice, ports_[dice() % port_count].name(), step);
		});
	}

	// `test_bond` logs what it does not find, so members are asked for by number here.
	static std::uint32_t any_member(std::uint16_t bond, std::minstd_rand &dice)
	{
		std::uint32_t ids[BRAID_MAX_MEMBERS];
		const int n = braid_members_get(bond, ids, BRAID_MAX_MEMBERS);
		return n > 0 ? ids[dice() % static_cast<unsigned>(std::min(n, BRAID_MAX_MEMBERS))] : BRAID_NO_MEMBER;
	}

	static bool is_one_of(int status, std::initializer_list<int> allowed)
	{
		return std::find(allowed.begin(), allowed.end(), status) != allowed.end();
	}

	// Names in one call, options of members, and what the whole bond goes by.
	template <typename Step> void reorganise(std::uint16_t bond, std::minstd_rand &dice, const Step &step)
	{
		const std::uint32_t id = any_member(bond, dice);
		int status = 0;
		switch (dice() % 11) {
		case 0:
		case 1: step("members_rename"); status = exchange_names(bond, id, any_member(bond, dice)); break;
		case 2: step("role"); status = braid_member_role_set(bond, id, static_cast<braid_role>(dice() % 3)); break;
		case 3: step("priority"); status = braid_member_priority_set(bond, id, static_cast<int>(dice() % 3)); break;
		case 4: step("sticky"); status = braid_member_sticky_set(bond, id, dice() % 2); break;
		case 5: step("enabled"); status = braid_member_enabled_set(bond, id, dice() % 4 != 0); break;
		case 6: step("weight"); status = braid_member_weight_set(bond, id, 1 + dice() % 4); break;
		case 7: step("MAC policy"); status = braid_mac_policy_set(bond, static_cast<braid_mac_policy>(dice() % 3)); break;
		case 8: step("auto_add"); status = braid_auto_add(bond, every_port); break;
		case 9: step("auto_clear"); status = braid_auto_clear(bond); break;
		case 10: step("auto_remove"); status = braid_auto_remove(bond, every_port); break;
		}
		// A role is taken, a name is, or a rule is there or is not; the guard refuses; a device does, or one that had been refused
		// its own address back has another's; somebody else was faster.
		EXPECT_TRUE(is_one_of(status, {0, -ENOENT, -ENODEV, -EEXIST, -EINVAL, -EPERM, -EIO, -EAGAIN,
		                               -EADDRINUSE})) << braid_error_text();
	}

	static int exchange_names(std::uint16_t bond, std::uint32_t one, std::uint32_t other)
	{
		braid_member_info first{}, second{};
		first.size = second.size = sizeof first;
		if (braid_member_info_get(bond, one, &first) != 0 || braid_member_info_get(bond, other, &second) != 0)
			return -ENOENT;
		braid_rename wishes[2] = {};
		wishes[0].member_id = one;
		wishes[0].name = second.name;
		wishes[1].member_id = other;
		wishes[1].name = first.name;
		return braid_members_rename(bond, wishes, 2, sizeof wishes[0]);
	}

	template <typename Step> void operate(std::uint16_t bond, std::minstd_rand &dice, const Step &step)
	{
		const std::uint32_t id = any_member(bond, dice);
		// Another operator may have removed it meanwhile, the bond may be gone, a device may refuse.
		switch (dice() % 12) {
		case 0:
		case 1:
		case 2: {
			step("add");
			const std::string &device = ports_[dice() % port_count].name();
			EXPECT_TRUE(is_one_of(braid_member_add(bond, device.c_str(), nullptr, nullptr),
			                      {0, -EEXIST, -ENODEV, -EIO, -EBUSY, -EADDRINUSE}))
				<< braid_error_text();
			break;
		}
		case 3:
		case 4:
			step("remove");
			EXPECT_TRUE(is_one_of(dice() % 2 == 0 ? braid_member_remove(bond, id) : braid_member_remove_now(bond, id),
			                      {0, -ENOENT, -ENODEV}))
				<< braid_error_text();
			break;
		case 5:
		case 6:
		case 7: {
			step("rename");
			const std::string name = dice() % 2 == 0 ? "up%d" : "name" + std::to_string(dice() % 8);
			EXPECT_TRUE(is_one_of(braid_member_rename(bond, id, name.c_str()),
			                      {0, -ENOENT, -EEXIST, -ENODEV, -EPERM, -EAGAIN}))
				<< braid_error_text();
			break;
		}
		case 8:
			step("mode");
			EXPECT_TRUE(is_one_of(braid_mode_set(bond, static_cast<braid_mode>(dice() % 4)),
			                      {0, -ENODEV, -EIO, -EADDRINUSE}))
				<< braid_error_text();
			break;
		case 9:
			step("policy");
			EXPECT_TRUE(is_one_of(braid_policy_set(bond, static_cast<braid_policy>(dice() % 3)), {0, -ENODEV}))
				<< braid_error_text();
			break;
		case 10:
			step("primary");
			EXPECT_TRUE(is_one_of(braid_primary_set(bond, id), {0, -ENOENT, -ENODEV})) << braid_error_text();
			break;
		case 11:
			step("delays");
			EXPECT_TRUE(is_one_of(braid_delays_set(bond, dice() % 3, dice() % 3), {0, -ENODEV}))
				<< braid_error_text();
			break;
		}
	}

	// ethdev's own operations: one thread of the application, as ethdev wants it.
	template <typename Step> void change_settings(std::uint16_t bond, std::minstd_rand &dice, const Step &step)
	{
		rte_ether_addr mac = local_mac(static_cast<std::uint8_t>(16 + dice() % 4));
		int status = 0;
		switch (dice() % 8) {
		case 0: step("MTU"); status = rte_eth_dev_set_mtu(bond, static_cast<std::uint16_t>(1300 + dice() % 4)); break;
		case 1: step("MAC"); status = rte_eth_dev_default_mac_addr_set(bond, &mac); break;
		case 2: step("promiscuous on"); status = rte_eth_promiscuous_enable(bond); break;
		case 3: step("promiscuous off"); status = rte_eth_promiscuous_disable(bond); break;
		case 4: step("allmulticast on"); status = rte_eth_allmulticast_enable(bond); break;
		case 5: step("allmulticast off"); status = rte_eth_allmulticast_disable(bond); break;
		case 6: step("VLAN"); status = rte_eth_dev_vlan_filter(bond, static_cast<std::uint16_t>(dice() % 8), dice() % 2); break;
		case 7: {
			step("statistics");
			rte_eth_stats now{};
			EXPECT_EQ(rte_eth_stats_get(bond, &now), 0);
			EXPECT_GE(now.opackets, counted_.opackets) << "mistake 19";
			EXPECT_GE(now.obytes, counted_.obytes);
			EXPECT_GE(now.ipackets, counted_.ipackets);
			counted_ = now;
			break;
		}
		}
		EXPECT_TRUE(is_one_of(status, {0, -EIO, -ENOTSUP})) << status; // ENOTSUP: the address is the active member's
	}

	template <typename Step> void read(std::uint16_t bond, std::minstd_rand &dice, const Step &step)
	{
		step("info");
		braid_info info{};
		info.size = sizeof info;
		if (braid_info_get(bond, &info) == 0) {
			EXPECT_LE(info.usable, info.members);
			EXPECT_GE(info.generation, generation_seen_);
			generation_seen_ = info.generation;
		}
		const std::uint32_t id = any_member(bond, dice);
		braid_member_info m{};
		m.size = sizeof m;
		if (id != BRAID_NO_MEMBER && braid_member_info_get(bond, id, &m) == 0) {
			EXPECT_EQ(m.id, id);
			EXPECT_STRNE(m.name, "");
			step("find");
			std::uint32_t found = BRAID_NO_MEMBER;
			braid_member_find(bond, m.name, &found); // it may be somebody else's by now
		}
		step("extended statistics");
		std::vector<rte_eth_xstat> values(1024);
		EXPECT_GE(rte_eth_xstats_get(bond, values.data(), static_cast<unsigned>(values.size())), 0);
	}

	template <typename Step>
	static void monitor(telemetry_client &telemetry, std::minstd_rand &dice, const std::string &device, const Step &step)
	{
		static constexpr const char *commands[] = {"/braid/show,net_braid0",
		                                           "/braid/list",
		                                           "/braid/mode,net_braid0,balance",
		                                           "/braid/policy,net_braid0,l34",
		                                           "/braid/member_rename,net_braid0,up0,up%d",
		                                           "/braid/member_remove,net_braid0,up1",
		                                           "/braid/primary,net_braid0",
		                                           "/braid/delays,net_braid0,0,0"};
		const char *const command = commands[dice() % std::size(commands)];
		step(command);
		const std::string answer = telemetry.ask(command);
		EXPECT_NE(answer.find("/braid/"), std::string::npos) << answer;
		if (dice() % 8 == 0) {
			step("/braid/member_add");
			EXPECT_NE(telemetry.ask("/braid/member_add,net_braid0," + device).find("/braid/"), std::string::npos);
		}
	}

	void end()
	{
		over_ = true;
		for (std::thread &thread : threads_)
			thread.join();
		for (std::size_t i = 0; i < threads_.size(); i++)
			EXPECT_GT(rounds_[i], 0u) << "thread " << i;
		threads_.clear();
	}

	const quiet_log quiet_;
	watchdog dog_{std::chrono::seconds(120)};
	std::deque<fake_port> ports_;
	std::atomic<bool> over_{false};
	std::array<std::atomic<std::uint64_t>, watchdog::most_threads> rounds_{};
	std::vector<std::thread> threads_;
	rte_eth_stats counted_{};
	std::uint64_t generation_seen_ = 0;
};

// Calls back into the bond from many of its events.
struct meddling_listener {
	static void call(std::uint16_t port, const braid_event *e, void *)
	{
		braid_info info{};
		info.size = sizeof info;
		braid_info_get(port, &info);
		if (e->kind == BRAID_EVENT_MEMBER_USABLE && e->member_id % 4 == 0)
			braid_member_rename(port, e->member_id, "heard%d");
		if (e->kind == BRAID_EVENT_MODE_CHANGED)
			braid_policy_set(port, BRAID_POLICY_L34);
		if (e->kind == BRAID_EVENT_ACTIVE_CHANGED && e->member_id != BRAID_NO_MEMBER)
			braid_primary_set(port, e->member_id);
	}
};

TEST_F(Commotion, EndsWithEverybodyAliveAndEverythingInOrder)
{
	constexpr auto duration = std::chrono::seconds(2);
	test_bond bond("mode=balance,xmit_policy=l34");
	const std::uint16_t port = bond.port();
	chronicle first(chronicle::listening::from_the_beginning), second(chronicle::listening::from_the_beginning);
	ASSERT_EQ(braid_event_callback_register(port, chronicle::note, &first), 0);
	ASSERT_EQ(braid_event_callback_register(port, meddling_listener::call, nullptr), 0);
	ASSERT_EQ(braid_event_callback_register(port, chronicle::note, &second), 0);
	ASSERT_EQ(bond.bring_up(queue_count, everything()), 0);
	std::deque<traffic_thread> traffic;
	for (std::uint16_t queue = 0; queue < queue_count; queue++)
		traffic.emplace_back(port, queue);

	for (const char *who : {"operator", "other operator"})
		join_in(who, [&](auto &dice, const auto &step) { operate(port, dice, step); });
	join_in("organiser", [&](auto &dice, const auto &step) { reorganise(port, dice, step); });
	join_in("application", [&](auto &dice, const auto &step) { change_settings(port, dice, step); });
	join_in("reader", [&](auto &dice, const auto &step) { read(port, dice, step); });
	late_reader late;
	join_in("late reader", [&](auto &, const auto &step) {
		step("events_read");
		late.read(port);
	});
	moody_guard guard;
	ASSERT_EQ(braid_rename_guard_register(port, moody_guard::ask, &guard), 0);
	const auto telemetry = std::make_unique<telemetry_client>();
	let_links_flap_and_be_watched(*telemetry);
	join_in("packets", [&](auto &dice, const auto &step) {
		step("inject");
		rte_mbuf *const packet = make_packet(udp_flow(dice() % 64));
		if (!ports_[dice() % port_count].inject(static_cast<std::uint16_t>(dice() % queue_count), packet))
			rte_pktmbuf_free(packet);
	});

	// EAL makes and unmakes devices on one thread only: this one.
	std::minstd_rand dice(4711);
	static constexpr fake_op refusing[] = {fake_op::configure, fake_op::start, fake_op::mtu_set, fake_op::mac_set,
	                                       fake_op::stop,      fake_op::rx_queue_setup, fake_op::vlan_filter};
	const auto until = std::chrono::steady_clock::now() + duration;
	while (std::chrono::steady_clock::now() < until) {
		fake_port &one = ports_[dice() % port_count];
		if (dice() % 3 == 0)
			one.vanish();
		one.fail(refusing[dice() % std::size(refusing)], EIO, 1 + dice() % 3);
		EXPECT_EQ(one.unplug(), 0);
		std::this_thread::yield();
		EXPECT_EQ(one.plug(), 0);
		const std::uint64_t before = rounds_[0];
		EXPECT_TRUE(eventually([&] { return rounds_[0] > before + 5; }));
	}
	end();

	// The storm is over: everybody joins, everything works, every member has every setting.
	ASSERT_EQ(braid_rename_guard_unregister(port, moody_guard::ask, &guard), 0);
	EXPECT_GT(guard.asked(), 0u);
	ASSERT_EQ(braid_auto_clear(port), 0);
	for (fake_port &each : ports_) {
		each.heal_all();
		// Whoever has its name by now may be another device's member, so it gets one that is nobody's.
		const int status = bond.add(each.name(), ("end-" + std::to_string(each.port_id())).c_str());
		EXPECT_TRUE(status == 0 || status == -EEXIST) << braid_error_text();
		each.set_link(true);
	}
	ASSERT_EQ(bond.mode(BRAID_MODE_BALANCE), 0);
	ASSERT_EQ(braid_mac_policy_set(port, BRAID_MAC_SAME), 0);
	std::array<std::uint32_t, BRAID_MAX_MEMBERS> ids; // the listener still renames
	const int members = braid_members_get(port, ids.data(), ids.size());
	for (int i = 0; i < members; i++)
		ASSERT_EQ(braid_member_enabled_set(port, ids[static_cast<std::size_t>(i)], 1), 0) << braid_error_text();
	for (traffic_thread &thread : traffic)
		EXPECT_TRUE(thread.goes_on());
	for (traffic_thread &thread : traffic)
		thread.stop();
	ASSERT_EQ(bond.stop(), 0);
	ASSERT_EQ(bond.start(), 0); // also those that had refused
	ASSERT_EQ(braid_delays_set(port, 0, 0), 0);
	EXPECT_TRUE(eventually([&] { return bond.info().usable == port_count; }));
	for (const fake_port &each : ports_)
		EXPECT_EQ(look_at(each), look_at(ports_[0])) << each.name();
	EXPECT_EQ(bond.send(make_burst(64, 0, 64)), 64);

	ASSERT_EQ(braid_event_callback_unregister(port, meddling_listener::call, nullptr), 0);
	ASSERT_EQ(bond.rename(ports_[0].name(), "the-end"), 0);
	EXPECT_TRUE(eventually([&] { return first.has_heard_of("the-end") && second.has_heard_of("the-end"); }));
	EXPECT_TRUE(eventually([&] {
		const std::uint64_t before = late.has_read();
		late.read(port);
		return late.has_read() == before;
	}));
	const std::vector<std::string> told = first.told_until("the-end");
	EXPECT_EQ(told, second.told_until("the-end"));
	std::map<std::uint32_t, std::string> names;
	for (const std::string &name : bond.names())
		names[bond.id_of(name)] = name;
	ASSERT_EQ(names.size(), port_count);
	EXPECT_EQ(first.names(), names);
	ASSERT_EQ(braid_event_callback_unregister(port, chronicle::note, &first), 0);
	ASSERT_EQ(braid_event_callback_unregister(port, chronicle::note, &second), 0);
	RecordProperty("events", static_cast<int>(told.size()));
}

// Operators, telemetry, links and listeners go on while the bond goes. What uses the port through ethdev has ended before, as
// ethdev wants it.
TEST_F(Commotion, DoesNotHinderADestruction)
{
	std::atomic<std::uint16_t> port{RTE_MAX_ETHPORTS};
	for (const char *who : {"operator", "other operator"})
		join_in(who, [&](auto &dice, const auto &step) {
			if (port < RTE_MAX_ETHPORTS)
				operate(port, dice, step);
		});
	const auto telemetry = std::make_unique<telemetry_client>();
	let_links_flap_and_be_watched(*telemetry);
	join_in("organiser", [&](auto &dice, const auto &step) {
		if (port < RTE_MAX_ETHPORTS)
			reorganise(port, dice, step);
	});
	std::minstd_rand dice(1);
	for (unsigned round = 0; round < 12; round++) {
		test_bond bond("mode=active-backup,member=" + ports_[0].name());
		chronicle told(chronicle::listening::from_now_on);
		ASSERT_EQ(braid_event_callback_register(bond.port(), chronicle::note, &told), 0);
		ASSERT_EQ(braid_event_callback_register(bond.port(), meddling_listener::call, nullptr), 0);
		moody_guard guard;
		ASSERT_EQ(braid_rename_guard_register(bond.port(), moody_guard::ask, &guard), 0);
		port = bond.port();
		ASSERT_EQ(bond.bring_up(queue_count), 0);
		const std::uint64_t a = rounds_[0], b = rounds_[3];
		EXPECT_TRUE(eventually([&] { return rounds_[0] > a + 10 && rounds_[3] > b; }));
		if (round % 2 == 0) {
			fake_port &one = ports_[dice() % port_count];
			EXPECT_EQ(one.unplug(), 0);
			EXPECT_EQ(one.plug(), 0);
		}
		EXPECT_EQ(bond.destroy(), 0) << braid_error_text();
		for (const fake_port &each : ports_) {
			EXPECT_EQ(owner_of(each.port_id()), "");
			EXPECT_FALSE(each.started());
		}
	}
	port = RTE_MAX_ETHPORTS;
	end();
}

} // namespace
} // namespace braid
