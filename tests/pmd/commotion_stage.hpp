/* SPDX-License-Identifier: BSD-3-Clause */
// Who takes part in the commotion, and what each of them does in one turn.
#pragma once

#include "port_view.hpp"
#include "telemetry_client.hpp"
#include "test_bond.hpp"
#include "watchdog.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace braid {

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

class commotion_stage : public mbuf_accounting {
protected:
	static constexpr unsigned port_count = 6;
	static constexpr const char *every_port = "name:net_fake*";
	static constexpr std::uint16_t queue_count = 2;

	commotion_stage()
	{
		for (unsigned i = 0; i < port_count; i++) {
			fake_options options = able_port();
			options.announces_lsc = i % 2 == 0;
			options.announces_rmv = i % 3 == 0;
			options.stats_reset_on_start = i == 4;
			ports_.emplace_back(options);
		}
	}

	~commotion_stage() override { end(); } // also after a test that has given up

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
		// A role is taken, a name is, or a rule is there or is not; the guard refuses; a device does, or one that had been refused its own
		// address back has another's; somebody else was faster.
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

} // namespace braid
