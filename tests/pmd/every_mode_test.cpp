/* SPDX-License-Identifier: BSD-3-Clause */
// What is true in each mode: bursts of any size are taken whole, and one member is enough.
#include "test_bond.hpp"

#include <array>
#include <string>

namespace braid {
namespace {

class EveryMode : public mbuf_accounting, public testing::WithParamInterface<const char *> {};

INSTANTIATE_TEST_SUITE_P(EveryMode, EveryMode,
                         testing::Values("round-robin", "active-backup", "balance", "broadcast"));

TEST_P(EveryMode, BurstsOfAnySizeAreTakenWhole)
{
	std::array<fake_port, 3> ports;
	test_bond bond(with_members(GetParam(), ports));
	ASSERT_EQ(bond.bring_up(), 0);
	for (unsigned n = 0; n <= 300; n++)
		ASSERT_EQ(bond.send(make_burst(n, 0, 8)), n);
	EXPECT_EQ(mbufs_in_use(), 0u);
	std::uint64_t sent = 0;
	for (const fake_port &port : ports)
		sent += port.tx_packets();
	const unsigned copies = std::string(GetParam()) == "broadcast" ? 3 : 1;
	EXPECT_EQ(sent, 300u * 301 / 2 * copies);
	EXPECT_EQ(bond.xstat("tx_dropped"), 0u);
}

// Mistake 1: the only usable member is served without a division, and so is the next only one.
TEST_P(EveryMode, OneMemberCarriesEverything)
{
	std::array<fake_port, 2> ports;
	test_bond bond(with_members(GetParam(), ports));
	ASSERT_EQ(bond.bring_up(), 0);
	for (unsigned out : {0, 1}) {
		ASSERT_EQ(bond.remove(ports[out].name()), 0);
		EXPECT_EQ(bond.send(make_burst(100, 0, 16)), 100);
		EXPECT_EQ(ports[1 - out].tx_packets(), 100u);
		ASSERT_EQ(bond.add(ports[out].name()), 0);
	}
}

} // namespace
} // namespace braid
