/* SPDX-License-Identifier: BSD-3-Clause */
#include "last_error.hpp"

#include "log.hpp"

#include <cstdio>

namespace braid {
namespace {

thread_local char sentence[sizeof(error)] = "";

} // namespace

int fail(const char *who, const error &why) noexcept
{
	BRAID_LOG(ERR, "%s: %s", who, why.text());
	return fail_quietly(why);
}

int fail_quietly(const error &why) noexcept
{
	std::snprintf(sentence, sizeof sentence, "%s", why.text());
	return -why.code();
}

const char *last_error() noexcept { return sentence; }
void forget_last_error() noexcept { sentence[0] = '\0'; }

} // namespace braid
