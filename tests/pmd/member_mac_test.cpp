/* SPDX-License-Identifier: BSD-3-Clause */
// What is told of a member's address, at any moment: also while its device changes it, or is taken away.
#include "port_view.hpp"
#include "test_bond.hpp"

#include <cstring>
#include <thread>

namespace braid {
namespace {

class MemberMac : public mbuf_accounting {
protected:
	static std::string told_of(const test_bond &bond, const fake_port &port)
	{
		const braid_member_info info = bond.info_of(port.name());
		rte_ether_addr mac;
		std::memcpy(mac.addr_bytes, info.mac, sizeof mac.addr_bytes);
		return text_of(mac);
	}
};

TEST_F(MemberMac, IsTheOldOrTheNewOneAndNothingBetween)
{
	fake_port port(fake_options{.mac_in_halves = true});
	test_bond bond("balance", {&port});
	ASSERT_EQ(bond.bring_up(), 0);
	const std::string before = told_of(bond, port);
	rte_ether_addr next{{0x06, 0x11, 0x22, 0x33, 0x44, 0x55}};
	port.hold(fake_op::mac_set);
	std::thread changes([&] { EXPECT_EQ(rte_eth_dev_default_mac_addr_set(bond.port(), &next), 0); });
	EXPECT_TRUE(eventually([&] { return port.waiting(fake_op::mac_set) == 1; }));
	const std::string meanwhile = told_of(bond, port);
	port.release(fake_op::mac_set);
	changes.join();
	EXPECT_TRUE(meanwhile == before || meanwhile == text_of(next)) << meanwhile;
	EXPECT_EQ(told_of(bond, port), text_of(next));
}

// A driver takes its addresses from ethdev first, and lets ethdev tell of the removal last.
TEST_F(MemberMac, IsToldWhileTheDeviceIsTakenAway)
{
	fake_port port(fake_options{.keeps_macs = true}), stays;
	test_bond bond("balance", {&port, &stays});
	ASSERT_EQ(bond.bring_up(), 0);
	const std::string before = told_of(bond, port);
	port.hold(fake_op::remove);
	std::thread taker([&] { EXPECT_EQ(port.unplug(), 0); });
	EXPECT_TRUE(eventually([&] { return port.waiting(fake_op::remove) == 1; }));
	EXPECT_EQ(told_of(bond, port), before);
	port.release(fake_op::remove);
	taker.join();
	EXPECT_EQ(told_of(bond, port), text_of(rte_ether_addr{})) << "pending";
}

TEST_F(MemberMac, IsWhatItsPortHasAndNotWhatItWasTold)
{
	fake_port first, fixed(fake_options{.absent = {fake_op::mac_set}});
	test_bond bond("balance", {&first, &fixed});
	EXPECT_EQ(told_of(bond, first), text_of(first.permanent_mac()));
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(told_of(bond, fixed), text_of(fixed.permanent_mac()));
	rte_ether_addr next = local_mac(0x63);
	ASSERT_EQ(rte_eth_dev_default_mac_addr_set(bond.port(), &next), 0);
	EXPECT_EQ(told_of(bond, first), text_of(next));
	EXPECT_EQ(told_of(bond, fixed), text_of(fixed.permanent_mac()));
	ASSERT_EQ(bond.stop(), 0);
	EXPECT_EQ(told_of(bond, first), text_of(first.permanent_mac())) << "a member that does not run is as it was found";
}

TEST_F(MemberMac, OfOneThatRefusesIsTheOldOne)
{
	fake_port port;
	test_bond bond("balance", {&port});
	ASSERT_EQ(bond.bring_up(), 0);
	const std::string before = told_of(bond, port);
	rte_ether_addr next = local_mac(0x63);
	port.fail(fake_op::mac_set, EIO);
	EXPECT_EQ(rte_eth_dev_default_mac_addr_set(bond.port(), &next), -EIO);
	EXPECT_EQ(told_of(bond, port), before);
}

} // namespace
} // namespace braid
