/* SPDX-License-Identifier: BSD-3-Clause */
// Every call that a control operation makes of its devices, refused: each in turn, and each together with each later one,
// which then strikes what is being taken back.
//
// No list of steps stands here. An operation is carried out once to see what it calls; then it is repeated with its first
// call refused, its second, and so on, at every member, while a thread forwards. Whatever was refused, the world is as it was:
// every member, the bond, the way of each flow, the generation. One stage serves all cases of an operation, so that a
// trace that one of them leaves is found by the next.
#include "event_recorder.hpp"
#include "world_view.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <tuple>

namespace braid {
namespace {

// What real drivers answer. None of them means "no such operation", which ENOTSUP does.
constexpr int errnos[] = {EPERM, EIO, ENOMEM, EBUSY, ENOSPC, EINVAL, ETIMEDOUT, EAGAIN, EEXIST, ENODEV};

std::string reason_of(int negative_errno) { return rte_strerror(-negative_errno); }

// The word for the step in the error.
const char *word_for(const fake_call &call)
{
	if (call.replay)
		return "start"; // ethdev's doing, inside its start
	switch (call.op) {
	case fake_op::configure: return "configure";
	case fake_op::rx_queue_setup: return "receive queue ";
	case fake_op::tx_queue_setup: return "transmit queue ";
	case fake_op::start: return "start";
	case fake_op::stop: return "stop";
	case fake_op::mtu_set: return "MTU ";
	case fake_op::mac_set: return "MAC address";
	case fake_op::mac_add: return "adding a MAC address";
	case fake_op::vlan_filter: return "VLAN ";
	case fake_op::vlan_offload: return "VLAN offloads";
	case fake_op::mc_list: return "multicast list";
	case fake_op::promiscuous_on:
	case fake_op::promiscuous_off: return "promiscuous ";
	case fake_op::allmulticast_on:
	case fake_op::allmulticast_off: return "allmulticast ";
	case fake_op::rss_hash_update: return "RSS hash";
	case fake_op::reta_update: return "redirection table";
	default: return ""; // a question, asked in several steps
	}
}

// What of a port this call sets: what stays when it is refused while it takes something back.
std::set<std::string> set_by(const fake_port &port, fake_op op)
{
	const auto facts = [&port](std::initializer_list<const char *> names) {
		std::set<std::string> all;
		for (const char *name : names)
			all.insert(fact(port, name));
		return all;
	};
	switch (op) {
	case fake_op::stop: // and what is seen of a port that runs
		return facts({"started", "queues", "offloads", "VLAN offload", "hash types", "hash key", "redirection table"});
	case fake_op::mac_set: return facts({"MAC", "MAC of ethdev"});
	case fake_op::mtu_set: return facts({"MTU", "MTU of ethdev"});
	case fake_op::vlan_filter: return facts({"VLANs"});
	case fake_op::vlan_offload: return facts({"VLAN offload", "VLANs"});
	case fake_op::mc_list: return facts({"multicast"});
	case fake_op::promiscuous_on:
	case fake_op::promiscuous_off: return facts({"promiscuous"});
	case fake_op::allmulticast_on:
	case fake_op::allmulticast_off: return facts({"allmulticast"});
	case fake_op::rss_hash_update: return facts({"hash types", "hash key"});
	case fake_op::reta_update: return facts({"redirection table"});
	case fake_op::infos_get: // ethdev and we ask before we set these
		return facts({"MTU", "MTU of ethdev", "extra MACs", "VLAN offload", "VLANs", "hash types", "hash key",
		              "redirection table"});
	default: return {};
	}
}

// ethdev goes on without the answer when it asks for itself, and does not look at what some of its replays answer.
bool may_be_ignored(const fake_call &call)
{
	return call.replay || call.op == fake_op::infos_get || call.op == fake_op::rss_hash_conf_get;
}

struct fault {
	std::size_t member; // of the stage's ports
	unsigned place;
	int error;
};

struct outcome {
	int status = 0;
	std::string error_text;
	std::string log;
	std::vector<std::vector<fake_call>> calls; // of each port

	const fake_call &at(const fault &f) const { return calls.at(f.member).at(f.place - 1); }
};

// Three members with every setting there is, a port beside them, a forwarding thread, and a bond that looks at no link by
// itself, so that whatever a device is asked, it is asked by the operation.
class stage {
public:
	static constexpr std::size_t members = 3;
	static constexpr std::size_t guest = 3; // the port beside them

	explicit stage(const std::string &mode = "balance")
	{
		for (std::size_t i = 0; i <= members; i++)
			ports.emplace_back(able_port());
		bond.emplace(exactly{"lsc_poll_period_ms=3600000,drain_ms=1,announce=0,xmit_policy=l34," +
		                     with_members(mode, {ports.data(), members})});
		EXPECT_EQ(bond->configure(2, everything()), 0);
		set_everything(bond->port());
		EXPECT_EQ(rte_eth_dev_rss_hash_update(bond->port(), &hashing(RTE_ETH_RSS_IP, 0x11)), 0);
	}

	void go()
	{
		ASSERT_EQ(bond->start(), 0);
		std::vector<const fake_port *> all;
		for (const fake_port &port : ports)
			all.push_back(&port);
		probe.emplace(bond->port(), 1, all);
		application.emplace(bond->port(), 0);
		ASSERT_TRUE(application->sends());
	}

	world look() const
	{
		world w;
		for (const fake_port &port : ports)
			look_at(w, port);
		look_at(w, *bond);
		if (probe)
			w["flows"] = probe->placement();
		return w;
	}

	outcome run(const std::function<int(stage &)> &operation, std::initializer_list<fault> faults = {})
	{
		for (fake_port &port : ports)
			port.count_calls();
		for (const fault &f : faults)
			ports[f.member].fail_at(f.place, f.error);
		forget_log();
		const log_capture log;
		outcome o;
		o.status = operation(*this);
		o.error_text = braid_error_text();
		o.log = log.text();
		for (fake_port &port : ports) {
			o.calls.push_back(port.counted());
			port.count_calls(); // what was not reached is forgotten
		}
		return o;
	}

	// Statistics of the bond never fall, whatever is going on.
	void counters_have_not_fallen()
	{
		rte_eth_stats now{};
		ASSERT_EQ(rte_eth_stats_get(bond->port(), &now), 0);
		EXPECT_GE(now.opackets, counted_.opackets);
		EXPECT_GE(now.obytes, counted_.obytes);
		EXPECT_GE(now.ipackets, counted_.ipackets);
		counted_ = now;
	}

	static rte_eth_rss_conf &hashing(std::uint64_t types, std::uint8_t key_byte)
	{
		static std::vector<std::uint8_t> key(40);
		static rte_eth_rss_conf conf;
		std::fill(key.begin(), key.end(), key_byte);
		conf = {};
		conf.rss_key = key.data();
		conf.rss_key_len = 40;
		conf.rss_hf = types;
		return conf;
	}

	std::vector<fake_port> ports;
	std::optional<test_bond> bond;
	std::optional<flow_probe> probe;
	std::optional<traffic_thread> application;

private:
	rte_eth_stats counted_{};
};

// What changes for good when an operation succeeds and is undone; and what is new each time it succeeds.
const std::set<std::string> passing = {"bond generation"}, renewed = {"bond generation", "bond members"};

struct operation {
	const char *title;
	std::function<int(stage &)> run;
	std::function<int(stage &)> undo; // after a run that succeeded
	std::function<int(stage &)> clean_up = [](stage &) { return 0; }; // after a run that was refused and left a trace
	const char *member = nullptr; // how the guest is called when it joins; null: as its device
	std::function<void(stage &)> prepare = [](stage &) {};
	const char *mode = "balance";

	friend std::ostream &operator<<(std::ostream &to, const operation &o) { return to << o.title; }
};

class fault_matrix : public mbuf_accounting {
protected:
	// The case that is tried, for the messages.
	static std::string case_of(const stage &s, const outcome &o, std::initializer_list<fault> faults)
	{
		std::string all;
		for (const fault &f : faults) {
			all += all.empty() ? "" : ", and then ";
			all += s.ports[f.member].name() + " call " + std::to_string(f.place);
			if (f.place <= o.calls.at(f.member).size())
				all += std::string(" (") + to_string(o.at(f).op) + " " + o.at(f).args + ")";
		}
		return all + " refused; log:\n" + o.log;
	}

	static void expect_reason(const stage &s, const operation &op, const outcome &o, const fault &f)
	{
		const std::string member = op.member != nullptr ? op.member : s.ports[f.member].name();
		const fake_call &refused = o.at(f);
		EXPECT_EQ(refused.status, -f.error);
		if (refused.op != fake_op::infos_get) {
			EXPECT_EQ(o.status, -f.error);
		}
		EXPECT_NE(o.error_text.find(member + ": "), std::string::npos) << o.error_text;
		EXPECT_NE(o.error_text.find(std::string(": ") + word_for(refused)), std::string::npos) << o.error_text;
		EXPECT_NE(o.error_text.find(": " + reason_of(o.status)), std::string::npos) << o.error_text;
		EXPECT_NE(o.log.find(o.error_text), std::string::npos);
	}

	// Whether a line of the log tells that this port kept something, and why. (The reason of a question that ethdev
	// asked is ethdev's own.)
	static bool told(const std::string &log, const fake_port &port, const fake_call &refused)
	{
		const std::string reason = refused.op == fake_op::infos_get ? "" : reason_of(refused.status);
		std::istringstream lines(log);
		for (std::string line; std::getline(lines, line);)
			for (const char *what : {"taking back: ", "restoring: ", "stop: ", "removing a MAC address"})
				if (line.find(port.name() + ": " + what) != std::string::npos &&
				    line.find(": " + reason) != std::string::npos)
					return true;
		return false;
	}

	// Back to where the operation began, by succeeding.
	void settle(stage &s, const operation &op, const world &before)
	{
		const outcome again = s.run(op.run);
		EXPECT_EQ(again.status, 0) << "this time nobody refuses: " << again.error_text;
		EXPECT_EQ(op.undo(s), 0) << braid_error_text();
		EXPECT_EQ(differences(before, s.look(), passing), std::vector<std::string>{});
		settled_++;
	}

	// One refusal. Returns what was called, for the pairs.
	outcome single(stage &s, const operation &op, const fault &f, const world &done)
	{
		const world before = s.look();
		const outcome o = s.run(op.run, {f});
		SCOPED_TRACE(case_of(s, o, {f}));
		const world after = s.look();
		if (o.status == 0) {
			EXPECT_TRUE(may_be_ignored(o.at(f)));
			std::set<std::string> may = renewed;
			may.merge(set_by(s.ports[f.member], o.at(f).op));
			EXPECT_EQ(differences(done, after, may), std::vector<std::string>{});
			EXPECT_EQ(op.undo(s), 0) << braid_error_text();
		} else {
			expect_reason(s, op, o, f);
			EXPECT_EQ(differences(before, after), std::vector<std::string>{});
		}
		s.counters_have_not_fallen();
		singles_++;
		return o;
	}

	void pair(stage &s, const operation &op, const fault &first, bool first_was_ignored, const fault &second)
	{
		const world before = s.look();
		const outcome o = s.run(op.run, {first, second});
		SCOPED_TRACE(case_of(s, o, {first, second}));
		const world after = s.look();
		pairs_++;
		if (o.status == 0) {
			EXPECT_TRUE(first_was_ignored && may_be_ignored(o.at(second)));
			EXPECT_EQ(op.undo(s), 0) << braid_error_text();
			EXPECT_EQ(differences(before, s.look(), passing), std::vector<std::string>{});
			return;
		}
		const bool second_is_the_reason = first_was_ignored;
		expect_reason(s, op, o, second_is_the_reason ? second : first);
		// The one that would not take it back keeps what this call sets, and says so.
		const fake_port &kept = s.ports[second.member];
		const bool reached = second.place <= o.calls[second.member].size();
		ASSERT_TRUE(reached);
		const auto left = differences(before, after);
		std::set<std::string> may;
		if (!second_is_the_reason)
			may = set_by(kept, o.at(second).op);
		EXPECT_EQ(differences(before, after, may), std::vector<std::string>{});
		if (left.empty())
			return;
		EXPECT_TRUE(told(o.log, kept, o.at(second))) << "nothing is said of " << testing::PrintToString(left);
		EXPECT_EQ(op.clean_up(s), 0);
		settle(s, op, before);
	}

	// Every pair of calls, or one of each pair of kinds at each pair of members.
	enum class pairs { all, of_kinds };

	void exhaust(stage &s, const operation &op, pairs which = pairs::all)
	{
		std::set<std::tuple<std::size_t, fake_op, std::size_t, fake_op>> tried;
		const world before = s.look();
		const outcome clean = s.run(op.run);
		ASSERT_EQ(clean.status, 0) << clean.error_text;
		const world done = s.look();
		EXPECT_NE(differences(before, done), std::vector<std::string>{}) << "it does something";
		ASSERT_EQ(op.undo(s), 0) << braid_error_text();
		ASSERT_EQ(differences(before, s.look(), passing), std::vector<std::string>{});

		unsigned error = 0;
		const auto next_error = [&error] { return errnos[error++ % std::size(errnos)]; };
		for (std::size_t i = 0; i < s.ports.size(); i++)
			for (unsigned place = 1; place <= clean.calls[i].size(); place++) {
				const fault first{i, place, next_error()};
				const outcome o = single(s, op, first, done);
				if (HasFailure())
					return;
				for (std::size_t j = 0; j < s.ports.size(); j++)
					for (unsigned later = 1; later <= o.calls[j].size(); later++) {
						if (o.calls[j][later - 1].order <= o.at(first).order)
							continue;
						if (which == pairs::of_kinds &&
						    !tried.insert({i, o.at(first).op, j, o.calls[j][later - 1].op}).second)
							continue;
						fault second{j, later, next_error()};
						if (second.error == first.error)
							second.error = next_error();
						pair(s, op, first, o.status == 0, second);
						if (HasFailure())
							return;
					}
			}
		finish(s);
	}

	void finish(stage &s)
	{
		if (s.application) {
			EXPECT_TRUE(s.application->sends());
			s.application->stop();
		}
		for (const fake_port &port : s.ports)
			EXPECT_EQ(port.violations(), 0u);
		EXPECT_GE(singles_, stage::members) << "at each of them";
		EXPECT_GE(pairs_, stage::members);
		RecordProperty("singles", static_cast<int>(singles_));
		RecordProperty("pairs", static_cast<int>(pairs_));
	}

	unsigned singles_ = 0, pairs_ = 0, settled_ = 0;
};

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

int replug_guest(stage &s) { return s.ports[stage::guest].replug(); }

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
         replug_guest, "uplink0"},
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
         [](stage &s) { return rte_eth_dev_set_vlan_offload(s.bond->port(), 0); }, [](stage &) { return 0; }, nullptr,
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
	{"MacPolicyFollow", follow_macs, same_macs, nothing, nullptr, [](stage &) {}, "active-backup"},
	{"MacPolicySame", same_macs, follow_macs, nothing, nullptr, [](stage &s) { EXPECT_EQ(follow_macs(s), 0); }, "active-backup"},
	{"MacPolicyByActive", [](stage &s) { return braid_mac_policy_set(s.bond->port(), BRAID_MAC_BY_ACTIVE); },
         [](stage &s) {
		 const int status = same_macs(s);
		 return status != 0 ? status : set_default_mac(s, 1); // the bond went on with the active one's
	 },
         nothing, nullptr, [](stage &) {}, "active-backup"},
	{"ModeWithoutMacPolicy", [](stage &s) { return s.bond->mode(BRAID_MODE_BROADCAST); },
         [](stage &s) { return s.bond->mode(BRAID_MODE_ACTIVE_BACKUP); }, nothing, nullptr,
         [](stage &s) { EXPECT_EQ(follow_macs(s), 0); }, "active-backup"},
	{"ModeWithMacPolicy", [](stage &s) { return s.bond->mode(BRAID_MODE_ACTIVE_BACKUP); },
         [](stage &s) { return s.bond->mode(BRAID_MODE_BALANCE); }, nothing, nullptr,
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

// A rename asks no device; what can go wrong is the name, or the member, or what others have been promised.
class EveryRefusalOfARename : public fault_matrix {};

TEST_F(EveryRefusalOfARename, LeavesTheWorldAsItWas)
{
	struct refusal {
		std::string from, to;
		int status;
	};
	stage s;
	ASSERT_NO_FATAL_FAILURE(s.go());
	const std::string longest(63, 'x');
	ASSERT_EQ(s.bond->rename(s.ports[0].name(), "first"), 0);
	ASSERT_EQ(s.bond->add("net_fake_absent", longest.c_str()), 0); // pending
	s.ports[stage::guest].hold(fake_op::start);
	std::thread adder([&] { EXPECT_EQ(s.bond->add(s.ports[stage::guest].name(), "promised"), 0) << braid_error_text(); });
	ASSERT_TRUE(eventually([&] { return s.ports[stage::guest].waiting(fake_op::start) == 1; }));
	std::vector<refusal> refusals;
	for (const std::string &from : {std::string("first"), s.ports[1].name(), s.ports[2].name(), longest}) {
		for (const std::string &to : {std::string("first"), s.ports[1].name(), longest, std::string("promised")})
			if (from != to)
				refusals.push_back({from, to, -EEXIST});
		for (const std::string to : {"", ".", "..", "a/b", "a:b", "a,b", "a=b", "a b", "a\n", "%", "%s", "%d%d"})
			refusals.push_back({from, to, -EINVAL});
		refusals.push_back({from, longest + "x", -EINVAL});
		refusals.push_back({from, longest.substr(1) + "%d", -EINVAL});
	}
	refusals.push_back({"", "anything", -ENOENT}); // BRAID_NO_MEMBER
	event_recorder events(*s.bond);
	events.forget();
	// Without what waits for the lock that the add holds.
	const auto look = [&s] {
		world w;
		for (std::size_t i = 0; i < stage::members; i++)
			look_at(w, s.ports[i]);
		w["flows"] = s.probe->placement();
		const braid_info info = s.bond->info();
		w["generation"] = text_of_value(info.generation);
		for (const std::string &name : s.bond->names())
			w["member " + name] = text_of_value(s.bond->id_of(name));
		return w;
	};
	const world before = look();
	for (const refusal &r : refusals) {
		SCOPED_TRACE(r.from + " to " + r.to);
		const std::uint32_t id = r.from.empty() ? std::uint32_t{BRAID_NO_MEMBER} : s.bond->id_of(r.from);
		EXPECT_EQ(braid_member_rename(s.bond->port(), id, r.to.c_str()), r.status) << braid_error_text();
		EXPECT_STRNE(braid_error_text(), "");
		EXPECT_EQ(differences(before, look()), std::vector<std::string>{});
	}
	EXPECT_EQ(events.count(BRAID_EVENT_MEMBER_RENAMED), 0u);
	EXPECT_TRUE(s.application->sends());
	s.ports[stage::guest].release(fake_op::start);
	adder.join();
	EXPECT_NE(s.bond->id_of("promised"), std::uint32_t{BRAID_NO_MEMBER});
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

} // namespace
} // namespace braid
