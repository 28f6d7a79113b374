/* SPDX-License-Identifier: BSD-3-Clause */
#include "announce/address_book.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace braid {
namespace {

sighting at(std::uint8_t host, evidence how = evidence::seen, std::uint8_t mac = 1)
{
	return {.ip = {4, {10, 0, 0, host}}, .mac = {{0x02, 0, 0, 0, 0, mac}}, .how = how};
}

bool knows(const address_book &book, std::uint8_t host)
{
	const auto all = book.entries();
	return std::any_of(all.begin(), all.end(), [host](const auto &e) { return e.what.ip.bytes[3] == host; });
}

TEST(AddressBook, AnAddressSeenTwiceIsOneEntry)
{
	address_book book;
	book.note(at(1), 10);
	book.note(at(1, evidence::seen, 2), 20);
	ASSERT_EQ(book.entries().size(), 1u);
	EXPECT_EQ(book.entries()[0].last_seen, 20u);
	EXPECT_EQ(book.entries()[0].what.mac.addr_bytes[5], 2) << "the latest MAC address counts";
}

TEST(AddressBook, OneAddressInTwoVlansIsTwoEntries)
{
	address_book book;
	sighting tagged = at(1);
	tagged.tags = {{{{0x8100, 7}, {}}}, 1};
	book.note(at(1), 10);
	book.note(tagged, 10);
	EXPECT_EQ(book.entries().size(), 2u);
}

TEST(AddressBook, AnIpv6AddressIsNoIpv4AddressWithTheSameBytes)
{
	address_book book;
	sighting six = at(1);
	six.ip.version = 6;
	book.note(at(1), 10);
	book.note(six, 10);
	EXPECT_EQ(book.entries().size(), 2u);
}

TEST(AddressBook, AClaimIsChangedByAClaimOnly)
{
	address_book book;
	book.note(at(1, evidence::claimed, 1), 10);
	book.note(at(1, evidence::seen, 2), 20);
	EXPECT_EQ(book.entries()[0].what.mac.addr_bytes[5], 1);
	EXPECT_EQ(book.entries()[0].what.how, evidence::claimed);
	EXPECT_EQ(book.entries()[0].last_seen, 20u) << "it is alive all the same";
	book.note(at(1, evidence::claimed, 3), 30);
	EXPECT_EQ(book.entries()[0].what.mac.addr_bytes[5], 3);
}

TEST(AddressBook, WhoIsARouterIsKeptUntilItSaysOtherwise)
{
	address_book book;
	sighting router = at(1, evidence::claimed);
	router.router = router_flag::yes;
	book.note(router, 10);
	book.note(at(1, evidence::claimed), 20);
	EXPECT_EQ(book.entries()[0].what.router, router_flag::yes);
	router.router = router_flag::no;
	book.note(router, 30);
	EXPECT_EQ(book.entries()[0].what.router, router_flag::no);
}

TEST(AddressBook, WhenItIsFullTheOldestMerelySeenGoes)
{
	address_book book;
	for (unsigned i = 0; i < address_book::capacity; i++)
		book.note(at(static_cast<std::uint8_t>(i), i < 2 ? evidence::claimed : evidence::seen), 100 + i);
	book.note(at(2), 300); // no longer the oldest
	book.note(at(200), 301);
	EXPECT_EQ(book.entries().size(), address_book::capacity);
	EXPECT_TRUE(knows(book, 200));
	EXPECT_FALSE(knows(book, 3));
	for (std::uint8_t kept : {0, 1, 2, 4})
		EXPECT_TRUE(knows(book, kept)) << +kept;
}

TEST(AddressBook, FullOfClaimsItTakesClaimsOnly)
{
	address_book book;
	for (unsigned i = 0; i < address_book::capacity; i++)
		book.note(at(static_cast<std::uint8_t>(i), evidence::claimed), 100 + i);
	book.note(at(200), 500);
	EXPECT_FALSE(knows(book, 200));
	book.note(at(201, evidence::claimed), 501);
	EXPECT_TRUE(knows(book, 201));
	EXPECT_FALSE(knows(book, 0));
	EXPECT_EQ(book.entries().size(), address_book::capacity);
}

TEST(AddressBook, WhatHasNotBeenSeenForFiveMinutesIsForgotten)
{
	address_book book;
	book.note(at(1, evidence::claimed), 1000);
	book.note(at(2), 2000);
	book.expire(1000 + address_book::max_age_ms);
	EXPECT_EQ(book.entries().size(), 2u);
	book.expire(1001 + address_book::max_age_ms);
	EXPECT_EQ(book.entries().size(), 1u);
	EXPECT_TRUE(knows(book, 2));
	book.note(at(1), 400'000);
	EXPECT_EQ(book.entries()[1].what.how, evidence::seen) << "what it claimed once is forgotten too";
}

} // namespace
} // namespace braid
