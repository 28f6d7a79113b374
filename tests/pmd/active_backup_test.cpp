/* SPDX-License-Identifier: BSD-3-Clause */
// Active-backup end to end: one member sends. Who it is when links fail is in failover_test.cpp, whom an operator prefers in
// roles_test.cpp.
#include "sent_packets.hpp"
#include "test_bond.hpp"

#include <array>

namespace braid {
namespace {

class ActiveBackup : public mbuf_accounting {};

TEST_F(ActiveBackup, OnlyTheActiveMemberSends)
{
	std::array<fake_port, 3> ports;
	keep_packets(ports);
	test_bond bond(with_members("active-backup", ports));
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(bond.active(), ports[0].name());
	EXPECT_EQ(bond.send(make_burst(300, 0, 16)), 300);
	EXPECT_EQ(sent_by(ports[0]), every(1, 0, 300));
	ASSERT_EQ(bond.primary(ports[2].name()), 0);
	EXPECT_EQ(bond.active(), ports[2].name());
	EXPECT_EQ(bond.send(make_burst(300, 0, 16)), 300);
	EXPECT_EQ(sent_by(ports[2]), every(1, 0, 300));
	EXPECT_EQ(ports[0].tx_packets(), 300u);
	EXPECT_EQ(ports[1].tx_packets(), 0u);
}

} // namespace
} // namespace braid
