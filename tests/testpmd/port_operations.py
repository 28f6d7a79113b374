# SPDX-License-Identifier: BSD-3-Clause
"""What applications ask of any port: queue and port infos, promiscuity, addresses, MTU, VLANs, resets, dumps."""

import json
import re

from checks import case, expect, expect_equal
from testpmd import Testpmd

BOND = "net_braid0"
TAPS = ("tap1", "tap2")


def says(pmd, command, *wanted):
    text = pmd.answer(command)
    for words in wanted:
        expect(re.search(words, text), f"`{command}` does not say `{words}`: {text}")
    return text


def interface(pmd, name):
    """What the kernel knows of an interface."""
    return json.loads(pmd.in_namespace("ip", "-json", "link", "show", name))[0]


def test_infos():
    with Testpmd("net_null0", "net_null1", f"{BOND},mode=balance,member=net_null0,member=net_null1",
                 arguments=("--rxq=2", "--txq=2", "--rxd=256", "--txd=128")) as pmd:
        port = pmd.show()["port"]
        pmd.start_forwarding()
        pmd.wait_for_traffic(port)
        with case("`show port info` tells driver, link, queues and MTU"):
            says(pmd, f"show port info {port}", "Driver name: net_braid", "Device name: net_braid0", "Link status: up",
                 "Link speed: 20 Gbps", "MTU: 1500", "Current number of RX queues: 2", "Current number of TX queues: 2")
        with case("`show port info` offers what all members have, and they have less than the bond alone"):
            # net_null keeps one MAC address and has a redirection table of 128 entries.
            says(pmd, f"show port info {port}", "Maximum number of MAC addresses: 1\n", "Redirection table size: 128")
        with case("`show rxq info` and `show txq info` tell descriptors, state and how the members are used"):
            for queue in range(2):
                says(pmd, f"show rxq info {port} {queue}", "Number of RXDs: 256", "Rx queue state: started",
                     "Mempool: mb_pool", "Burst mode: braid balance, 2 of 2 members")
                says(pmd, f"show txq info {port} {queue}", "Number of TXDs: 128", "Tx queue state: started",
                     "Burst mode: braid balance, 2 of 2 members")
        with case("`show port stats` shows what has been forwarded, and `clear port stats` begins anew"):
            sent = int(re.search(r"TX-packets: (\d+)", says(pmd, f"show port stats {port}", r"RX-packets: [1-9]"))[1])
            expect(sent > 0, "nothing was sent")
            pmd.type("stop")
            pmd.type(f"clear port stats {port}")
            says(pmd, f"show port stats {port}", r"RX-packets: 0 ", r"TX-packets: 0 ")
            pmd.type(f"clear port xstats {port}")
            expect_equal(pmd.xstats(port)["net_null0_tx_packets"], 0, "net_null0_tx_packets")
            expect_equal(pmd.xstats(port)["members"], 2, "members, which is no counter")
        with case("members that know no packet types make a bond that knows none"):
            says(pmd, f"show port {port} ptypes", "L3 ptypes unsupported", "L4 ptypes unsupported")
        with case("telemetry of ethdev tells the same of queues"):
            reply = pmd.ask("/ethdev/info", port)
            expect_equal((reply["name"], reply["nb_rx_queues"], reply["nb_tx_queues"]), (BOND, 2, 2), "/ethdev/info")


def test_settings():
    with Testpmd("net_null0", f"{BOND},member=net_null0", *(f"net_{tap},iface={tap}" for tap in TAPS),
                 "net_braid1,mode=1,member=net_tap1,member=net_tap2", namespace=True) as pmd:
        nulls, taps = pmd.show("net_braid0")["port"], pmd.show("net_braid1")["port"]
        pmd.wait_for_members("net_tap1", "net_tap2", bond="net_braid1")
        with case("packet types that all members know are the bond's"):
            says(pmd, f"show port {taps} ptypes", "L3_IPV4", "L4_TCP")
        with case("promiscuity and allmulticast are switched on and off"):
            for port in (nulls, taps):
                for word, option in (("enabled", "on"), ("disabled", "off"), ("enabled", "on")):
                    pmd.type(f"set promisc {port} {option}")
                    pmd.type(f"set allmulti {port} {option}")
                    says(pmd, f"show port info {port}", f"Promiscuous mode: {word}", f"Allmulticast mode: {word}")
        with case("the MAC address is changed, and every member has it"):
            for port in (nulls, taps):
                pmd.type(f"mac_addr set {port} 02:00:00:00:00:77")
                says(pmd, f"show port info {port}", "MAC address: 02:00:00:00:00:77")
            for tap in TAPS:
                expect_equal(interface(pmd, tap)["address"], "02:00:00:00:00:77", f"the address of {tap}")
        with case("a second MAC address is refused where members keep one only"):
            says(pmd, f"mac_addr add {nulls} 02:00:00:00:00:78", "address array full")
        with case("the MTU reaches every member, and one out of range is refused and changes nothing"):
            says(pmd, f"port config mtu {taps} 1400")
            says(pmd, f"show port info {taps}", "MTU: 1400")
            says(pmd, f"port config mtu {taps} 20", r"MTU \(20\) < device min MTU")
            says(pmd, f"show port info {taps}", "MTU: 1400")
            for tap in TAPS:
                expect_equal(interface(pmd, tap)["mtu"], 1400, f"the MTU of {tap}")
        with case("what members cannot do is refused in words: link up and down, VLAN filter"):
            says(pmd, f"set link-down port {nulls}", "Set link down fail")
            says(pmd, f"set link-up port {nulls}", "Set link up fail")
            says(pmd, f"rx_vlan add 5 {nulls}", "fail|not|off")
        with case("after all these both bonds forward"):
            pmd.start_forwarding()
            pmd.wait_for_traffic(taps)
            pmd.type("stop")


def test_settings_without_members():
    with Testpmd(f"{BOND},mac=02:00:00:00:00:11", "net_null0") as pmd:
        port = pmd.show()["port"]
        with case("settings that are made while the set is empty are taken, and members that join afterwards follow"):
            pmd.type(f"set promisc {port} off")
            pmd.type(f"port config mtu {port} 1300")
            says(pmd, f"show port info {port}", "MTU: 1300", "Promiscuous mode: disabled",
                 "MAC address: 02:00:00:00:00:11")
            pmd.steer("member_add", BOND, "net_null0")
            says(pmd, f"show port info {port}", "MTU: 1300", "Promiscuous mode: disabled",
                 "MAC address: 02:00:00:00:00:11", "Link status: up")
            pmd.start_forwarding(port)
            pmd.wait_for_traffic(port)
            pmd.type("stop")
        with case("a member that leaves has its own MTU and address again"):
            pmd.steer("member_remove", BOND, "net_null0")
            member = pmd.port_summary()["net_null0"]
            text = says(pmd, f"show port info {member}", "MTU: 1500")
            expect("02:00:00:00:00:11" not in text, "it still has the bond's address")
