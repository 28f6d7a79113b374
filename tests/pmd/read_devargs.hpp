/* SPDX-License-Identifier: BSD-3-Clause */
// Devargs as they are read: accepted, or refused with a code and a sentence. Needs no EAL and no port.
#pragma once

#include "devargs.hpp"

#include <gtest/gtest.h>

#include <string>

namespace braid {

using kind = member_spec::kind;

inline constexpr const char *self = "net_braid0";

inline bond_settings accepted(const std::string &args)
{
	const result<bond_settings> parsed = parse_devargs(args.c_str(), self);
	if (!parsed) {
		ADD_FAILURE() << args << " was refused: " << parsed.error().text();
		return {};
	}
	return *parsed;
}

inline std::string refusal(const std::string &args)
{
	const result<bond_settings> parsed = parse_devargs(args.c_str(), self);
	return parsed ? "was accepted" : parsed.error().text();
}

inline int refusal_code(const std::string &args)
{
	const result<bond_settings> parsed = parse_devargs(args.c_str(), self);
	return parsed ? 0 : parsed.error().code();
}

} // namespace braid
