/* SPDX-License-Identifier: BSD-3-Clause */
// A bond that makes events only when a test does, and two members for it.
#pragma once

#include "links.hpp"
#include "test_bond.hpp"

#include <string>

namespace braid {

class event_stage : public two_links {
protected:
	// Nothing is polled, so that each event has one cause, made by the test.
	static exactly devargs(const std::string &mode) { return {std::string(patient) + ",mode=" + mode}; }

	void rename_times(const test_bond &bond, unsigned n)
	{
		for (unsigned i = 0; i < n; i++)
			ASSERT_EQ(braid_member_rename(bond.port(), 1, i % 2 == 0 ? "even" : "odd"), 0);
	}
};

} // namespace braid
