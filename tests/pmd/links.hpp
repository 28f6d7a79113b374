/* SPDX-License-Identifier: BSD-3-Clause */
// Ports whose links tell of themselves, and bonds that do not ask.
#pragma once

#include "fake_port.hpp"
#include "test_bond.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>

namespace braid {

inline constexpr std::uint32_t an_hour_ms = 3'600'000;

// A port that raises RTE_ETH_EVENT_INTR_LSC.
inline fake_options raising_lsc()
{
	fake_options options;
	options.announces_lsc = true;
	return options;
}

class two_links : public mbuf_accounting {
protected:
	fake_port first_{raising_lsc()}, second_{raising_lsc()};
};

// A bond that polls no link within the time of a test.
inline exactly patiently(const std::string &mode, std::initializer_list<const fake_port *> members)
{
	std::string args = std::string(patient) + ",mode=" + mode;
	for (const fake_port *member : members)
		args += ",member=" + member->name();
	return {args};
}

} // namespace braid
