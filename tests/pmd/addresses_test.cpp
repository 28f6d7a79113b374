/* SPDX-License-Identifier: BSD-3-Clause */
// The MAC addresses of a bond: its own, where it has it from, and the additional ones.
#include "settings_view.hpp"

#include <algorithm>

namespace braid {
namespace {

class Addresses : public mbuf_accounting {};

// Mistake 11: one failing MAC set ended the whole operation (2d94400276).
TEST_F(Addresses, ARollbackThatFailsAtOneMemberReachesTheOthers)
{
	fake_port a, stubborn, b, refuses;
	test_bond bond("round-robin", {&a, &stubborn, &b, &refuses});
	ASSERT_EQ(bond.bring_up(), 0);
	const std::string before = mac_of(bond.port());
	stubborn.fail(fake_op::mac_set, EIO, 2);
	refuses.fail(fake_op::mac_set, EPERM);
	log_capture log;
	EXPECT_EQ(set_mac(bond.port(), 1), -EPERM);
	EXPECT_TRUE(log.contains("member " + refuses.name() + ": MAC address: Operation not permitted")) << log.text();
	EXPECT_TRUE(log.contains("member " + stubborn.name() + ": taking back: MAC address: Input/output error"));
	for (const fake_port *port : {&a, &b, &refuses})
		EXPECT_EQ(text_of(port->mac()), before);
	EXPECT_EQ(mac_of(bond.port()), before);
}

// Mistake 11: the extra addresses were replayed up to the first hole only.
TEST_F(Addresses, ExtraAddressesBehindAHoleAreGivenToLaterMembers)
{
	fake_port a, later;
	test_bond bond("round-robin", {&a});
	ASSERT_EQ(bond.bring_up(), 0);
	for (std::uint8_t i = 1; i <= 5; i++)
		ASSERT_EQ(add_mac(bond.port(), i), 0);
	for (const std::uint8_t i : {1, 3})
		ASSERT_EQ(remove_mac(bond.port(), i), 0);
	ASSERT_EQ(bond.add(later.name()), 0);
	for (const fake_port *port : {&a, &later}) {
		std::vector<std::string> macs;
		for (const rte_ether_addr &mac : port->extra_macs())
			macs.push_back(text_of(mac));
		std::sort(macs.begin(), macs.end());
		EXPECT_EQ(macs, (std::vector<std::string>{text_of(local_mac(2)), text_of(local_mac(4)),
		                                          text_of(local_mac(5))}));
	}
	ASSERT_EQ(bond.remove(later.name()), 0);
	EXPECT_TRUE(later.extra_macs().empty());
}

TEST_F(Addresses, AnAddressIsRemovedFromTheOthersWhenOneMemberCannot)
{
	fake_port cannot({.absent = {fake_op::mac_remove}}), can;
	test_bond bond("round-robin", {&cannot, &can});
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(add_mac(bond.port(), 1), 0);
	ASSERT_EQ(can.extra_macs().size(), 1u);
	log_capture log;
	ASSERT_EQ(remove_mac(bond.port(), 1), 0) << "ethdev knows no failure here";
	EXPECT_TRUE(can.extra_macs().empty());
	EXPECT_TRUE(log.contains("member " + cannot.name() + ": removing a MAC address")) << log.text();
}

TEST_F(Addresses, MoreAddressesThanAMemberHasRoomForAreRefused)
{
	fake_port roomy, small({.max_mac_addrs = 3});
	test_bond bond("round-robin", {&roomy});
	ASSERT_EQ(bond.bring_up(), 0);
	for (std::uint8_t i = 1; i <= 4; i++)
		ASSERT_EQ(add_mac(bond.port(), i), 0);
	const port_view before = look_at(small);
	EXPECT_EQ(bond.add(small.name()), -ENOSPC);
	EXPECT_EQ(look_at(small), before);
	for (std::uint8_t i = 3; i <= 4; i++)
		ASSERT_EQ(remove_mac(bond.port(), i), 0);
	ASSERT_EQ(bond.add(small.name()), 0);
	EXPECT_EQ(info_of(bond.port()).max_mac_addrs, 3u);
	EXPECT_EQ(add_mac(bond.port(), 3), -ENOSPC);
	EXPECT_EQ(roomy.extra_macs().size(), 2u);
}

TEST_F(Addresses, TheFirstMemberGivesTheBondItsAddressUnlessOneWasChosen)
{
	fake_port a, b;
	test_bond chosen("mac=02:00:00:00:00:77", "net_braid1"), bond;
	EXPECT_EQ(mac_of(chosen.port()), "02:00:00:00:00:77");
	const std::string random = mac_of(bond.port());
	ASSERT_EQ(bond.add(a.name()), 0);
	EXPECT_NE(mac_of(bond.port()), random);
	EXPECT_EQ(mac_of(bond.port()), text_of(a.permanent_mac()));
	ASSERT_EQ(bond.remove(a.name()), 0);
	ASSERT_EQ(bond.add(b.name()), 0);
	EXPECT_EQ(mac_of(bond.port()), text_of(b.permanent_mac())) << "nobody has used the other one yet";
	ASSERT_EQ(chosen.add(a.name()), 0);
	EXPECT_EQ(mac_of(chosen.port()), "02:00:00:00:00:77");
	ASSERT_EQ(chosen.bring_up(), 0);
	EXPECT_EQ(text_of(a.mac()), "02:00:00:00:00:77");
	ASSERT_EQ(set_mac(bond.port(), 1), 0);
	ASSERT_EQ(bond.remove(b.name()), 0);
	ASSERT_EQ(bond.add(b.name()), 0);
	EXPECT_EQ(mac_of(bond.port()), text_of(local_mac(1)));
}

} // namespace
} // namespace braid
