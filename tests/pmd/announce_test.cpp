/* SPDX-License-Identifier: BSD-3-Clause */
// After a failover: which addresses are announced, how often, by whom, over which queue, and what happens where it cannot be done.
#include "event_recorder.hpp"
#include "port_view.hpp"
#include "test_bond.hpp"

#include <map>
#include <thread>

namespace braid {
namespace {

constexpr std::uint16_t queue_of_announcements = 1; // behind the bond's only one

// A frame on the wire as its bytes.
using frame = std::vector<std::uint8_t>;

frame bytes_of(const rte_mbuf *m)
{
	EXPECT_EQ(m->nb_segs, 1);
	const auto *data = rte_pktmbuf_mtod(m, const std::uint8_t *);
	return {data, data + m->data_len};
}

std::string ipv4_text(const frame &f, std::size_t at)
{
	return std::to_string(f[at]) + "." + std::to_string(f[at + 1]) + "." + std::to_string(f[at + 2]) + "." +
	       std::to_string(f[at + 3]);
}

std::string mac_text(const frame &f, std::size_t at)
{
	rte_ether_addr mac;
	std::copy_n(f.begin() + static_cast<std::ptrdiff_t>(at), 6, mac.addr_bytes);
	return text_of(mac);
}

// "10.0.0.5 at 02:...", "vlan 7 10.0.0.5 at 02:..." of a gratuitous ARP frame; "?" for any other.
std::string announced_by(const frame &f)
{
	if (f.size() < 60)
		return "?";
	std::string vlan;
	std::size_t arp = 14;
	if (f[12] == 0x81 && f[13] == 0x00) {
		vlan = "vlan " + std::to_string(f[14] << 8 | f[15]) + " ";
		arp = 18;
	}
	const bool to_everybody = std::all_of(f.begin(), f.begin() + 6, [](auto b) { return b == 0xff; });
	if (!to_everybody || f[arp - 2] != 0x08 || f[arp - 1] != 0x06 || mac_text(f, 6) != mac_text(f, arp + 8) ||
	    ipv4_text(f, arp + 14) != ipv4_text(f, arp + 24))
		return "?";
	return vlan + ipv4_text(f, arp + 14) + " at " + mac_text(f, 6);
}

packet_spec from(std::uint32_t ip, const rte_ether_addr &mac)
{
	packet_spec spec;
	spec.src_ip = ip;
	spec.src_mac = mac;
	return spec;
}

class Announce : public mbuf_accounting {
protected:
	Announce()
	{
		first_.tx_mode(fake_tx::keep);
		second_.tx_mode(fake_tx::keep);
	}
	~Announce() override
	{
		// What was announced is of a pool of its own, which is to have it back.
		for (fake_port *port : {&first_, &second_})
			for (rte_mbuf *m : port->take_tx())
				rte_pktmbuf_free(m);
	}

	exactly devargs(const std::string &more = {}) const
	{
		return {"lsc_poll_period_ms=1,drain_ms=50,mode=active-backup,member=" + first_.name() + ",member=" + second_.name() +
		        (more.empty() ? "" : "," + more)};
	}

	static rte_ether_addr mac_of_bond(const test_bond &bond)
	{
		rte_ether_addr mac;
		EXPECT_EQ(rte_eth_macaddr_get(bond.port(), &mac), 0);
		return mac;
	}

	// Sends packets like these until the bond knows so many addresses.
	static void make_known(test_bond &bond, const std::vector<packet_spec> &packets, std::uint64_t addresses)
	{
		EXPECT_TRUE(eventually([&] {
			std::vector<rte_mbuf *> burst;
			for (const packet_spec &spec : packets)
				burst.push_back(make_packet(spec));
			bond.send(burst);
			return bond.xstat("addresses_known") == addresses;
		}));
	}

	// What the port has sent by now on the queue for announcements, by how often.
	static void collect(fake_port &port, std::map<std::string, unsigned> &into)
	{
		for (rte_mbuf *m : port.take_tx(queue_of_announcements)) {
			into[announced_by(bytes_of(m))]++;
			rte_pktmbuf_free(m);
		}
	}

	// What it sends until it has sent so many.
	static std::map<std::string, unsigned> announcements_of(fake_port &port, unsigned n)
	{
		std::map<std::string, unsigned> all;
		EXPECT_TRUE(eventually([&] { return port.kept(queue_of_announcements) >= n; }));
		collect(port, all);
		return all;
	}

	fake_port first_{fake_options{.announces_lsc = true}}, second_{fake_options{.announces_lsc = true}};
};

using counts = std::map<std::string, unsigned>;

TEST_F(Announce, TheNewActiveMemberTellsWhereTheAddressesAre)
{
	test_bond bond(devargs());
	ASSERT_EQ(bond.bring_up(), 0);
	const rte_ether_addr mac = mac_of_bond(bond);
	packet_spec tagged = from(0x0a000007, mac);
	tagged.vlans = {7};
	packet_spec guest = from(0x0a000063, local_mac(9)); // of a switch of virtual machines, say
	make_known(bond, {from(0x0a000005, mac), from(0x0a000005, mac), tagged, guest}, 3);
	EXPECT_EQ(first_.kept(queue_of_announcements), 0u);

	first_.set_link(false);
	const std::string own = text_of(mac);
	EXPECT_EQ(announcements_of(second_, 3),
	          (counts{{"10.0.0.5 at " + own, 1}, {"vlan 7 10.0.0.7 at " + own, 1}, {"10.0.0.99 at " + text_of(local_mac(9)), 1}}));
	EXPECT_TRUE(eventually([&] { return bond.xstat("announcements_sent") == 3; }));
	EXPECT_EQ(bond.xstat("announcements_failed"), 0u);
	EXPECT_EQ(first_.kept(queue_of_announcements), 0u);
	EXPECT_EQ(second_.tx_packets(0), 0u) << "the application's queue is the application's";
}

TEST_F(Announce, EveryFailoverIsAnnouncedAsOftenAsWanted)
{
	test_bond bond(devargs("announce=3,announce_interval_ms=1"));
	ASSERT_EQ(bond.bring_up(), 0);
	const rte_ether_addr mac = mac_of_bond(bond);
	make_known(bond, {from(0x0a000005, mac)}, 1);
	first_.set_link(false);
	EXPECT_EQ(announcements_of(second_, 3), (counts{{"10.0.0.5 at " + text_of(mac), 3}}));
	EXPECT_TRUE(stays_false([&] { return second_.kept(queue_of_announcements) != 0; })) << "and no more";
	first_.set_link(true);
	second_.set_link(false);
	EXPECT_EQ(announcements_of(first_, 3), (counts{{"10.0.0.5 at " + text_of(mac), 3}}));
	// Also by the same member, which may be plugged in elsewhere now.
	first_.set_link(false);
	EXPECT_EQ(bond.active(), "");
	first_.set_link(true);
	EXPECT_EQ(announcements_of(first_, 3), (counts{{"10.0.0.5 at " + text_of(mac), 3}}));
}

TEST_F(Announce, WhatARouterHasPassedOnIsNotTheBondsToAnnounce)
{
	test_bond bond(devargs());
	ASSERT_EQ(bond.bring_up(), 0);
	const rte_ether_addr mac = mac_of_bond(bond);
	const auto forwarded = [&] {
		rte_mbuf *m = make_packet(from(0x0a000077, mac));
		rte_pktmbuf_mtod_offset(m, rte_ipv4_hdr *, sizeof(rte_ether_hdr))->time_to_live = 63;
		return m;
	};
	EXPECT_TRUE(eventually([&] {
		bond.send({forwarded(), make_packet(from(0x0a000005, mac)), forwarded()});
		return bond.xstat("addresses_known") != 0;
	}));
	EXPECT_EQ(bond.xstat("addresses_known"), 1u);
	first_.set_link(false);
	EXPECT_EQ(announcements_of(second_, 1), (counts{{"10.0.0.5 at " + text_of(mac), 1}}));
}

TEST_F(Announce, ABurstOfAnySizeIsSentWholeWhileItIsLookedAt)
{
	test_bond bond(devargs());
	ASSERT_EQ(bond.bring_up(2), 0);
	for (unsigned n : {0u, 1u, 63u, 64u, 65u, 200u})
		for (std::uint16_t queue : {0, 1}) {
			std::vector<rte_mbuf *> burst = make_burst(n);
			const std::vector<std::uint32_t> sequences = sequences_of(burst);
			EXPECT_EQ(rte_eth_tx_burst(bond.port(), queue, burst.data(), static_cast<std::uint16_t>(n)), n);
			std::vector<rte_mbuf *> sent = first_.take_tx(queue);
			EXPECT_EQ(sequences_of(sent), sequences);
			free_all(sent);
		}
}

// A polling application sends whatever it has, which is mostly nothing.
TEST_F(Announce, BurstsWithoutPacketsDoNotKeepTheBondFromLearning)
{
	test_bond bond(devargs());
	ASSERT_EQ(bond.bring_up(), 0);
	const rte_ether_addr mac = mac_of_bond(bond);
	EXPECT_TRUE(eventually([&] {
		rte_mbuf *none[1] = {};
		for (int k = 0; k < 64; k++)
			EXPECT_EQ(rte_eth_tx_burst(bond.port(), 0, none, 0), 0);
		bond.send({make_packet(from(0x0a000005, mac))});
		return bond.xstat("addresses_known") == 1;
	}));
}

TEST_F(Announce, OffItCostsNoQueueAndLearnsNothing)
{
	test_bond bond(devargs("announce=0"));
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(first_.tx_queues(), 1);
	EXPECT_EQ(bond.info_of(first_.name()).announces, 0);
	bond.send(make_burst(8));
	EXPECT_TRUE(stays_false([&] {
		bond.send(make_burst(1));
		return bond.xstat("addresses_known") != 0;
	}));
	first_.set_link(false);
	EXPECT_EQ(bond.active(), second_.name());
	EXPECT_EQ(second_.tx_queues(), 1);
	EXPECT_EQ(bond.xstat("announcements_sent"), 0u);
}

TEST_F(Announce, OtherModesNeedNoQueueAndLearnNothing)
{
	test_bond bond(devargs());
	ASSERT_EQ(bond.mode(BRAID_MODE_BALANCE), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	EXPECT_EQ(first_.tx_queues(), 1);
	EXPECT_TRUE(stays_false([&] {
		bond.send(make_burst(1));
		return bond.xstat("addresses_known") != 0;
	}));
}

// In the mode before, packets came from every member, and switches have learned the addresses at any of them.
TEST_F(Announce, ThatOneMemberCarriesEverythingFromNowOnIsAnnounced)
{
	test_bond bond(devargs("announce_interval_ms=1"));
	ASSERT_EQ(bond.bring_up(), 0);
	const rte_ether_addr mac = mac_of_bond(bond);
	make_known(bond, {from(0x0a000005, mac)}, 1);
	ASSERT_EQ(bond.mode(BRAID_MODE_ROUND_ROBIN), 0);
	EXPECT_EQ(first_.kept(queue_of_announcements), 0u);
	ASSERT_EQ(bond.mode(BRAID_MODE_ACTIVE_BACKUP), 0);
	EXPECT_EQ(bond.active(), first_.name()) << "as before";
	EXPECT_EQ(announcements_of(first_, 1), (counts{{"10.0.0.5 at " + text_of(mac), 1}}));
}

TEST_F(Announce, CanBeSwitchedOffAndOnUnderTraffic)
{
	test_bond bond(devargs());
	ASSERT_EQ(bond.bring_up(), 0);
	const rte_ether_addr mac = mac_of_bond(bond);
	EXPECT_EQ(bond.info().announce, 1u);
	EXPECT_EQ(braid_announce_set(bond.port(), 256, 0), -EINVAL);
	EXPECT_EQ(braid_announce_set(bond.port(), 1, 3'600'001), -EINVAL);
	ASSERT_EQ(braid_announce_set(bond.port(), 0, 0), 0);
	first_.set_link(false);
	EXPECT_TRUE(stays_false([&] {
		bond.send({make_packet(from(0x0a000005, mac))});
		return bond.xstat("addresses_known") != 0;
	}));
	ASSERT_EQ(braid_announce_set(bond.port(), 2, 1), 0);
	EXPECT_EQ(bond.info().announce, 2u);
	EXPECT_EQ(bond.info().announce_interval_ms, 1u);
	make_known(bond, {from(0x0a000005, mac)}, 1);
	first_.set_link(true);
	second_.set_link(false);
	EXPECT_EQ(announcements_of(first_, 2), (counts{{"10.0.0.5 at " + text_of(mac), 2}}));
}

// --- a member without a queue for it

TEST_F(Announce, AMemberWithoutASpareQueueIsToldOfOnceAndDoesWithout)
{
	fake_port narrow(fake_options{.max_tx_queues = 1, .announces_lsc = true});
	log_capture log;
	test_bond bond(devargs("member=" + narrow.name()));
	ASSERT_EQ(bond.bring_up(), 0);
	const std::string sentence = "announcements are off on member " + narrow.name() + ": it has no spare transmit queue";
	EXPECT_EQ(log.count(sentence), 1u) << log.text();
	EXPECT_EQ(bond.info_of(narrow.name()).announces, 0);
	EXPECT_EQ(bond.info_of(first_.name()).announces, 1);
	EXPECT_EQ(first_.tx_queues(), 2);
	EXPECT_EQ(narrow.tx_queues(), 1);
	rte_eth_dev_info info{};
	ASSERT_EQ(rte_eth_dev_info_get(bond.port(), &info), 0);
	EXPECT_EQ(info.max_tx_queues, 1) << "the application may have them all";

	make_known(bond, {from(0x0a000005, mac_of_bond(bond))}, 1);
	ASSERT_EQ(bond.primary(narrow.name()), 0);
	EXPECT_EQ(bond.send(make_burst(4)), 4);
	ASSERT_EQ(bond.stop(), 0);
	ASSERT_EQ(bond.start(), 0);
	ASSERT_EQ(bond.primary(second_.name()), 0);
	EXPECT_TRUE(eventually([&] { return second_.kept(queue_of_announcements) != 0; }));
	EXPECT_EQ(narrow.tx_packets(), 4u);
	EXPECT_EQ(log.count(sentence), 1u) << "once";
}

TEST_F(Announce, ADeviceThatRefusesTheQueueIsAMemberAllTheSame)
{
	for (fake_op op : {fake_op::configure, fake_op::tx_queue_setup}) {
		first_.fail(op, EINVAL, op == fake_op::configure ? 1 : 2);
		test_bond bond(devargs());
		ASSERT_EQ(bond.bring_up(), 0) << braid_error_text();
		EXPECT_EQ(first_.tx_queues(), 1);
		EXPECT_EQ(bond.info_of(first_.name()).announces, 0);
		EXPECT_EQ(bond.info_of(second_.name()).announces, 1);
	}
}

TEST_F(Announce, MembersStartedWhileItWasOffAreToldOfAtTheFailover)
{
	log_capture log;
	test_bond bond(devargs("announce=0"));
	ASSERT_EQ(bond.bring_up(), 0);
	ASSERT_EQ(braid_announce_set(bond.port(), 1, 0), 0);
	make_known(bond, {from(0x0a000005, mac_of_bond(bond))}, 1);
	first_.set_link(false);
	EXPECT_TRUE(eventually([&] { return log.contains("announcements are off on member " + second_.name()); })) << log.text();
	EXPECT_EQ(bond.xstat("announcements_sent"), 0u);
}

// --- devices that are slow, full, or gone

TEST_F(Announce, AFullQueueIsCounted)
{
	test_bond bond(devargs());
	ASSERT_EQ(bond.bring_up(), 0);
	const rte_ether_addr mac = mac_of_bond(bond);
	make_known(bond, {from(0x0a000005, mac), from(0x0a000006, mac), from(0x0a000007, mac)}, 3);
	second_.tx_budget(queue_of_announcements, 2);
	first_.set_link(false);
	EXPECT_TRUE(eventually([&] { return bond.xstat("announcements_failed") == 1; }));
	EXPECT_EQ(bond.xstat("announcements_sent"), 2u);
	EXPECT_EQ(second_.kept(queue_of_announcements), 2u);
}

TEST_F(Announce, AFailoverWaitsForNoAnnouncement)
{
	test_bond bond(devargs());
	ASSERT_EQ(bond.bring_up(), 0);
	make_known(bond, {from(0x0a000005, mac_of_bond(bond))}, 1);
	second_.hold(fake_op::mtu_set);
	std::thread slow([&] { EXPECT_EQ(rte_eth_dev_set_mtu(bond.port(), 1400), 0); });
	ASSERT_TRUE(eventually([&] { return second_.waiting(fake_op::mtu_set) == 1; }));
	first_.set_link(false);
	EXPECT_EQ(bond.active(), second_.name());
	EXPECT_EQ(bond.send(make_burst(4)), 4);
	EXPECT_EQ(second_.kept(queue_of_announcements), 0u);
	second_.release(fake_op::mtu_set);
	slow.join();
	EXPECT_TRUE(eventually([&] { return second_.kept(queue_of_announcements) != 0; }));
}

// The port counts a violation if it is touched once it has gone.
TEST_F(Announce, NothingIsSentThroughADeviceThatHasGone)
{
	first_.tx_mode(fake_tx::sink);
	second_.tx_mode(fake_tx::sink);
	test_bond bond(devargs("announce=255,announce_interval_ms=1"));
	ASSERT_EQ(bond.bring_up(), 0);
	make_known(bond, {from(0x0a000005, mac_of_bond(bond))}, 1);
	traffic_thread traffic(bond.port());
	for (unsigned round = 0; round < 5; round++) {
		const std::uint64_t before = second_.tx_packets(queue_of_announcements);
		first_.set_link(false);
		EXPECT_TRUE(eventually([&] { return second_.tx_packets(queue_of_announcements) > before + 2; }));
		ASSERT_EQ(second_.unplug(), 0);
		EXPECT_EQ(second_.violations(), 0u);
		first_.set_link(true);
		ASSERT_EQ(second_.plug(), 0);
		ASSERT_TRUE(eventually([&] { return bond.info().usable == 2; }));
	}
}

TEST_F(Announce, ABondMayBeClosedAndMembersRemovedWhileItAnnounces)
{
	for (unsigned round = 0; round < 5; round++) {
		test_bond bond(devargs("announce=255,announce_interval_ms=1"));
		ASSERT_EQ(bond.bring_up(), 0);
		make_known(bond, {from(0x0a000005, mac_of_bond(bond))}, 1);
		first_.set_link(false);
		EXPECT_TRUE(eventually([&] { return second_.kept(queue_of_announcements) > 1; }));
		if (round % 2 == 0) {
			ASSERT_EQ(bond.remove(second_.name()), 0);
			EXPECT_EQ(owner_of(second_.port_id()), "");
		}
		first_.set_link(true);
	}
}

// --- with the MAC policies

TEST_F(Announce, ByActiveTheAddressesAreAtTheNewMembersMac)
{
	test_bond bond(devargs());
	ASSERT_EQ(braid_mac_policy_set(bond.port(), BRAID_MAC_BY_ACTIVE), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	make_known(bond, {from(0x0a000005, first_.permanent_mac()), from(0x0a000063, local_mac(9))}, 2);
	first_.set_link(false);
	EXPECT_EQ(announcements_of(second_, 2), (counts{{"10.0.0.5 at " + text_of(second_.permanent_mac()), 1},
	                                                {"10.0.0.99 at " + text_of(local_mac(9)), 1}}));
	// From now on the application sends from the new address, which is also the bond's.
	make_known(bond, {from(0x0a000005, second_.permanent_mac())}, 2);
	first_.set_link(true);
	second_.set_link(false);
	const counts back = announcements_of(first_, 2);
	EXPECT_EQ(back.count("10.0.0.5 at " + text_of(first_.permanent_mac())), 1u);
}

TEST_F(Announce, FollowNothingIsAnnouncedBeforeTheMacIsWhereItIsSaidToBe)
{
	test_bond bond(devargs());
	ASSERT_EQ(braid_mac_policy_set(bond.port(), BRAID_MAC_FOLLOW), 0);
	ASSERT_EQ(bond.bring_up(), 0);
	const rte_ether_addr mac = mac_of_bond(bond);
	make_known(bond, {from(0x0a000005, mac)}, 1);
	second_.hold(fake_op::mac_set);
	first_.set_link(false);
	ASSERT_TRUE(eventually([&] { return second_.waiting(fake_op::mac_set) == 1; }));
	EXPECT_TRUE(stays_false([&] { return second_.kept(queue_of_announcements) != 0; }));
	second_.release(fake_op::mac_set);
	EXPECT_EQ(announcements_of(second_, 1), (counts{{"10.0.0.5 at " + text_of(mac), 1}}));
	EXPECT_EQ(text_of(second_.mac()), text_of(mac));
}

TEST_F(Announce, NeighboursOfIpv6AreToldByAnAdvertisement)
{
	test_bond bond(devargs());
	ASSERT_EQ(bond.bring_up(), 0);
	packet_spec six = from(5, mac_of_bond(bond));
	six.network = packet_spec::l3::ipv6;
	make_known(bond, {six}, 1);
	first_.set_link(false);
	ASSERT_TRUE(eventually([&] { return second_.kept(queue_of_announcements) == 1; }));
	rte_mbuf *const m = second_.take_tx(queue_of_announcements)[0];
	const frame f = bytes_of(m);
	rte_pktmbuf_free(m);
	ASSERT_EQ(f.size(), 86u);
	EXPECT_EQ(mac_text(f, 0), "33:33:00:00:00:01");
	EXPECT_EQ(mac_text(f, 6), text_of(mac_of_bond(bond)));
	EXPECT_EQ(f[14 + 40], 136) << "neighbour advertisement";
	EXPECT_TRUE(std::equal(f.begin() + 22, f.begin() + 38, f.begin() + 14 + 48)) << "of its source";
}

} // namespace
} // namespace braid
