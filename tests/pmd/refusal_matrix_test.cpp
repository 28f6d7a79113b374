/* SPDX-License-Identifier: BSD-3-Clause */
// What can be refused without a device being asked: names, what guards are asked, options of members. Each refusal in turn, and
// with each other one, on the stage of the faults and with the same expectation: the world is as it was.
#include "fault_stage.hpp"
#include "telemetry_client.hpp"

#include <array>

namespace braid {
namespace {

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

// Guards at each position refuse, or bring about that what was planned no longer fits; each alone, and each with each later one,
// which is asked only if those before it have agreed.
class EveryRefusalOfAGuard : public fault_matrix {
protected:
	enum class deed { agree, refuse, refuse_oddly, take_the_name, rename_the_member };

	struct guard {
		EveryRefusalOfAGuard *test = nullptr;
		deed does = deed::agree;
		unsigned asked = 0, reverted = 0;

		static int call(std::uint16_t port, braid_rename_phase phase, const braid_rename *const *renames, unsigned n, void *arg)
		{
			guard &self = *static_cast<guard *>(arg);
			if (self.test->inner_)
				return 0;
			EXPECT_EQ(n, 3u);
			if (phase == BRAID_RENAME_REVERTED) {
				self.test->undone_.push_back(&self);
				self.reverted++;
				return -EIO; // which nobody looks at
			}
			self.asked++;
			self.test->agreed_.push_back(&self);
			switch (self.does) {
			case deed::agree: return 0;
			case deed::refuse: self.test->agreed_.pop_back(); return -EACCES;
			case deed::refuse_oddly: self.test->agreed_.pop_back(); return 17;
			case deed::take_the_name: return self.test->rename_inside(port, "absent", renames[n - 1]->name);
			case deed::rename_the_member: return self.test->rename_inside(port, renames[0]->old_name, "other");
			}
			return 0;
		}
	};

	int rename_inside(std::uint16_t port, const std::string &from, const std::string &to)
	{
		inner_ = true;
		std::uint32_t id = BRAID_NO_MEMBER;
		braid_member_find(port, from.c_str(), &id);
		if (id != BRAID_NO_MEMBER) { // or another guard has been there before
			EXPECT_EQ(braid_member_rename(port, id, to.c_str()), 0) << braid_error_text();
			to_undo_.emplace_back(to, from);
		}
		inner_ = false;
		return 0;
	}

	static int status_of(deed d)
	{
		switch (d) {
		case deed::agree: return 0;
		case deed::refuse: return -EACCES;
		case deed::refuse_oddly: return -EPERM;
		case deed::take_the_name: return -EEXIST;
		case deed::rename_the_member: return -EAGAIN;
		}
		return 0;
	}

	void try_it(stage &s, std::array<guard, 4> &guards, const world &before)
	{
		agreed_.clear();
		undone_.clear();
		for (guard &g : guards)
			g.asked = g.reverted = 0;
		const braid_rename wishes[] = {{BRAID_NO_MEMBER, "a", "b"}, {BRAID_NO_MEMBER, "b", "a"}, {BRAID_NO_MEMBER, "c", "d%d"}};
		const int status = braid_members_rename(s.bond->port(), wishes, 3, sizeof wishes[0]);
		std::set<int> may_be;
		for (const guard &g : guards)
			if (g.does != deed::agree)
				may_be.insert(status_of(g.does));
		EXPECT_TRUE(may_be.count(status) == 1) << status << " " << braid_error_text();
		EXPECT_STRNE(braid_error_text(), "");
		std::reverse(undone_.begin(), undone_.end());
		EXPECT_EQ(undone_, agreed_) << "whoever has agreed, the last one first";
		for (auto undo = to_undo_.rbegin(); undo != to_undo_.rend(); ++undo)
			rename_inside_quietly(s, undo->first, undo->second);
		to_undo_.clear();
		EXPECT_EQ(differences(before, s.look()), std::vector<std::string>{});
	}

	void rename_inside_quietly(stage &s, const std::string &from, const std::string &to)
	{
		inner_ = true;
		EXPECT_EQ(s.bond->rename(from, to), 0) << braid_error_text();
		inner_ = false;
	}

	bool inner_ = false; // a rename of a guard's, about which nobody is asked here
	std::vector<guard *> agreed_, undone_;
	std::vector<std::pair<std::string, std::string>> to_undo_;
};

TEST_F(EveryRefusalOfAGuard, LeavesTheWorldAsItWas)
{
	stage s;
	ASSERT_NO_FATAL_FAILURE(s.go());
	const char *const names[] = {"a", "b", "c"};
	for (std::size_t i = 0; i < stage::members; i++)
		ASSERT_EQ(s.bond->rename(s.ports[i].name(), names[i]), 0);
	ASSERT_EQ(s.bond->add("net_fake_absent", "absent"), 0);
	std::array<guard, 4> guards;
	for (guard &g : guards) {
		g.test = this;
		ASSERT_EQ(braid_rename_guard_register(s.bond->port(), guard::call, &g), 0);
	}
	const world before = s.look();
	constexpr deed deeds[] = {deed::refuse, deed::refuse_oddly, deed::take_the_name, deed::rename_the_member};
	for (std::size_t i = 0; i < guards.size(); i++)
		for (const deed first : deeds) {
			guards[i].does = first;
			SCOPED_TRACE("guard " + std::to_string(i) + " deed " + std::to_string(static_cast<int>(first)));
			try_it(s, guards, before);
			singles_++;
			for (std::size_t j = i + 1; j < guards.size(); j++)
				for (const deed second : deeds) {
					guards[j].does = second;
					SCOPED_TRACE("and guard " + std::to_string(j) + " deed " + std::to_string(static_cast<int>(second)));
					try_it(s, guards, before);
					guards[j].does = deed::agree;
					pairs_++;
				}
			guards[i].does = deed::agree;
		}
	for (guard &g : guards)
		EXPECT_EQ(braid_rename_guard_unregister(s.bond->port(), guard::call, &g), 0);
	finish(s);
}

// What /braid/member_set is given asks no device either: what can be wrong is the member, the option and its value, and that
// another one has the role.
class EveryRefusalOfAMemberOption : public fault_matrix {};

TEST_F(EveryRefusalOfAMemberOption, LeavesTheWorldAsItWas)
{
	stage s("active-backup");
	ASSERT_NO_FATAL_FAILURE(s.go());
	telemetry_client telemetry;
	const auto set = [&](const std::string &what) { return telemetry.ask("/braid/member_set,net_braid0," + what); };
	const std::string first = s.ports[0].name(), second = s.ports[1].name(), third = s.ports[2].name();
	for (const std::string &good : {first + ",role,primary", second + ",role,standby", third + ",priority,-3", third + ",weight,7",
	                                third + ",sticky,1", second + ",enabled,0"})
		ASSERT_NE(set(good).find("ok"), std::string::npos) << good;
	const struct {
		std::string what, word;
		int error;
	} refusals[] = {
		{third + ",role,primary", "role: ", EEXIST},   {third + ",role,standby", "role: ", EEXIST},
		{third + ",role,boss", "role: ", EINVAL},      {third + ",role,", "role: ", EINVAL},
		{third + ",priority,high", "priority: ", EINVAL}, {third + ",priority,2147483648", "priority: ", EINVAL},
		{third + ",weight,0", "weight: ", EINVAL},     {third + ",weight,1001", "weight: ", EINVAL},
		{third + ",sticky,2", "sticky: ", EINVAL},     {third + ",enabled,yes", "enabled: ", EINVAL},
		{third + ",colour,red", "colour", EINVAL},     {third + ",name," + first, "in use", EEXIST},
		{"nobody,enabled,1", "nobody", ENOENT},        {third + ",enabled", "parameters", EINVAL},
		{third + ",enabled,1,1", "parameters", EINVAL},
	};
	event_recorder events(*s.bond);
	events.forget();
	const world before = s.look();
	const auto refuse = [&](const auto &r) {
		const std::string answer = set(r.what);
		SCOPED_TRACE(r.what + ": " + answer);
		EXPECT_EQ(number_in(answer, "errno"), static_cast<std::uint64_t>(r.error));
		EXPECT_NE(answer.find(r.word), std::string::npos);
	};
	for (const auto &one : refusals) {
		refuse(one);
		EXPECT_EQ(differences(before, s.look()), std::vector<std::string>{}) << one.what;
		singles_++;
		for (const auto &other : refusals) { // two operators at once
			std::thread beside([&] {
				telemetry_client theirs;
				EXPECT_EQ(number_in(theirs.ask("/braid/member_set,net_braid0," + other.what), "errno"),
				          static_cast<std::uint64_t>(other.error)) << other.what;
			});
			refuse(one);
			beside.join();
			pairs_++;
		}
		EXPECT_EQ(differences(before, s.look()), std::vector<std::string>{}) << one.what;
	}
	events.settle();
	EXPECT_EQ(events.all().size(), 0u) << "nothing has happened";
	finish(s);
}

} // namespace
} // namespace braid
