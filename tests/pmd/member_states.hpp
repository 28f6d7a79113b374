/* SPDX-License-Identifier: BSD-3-Clause */
// The states that members come to, by themselves.
#pragma once

#include "test_bond.hpp"

#include <string>

namespace braid {

inline bool is(const test_bond &bond, const std::string &member, braid_member_state state)
{
	return bond.info_of(member).state == state;
}

// Within the deadline of eventually().
inline bool becomes(const test_bond &bond, const std::string &member, braid_member_state state)
{
	return eventually([&] { return is(bond, member, state); });
}

} // namespace braid
