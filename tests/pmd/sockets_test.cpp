/* SPDX-License-Identifier: BSD-3-Clause */
// A bond is on a socket that there is, on machines that this one need not be and on this one.
#include "sockets.hpp"

#include "port_view.hpp"
#include "test_bond.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include <rte_config.h>
#include <rte_memory.h>

namespace braid {
namespace {

std::string refusal(int socket, const std::vector<int> &sockets)
{
	const result<void> answer = is_a_socket_of(sockets, socket);
	if (answer)
		return "was accepted";
	EXPECT_EQ(answer.error().code(), EINVAL);
	return answer.error().text();
}

TEST(Sockets, ThoseOfTheMachineAndAnyAreAccepted)
{
	for (const int socket : {0, 2, SOCKET_ID_ANY})
		EXPECT_TRUE(is_a_socket_of(std::vector{0, 2}, socket)) << socket;
}

TEST(Sockets, OneThatTheMachineDoesNotHaveIsRefusedWithThoseThatItHas)
{
	EXPECT_EQ(refusal(31, {0}), "socket_id: \"31\" is no socket of this machine; use 0, or -1 for any");
	EXPECT_EQ(refusal(1, {0, 2}), "socket_id: \"1\" is no socket of this machine; use 0 or 2, or -1 for any");
	EXPECT_EQ(refusal(0, {1, 2, 3}), "socket_id: \"0\" is no socket of this machine; use 1, 2 or 3, or -1 for any");
}

TEST(Sockets, AMachineMayHaveAsManyAsThereCanBe)
{
	std::vector<int> all(RTE_MAX_NUMA_NODES);
	for (int i = 0; i < RTE_MAX_NUMA_NODES; i++)
		all[static_cast<std::size_t>(i)] = i;
	EXPECT_TRUE(is_a_socket_of(all, RTE_MAX_NUMA_NODES - 1));
	const std::string sentence = refusal(RTE_MAX_NUMA_NODES, all);
	const std::string end = std::to_string(RTE_MAX_NUMA_NODES - 2) + " or " + std::to_string(RTE_MAX_NUMA_NODES - 1) +
	                        ", or -1 for any";
	EXPECT_TRUE(sentence.ends_with(end)) << sentence;
}

class SocketsOfABond : public mbuf_accounting {};

TEST_F(SocketsOfABond, AreThoseOfThisMachineAndAny)
{
	fake_port member;
	std::vector<int> accepted = sockets_of_this_machine();
	ASSERT_FALSE(accepted.empty());
	accepted.push_back(SOCKET_ID_ANY);
	for (const int socket : accepted) {
		const test_bond bond("socket_id=" + std::to_string(socket) + ",member=" + member.name());
		EXPECT_EQ(rte_eth_dev_socket_id(bond.port()), socket);
	}
}

// Without huge pages memory comes from wherever there is some, whatever socket was asked for: such a bond would work, and tell
// everybody that asks that it is where nothing is.
TEST_F(SocketsOfABond, AnotherOneFailsTheProbeAndLeavesTheMemberAlone)
{
	fake_port member;
	const port_view before = look_at(member);
	const std::vector<int> there = sockets_of_this_machine();
	for (int socket = 0; socket < RTE_MAX_NUMA_NODES; socket++) {
		if (std::find(there.begin(), there.end(), socket) != there.end())
			continue;
		const log_capture log;
		const std::string key = "socket_id=" + std::to_string(socket);
		EXPECT_EQ(braid_create("net_braid0", (key + ",member=" + member.name()).c_str()), -EINVAL) << key;
		const std::string sentence = "socket_id: \"" + std::to_string(socket) + "\" is no socket of this machine; use ";
		EXPECT_TRUE(std::string(braid_error_text()).starts_with(sentence)) << braid_error_text();
		EXPECT_EQ(log.count("socket_id"), 1u) << log.text();
		std::uint16_t port;
		EXPECT_EQ(rte_eth_dev_get_port_by_name("net_braid0", &port), -ENODEV);
		EXPECT_EQ(look_at(member), before);
	}
}

} // namespace
} // namespace braid
