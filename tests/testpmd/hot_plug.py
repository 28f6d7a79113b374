# SPDX-License-Identifier: BSD-3-Clause
"""Devices that appear after the bond and vanish before it."""

import json

from checks import case, expect, expect_equal, wait_until
from taps import BOND, TAPS, taps_in_active_backup
from testpmd import Testpmd


def test_pending_members():
    with Testpmd("net_null0", f"{BOND},mode=round-robin,member=net_null0,member=net_null2,primary=net_null2") as pmd:
        port = pmd.show()["port"]
        pmd.start_forwarding()
        pmd.wait_for_traffic(port)
        with case("a member whose device does not exist is pending, and the bond runs without it"):
            members = pmd.members()
            expect_equal((members["net_null2"]["state"], members["net_null2"]["port"]), ("pending", -1), "net_null2")
            expect_equal(pmd.show()["usable"], 1, "usable members")
        with case("it joins when its device is plugged in, sends, and is no port of its own"):
            pmd.type("port attach net_null2")
            pmd.wait_for_members("net_null0", "net_null2")
            expect_equal(list(pmd.port_summary()), [BOND], "the ports that testpmd sees")
            sent = pmd.xstats(port)["net_null2_tx_packets"]
            wait_until(lambda: pmd.xstats(port)["net_null2_tx_packets"] > sent, "net_null2 sends")
        with case("a primary that was pending is the primary as soon as it has joined"):
            pmd.steer("mode", BOND, "active-backup")
            shown = pmd.show()
            expect_equal((shown["primary"], shown["active"]), ("net_null2", "net_null2"), "primary and active member")
            pmd.steer("mode", BOND, "round-robin")
        with case("a device whose name only begins like a pending member's is left alone"):
            expect_equal(pmd.ask("/braid/member_add", BOND, "net_null5"), {"result": "ok", "state": "pending"},
                         "the answer for a device that does not exist")
            expect_equal(pmd.members()["net_null5"]["state"], "pending", "the state of net_null5")
            pmd.type("port attach net_null55")
            expect("net_null55" in pmd.port_summary(), "net_null55 was taken")
            expect_equal(pmd.members()["net_null5"]["state"], "pending", "the state of net_null5")
        with case("a pending member that is removed does not join any more"):
            pmd.steer("member_remove", BOND, "net_null5")
            pmd.type("port attach net_null5")
            expect("net_null5" in pmd.port_summary(), "net_null5 was taken")
            expect("net_null5" not in pmd.members(), "net_null5 is a member")


def test_vanishing_members():
    with Testpmd("net_null0", "net_null1", f"{BOND},mode=balance,member=net_null0,member=net_null1") as pmd:
        port = pmd.show()["port"]
        pmd.start_forwarding()
        pmd.wait_for_traffic(port)
        pmd.steer("member_rename", BOND, "net_null1", "net_second")
        id_ = next(id_ for id_, m in pmd.show()["members"].items() if m["name"] == "net_second")
        for mode in ("balance", "round-robin", "broadcast", "active-backup"):
            with case(f"in mode {mode} a member's device is detached under traffic, and the bond runs on"):
                pmd.steer("mode", BOND, mode)
                pmd.steer("primary", BOND, "net_second")
                pmd.type("device detach net_null1")
                wait_until(lambda: pmd.members()["net_second"]["state"] == "pending", "net_second is pending")
                expect_equal((pmd.members()["net_second"]["port"], pmd.show()["usable"]), (-1, 1), "port, usable members")
                pmd.wait_for_traffic(port)
            with case(f"in mode {mode} it is the same member when its device is back"):
                pmd.type("port attach net_null1")
                pmd.wait_for_members("net_null0", "net_second")
                expect_equal(pmd.show()["members"][id_]["name"], "net_second", f"the name of member {id_}")
                expect_equal(pmd.show()["primary"], "net_second", "the primary")
                pmd.wait_for_traffic(port)
                expect_equal(list(pmd.port_summary()), [BOND], "the ports that testpmd sees")
        with case("the bond's counters do not fall when a member's device vanishes"):
            before = pmd.stats(port)
            pmd.type("device detach net_null1")
            after = pmd.stats(port)
            for counter in ("ipackets", "opackets"):
                expect(after[counter] >= before[counter] > 0, f"{counter}: {before[counter]}, then {after[counter]}")
        with case("without any device left the bond is empty and up again with the first that returns"):
            pmd.type("device detach net_null0")
            wait_until(lambda: pmd.link(port) == "DOWN", "the bond's link is down")
            pmd.type("port attach net_null1")
            wait_until(lambda: pmd.link(port) == "UP", "the bond's link is up")
            pmd.wait_for_traffic(port)
        with case("a bond stops and starts while a member is missing, and takes it when it appears"):
            pmd.type("stop")
            pmd.type(f"port stop {port}")
            pmd.type(f"port start {port}")
            pmd.type("port attach net_null0")
            pmd.wait_for_members("net_null0", "net_second")
        with case("a member's device that is detached and back while the bond is stopped is used when it is started"):
            pmd.type(f"port stop {port}")
            pmd.type("device detach net_null0")
            pmd.type("port attach net_null0")
            pmd.type(f"port start {port}")
            pmd.wait_for_members("net_null0", "net_second")
            # Named, because testpmd forwards by itself between all ports that it was told to attach, owned or not.
            pmd.start_forwarding(port)
            pmd.wait_for_traffic(port)


def test_deleted_tap():
    with taps_in_active_backup() as (pmd, port):
        pmd.steer("member_rename", BOND, "net_tap1", "uplink")
        id_ = next(id_ for id_, m in pmd.show()["members"].items() if m["name"] == "uplink")
        pmd.type(f"port config mtu {port} 1400")
        with case("a tap that somebody deletes is replaced, and the traffic goes on"):
            pmd.in_namespace("ip", "link", "del", "braid1")
            wait_until(lambda: pmd.show()["active"] == "net_tap2", "net_tap2 is active")
            pmd.wait_for_traffic(port, 100)
        with case("it comes back with its id, its name and its place when its device is removed and made again"):
            pmd.type("device detach net_tap1")
            wait_until(lambda: pmd.members()["uplink"]["state"] == "pending", "uplink is pending")
            pmd.type("port attach net_tap1,iface=braid1")
            wait_until(lambda: pmd.show()["active"] == "uplink", "uplink is active again")
            member = pmd.show()["members"][id_]
            expect_equal((member["name"], member["primary"]), ("uplink", 1), f"member {id_}")
            pmd.wait_for_traffic(port, 100)
        with case("and with the bond's present settings"):
            one, two = (json.loads(pmd.in_namespace("ip", "-j", "link", "show", tap))[0] for tap in TAPS.values())
            expect_equal((one["address"], one["mtu"]), (two["address"], 1400), "address and MTU of braid1")


def test_auto_attach():
    with Testpmd("net_null0", f"{BOND},mode=round-robin,auto=name:net_null[1-3]") as pmd:
        with case("ports that a rule means are members as soon as they appear, and others are not"):
            expect_equal(pmd.show()["auto"], ["name:net_null[1-3]"], "the rules")
            pmd.type("port attach net_null1")
            pmd.wait_for_members("net_null1")
            pmd.type("port attach net_null7")
            expect_equal(sorted(pmd.port_summary()), [BOND, "net_null0", "net_null7"], "the ports that testpmd sees")
        with case("a rule may be added while the bond runs, and takes what is there"):
            pmd.type("port stop 0")
            pmd.steer("auto_add", BOND, "name:net_null0")
            pmd.wait_for_members("net_null0", "net_null1")
        with case("one rule is taken back by its text, and one that is not there is refused"):
            pmd.steer("auto_remove", BOND, "name:net_null[1-3]")
            expect_equal(pmd.show()["auto"], ["name:net_null0"], "the rules")
            expect_equal(pmd.refused("auto_remove", BOND, "name:net_null[1-3]"), 2, "the errno")
            pmd.wait_for_members("net_null0", "net_null1")
        with case("a mistake in a rule is refused, and forgotten rules take nothing more"):
            expect_equal(pmd.refused("auto_add", BOND, "name:["), 22, "the errno")
            pmd.steer("auto_clear", BOND)
            expect_equal(pmd.show()["auto"], [], "the rules")
            pmd.type("port attach net_null2")
            expect("net_null2" in pmd.port_summary(), "net_null2 was taken")
        with case("a member that is removed by force is gone at once and is not taken again"):
            pmd.steer("member_remove", BOND, "net_null1", "force")
            expect_equal(pmd.refused("member_remove", BOND, "net_null0", "gently"), 22, "the errno")
            expect("net_null1" in pmd.port_summary(), "net_null1 is still a member")
