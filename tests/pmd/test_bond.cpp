/* SPDX-License-Identifier: BSD-3-Clause */
#include "test_bond.hpp"

#include <rte_log.h>

#include <cstring>

namespace braid {
namespace {

std::string members_of(const std::string &mode, std::initializer_list<const fake_port *> members)
{
	std::string args = "mode=" + mode;
	for (const fake_port *member : members)
		args += ",member=" + member->name();
	return args;
}

} // namespace

std::string with_members(const std::string &mode, std::span<const fake_port> members)
{
	std::string args = "mode=" + mode;
	for (const fake_port &member : members)
		args += ",member=" + member.name();
	return args;
}

quiet_log::quiet_log() { rte_log_set_level_pattern("pmd.net.braid", RTE_LOG_EMERG); }
quiet_log::~quiet_log() { rte_log_set_level_pattern("pmd.net.braid", RTE_LOG_NOTICE); }

test_bond::test_bond(const std::string &devargs, const std::string &name)
{
	create(name, devargs.empty() ? quick : std::string(quick) + "," + devargs);
}

test_bond::test_bond(const exactly &all) { create("net_braid0", all.devargs); }

test_bond::test_bond(const std::string &mode, std::initializer_list<const fake_port *> members)
	: test_bond(members_of(mode, members))
{
}

void test_bond::create(const std::string &name, const std::string &devargs)
{
	const int made = braid_create(name.c_str(), devargs.c_str());
	EXPECT_GE(made, 0) << braid_error_text();
	if (made >= 0)
		port_ = static_cast<std::uint16_t>(made);
}

test_bond::~test_bond()
{
	if (port_ != RTE_MAX_ETHPORTS) {
		EXPECT_EQ(destroy(), 0) << braid_error_text();
	}
}

int test_bond::configure(std::uint16_t queues, const rte_eth_conf &conf)
{
	int status = rte_eth_dev_configure(port_, queues, queues, &conf);
	for (std::uint16_t q = 0; q < queues && status == 0; q++) {
		status = rte_eth_rx_queue_setup(port_, q, 64, SOCKET_ID_ANY, nullptr, eal_mempool());
		if (status == 0)
			status = rte_eth_tx_queue_setup(port_, q, 64, SOCKET_ID_ANY, nullptr);
	}
	return status;
}

int test_bond::bring_up(std::uint16_t queues, const rte_eth_conf &conf)
{
	const int status = configure(queues, conf);
	return status != 0 ? status : start();
}

int test_bond::destroy()
{
	const std::uint16_t port = std::exchange(port_, static_cast<std::uint16_t>(RTE_MAX_ETHPORTS));
	return braid_destroy(port);
}

int test_bond::add(const std::string &device, const char *name)
{
	const braid_member_options options{.size = sizeof options, .name = name};
	return braid_member_add(port_, device.c_str(), name != nullptr ? &options : nullptr, nullptr);
}

int test_bond::remove(const std::string &member) { return braid_member_remove(port_, id_of(member)); }

int test_bond::rename(const std::string &member, const std::string &to)
{
	return braid_member_rename(port_, id_of(member), to.c_str());
}

int test_bond::primary(const std::string &member) { return braid_primary_set(port_, id_of(member)); }

std::uint32_t test_bond::id_of(const std::string &member) const
{
	std::uint32_t id = BRAID_NO_MEMBER;
	braid_member_find(port_, member.c_str(), &id);
	return id;
}

braid_member_info test_bond::info_of(const std::string &member) const
{
	braid_member_info info{};
	info.size = sizeof info;
	braid_member_info_get(port_, id_of(member), &info);
	return info;
}

braid_info test_bond::info() const
{
	braid_info info{};
	info.size = sizeof info;
	EXPECT_EQ(braid_info_get(port_, &info), 0);
	return info;
}

std::string test_bond::active() const
{
	braid_member_info member{};
	member.size = sizeof member;
	const std::uint32_t id = info().active;
	return id != BRAID_NO_MEMBER && braid_member_info_get(port_, id, &member) == 0 ? member.name : "";
}

std::vector<std::string> test_bond::names() const
{
	std::vector<std::uint32_t> ids(BRAID_MAX_MEMBERS);
	const int n = braid_members_get(port_, ids.data(), BRAID_MAX_MEMBERS);
	std::vector<std::string> names;
	for (int i = 0; i < n; i++) {
		braid_member_info info{};
		info.size = sizeof info;
		if (braid_member_info_get(port_, ids[static_cast<std::size_t>(i)], &info) == 0)
			names.emplace_back(info.name);
	}
	return names;
}

bool test_bond::link_up() const
{
	rte_eth_link link;
	std::memset(&link, 0, sizeof link);
	EXPECT_EQ(rte_eth_link_get_nowait(port_, &link), 0);
	return link.link_status == RTE_ETH_LINK_UP;
}

std::uint64_t test_bond::xstat(const std::string &name) const
{
	std::uint64_t id = 0, value = 0;
	const bool found = rte_eth_xstats_get_id_by_name(port_, name.c_str(), &id) == 0;
	EXPECT_TRUE(found) << "there is no xstat " << name;
	if (found) {
		EXPECT_EQ(rte_eth_xstats_get_by_id(port_, &id, &value, 1), 1);
	}
	return value;
}

std::uint16_t test_bond::send(std::vector<rte_mbuf *> packets, std::uint16_t queue)
{
	const auto n = static_cast<std::uint16_t>(packets.size());
	const std::uint16_t sent = rte_eth_tx_burst(port_, queue, packets.data(), n);
	rte_pktmbuf_free_bulk(packets.data() + sent, static_cast<unsigned>(n - sent));
	return sent;
}

std::uint16_t test_bond::receive(std::uint16_t queue, std::uint16_t n)
{
	std::vector<rte_mbuf *> packets(n);
	const std::uint16_t got = rte_eth_rx_burst(port_, queue, packets.data(), n);
	rte_pktmbuf_free_bulk(packets.data(), got);
	return got;
}

} // namespace braid
