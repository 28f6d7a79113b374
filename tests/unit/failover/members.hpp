/* SPDX-License-Identifier: BSD-3-Clause */
// Members of a failover under test, by letters, and what their ports report.
#pragma once

#include "failover/failover.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <vector>

namespace braid {

using ids = std::vector<member_id>;

inline constexpr member_id a{1};
inline constexpr member_id b{2};
inline constexpr member_id c{3};
inline constexpr link_report up{.up = true, .speed_mbps = 10000, .full_duplex = true};
inline constexpr link_report down{};

inline ids usable(const decision &d) { return {d.usable().begin(), d.usable().end()}; }

// A bond whose members work already, in the order given; nobody has a role, and the delays of the test are set afterwards.
inline failover with_members_up(std::initializer_list<member_id> members)
{
	failover f;
	for (member_id id : members)
		EXPECT_TRUE(f.join(id, up, 0));
	f.evaluate(0);
	return f;
}

} // namespace braid
