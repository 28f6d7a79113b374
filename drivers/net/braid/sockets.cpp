/* SPDX-License-Identifier: BSD-3-Clause */
#include "sockets.hpp"

#include "names/quoted.hpp"
#include "values.hpp"

#include <algorithm>
#include <cerrno>
#include <string>

#include <rte_lcore.h>
#include <rte_memory.h>

namespace braid {

std::vector<int> sockets_of_this_machine() noexcept
{
	std::vector<int> there;
	for (unsigned i = 0; i < rte_socket_count(); i++)
		there.push_back(rte_socket_id_by_idx(i));
	return there;
}

// Whether memory can be had is no test: with huge pages there is none on a socket that is not there, but with --no-huge it comes
// from anywhere, and the bond would tell everybody that it is where nothing is.
result<void> is_a_socket_of(std::span<const int> there, int socket) noexcept
{
	if (socket == SOCKET_ID_ANY || std::find(there.begin(), there.end(), socket) != there.end())
		return {};
	std::vector<std::string> numbers;
	for (const int each : there)
		numbers.push_back(std::to_string(each));
	std::vector<const char *> words;
	for (const std::string &each : numbers)
		words.push_back(each.c_str());
	return error(EINVAL, "socket_id: %s is no socket of this machine; use %s, or -1 for any",
	             quoted(std::to_string(socket)).c_str(), alternatives(words).text());
}

} // namespace braid
