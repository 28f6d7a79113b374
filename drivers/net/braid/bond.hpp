/* SPDX-License-Identifier: BSD-3-Clause */
// A bond: the members it has, the snapshot its bursts read, and everything that changes either.
//
//   any thread ----> configuration lock ---> device lock of a member ---> ethdev calls that may take long
//                          |                                                      (add, start, MTU, ...)
//                          v
//   link events ---> state lock ---> failover, names, buckets ---> build snapshot ---> publish ---> bursts
//   watcher thread --^
//
// Locks are taken from left to right and from top to bottom, never the other way (lock_order.hpp). The state lock is held for
// microseconds and never while a device is asked anything, so that a failover waits for no slow device and for no operator.
// Listeners are called from a thread of their own with no lock held.
#pragma once

#include "announce/address_book.hpp"
#include "announce/look_box.hpp"
#include "announce/schedule.hpp"
#include "base/options.hpp"
#include "event.hpp"
#include "facts.hpp"
#include "failover/failover.hpp"
#include "failover/mac_policy.hpp"
#include "lock_order.hpp"
#include "member.hpp"
#include "names/book.hpp"
#include "pin_place.hpp"
#include "policy/buckets.hpp"
#include "policy/snapshot.hpp"
#include "rcu/read_section.hpp"
#include "rename_guards.hpp"
#include "rename_log.hpp"
#include "sdk.hpp"
#include "settings.hpp"
#include "state_lock.hpp"

#include <bitset>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace braid {

// What readers of names see: an immutable copy, found without a lock.
struct directory final : rcu::retirable {
	name_index names;
	struct place {
		member_id id = member_id::none;
		char device[RTE_ETH_NAME_MAX_LEN] = "";
	};
	// Shared by the directories of one membership: a rename copies names only.
	std::shared_ptr<const std::vector<place>> places;
};

// One member's new name, as an operator asks for it.
struct rename_wish {
	member_id id = member_id::none;
	std::string_view member; // without an id: its name, also one promised to it, or if none has it, its device's
	std::string_view wanted;
};

class bond : public std::enable_shared_from_this<bond> {
public:
	bond(rte_eth_dev *dev, const bond_settings &settings) noexcept;
	~bond();
	bond(const bond &) = delete;
	bond &operator=(const bond &) = delete;

	std::uint16_t port() const noexcept { return port_; }
	const char *device_name() const noexcept { return device_name_; }

	// ---- life (bond.cpp); called by the probe and by ethdev, one at a time

	// Claims the wanted members that exist and starts the bond's threads. On failure nothing is left behind.
	result<void> open() noexcept;
	// Whether open() has succeeded: until then nobody but the probe may ask for anything.
	bool is_made() const noexcept { return made_; }
	// From now on every call fails with ENODEV, and an operation that waits for anything but a device ends. False: somebody
	// has begun already.
	bool begin_close() noexcept;
	result<void> still_open() const noexcept;
	// Lets go of everything.
	void close() noexcept;

	result<void> configure() noexcept;
	result<void> start() noexcept;
	void stop() noexcept;
	result<void *> set_up_rx_queue(std::uint16_t queue, const rx_queue_config &config) noexcept;
	result<void *> set_up_tx_queue(std::uint16_t queue, const tx_queue_config &config) noexcept;
	std::optional<rx_queue_config> rx_queue(std::uint16_t queue) noexcept;
	std::optional<tx_queue_config> tx_queue(std::uint16_t queue) noexcept;

	// ---- members (membership.cpp, removal.cpp, attachment.cpp); any thread but a burst's

	result<member_id> add(const member_spec &spec, const member_options &options) noexcept;
	// Waits until nothing of it is under way, at most drain_ms. remove_now() does not.
	result<void> remove(member_id id) noexcept;
	result<void> remove_now(member_id id) noexcept;

	// ---- ports that join without being named (auto_attach.cpp); any thread but a burst's

	// Looks at every port there is, and from now on at each that appears.
	result<void> add_rule(const auto_rule &rule) noexcept;
	// Those that have joined stay. ENOENT: there is no rule that was given as this text.
	result<void> remove_rule(std::string_view text) noexcept;
	result<void> clear_rules() noexcept;
	std::vector<auto_rule> rules() noexcept;

	// ---- their names (names.cpp); any thread but a burst's

	// All or none; members may swap. Guards are asked first, on this thread.
	result<void> rename_many(std::span<const rename_wish> wishes) noexcept;
	result<void> rename(member_id id, std::string_view wanted) noexcept
	{
		const rename_wish wish{id, {}, wanted};
		return rename_many({&wish, 1});
	}
	result<void> add_rename_guard(const rename_guard &g) noexcept;
	result<void> remove_rename_guard(const rename_guard &g) noexcept { return guards_.remove(g); }
	bool in_rename_guard() const noexcept { return guards_.running_here(); }
	result<void> set_live_rename(bool on) noexcept;
	result<void> set_member_name(std::string_view pattern) noexcept;

	// Without a lock: by name, or if none has it by ethdev name.
	std::optional<member_id> find(std::string_view text) const noexcept;
	// By what was or could have been given as its device.
	std::optional<member_id> find(const member_spec &spec) noexcept;
	name name_of(member_id id) const noexcept;

	// ---- what it does with them (control.cpp); any thread but a burst's

	result<void> set_mode(braid::mode m) noexcept;
	result<void> set_policy(hash_policy p) noexcept;
	result<void> set_delays(std::optional<std::uint32_t> up_ms, std::optional<std::uint32_t> down_ms) noexcept;
	result<void> set_all_members_active(bool on) noexcept;
	result<void> set_pinning(bool on) noexcept;
	bond_facts facts() noexcept;
	std::optional<member_facts> facts_of(member_id id) noexcept;
	std::vector<member_facts> facts_of_all() noexcept;
	std::vector<member_id> member_ids() noexcept;

	// ---- who is preferred, and who may not transmit (roles.cpp); any thread but a burst's

	result<void> set_primary(member_id id) noexcept;
	result<void> set_role(member_id id, member_role role) noexcept;
	result<void> set_priority(member_id id, std::int32_t priority) noexcept;
	result<void> set_sticky(member_id id, bool sticky) noexcept;
	result<void> set_enabled(member_id id, bool enabled) noexcept;
	result<void> set_primary_reselect(primary_reselect r) noexcept;
	result<void> set_min_links(unsigned n) noexcept;

	// ---- who gets how much in mode balance (weights.cpp); any thread but a burst's

	result<void> set_weight(member_id id, std::uint32_t weight) noexcept;
	result<void> set_weights(weigh_by w) noexcept;

	// ---- what is told of it (events.cpp); any thread but a burst's

	result<void> add_listener(const listener &l) noexcept;
	result<void> remove_listener(const listener &l) noexcept;
	// Whether listeners are called on this thread; whether it is the bond's, which a close waits for.
	bool on_teller_thread() const noexcept;
	bool on_own_thread() const noexcept;
	// At most `most` events from number `from` on; UINT64_MAX: none, to begin with the next that happens.
	result<event_page> read_events(std::uint64_t from, std::size_t most) noexcept;
	result<void> set_lsc_on_failover(bool on) noexcept;

	// ---- what ports say (watch.cpp); from whatever thread ethdev calls

	void on_link_change(std::uint16_t port) noexcept;
	void on_new_port(std::uint16_t port) noexcept;
	void on_port_removed(std::uint16_t port) noexcept;   // RTE_ETH_EVENT_INTR_RMV
	void on_port_destroyed(std::uint16_t port) noexcept; // RTE_ETH_EVENT_DESTROY: its memory goes on return
	// Asks every member now. What rte_eth_link_get() of the bond does.
	void poll_links() noexcept;

	// ---- MAC addresses (macs.cpp): all members follow, or none and an error that names one

	result<void> set_mac(const rte_ether_addr &mac) noexcept;
	result<void> set_mac_policy(mac_policy p) noexcept;

	// ---- announcements after a failover (announcer.cpp)

	// What is not given stays.
	result<void> set_announcements(std::optional<unsigned> times, std::optional<std::uint32_t> interval_ms) noexcept;
	std::vector<known_address> addresses() noexcept;

	// ---- settings that every member shares (filters.cpp): all members follow, or none and an error that names one

	result<void> add_mac(const rte_ether_addr &mac) noexcept;
	result<void> remove_mac(const rte_ether_addr &mac) noexcept;
	result<void> set_mtu(std::uint16_t mtu) noexcept;
	result<void> set_promiscuous(bool on) noexcept;
	result<void> set_allmulticast(bool on) noexcept;
	result<void> set_vlan(std::uint16_t id, bool on) noexcept;
	result<void> set_vlan_offload(int mask) noexcept;
	result<void> set_multicast(std::span<const rte_ether_addr> list) noexcept;
	result<void> set_rss(const rte_eth_rss_conf &conf) noexcept;
	void rss(rte_eth_rss_conf &conf) noexcept;
	result<void> set_reta(std::span<const rte_eth_rss_reta_entry64> table, std::uint16_t size) noexcept;
	result<void> reta(std::span<rte_eth_rss_reta_entry64> table, std::uint16_t size) noexcept;

	// ---- what it can do and has done (capabilities.cpp, counters.cpp)

	result<void> capabilities(rte_eth_dev_info &info) noexcept;
	std::span<const std::uint32_t> packet_types() noexcept;
	result<void> counters(port_counters &sum) noexcept;
	void reset_counters() noexcept;
	unsigned xstat_count() noexcept;
	unsigned xstats(rte_eth_xstat *values, unsigned n) noexcept;
	unsigned xstat_names(rte_eth_xstat_name *names, unsigned n) noexcept;
	void dump(std::FILE *to) noexcept;

	const bond_settings &settings() const noexcept { return settings_; }

private:
	using config_guard = std::lock_guard<ordered_mutex<lock_place::configuration>>;
	using state_guard = std::lock_guard<state_mutex>;

	struct own_counters {
		std::uint64_t empty_set = 0, dropped = 0, backup_dropped = 0, mac_failures = 0, pin_missed = 0;
		std::uint64_t announced = 0, announcements_failed = 0;
	};

	// configuration lock held
	enum class attaching { what_is_new, everything };
	result<void> attach(const member_ptr &m, std::uint16_t port) noexcept;
	result<void> attach_device(member &m, std::uint16_t port) noexcept;
	void is_no_more_awaited(member &m) noexcept;
	void withdraw(const member_ptr &m) noexcept;
	bool has_gone(const member_ptr &m) noexcept;
	bool nobody_else_is_here(const member &m) noexcept;
	result<void> bring_up(member &m) noexcept;
	void take_down(member &m) noexcept;
	void attach_pending(attaching which) noexcept;
	struct found_port {
		std::uint16_t port;
		member_spec spec;
		bool started;        // by its application
		std::uint64_t since; // see by_rule_
	};
	bool attach_by_rules(attaching which) noexcept;
	std::vector<found_port> ports_meant(attaching which) noexcept;
	void expect_no_more(const std::bitset<RTE_MAX_ETHPORTS> &ports, std::uint64_t appeared) noexcept;
	result<void> attach_by_rule(const found_port &found) noexcept;
	static bool means(const rule_list &rules, std::uint16_t port, const port_facts &facts,
	                  const std::optional<rte_ether_addr> &bond_mac) noexcept;
	void give_back_unused_ports() noexcept;
	void adopt_mac(const rte_ether_addr &mac) noexcept;
	enum class leaving { drained, at_once };
	result<void> take_out(member_id id, leaving how) noexcept;
	// How a drain ended: with nothing under way; with descriptors that its driver calls in use and that have not changed for so
	// long that the driver may just not have looked at them; or because its time was over.
	enum class drained { still, stuck, out_of_time };
	drained drain(const member_ptr &m) noexcept;
	unsigned untransmitted(member &m, std::uint64_t &freed) noexcept;
	std::string left_in(member &m, drained how) noexcept;
	result<void> can_do(member &m, const member_config &next) noexcept;
	result<void> can_follow(member &m) noexcept;
	bool can_announce() noexcept;
	void tell_if_silent(member &m) noexcept;
	result<void> all_can_follow() noexcept;
	void refresh_reta_size() noexcept;
	std::optional<std::uint16_t> find_port(const member &m) const noexcept;
	template <typename Change, typename Undo>
	result<void> on_all_members(Change change, Undo undo) noexcept;

	// state lock held
	bool admit(const member_ptr &m) noexcept;
	void bind_primary(const member &m) noexcept;
	void look_for_primary(const rename_plan &plan) noexcept;
	bool is_wished_for(const member &m, std::uint16_t port) const noexcept;
	result<void> role_is_free(member_role role, const member &m, std::uint16_t port) const noexcept;
	void take_role(member_id id, member_role role) noexcept;
	template <typename Change> result<void> steer(Change change) noexcept;
	template <typename Change> result<void> steer_member(member_id id, Change change) noexcept;
	result<member_ptr> member_to_steer(member_id id) const noexcept;
	void leave_failover(member &m) noexcept;
	why_not reason(const member &m) const noexcept;
	void note_reasons(time_ms now) noexcept;
	void let_run(member &m, time_ms now) noexcept;
	void lose(member &m) noexcept;
	result<name> promise_name(member_id id, const member_options &options, const char *device) noexcept;
	void forget(const member_ptr &m, std::string reason) noexcept;
	void keep_what_is_meant() noexcept;
	bool reserve_for_rules(std::uint16_t port, const port_facts &facts) noexcept;
	bool is_still_there(const found_port &found) const noexcept;
	result<name> promise_name_by_rule(member_id id, const found_port &found) noexcept;
	member_ptr who_makes_room() const noexcept;
	result<void> make_room_for(const member &newcomer, const found_port &found) noexcept;
	bool seat_by_rule(const member_ptr &m) noexcept;
	error full() const noexcept;
	std::optional<rte_ether_addr> mac_for_rules() const noexcept;
	member_ptr member_with(member_id id) const noexcept;
	member_ptr member_on(std::uint16_t port) const noexcept;
	bool is_expected(std::uint16_t port) const noexcept;
	member_facts facts_about(const member &m) const noexcept;
	void report(member &m, const rte_eth_link &link, time_ms now) noexcept;
	void reconsider(time_ms now, std::span<const news> cause = {}) noexcept;
	bool is_heard(const member &m, const decision &d, time_ms now) const noexcept;
	bool hears_otherwise(const decision &d, time_ms now) const noexcept;
	time_ms next_unheard(const decision &d) const noexcept;
	enum class change { counts, same_operation };
	void publish(const decision &d, change kind) noexcept;
	void republish(std::span<const news> cause = {}) noexcept;
	void republish(member_id joined) noexcept;
	void act_on(const decision &next, time_ms now, std::span<const news> cause) noexcept;
	void publish_directory() noexcept; // when the members, their devices or their names have changed
	void publish_names() noexcept;     // when only names have
	result<rename_plan> plan_rename(std::span<const rename_wish> wishes) const noexcept;
	result<void> may_rename() const noexcept;
	result<void> commit_rename(const rename_plan &plan) noexcept;
	member_id named_or_promised(std::string_view text) const noexcept;
	void fill_transmit(snapshot &s, const decision &d) const noexcept;
	std::vector<member_ptr> fill_receive(snapshot &s, const decision &d) noexcept;
	bool delivers(member_id id, const decision &d) const noexcept;
	void fill_buckets(snapshot &s, const decision &d) noexcept;
	void fill_turns(snapshot &s, const decision &d) noexcept;
	void fill_pins(snapshot &s, const decision &d) const noexcept;
	seat_weights weigh(const decision &d) const noexcept;
	bool weighs_otherwise(const decision &d) const noexcept;
	bool mode_weighs() const noexcept { return mode_ == mode::balance || mode_ == mode::round_robin; }
	unsigned buckets_of(const member &m) const noexcept;
	void weigh_anew(const news &cause) noexcept;
	void tell_of_usable(const decision &before, const decision &after) noexcept;
	bool tell_of_active(const decision &d) noexcept;
	void tell_of_roles() noexcept;
	void tell_of_role(member_id &told, member_id holder, member_role role) noexcept;
	void update_link(const decision &d) noexcept;
	void announce_link() noexcept;
	void wake_watcher_for(const decision &d) noexcept;
	void follow_up(const decision &before, const decision &after, bool active_is_news) noexcept;
	mac_policy mac_policy_in(braid::mode m) const noexcept { return m == mode::active_backup ? mac_policy_ : mac_policy::same; }
	mac_rule present_mac_rule() const noexcept;
	bool announces() const noexcept { return announce_times_ != 0 && mode_ == mode::active_backup; }
	void take_mac(const rte_ether_addr &mac) noexcept;
	bool take_mac_of(member_id id) noexcept;
	void tell_of_mac(member_id id) noexcept;
	void stand_by_mac(const rte_ether_addr &given) noexcept;
	std::vector<mac_change> mac_changes(const mac_rule &rule, std::span<const member_id> stuck) const noexcept;
	void tell(event_kind kind, member_id id = member_id::none, std::string reason = {}, const name &before = {}) noexcept;
	void tell(const news &what) noexcept { tell(what.kind, what.id, what.reason); }

	// no lock held
	member_set members() noexcept;
	void watch() noexcept;
	void work() noexcept;
	void talk() noexcept;
	using inbox_lock = std::unique_lock<ordered_mutex<lock_place::inbox>>;
	void tell_listeners(inbox_lock &inbox) noexcept;
	void forget_old_events() noexcept;
	void deliver(const event &e) noexcept;
	void let_listeners_catch_up() noexcept;
	static std::uint64_t told_by_this_thread() noexcept;
	// Stands before the first lock of an operator's call that may tell something, so that it ends when all are given back. One that
	// has told nothing (it was refused, or changed nothing) waits for nobody.
	struct pacing {
		explicit pacing(bond &b) noexcept : bond_(b) {}
		~pacing()
		{
			if (told_by_this_thread() != told_before_)
				bond_.let_listeners_catch_up();
		}
		pacing(const pacing &) = delete;
		pacing &operator=(const pacing &) = delete;

	private:
		bond &bond_;
		const std::uint64_t told_before_ = told_by_this_thread();
	};
	result<void> ask_and_rename(const rename_plan &plan) noexcept;
	std::uint64_t backlog() const noexcept { return next_event_ - next_to_tell_; }
	enum class asking { if_free, waits };
	bool ask_link(member &m, asking how) noexcept;
	void tell_missing(const member_ptr &m) noexcept;
	void sample_counters() noexcept;
	void let_go(const member_ptr &m) noexcept;
	void forget_device(const member_ptr &m) noexcept;
	void forget_device_later(const member_ptr &m) noexcept; // on the worker
	void look_for_ports() noexcept;
	bool expects_a_port() noexcept;
	void forget_claim(member &m) noexcept;
	void log(const event &e) noexcept;
	void log_rename(const event &e) noexcept;
	void log_other_renames() noexcept;
	void start_reclaimer() noexcept;
	own_counters own() noexcept;
	rte_ether_addr mac_wanted_of(const member &m) noexcept;
	void note_mac(member &m, const rte_ether_addr &mac) noexcept;
	void note_port_mac(member &m) noexcept;
	result<void> give_mac(member &m, const rte_ether_addr &mac, mac_policy p) noexcept;
	result<void> move_macs(const mac_rule &rule) noexcept;
	result<rte_ether_addr> prepare_macs(braid::mode m, mac_policy p) noexcept;
	void settle_macs() noexcept;
	void warn_of_duplicate(const member &left) noexcept;
	void follow() noexcept;
	void collect_sources() noexcept;
	void announce() noexcept;
	bool is_active(const member &m) noexcept;

	const bond_settings settings_;
	const std::uint16_t port_;
	char device_name_[RTE_ETH_NAME_MAX_LEN];
	rte_eth_dev_owner owner_{};

	// Guards wanted_, the flags below and the membership; held over whole control operations.
	ordered_mutex<lock_place::configuration> config_;
	member_config wanted_;
	bool configured_ = false;
	bool runs_ = false; // started; the same as started_, for whoever holds this lock
	std::uint32_t last_id_ = 0;
	char arriving_name_[RTE_ETH_NAME_MAX_LEN] = ""; // of the port that attach() has made ready
	bool told_no_pool_ = false;
	std::atomic<bool> mac_made_up_{true}; // nobody chose it and no member brought it
	bool mac_chosen_ = false; // by the operator, or by having been started: members follow it

	// Held while MAC addresses change hands, which takes several steps on several devices.
	ordered_mutex<lock_place::addresses> addresses_;

	// Guards what follows, down to the snapshot's writer side.
	state_mutex state_;
	rte_eth_dev *dev_; // null once closed
	std::atomic<bool> made_{false};    // set once, by open()
	std::atomic<bool> closing_{false}; // set once, by begin_close(), with the state lock held
	bool started_ = false;
	std::vector<member_ptr> members_; // in the order in which they were added
	member_ptr joining_;              // is being attached; may or may not be in members_
	// Ports that have lost their device and wait to be closed by their application.
	std::array<std::atomic<bool>, RTE_MAX_ETHPORTS> dead_{};
	bool look_now_ = false;           // a link has changed that only its driver can tell about
	failover failover_;
	decision last_;
	// Whom listeners take for the active one, the primary and the standby.
	member_id told_active_ = member_id::none;
	member_id told_primary_ = member_id::none;
	member_id told_standby_ = member_id::none;
	name_book names_;
	name member_name_ = settings_.member_name;
	bool live_rename_ = settings_.live_rename;
	bool lsc_on_failover_ = settings_.lsc_on_failover;
	std::shared_ptr<const std::vector<directory::place>> places_; // as last published
	std::unique_ptr<bucket_table> buckets_;
	seat_map seats_;
	std::optional<pin_place> pins_; // with pinning
	weigh_by weights_;
	seat_weights weighed_ = equal_weights; // what the buckets, or the turns, follow
	braid::mode mode_;
	hash_policy policy_;
	bool all_members_active_;
	std::uint32_t up_delay_ms_;
	std::uint32_t down_delay_ms_;
	std::uint64_t seed_;
	rte_ether_addr mac_{}; // the bond's; dev_->data->mac_addrs[0] is the application's copy
	braid::mac_policy mac_policy_;
	std::uint64_t mac_failures_ = 0;
	bool macs_due_ = false; // somebody may have another address than is wanted
	unsigned announce_times_;
	std::uint32_t announce_interval_ms_; // 0: lsc_poll_period_ms
	announcement_schedule announcing_;
	struct {
		std::uint64_t sent = 0, failed = 0;
	} announced_;
	std::optional<member_spec> primary_wish_; // until a member matches it
	rule_list rules_;
	struct {
		std::bitset<RTE_MAX_ETHPORTS> announced; // meant, reserved, and about to be usable
		std::bitset<RTE_MAX_ETHPORTS> refused;   // meant and could not join: told once
		std::bitset<RTE_MAX_ETHPORTS> barred;    // removed by an operator, until it appears anew
		std::uint64_t appeared = 0;              // ports since the bond was made
		// Grows when the port's device comes or goes: as long as it has not, the number means the same device.
		std::array<std::uint64_t, RTE_MAX_ETHPORTS> since{};
	} by_rule_;
	std::uint64_t generation_ = 0;
	port_counters departed_;          // what removed members had counted
	own_counters forgotten_;          // of our own counters, at the last reset
	std::unique_ptr<snapshot> next_snapshot_; // made ahead, empty: who publishes does not wait for memory
	publish_times publish_times_;
	rcu::cell<snapshot> snapshot_;
	rcu::cell<directory> directory_;

	rename_guards guards_;

	// One lane for each queue ever set up; they keep their counters until the bond is closed.
	std::vector<std::unique_ptr<rx_lane>> rx_lanes_;
	std::vector<std::unique_ptr<tx_lane>> tx_lanes_;
	std::vector<std::unique_ptr<look_box>> look_boxes_; // one for each of tx_lanes_

	// Guards the turns of the control side at look_boxes_ too.
	ordered_mutex<lock_place::book> book_lock_;
	address_book book_;
	bool collecting_ = false;

	// Watches links and delays; sleeps on state_.
	std::condition_variable_any watch_wakes_;
	time_ms watcher_sleeps_until_ = 0; // guarded by state_
	bool watcher_polls_ = false;       // guarded by state_
	bool stop_watching_ = false;
	sdk::control_thread watcher_;

	// Does what a failover leaves to be done; sleeps on state_.
	std::condition_variable_any follow_wakes_;
	sdk::control_thread follower_;

	// Guards what is left for two threads to do: of the worker, which attaches members that appear, and of the teller, which tells
	// listeners.
	ordered_mutex<lock_place::inbox> inbox_;
	std::condition_variable_any work_wakes_;
	std::condition_variable_any tell_wakes_;
	std::deque<event> events_; // one after the other, up to next_event_: what is to be told, and the last ones besides
	std::uint64_t next_event_ = 0;
	std::uint64_t next_to_tell_ = 0;
	std::uint64_t lost_to_tell_ = 0;          // events dropped untold since the last one that was told
	std::atomic<std::uint64_t> events_lost_{0}; // all of them
	std::uint64_t told_ = 0;                  // events that listeners have been told
	std::uint64_t stuck_at_ = UINT64_MAX;     // told_ when operators had waited in vain
	std::condition_variable_any caught_up_;
	std::deque<member_ptr> lost_;
	bool look_for_ports_ = false;
	bool link_event_due_ = false;
	bool stop_working_ = false;
	std::vector<listener> listeners_;
	const listener *calling_ = nullptr;
	std::condition_variable_any call_ended_;
	rename_log rename_log_; // the teller's own
	std::atomic<pthread_t> worker_id_{}, teller_id_{};
	sdk::control_thread worker_;
	sdk::control_thread teller_;
};

} // namespace braid
