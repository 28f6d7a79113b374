/* SPDX-License-Identifier: BSD-3-Clause */
// Devargs that nobody would write, and those with one slip: read or refused in one sentence, and what is read holds together.
#include "read_devargs.hpp"

#include <algorithm>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace braid {
namespace {

void expect_one_sentence(const error &why, const std::string &args)
{
	const std::string_view text = why.text();
	EXPECT_GT(why.code(), 0) << args;
	EXPECT_FALSE(text.empty()) << args;
	EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; })) << text;
}

// What is accepted must hold together, whatever it was.
void expect_sound(const bond_settings &settings, const std::string &args)
{
	EXPECT_TRUE(is_supported(settings.mode)) << args;
	EXPECT_GE(settings.lsc_poll_period_ms, 1u) << args;
	EXPECT_LE(settings.drain_ms, max_drain_ms) << args;
	EXPECT_LE(settings.members.size(), max_members) << args;
	EXPECT_LE(settings.min_links, max_members) << args;
	for (const wanted_member &wanted : settings.members) {
		const member_spec &spec = wanted.spec;
		EXPECT_EQ(std::count_if(settings.members.begin(), settings.members.end(),
		                        [&](const wanted_member &one) { return one.spec == spec; }), 1) << args;
		EXPECT_TRUE(wanted.options.name.empty() || name::parse(wanted.options.name.view())) << args;
		const result<member_spec> again = parse_member(spec.text);
		ASSERT_TRUE(again) << args;
		EXPECT_EQ(*again, spec) << "the canonical spelling is read as something else: " << args;
	}
}

TEST(DevargsRandom, RandomTextIsParsedOrRefusedInOneSentence)
{
	static const char *const pieces[] = {
		"mode", "member", "slave", "auto", "primary", "xmit_policy", "agg_mode", "lsc_poll_period_ms",
		"up_delay", "down_delay", "mac", "socket_id", "tx_empty", "rx_port", "rr_limit", "simd", "drain_ms",
		"seed", "driver", "=", "=", "=", ",", ",", ";", ";role=", "primary", ";name=", ";sticky=",
		";priority=", ":", ".", " ", "[", "]", "\n", "\xff", "%s%n", "-1", "0x", "0", "1", "2", "31", "32",
		"18446744073709551615", "01:00.0", "0000:01:00.0", "02:00:00:00:00:01", "ffff:ffff:ffff", "balance",
		"lacp", "l34", "stable", "keep", "drop", "bond", "net_tap0", "net_braid0", "net_braid",
		"a_name_that_is_longer_than_any_device_can_have_and_then_some_bytes_more",
	};
	std::mt19937 random(20240611);
	const auto below = [&random](std::size_t bound) { return random() % bound; };
	unsigned parsed_count = 0;

	for (unsigned round = 0; round < 50000; round++) {
		std::string args;
		// Half are made of pieces, for depth; half of any bytes, for breadth.
		const std::size_t length = below(24);
		for (std::size_t i = 0; i < length; i++)
			if (round % 2 == 0)
				args += pieces[below(std::size(pieces))];
			else
				args += static_cast<char>(1 + below(255));

		const result<bond_settings> parsed = parse_devargs(args.c_str(), self);
		if (parsed) {
			parsed_count++;
			expect_sound(*parsed, args);
		} else {
			expect_one_sentence(parsed.error(), args);
		}
		const result<member_spec> spec = parse_member(args);
		if (spec) {
			(void)matches(*spec, {args, args, 0});
			EXPECT_EQ(*parse_member(spec->text), *spec) << args;
		} else {
			expect_one_sentence(spec.error(), args);
		}
	}
	EXPECT_GT(parsed_count, 0u);
}

// One byte of a good line changed, lost or doubled: the mistakes that people make.
TEST(DevargsRandom, ASlipOfOneByteIsParsedOrRefusedInOneSentence)
{
	const std::string good = "mode=balance,member=net_tap0;role=standby;name=up%d;priority=-7,slave=0000:01:00.0,member=3,"
	                         "primary=3,xmit_policy=l34,min_links=1,primary_reselect=better,all_members_active=1,agg_mode=count,"
	                         "lsc_poll_period_ms=10,up_delay=1,down_delay=1,mac=02:00:00:00:00:01,"
	                         "socket_id=-1,tx_empty=drop,rx_port=member,drain_ms=9,seed=1";
	expect_sound(accepted(good), good);
	for (std::size_t at = 0; at < good.size(); at++) {
		std::vector<std::string> slips;
		for (unsigned byte = 1; byte < 256; byte++) {
			slips.push_back(good);
			slips.back()[at] = static_cast<char>(byte);
		}
		slips.push_back(std::string(good).erase(at, 1));
		slips.push_back(std::string(good).insert(at, 1, good[at]));
		slips.push_back(good.substr(0, at));
		for (const std::string &args : slips) {
			const result<bond_settings> parsed = parse_devargs(args.c_str(), self);
			if (parsed)
				expect_sound(*parsed, args);
			else
				expect_one_sentence(parsed.error(), args);
		}
	}
}

} // namespace
} // namespace braid
