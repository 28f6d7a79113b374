/* SPDX-License-Identifier: BSD-3-Clause */
#include "pattern.hpp"

#include <cerrno>

namespace braid::bench {

void pattern::release::operator()(regex_t *compiled) const
{
	regfree(compiled);
	delete compiled;
}

result<pattern> pattern::make(const std::string &text)
{
	if (text.empty())
		return error(EINVAL, "\"\" is no regular expression: it is empty"); // it would be in every name
	auto room = std::make_unique<regex_t>();
	if (const int why = regcomp(room.get(), text.c_str(), REG_EXTENDED | REG_NOSUB); why != 0) {
		char reason[128];
		regerror(why, room.get(), reason, sizeof reason);
		return error(EINVAL, "\"%s\" is no regular expression: %s", text.c_str(), reason);
	}
	return pattern(compiled(room.release()));
}

bool pattern::is_in(const std::string &name) const
{
	return regexec(compiled_.get(), name.c_str(), 0, nullptr, 0) == 0;
}

} // namespace braid::bench
