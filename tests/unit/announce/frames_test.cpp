/* SPDX-License-Identifier: BSD-3-Clause */
// The frames are read here byte by byte as the standards draw them, without a structure of the code that writes them.
#include "announce/frames.hpp"

#include "../packet/test_packet.hpp"
#include "announce/schedule.hpp"
#include "announce/sources.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace braid {
namespace {

std::vector<std::uint8_t> frame_of(const sighting &what)
{
	// What is not written shows.
	std::array<std::byte, announcement_room> room;
	room.fill(std::byte{0xcc});
	const std::size_t length = write_announcement(what, room);
	EXPECT_LE(length, room.size());
	for (std::size_t i = length; i < room.size(); i++)
		EXPECT_EQ(room[i], std::byte{0xcc}) << "byte " << i << " lies behind the frame";
	std::vector<std::uint8_t> frame;
	for (std::size_t i = 0; i < length; i++)
		frame.push_back(std::to_integer<std::uint8_t>(room[i]));
	return frame;
}

const sighting ipv4{.ip = {4, {192, 0, 2, 7}}, .mac = {{0x02, 1, 2, 3, 4, 5}}};
const sighting ipv6{.ip = {6, {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12, 0x34}},
                    .mac = {{0x02, 1, 2, 3, 4, 5}}};

sighting tagged(sighting what, std::uint8_t tags)
{
	what.tags = {{{{0x88a8, 100}, {0x8100, 7}}}, 2};
	if (tags == 1)
		what.tags = {{{{0x8100, 7}, {}}}, 1};
	return what;
}

bytes part(const bytes &all, std::size_t from, std::size_t length)
{
	return {all.begin() + static_cast<std::ptrdiff_t>(from), all.begin() + static_cast<std::ptrdiff_t>(from + length)};
}

TEST(Announcement, OfIpv4IsAnArpRequestForTheAddressFromTheAddress)
{
	const bytes frame = frame_of(ipv4);
	ASSERT_EQ(frame.size(), 60u);
	EXPECT_EQ(part(frame, 0, 6), (bytes{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}));
	EXPECT_EQ(part(frame, 6, 6), (bytes{0x02, 1, 2, 3, 4, 5}));
	EXPECT_EQ(part(frame, 12, 2), (bytes{0x08, 0x06}));
	EXPECT_EQ(part(frame, 14, 8), (bytes{0, 1, 8, 0, 6, 4, 0, 1})) << "Ethernet, IPv4, 6, 4, request";
	EXPECT_EQ(part(frame, 22, 6), (bytes{0x02, 1, 2, 3, 4, 5}));
	EXPECT_EQ(part(frame, 28, 4), (bytes{192, 0, 2, 7}));
	EXPECT_EQ(part(frame, 32, 6), (bytes{0, 0, 0, 0, 0, 0}));
	EXPECT_EQ(part(frame, 38, 4), (bytes{192, 0, 2, 7}));
	EXPECT_EQ(part(frame, 42, 18), bytes(18, 0)) << "padding";
}

// RFC 4443 section 2.3: over the pseudo-header and the message, the checksum included, the sum is all ones.
std::uint16_t checksum_of(const bytes &packet)
{
	bytes all = part(packet, 8, 32);                         // source, destination
	all.insert(all.end(), {0, 0, 0, 32, 0, 0, 0, packet[6]}); // length, next header
	const bytes message = part(packet, 40, packet.size() - 40);
	all.insert(all.end(), message.begin(), message.end());
	std::uint32_t sum = 0;
	for (std::size_t i = 0; i < all.size(); i += 2)
		sum += static_cast<std::uint32_t>(all[i] << 8 | all[i + 1]);
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return static_cast<std::uint16_t>(sum);
}

TEST(Announcement, OfIpv6IsANeighbourAdvertisementToAllNodes)
{
	const bytes frame = frame_of(ipv6);
	ASSERT_EQ(frame.size(), 14u + 40 + 32);
	EXPECT_EQ(part(frame, 0, 6), (bytes{0x33, 0x33, 0, 0, 0, 1}));
	EXPECT_EQ(part(frame, 6, 6), (bytes{0x02, 1, 2, 3, 4, 5}));
	EXPECT_EQ(part(frame, 12, 2), (bytes{0x86, 0xdd}));
	const bytes packet = part(frame, 14, 72);
	EXPECT_EQ(part(packet, 0, 8), (bytes{0x60, 0, 0, 0, 0, 32, 58, 255})) << "version, length, ICMPv6, hop limit";
	EXPECT_EQ(part(packet, 8, 16), bytes(ipv6.ip.bytes.begin(), ipv6.ip.bytes.end()));
	EXPECT_EQ(part(packet, 24, 16), (bytes{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}));
	EXPECT_EQ(part(packet, 40, 2), (bytes{136, 0}));
	EXPECT_EQ(packet[44] & 0x60, 0x20) << "override, not solicited";
	EXPECT_EQ(part(packet, 45, 3), (bytes{0, 0, 0}));
	EXPECT_EQ(part(packet, 48, 16), bytes(ipv6.ip.bytes.begin(), ipv6.ip.bytes.end()));
	EXPECT_EQ(part(packet, 64, 8), (bytes{2, 1, 0x02, 1, 2, 3, 4, 5})) << "target link-layer address";
	EXPECT_EQ(checksum_of(packet), 0xffff);
}

TEST(Announcement, TheChecksumIsRightForEveryAddress)
{
	sighting what = ipv6;
	for (unsigned i = 0; i < 70'000; i++) {
		what.ip.bytes[14] = static_cast<std::uint8_t>(i >> 8);
		what.ip.bytes[15] = static_cast<std::uint8_t>(i);
		what.mac.addr_bytes[3] = static_cast<std::uint8_t>(i >> 9);
		ASSERT_EQ(checksum_of(part(frame_of(what), 14, 72)), 0xffff) << i;
	}
}

TEST(Announcement, OnlyWhoSaidSoIsNoRouter)
{
	sighting what = ipv6;
	for (const auto &[router, flag] : {std::pair{router_flag::unknown, 0x80}, {router_flag::no, 0}, {router_flag::yes, 0x80}}) {
		what.router = router;
		EXPECT_EQ(frame_of(what)[14 + 44] & 0x80, flag);
	}
}

TEST(Announcement, StandsInTheVlanOfTheAddress)
{
	const bytes inner{0x81, 0x00, 0, 7};
	for (const sighting &what : {ipv4, ipv6}) {
		const bytes plain = frame_of(what);
		const bytes once = frame_of(tagged(what, 1));
		EXPECT_EQ(once, join({part(plain, 0, 12), inner, part(plain, 12, plain.size() - 12)}));
		const bytes twice = frame_of(tagged(what, 2));
		EXPECT_EQ(twice, join({part(plain, 0, 12), {0x88, 0xa8, 0, 100}, inner, part(plain, 12, plain.size() - 12)}))
			<< "60 bytes are left when both tags are taken off";
	}
}

TEST(Announcement, IsReadAsTheClaimThatItRepeats)
{
	for (const sighting &what : {ipv4, ipv6, tagged(ipv4, 1), tagged(ipv6, 2)}) {
		const auto found = source_of(*test_packet(frame_of(what)));
		ASSERT_TRUE(found);
		EXPECT_EQ(found->ip, what.ip);
		EXPECT_EQ(found->tags, what.tags);
		EXPECT_EQ(found->how, evidence::claimed);
	}
}

TEST(AnnouncementSchedule, BeginsAtOnceAndEndsAfterItsNumber)
{
	announcement_schedule s;
	EXPECT_FALSE(s.is_due(1000));
	EXPECT_EQ(s.deadline(), never);
	s.begin(3, 200, 1000);
	for (time_ms due : {1000, 1200, 1400}) {
		EXPECT_EQ(s.deadline(), due);
		EXPECT_FALSE(s.is_due(due - 1));
		ASSERT_TRUE(s.is_due(due));
		s.done(due);
	}
	EXPECT_FALSE(s.is_due(1'000'000));
	EXPECT_EQ(s.deadline(), never);
}

TEST(AnnouncementSchedule, WhoComesLateDoesNotSendTwoInARow)
{
	announcement_schedule s;
	s.begin(2, 200, 1000);
	s.done(5000);
	EXPECT_FALSE(s.is_due(5199));
	EXPECT_TRUE(s.is_due(5200));
}

TEST(AnnouncementSchedule, TheNextFailoverBeginsAnew)
{
	announcement_schedule s;
	s.begin(3, 200, 1000);
	s.done(1000);
	s.begin(2, 100, 1050);
	EXPECT_TRUE(s.is_due(1050));
	s.done(1050);
	s.done(1150);
	EXPECT_EQ(s.deadline(), never);
	s.begin(0, 100, 2000);
	EXPECT_FALSE(s.is_due(2000)) << "0 times is off";
	s.begin(5, 100, 3000);
	s.give_up();
	EXPECT_FALSE(s.is_due(3000));
}

} // namespace
} // namespace braid
