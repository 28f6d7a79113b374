# SPDX-License-Identifier: BSD-3-Clause
"""What a switch and a neighbour know after a failover. Both are the kernel's: two cables end at a bridge that has an address.

    testpmd -- net_pcap0 -- cable0 ======= plug0 -- bridge (10.9.0.1)
            `- net_pcap1 -- cable1 ======= plug1 -'

Members are net_pcap, since a device with a transmit queue more than the bond uses is needed.
"""

import json
import re
import sys

from checks import case, expect, expect_equal, wait_until
from testpmd import Testpmd

BOND = "net_braid0"
NEIGHBOUR, ADDRESS = "10.9.0.1", "10.9.0.2"
KNOCK = f"import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('{ADDRESS}', 9))"


def lay_cables(pmd):
    def run(*command):
        pmd.in_namespace(*command)

    run("ip", "link", "add", "bridge", "type", "bridge")
    for number in (0, 1):
        run("ip", "link", "add", f"cable{number}", "type", "veth", "peer", "name", f"plug{number}")
        run("ip", "link", "set", f"plug{number}", "master", "bridge")
        for end in ("cable", "plug"):
            run("ip", "link", "set", f"{end}{number}", "up")
    run("ip", "address", "add", f"{NEIGHBOUR}/24", "dev", "bridge")
    run("ip", "link", "set", "bridge", "up")
    # A neighbour's entry may change at once, not only a second after it was made.
    run("sysctl", "-qw", "net.ipv4.neigh.bridge.locktime=0")


def plug_of(pmd, mac):
    """Where the bridge would send a packet for this address."""
    entries = json.loads(pmd.in_namespace("bridge", "-json", "fdb", "show", "br", "bridge"))
    return next((e["ifname"] for e in entries if e["mac"] == mac and e.get("state") != "permanent"), None)


def neighbours_mac(pmd):
    """What the neighbour takes the bond's address for."""
    found = re.search(r"lladdr (\S+)", pmd.in_namespace("ip", "neighbour", "show", ADDRESS))
    return found and found[1]


def test_announcements():
    with Testpmd(f"{BOND},mode=active-backup,announce=2,announce_interval_ms=10", namespace=True) as pmd:
        lay_cables(pmd)
        for number in (0, 1):
            cable = f"cable{number}"
            pmd.type(f"port attach net_pcap{number},rx_iface_in={cable},tx_iface={cable},tx_iface={cable}")
            pmd.steer("member_add", BOND, f"net_pcap{number}")
        port = pmd.show()["port"]
        pmd.type(f"port start {port}")
        pmd.wait_for_members("net_pcap0", "net_pcap1")
        pmd.type("set fwd icmpecho")
        pmd.start_forwarding(port)

        with case("the addresses that the bond answers for are known to it, and not those of its neighbours"):
            pmd.steer("primary", BOND, "net_pcap0")
            mac = pmd.show()["mac"]
            pmd.in_namespace(sys.executable, "-c", KNOCK)
            wait_until(lambda: neighbours_mac(pmd) == mac, "the neighbour knows the bond")
            known = wait_until(lambda: pmd.ask("/braid/addresses", BOND), "the bond knows its address")
            expect_equal([(a["ip"], a["mac"], a["vlan"], a["evidence"]) for a in known.values()],
                         [(ADDRESS, mac, "", "claimed")], "the addresses known")
            expect_equal(plug_of(pmd, mac), "plug0", "the plug of the bond's address")

        # From here on the application sends nothing.
        pmd.stop_forwarding()
        with case("after a failover the switch sends to the new member although the application sends nothing"):
            for number, (member, plug) in enumerate((("net_pcap1", "plug1"), ("net_pcap0", "plug0")), 1):
                pmd.steer("primary", BOND, member)
                wait_until(lambda: plug_of(pmd, mac) == plug, f"the bridge sends to {plug}")
                wait_until(lambda: pmd.xstats(port)["announcements_sent"] == 2 * number, "it is announced twice")
            expect_equal(pmd.xstats(port)["announcements_failed"], 0, "announcements_failed")

        with case("by_active the neighbour's entry gets the address of the new member"):
            pmd.steer("primary", BOND, "net_pcap0")
            pmd.steer("set", BOND, "mac_policy", "by_active")
            macs = {}
            for member in ("net_pcap1", "net_pcap0", "net_pcap1"):
                pmd.steer("primary", BOND, member)
                macs[member] = pmd.show()["mac"]
                expect_equal(pmd.members()[member]["mac"], macs[member], "the bond's address")
                wait_until(lambda: neighbours_mac(pmd) == macs[member], f"the neighbour knows {member}")
            expect(macs["net_pcap0"] != macs["net_pcap1"], f"the members have one address: {macs}")
