/* SPDX-License-Identifier: BSD-3-Clause */
// The stage on which operations are refused: three members with every setting there is, a port beside them, a thread that
// forwards; and what is expected of each refusal.
#pragma once

#include "event_recorder.hpp"
#include "world_view.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <tuple>

namespace braid {

// What real drivers answer. None of them means "no such operation", which ENOTSUP does.
inline constexpr int errnos[] = {EPERM, EIO, ENOMEM, EBUSY, ENOSPC, EINVAL, ETIMEDOUT, EAGAIN, EEXIST, ENODEV};

inline std::string reason_of(int negative_errno) { return rte_strerror(-negative_errno); }

// The word for the step in the error.
inline const char *word_for(const fake_call &call)
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
inline std::set<std::string> set_by(const fake_port &port, fake_op op)
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
inline bool may_be_ignored(const fake_call &call)
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
inline const std::set<std::string> passing = {"bond generation"}, renewed = {"bond generation", "bond members"};

struct operation {
	const char *title;
	std::function<int(stage &)> run;
	std::function<int(stage &)> undo; // after a run that succeeded
	std::function<int(stage &)> clean_up = [](stage &) { return 0; }; // after a run that was refused and left a trace
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

	static void expect_reason(const stage &s, const outcome &o, const fault &f)
	{
		const std::string member = s.ports[f.member].name(); // also of a guest that was to be called otherwise
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
			expect_reason(s, o, f);
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
		expect_reason(s, o, second_is_the_reason ? second : first);
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

inline int replug_guest(stage &s) { return s.ports[stage::guest].replug(); }

} // namespace braid
