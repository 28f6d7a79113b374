/* SPDX-License-Identifier: BSD-3-Clause */
// RSS over members whose tables and keys have other sizes, or that have none.
#include "settings_view.hpp"

#include <numeric>

namespace braid {
namespace {

class Rss : public mbuf_accounting {};

TEST_F(Rss, AMemberThatDoesNotHashIsNotAskedTo)
{
	fake_port hashes, not_at_all({.reta_size = 0, .flow_type_rss_offloads = 0});
	test_bond bond("round-robin", {&hashes});
	rte_eth_conf conf{};
	conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf.rx_adv_conf.rss_conf.rss_hf = RTE_ETH_RSS_IP;
	ASSERT_EQ(bond.bring_up(2, conf), 0);
	ASSERT_EQ(bond.add(not_at_all.name()), 0) << braid_error_text();
	EXPECT_EQ(not_at_all.rss_hf(), 0u);
	EXPECT_EQ(hashes.rss_hf(), RTE_ETH_RSS_IP);
	EXPECT_EQ(not_at_all.count(fake_op::reta_update), 0u);
}

TEST_F(Rss, ALargerRedirectionTableRepeatsTheBonds)
{
	fake_port small({.reta_size = 64}), large({.reta_size = 512}), later({.reta_size = 128});
	test_bond bond("round-robin", {&small, &large});
	rte_eth_conf conf{};
	conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf.rx_adv_conf.rss_conf.rss_hf = RTE_ETH_RSS_IP;
	ASSERT_EQ(bond.bring_up(4, conf), 0);
	ASSERT_EQ(info_of(bond.port()).reta_size, 64);
	EXPECT_EQ(update_reta(bond.port(), 3, 0, 128), -EINVAL) << "not the size that was told";
	ASSERT_EQ(update_reta(bond.port(), 3, 0, 64), 0);
	ASSERT_EQ(bond.add(later.name()), 0);
	std::vector<std::uint16_t> expected(64);
	for (std::uint16_t i = 0; i < 64; i++)
		expected[i] = i == 3 ? 0 : i % 4;
	EXPECT_EQ(reta_of(bond.port(), 64), expected);
	for (const fake_port *port : {&small, &large, &later}) {
		const std::vector<std::uint16_t> table = port->reta();
		for (std::size_t i = 0; i < table.size(); i++)
			EXPECT_EQ(table[i], expected[i % 64]) << port->name() << " entry " << i;
	}
	EXPECT_EQ(info_of(bond.port()).reta_size, 64);
	fake_port odd({.reta_size = 0});
	EXPECT_EQ(bond.add(odd.name()), 0) << "without a table there is nothing to point elsewhere";
}

TEST_F(Rss, AShorterKeyIsRepeatedForAMemberWithALongerOne)
{
	fake_port usual, longer({.hash_key_size = 52});
	test_bond bond("round-robin", {&usual, &longer});
	EXPECT_EQ(info_of(bond.port()).hash_key_size, 40);
	std::vector<std::uint8_t> key(40);
	std::iota(key.begin(), key.end(), std::uint8_t{1});
	rte_eth_conf conf{};
	conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf.rx_adv_conf.rss_conf = {};
	conf.rx_adv_conf.rss_conf.rss_hf = RTE_ETH_RSS_IP;
	conf.rx_adv_conf.rss_conf.rss_key = key.data();
	conf.rx_adv_conf.rss_conf.rss_key_len = 40;
	ASSERT_EQ(bond.bring_up(2, conf), 0);
	EXPECT_EQ(usual.rss_key(), key);
	std::vector<std::uint8_t> repeated = key;
	repeated.insert(repeated.end(), key.begin(), key.begin() + 12);
	EXPECT_EQ(longer.rss_key(), repeated);
	std::vector<std::uint8_t> read(40);
	rte_eth_rss_conf present{};
	present.rss_key = read.data();
	present.rss_key_len = 40;
	ASSERT_EQ(rte_eth_dev_rss_hash_conf_get(bond.port(), &present), 0);
	EXPECT_EQ(read, key);
	EXPECT_EQ(present.rss_hf, RTE_ETH_RSS_IP);
}

} // namespace
} // namespace braid
