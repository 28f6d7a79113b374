/* SPDX-License-Identifier: BSD-3-Clause */
// Three members of which an operator prefers some. Who ought to be active is tested in tests/unit/failover; the tests that start
// here show that it is, and stays so over replugs, restarts and renames.
#pragma once

#include "links.hpp"
#include "test_bond.hpp"

#include <string>

namespace braid {

// 0 or the negative errno of the API.
inline int add_as(const test_bond &bond, const fake_port &port, braid_role role, const char *name = nullptr)
{
	braid_member_options options{};
	options.size = sizeof options;
	options.name = name;
	options.role = role;
	return braid_member_add(bond.port(), port.name().c_str(), &options, nullptr);
}

inline int give_role(const test_bond &bond, const std::string &member, braid_role role)
{
	return braid_member_role_set(bond.port(), bond.id_of(member), role);
}

inline int enable(const test_bond &bond, const std::string &member, int on)
{
	return braid_member_enabled_set(bond.port(), bond.id_of(member), on);
}

// Nothing is polled: each step is the effect of a call or of a link event.
class preferences : public mbuf_accounting {
protected:
	std::string line(const std::string &options_of_first, const std::string &options_of_second = "") const
	{
		return std::string(patient) + ",mode=active-backup,member=" + first_.name() + options_of_first +
		       ",member=" + second_.name() + options_of_second;
	}

	fake_port first_{raising_lsc()}, second_{raising_lsc()}, third_{raising_lsc()};
};

} // namespace braid
