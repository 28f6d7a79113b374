/* SPDX-License-Identifier: BSD-3-Clause */
// Asks this very process through its telemetry socket, as a monitoring program would: the handlers run on DPDK's thread.
#pragma once

#include <gtest/gtest.h>

#include <rte_eal.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace braid {

class telemetry_client {
public:
	telemetry_client() : socket_(::socket(AF_UNIX, SOCK_SEQPACKET, 0))
	{
		sockaddr_un address{};
		address.sun_family = AF_UNIX;
		std::snprintf(address.sun_path, sizeof address.sun_path, "%s/dpdk_telemetry.v2", rte_eal_get_runtime_dir());
		const int status = ::connect(socket_, reinterpret_cast<const sockaddr *>(&address), sizeof address);
		EXPECT_EQ(status, 0) << address.sun_path;
		EXPECT_NE(answer(), "") << "it introduces itself";
	}
	~telemetry_client() { ::close(socket_); }
	telemetry_client(const telemetry_client &) = delete;
	telemetry_client &operator=(const telemetry_client &) = delete;

	// The JSON of the answer, for instance {"/braid/list": ["net_braid0"]}.
	std::string ask(const std::string &command)
	{
		EXPECT_EQ(::send(socket_, command.data(), command.size(), 0), static_cast<ssize_t>(command.size()));
		return answer();
	}

private:
	std::string answer()
	{
		std::vector<char> text(16384);
		const ssize_t size = ::recv(socket_, text.data(), text.size(), 0);
		EXPECT_GT(size, 0);
		return {text.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
	}

	const int socket_;
};

// The number after "key": in an answer; UINT64_MAX if there is none.
inline std::uint64_t number_in(const std::string &answer, const std::string &key)
{
	const std::size_t at = answer.find("\"" + key + "\":");
	return at == std::string::npos ? UINT64_MAX : std::strtoull(answer.c_str() + at + key.size() + 3, nullptr, 10);
}

} // namespace braid
