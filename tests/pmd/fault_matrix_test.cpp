/* SPDX-License-Identifier: BSD-3-Clause */
// Every call that a control operation makes of its devices, refused: each in turn, and each together with each later one,
// which then strikes what is being taken back.
//
// No list of steps stands here. An operation is carried out once to see what it calls; then it is repeated with its first
// call refused, its second, and so on, at every member, while a thread forwards. Whatever was refused, the world is as it was:
// every member, the bond, the way of each flow, the generation. One stage serves all cases of an operation, so that a
// trace that one of them leaves is found by the next.
#include "fault_stage.hpp"

namespace braid {
namespace {

int set_default_mac(stage &s, std::uint8_t last)
{
	rte_ether_addr mac = local_mac(last);
	return rte_eth_dev_default_mac_addr_set(s.bond->port(), &mac);
}

int set_groups(stage &s, std::vector<rte_ether_addr> groups)
{
	return rte_eth_dev_set_mc_addr_list(s.bond->port(), groups.data(), static_cast<std::uint32_t>(groups.size()));
}

int point(stage &s, unsigned entry, std::uint16_t queue)
{
	rte_eth_rss_reta_entry64 table[2] = {};
	table[entry / RTE_ETH_RETA_GROUP_SIZE].mask = std::uint64_t{1} << (entry % RTE_ETH_RETA_GROUP_SIZE);
	table[entry / RTE_ETH_RETA_GROUP_SIZE].reta[entry % RTE_ETH_RETA_GROUP_SIZE] = queue;
	return rte_eth_dev_rss_reta_update(s.bond->port(), table, 128);
}

int follow_macs(stage &s) { return braid_mac_policy_set(s.bond->port(), BRAID_MAC_FOLLOW); }
int same_macs(stage &s) { return braid_mac_policy_set(s.bond->port(), BRAID_MAC_SAME); }
int nothing(stage &) { return 0; }

const operation operations[] = {
	{"Add", [](stage &s) { return s.bond->add(s.ports[stage::guest].name()); },
         [](stage &s) {
		 const int status = s.bond->remove(s.ports[stage::guest].name());
		 return status != 0 ? status : replug_guest(s);
	 },
         replug_guest},
	{"AddWithAName", [](stage &s) { return s.bond->add(s.ports[stage::guest].name(), "uplink%d"); },
         [](stage &s) {
		 const int status = s.bond->remove("uplink0");
		 return status != 0 ? status : replug_guest(s);
	 },
         replug_guest},
	{"Mac", [](stage &s) { return set_default_mac(s, 9); }, [](stage &s) { return set_default_mac(s, 1); }},
	{"ExtraMac",
         [](stage &s) {
		 rte_ether_addr mac = local_mac(9);
		 return rte_eth_dev_mac_addr_add(s.bond->port(), &mac, 0);
	 },
         [](stage &s) {
		 rte_ether_addr mac = local_mac(9);
		 return rte_eth_dev_mac_addr_remove(s.bond->port(), &mac);
	 }},
	{"Mtu", [](stage &s) { return rte_eth_dev_set_mtu(s.bond->port(), 1300); },
         [](stage &s) { return rte_eth_dev_set_mtu(s.bond->port(), 1400); }},
	{"Promiscuous", [](stage &s) { return rte_eth_promiscuous_disable(s.bond->port()); },
         [](stage &s) { return rte_eth_promiscuous_enable(s.bond->port()); }},
	{"Allmulticast", [](stage &s) { return rte_eth_allmulticast_disable(s.bond->port()); },
         [](stage &s) { return rte_eth_allmulticast_enable(s.bond->port()); }},
	{"VlanOn", [](stage &s) { return rte_eth_dev_vlan_filter(s.bond->port(), 9, 1); },
         [](stage &s) { return rte_eth_dev_vlan_filter(s.bond->port(), 9, 0); }},
	{"VlanOff", [](stage &s) { return rte_eth_dev_vlan_filter(s.bond->port(), 7, 0); },
         [](stage &s) { return rte_eth_dev_vlan_filter(s.bond->port(), 7, 1); }},
	{"VlanFilterOff", [](stage &s) { return rte_eth_dev_set_vlan_offload(s.bond->port(), 0); },
         [](stage &s) { return rte_eth_dev_set_vlan_offload(s.bond->port(), RTE_ETH_VLAN_FILTER_OFFLOAD); }},
	{"VlanFilterOn", [](stage &s) { return rte_eth_dev_set_vlan_offload(s.bond->port(), RTE_ETH_VLAN_FILTER_OFFLOAD); },
         [](stage &s) { return rte_eth_dev_set_vlan_offload(s.bond->port(), 0); }, [](stage &) { return 0; },
         [](stage &s) { EXPECT_EQ(rte_eth_dev_set_vlan_offload(s.bond->port(), 0), 0); }},
	{"MulticastList", [](stage &s) { return set_groups(s, {{{0x01, 0, 0x5e, 1, 2, 3}}}); },
         [](stage &s) { return set_groups(s, {{{0x01, 0, 0x5e, 0, 0, 1}}, {{0x33, 0x33, 0, 0, 0, 1}}}); }},
	{"Rss",
         [](stage &s) {
		 return rte_eth_dev_rss_hash_update(s.bond->port(),
	                                            &stage::hashing(RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP, 0x77));
	 },
         [](stage &s) { return rte_eth_dev_rss_hash_update(s.bond->port(), &stage::hashing(RTE_ETH_RSS_IP, 0x11)); }},
	{"Reta", [](stage &s) { return point(s, 3, 0); }, [](stage &s) { return point(s, 3, 1); }},
	{"MacPolicyFollow", follow_macs, same_macs, nothing, [](stage &) {}, "active-backup"},
	{"MacPolicySame", same_macs, follow_macs, nothing, [](stage &s) { EXPECT_EQ(follow_macs(s), 0); }, "active-backup"},
	{"MacPolicyByActive", [](stage &s) { return braid_mac_policy_set(s.bond->port(), BRAID_MAC_BY_ACTIVE); },
         [](stage &s) {
		 const int status = same_macs(s);
		 return status != 0 ? status : set_default_mac(s, 1); // the bond went on with the active one's
	 },
         nothing, [](stage &) {}, "active-backup"},
	{"ModeWithoutMacPolicy", [](stage &s) { return s.bond->mode(BRAID_MODE_BROADCAST); },
         [](stage &s) { return s.bond->mode(BRAID_MODE_ACTIVE_BACKUP); }, nothing,
         [](stage &s) { EXPECT_EQ(follow_macs(s), 0); }, "active-backup"},
	{"ModeWithMacPolicy", [](stage &s) { return s.bond->mode(BRAID_MODE_ACTIVE_BACKUP); },
         [](stage &s) { return s.bond->mode(BRAID_MODE_BALANCE); }, nothing,
         [](stage &s) { EXPECT_EQ(follow_macs(s), 0); }},
};

// A device may do what it is told and say that it failed.
class EveryFaultThatIsNone : public fault_matrix, public testing::WithParamInterface<operation> {};

INSTANTIATE_TEST_SUITE_P(Operations, EveryFaultThatIsNone,
                         testing::ValuesIn([] {
				 std::vector<operation> some;
				 for (const operation &op : operations)
					 for (const char *title : {"Add", "Mac", "Mtu", "Promiscuous", "Allmulticast", "MacPolicyFollow",
	                                           "MacPolicySame", "MacPolicyByActive"})
						 if (std::string_view(title) == op.title)
							 some.push_back(op);
				 return some;
			 }()),
                         [](const auto &info) { return info.param.title; });

TEST_P(EveryFaultThatIsNone, LeavesTheWorldAsItWas)
{
	stage s(GetParam().mode);
	ASSERT_NO_FATAL_FAILURE(s.go());
	GetParam().prepare(s);
	for (fake_port &port : s.ports)
		port.act_before_failing();
	const world before = s.look();
	const outcome clean = s.run(GetParam().run);
	ASSERT_EQ(clean.status, 0);
	const world done = s.look();
	ASSERT_EQ(GetParam().undo(s), 0);
	unsigned error = 0;
	for (std::size_t i = 0; i < s.ports.size() && !HasFailure(); i++)
		for (unsigned place = 1; place <= clean.calls[i].size() && !HasFailure(); place++)
			single(s, GetParam(), {i, place, errnos[error++ % std::size(errnos)]}, done);
	EXPECT_EQ(differences(before, s.look(), passing), std::vector<std::string>{});
	EXPECT_TRUE(s.application->sends());
	EXPECT_GE(singles_, stage::members - 1) << "follow: the active one has the address already";
}

class EveryFaultOfAStart : public fault_matrix {};

class EveryFault : public fault_matrix, public testing::WithParamInterface<operation> {};

INSTANTIATE_TEST_SUITE_P(Operations, EveryFault, testing::ValuesIn(operations),
                         [](const auto &info) { return info.param.title; });

// Mistakes 5 and 11, at every place where they can be made.
TEST_P(EveryFault, LeavesTheWorldAsItWas)
{
	stage s(GetParam().mode);
	ASSERT_NO_FATAL_FAILURE(s.go());
	GetParam().prepare(s);
	exhaust(s, GetParam());
}

// No thread forwards here: ethdev forbids bursts on a bond that is not started.
TEST_F(EveryFaultOfAStart, LeavesTheWorldAsItWas)
{
	stage s;
	const operation start{"Start", [](stage &on) { return on.bond->start(); }, [](stage &on) { return on.bond->stop(); }};
	ASSERT_EQ(s.bond->start(), 0);
	ASSERT_EQ(s.bond->stop(), 0); // the links are known
	exhaust(s, start, pairs::of_kinds);
}

// Devices that appear are attached by the bond itself. Many at a time, since each look at what has appeared takes a while;
// each of them refuses another call.
class EveryFaultOfAnAttachment : public fault_matrix {
protected:
	static constexpr std::size_t at_a_time = 16;

	struct guest_script {
		unsigned first, second; // places; second 0: none
	};

	// What a guest is asked, and what of it comes after a refusal at `place`; no place: of all.
	static std::vector<fake_call> calls_of_an_add(stage &s, unsigned place)
	{
		std::initializer_list<fault> none;
		const fault refusal{stage::guest, place, EPERM};
		const outcome o = s.run([](stage &on) { return on.bond->add(on.ports[stage::guest].name()); },
		                        place != 0 ? std::initializer_list<fault>{refusal} : none);
		if (o.status == 0) {
			EXPECT_EQ(s.bond->remove(s.ports[stage::guest].name()), 0);
		}
		return o.calls[stage::guest];
	}

	void attach(stage &s, const std::vector<guest_script> &scripts)
	{
		std::vector<fake_port> guests;
		for (const guest_script &script : scripts) {
			fake_options options = able_port();
			options.plugged = false;
			guests.emplace_back(options);
			guests.back().count_calls();
			guests.back().fail_at(script.first, EPERM);
			if (script.second != 0)
				guests.back().fail_at(script.second, EIO);
			ASSERT_EQ(s.bond->add(guests.back().name()), 0) << braid_error_text();
		}
		event_recorder events(*s.bond);
		const world before = s.look();
		forget_log();
		const log_capture log;
		for (fake_port &guest : guests)
			ASSERT_EQ(guest.plug(), 0);
		ASSERT_TRUE(eventually([&] { return events.count(BRAID_EVENT_ATTACH_FAILED) == guests.size(); })) << log.text();
		EXPECT_TRUE(eventually([&] {
			return std::all_of(guests.begin(), guests.end(),
			                   [](const fake_port &guest) { return owner_of(guest.port_id()).empty(); });
		}));
		EXPECT_EQ(differences(before, s.look()), std::vector<std::string>{});
		const std::vector<braid::told> all = events.all();
		for (std::size_t i = 0; i < guests.size(); i++) {
			const fake_port &guest = guests[i];
			const std::vector<fake_call> calls = guest.counted();
			ASSERT_LE(scripts[i].first, calls.size());
			const fake_call &refused = calls[scripts[i].first - 1];
			SCOPED_TRACE(std::string(to_string(refused.op)) + " " + refused.args);
			const auto event = std::find_if(all.begin(), all.end(), [&](const braid::told &e) { return e.name == guest.name(); });
			ASSERT_NE(event, all.end());
			EXPECT_EQ(event->kind, BRAID_EVENT_ATTACH_FAILED);
			EXPECT_NE(event->reason.find(word_for(refused)), std::string::npos) << event->reason;
			EXPECT_NE(event->reason.find(": Operation not permitted"), std::string::npos) << event->reason;
			EXPECT_EQ(log.count("member " + guest.name() + " has appeared and cannot join: " + event->reason), 1u);

			fake_port fresh(able_port());
			world was, is;
			look_at(was, fresh);
			look_at(is, guest);
			std::map<std::string, std::string> named; // the same facts under the guest's name
			for (const auto &[key, value] : was)
				named[guest.name() + key.substr(fresh.name().size())] =
					value == text_of(fresh.permanent_mac()) ? text_of(guest.permanent_mac()) : value;
			std::set<std::string> may;
			if (scripts[i].second != 0)
				may = set_by(guest, calls.at(scripts[i].second - 1).op);
			EXPECT_EQ(differences(named, is, may), std::vector<std::string>{});
		}
		for (fake_port &guest : guests) {
			if (guest.started()) {
				EXPECT_EQ(rte_eth_dev_stop(guest.port_id()), 0); // it refused to
			}
			EXPECT_EQ(s.bond->remove(guest.name()), 0);
		}
		EXPECT_TRUE(s.application->sends());
	}

	void attach_all(stage &s, const std::vector<guest_script> &scripts)
	{
		for (std::size_t i = 0; i < scripts.size() && !HasFailure(); i += at_a_time)
			attach(s, {scripts.begin() + static_cast<std::ptrdiff_t>(i),
			           scripts.begin() + static_cast<std::ptrdiff_t>(std::min(scripts.size(), i + at_a_time))});
	}
};

TEST_F(EveryFaultOfAnAttachment, LeavesTheWorldAsItWasAndTheMemberPending)
{
	stage s;
	ASSERT_NO_FATAL_FAILURE(s.go());
	std::vector<guest_script> singles, pairs;
	std::set<std::pair<fake_op, fake_op>> tried;
	const std::vector<fake_call> calls = calls_of_an_add(s, 0);
	for (unsigned place = 1; place <= calls.size(); place++) {
		if (may_be_ignored(calls[place - 1]))
			continue;
		singles.push_back({place, 0});
		const std::vector<fake_call> refused = calls_of_an_add(s, place);
		for (unsigned later = place + 1; later <= refused.size(); later++)
			if (tried.insert({refused[place - 1].op, refused[later - 1].op}).second)
				pairs.push_back({place, later});
	}
	EXPECT_GT(singles.size(), 12u);
	EXPECT_GT(pairs.size(), singles.size());
	attach_all(s, singles);
	attach_all(s, pairs);
	RecordProperty("singles", static_cast<int>(singles.size()));
	RecordProperty("pairs", static_cast<int>(pairs.size()));
}

// What cannot be refused goes on, whatever a device answers. What a device keeps is all that differs, and is told.
struct farewell {
	const char *title;
	std::size_t first, last; // whose calls are refused
	std::function<int(stage &, std::size_t)> run;
	std::function<void(stage &, std::size_t)> back;

	friend std::ostream &operator<<(std::ostream &to, const farewell &f) { return to << f.title; }
};

// Removed, and another device has come in its place.
void come_back(stage &s, std::size_t member)
{
	EXPECT_EQ(rte_eth_dev_stop(s.ports[member].port_id()), 0) << "in case it goes on running";
	EXPECT_EQ(s.ports[member].replug(), 0);
	EXPECT_EQ(s.bond->add(s.ports[member].name()), 0) << braid_error_text();
}

int remove_extra_mac(stage &s, std::size_t)
{
	rte_ether_addr mac = local_mac(3);
	return rte_eth_dev_mac_addr_remove(s.bond->port(), &mac);
}

void add_extra_mac(stage &s, std::size_t)
{
	rte_ether_addr mac = local_mac(3);
	EXPECT_EQ(rte_eth_dev_mac_addr_add(s.bond->port(), &mac, 0), 0) << braid_error_text();
}

const farewell farewells[] = {
	{"Remove", 0, stage::members - 1, [](stage &s, std::size_t i) { return s.bond->remove(s.ports[i].name()); }, come_back},
	{"RemoveNow", 0, stage::members - 1,
         [](stage &s, std::size_t i) { return braid_member_remove_now(s.bond->port(), s.bond->id_of(s.ports[i].name())); },
         come_back},
	{"RemoveExtraMac", 0, stage::members - 1, remove_extra_mac, add_extra_mac},
};

class EveryFaultOfAFarewell : public fault_matrix, public testing::WithParamInterface<farewell> {
protected:
	// Returns how it went, with the calls; `done` is how the world is to be, but for what the faults keep.
	outcome try_it(stage &s, std::size_t member, std::initializer_list<fault> faults, const world &done)
	{
		const farewell &what = GetParam();
		const std::string generation = s.look().at("bond generation");
		const outcome o = s.run([&](stage &on) { return what.run(on, member); }, faults);
		SCOPED_TRACE(case_of(s, o, faults));
		EXPECT_EQ(o.status, 0) << o.error_text;
		const world after = s.look();
		EXPECT_LE(std::stoull(after.at("bond generation")), std::stoull(generation) + 1);
		std::set<std::string> may = renewed;
		for (const fault &f : faults) {
			const std::set<std::string> kept = set_by(s.ports[f.member], o.at(f).op);
			if (differ(done, after, kept)) {
				EXPECT_TRUE(told(o.log, s.ports[f.member], o.at(f)));
			}
			may.insert(kept.begin(), kept.end());
		}
		EXPECT_EQ(differences(done, after, may), std::vector<std::string>{});
		what.back(s, member);
		s.counters_have_not_fallen();
		return o;
	}
};

INSTANTIATE_TEST_SUITE_P(Operations, EveryFaultOfAFarewell, testing::ValuesIn(farewells),
                         [](const auto &info) { return info.param.title; });

TEST_P(EveryFaultOfAFarewell, IsToldAndHindersNothingElse)
{
	stage s;
	ASSERT_NO_FATAL_FAILURE(s.go());
	unsigned error = 0;
	const auto next_error = [&error] { return errnos[error++ % std::size(errnos)]; };
	std::set<std::tuple<std::size_t, fake_op, fake_op>> tried; // of the pairs one of each kind at each member
	for (std::size_t i = GetParam().first; i <= GetParam().last; i++) {
		const world before = s.look();
		const outcome clean = s.run([&](stage &on) { return GetParam().run(on, i); });
		const world done = s.look();
		ASSERT_EQ(clean.status, 0);
		ASSERT_NE(differences(before, done), std::vector<std::string>{});
		GetParam().back(s, i);
		ASSERT_EQ(differences(before, s.look(), renewed), std::vector<std::string>{});
		for (std::size_t j = 0; j < s.ports.size(); j++)
			for (unsigned place = 1; place <= clean.calls[j].size(); place++) {
				const outcome o = try_it(s, i, {{j, place, next_error()}}, done);
				singles_++;
				for (unsigned later = place + 1; later <= o.calls[j].size(); later++)
					if (tried.insert({i, o.calls[j][place - 1].op, o.calls[j][later - 1].op}).second) {
						try_it(s, i, {{j, place, next_error()}, {j, later, next_error()}}, done);
						pairs_++;
					}
				if (HasFailure())
					return;
			}
	}
	finish(s);
}

// A port that a rule means joins by itself: what it refuses is told, the rule stays, and nothing else has changed.
class EveryFaultOfARule : public fault_matrix {
protected:
	// The rule is given while the port is there. Returns what the port was asked.
	std::vector<fake_call> try_it(stage &s, std::initializer_list<fault> faults)
	{
		const fake_port &guest = s.ports[stage::guest];
		event_recorder events(*s.bond);
		const world before = s.look();
		const outcome o = s.run(
			[&guest](stage &on) { return braid_auto_add(on.bond->port(), ("name:" + guest.name()).c_str()); }, faults);
		SCOPED_TRACE(case_of(s, o, faults));
		EXPECT_EQ(o.status, 0) << o.error_text;
		EXPECT_EQ(braid_auto_clear(s.bond->port()), 0);
		if (s.bond->id_of(guest.name()) != BRAID_NO_MEMBER) {
			for (const fault &f : faults)
				EXPECT_TRUE(may_be_ignored(o.at(f)));
			EXPECT_EQ(s.bond->remove(guest.name()), 0);
		} else {
			expect_told(events, o, *faults.begin(), guest);
			std::set<std::string> may = passing; // since the events were settled
			for (const fault &f : faults)
				if (&f != faults.begin())
					may.merge(set_by(guest, o.at(f).op));
			EXPECT_EQ(differences(before, s.look(), may), std::vector<std::string>{});
			EXPECT_EQ(owner_of(guest.port_id()), "");
		}
		EXPECT_EQ(replug_guest(s), 0);
		EXPECT_EQ(differences(before, s.look(), passing), std::vector<std::string>{});
		return o.calls[stage::guest];
	}

	static void expect_told(event_recorder &events, const outcome &o, const fault &first, const fake_port &guest)
	{
		events.settle();
		const braid::told failed = events.last(BRAID_EVENT_ATTACH_FAILED);
		EXPECT_EQ(events.count(BRAID_EVENT_ATTACH_FAILED), 1u);
		EXPECT_EQ(failed.id, BRAID_NO_MEMBER);
		EXPECT_NE(failed.reason.find(guest.name()), std::string::npos) << failed.reason;
		if (!may_be_ignored(o.at(first))) {
			EXPECT_NE(failed.reason.find(word_for(o.at(first))), std::string::npos) << failed.reason;
			EXPECT_NE(failed.reason.find(": " + reason_of(-first.error)), std::string::npos) << failed.reason;
		}
	}
};

TEST_F(EveryFaultOfARule, LeavesTheWorldAsItWas)
{
	stage s;
	ASSERT_NO_FATAL_FAILURE(s.go());
	const std::vector<fake_call> calls = try_it(s, {});
	ASSERT_GT(calls.size(), 12u);
	unsigned error = 0;
	const auto next_error = [&error] { return errnos[error++ % std::size(errnos)]; };
	std::set<std::pair<fake_op, fake_op>> tried;
	for (unsigned place = 1; place <= calls.size() && !HasFailure(); place++) {
		const fault first{stage::guest, place, next_error()};
		const std::vector<fake_call> refused = try_it(s, {first});
		singles_++;
		for (unsigned later = place + 1; later <= refused.size() && !HasFailure(); later++)
			if (tried.insert({refused[place - 1].op, refused[later - 1].op}).second) {
				try_it(s, {first, {stage::guest, later, first.error == EPERM ? EIO : EPERM}});
				pairs_++;
			}
	}
	finish(s);
}

} // namespace
} // namespace braid
