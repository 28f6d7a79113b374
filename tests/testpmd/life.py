# SPDX-License-Identifier: BSD-3-Clause
"""Start, stop, reconfigure, close and detach in several orders, with members or without, one bond or several."""

from errno import EBUSY, ELOOP, ENOTSUP

from checks import case, expect, expect_equal, wait_until
from testpmd import Testpmd, braid_lines

BOND = "net_braid0"
NULLS = ("net_null0", "net_null1")


def set_queues(pmd, count):
    pmd.type("port stop all")
    pmd.type(f"port config all rxq {count}")
    pmd.type(f"port config all txq {count}")
    pmd.type("port start all")


def test_stop_and_start():
    with Testpmd(*NULLS, f"{BOND},mode=balance,member=net_null0,member=net_null1") as pmd:
        port = pmd.show()["port"]
        with case("a stopped bond has no link and no running member, and one that is started again forwards"):
            for _ in range(3):
                pmd.start_forwarding()
                pmd.wait_for_traffic(port)
                pmd.type("stop")
                pmd.type(f"port stop {port}")
                pmd.wait_for_members(*NULLS, state="claimed")
                expect_equal(pmd.show()["started"], 0, "started")
                expect_equal(pmd.link(port), "DOWN", "the bond's link")
                pmd.type(f"port start {port}")
                pmd.wait_for_members(*NULLS)
            expect_equal(pmd.link(port), "UP", "the bond's link")
        with case("what was changed while the bond was stopped holds when it is started"):
            pmd.type(f"port stop {port}")
            pmd.steer("member_remove", BOND, "net_null0")
            pmd.steer("mode", BOND, "active-backup")
            pmd.steer("member_rename", BOND, "net_null1", "net_one")
            pmd.steer("member_add", BOND, "net_null0", "net_zero")
            pmd.type(f"port start {port}")
            pmd.wait_for_members("net_zero", "net_one")
            expect_equal(pmd.show()["mode"], "active-backup", "the mode")
            pmd.start_forwarding()
            pmd.wait_for_traffic(port)
            pmd.type("stop")
        with case("a bond is stopped and started without members, and takes them afterwards"):
            pmd.type(f"port stop {port}")
            for name in ("net_zero", "net_one"):
                pmd.steer("member_remove", BOND, name)
            pmd.type(f"port start {port}")
            expect_equal((pmd.show()["started"], pmd.show()["usable"]), (1, 0), "started, usable members")
            for name in NULLS:
                pmd.steer("member_add", BOND, name)
            pmd.start_forwarding()
            pmd.wait_for_traffic(port)
            pmd.type("stop")


def test_reconfigure():
    with Testpmd(*NULLS, f"{BOND},member=net_null0,member=net_null1") as pmd:
        port = pmd.show()["port"]
        with case("the bond is reconfigured to two queues and back, and each queue forwards"):
            for count in (2, 1, 2):
                set_queues(pmd, count)
                pmd.wait_for_members(*NULLS)
                before = pmd.stats(port)
                pmd.start_forwarding()
                for queue in range(count):
                    wait_until(lambda: pmd.stats(port)["q_opackets"][queue] > before["q_opackets"][queue] + 1000,
                               f"queue {queue} sends")
                    wait_until(lambda: pmd.stats(port)["q_ipackets"][queue] > before["q_ipackets"][queue] + 1000,
                               f"queue {queue} receives")
                _, sent, dropped = pmd.stop_forwarding()[port]
                expect_equal((sent > 0, dropped), (True, 0), "packets sent and dropped")
        with case("a member with fewer queues than the bond uses is refused, named, and free again"):
            pmd.type("port attach net_pcap0,tx_pcap=/dev/null")
            before = pmd.state()
            expect_equal(pmd.refused("member_add", BOND, "net_pcap0"), ENOTSUP, "net_pcap0 with one queue")
            error = pmd.ask("/braid/member_add", BOND, "net_pcap0")["error"]
            expect("net_pcap0: " in error and "1 receive queues and the bond uses 2" in error, f"the reason is {error}")
            expect_equal(pmd.state(), before, "what the bond shows")
            expect("net_pcap0" in pmd.port_summary(), "net_pcap0 is not free")
            pmd.type("device detach net_pcap0")
        with case("members come and go while two queues forward"):
            pmd.start_forwarding()
            for mode in ("balance", "broadcast", "active-backup", "round-robin"):
                pmd.steer("mode", BOND, mode)
                for name in NULLS:
                    pmd.steer("member_remove", BOND, name)
                    pmd.wait_for_traffic(port)
                    pmd.steer("member_add", BOND, name)
            pmd.wait_for_traffic(port)
            expect_equal(pmd.stop_forwarding()[port][2], 0, "packets dropped")


def detach_and_attach(pmd, commands):
    port = pmd.show()["port"]
    for command in commands:
        pmd.type(command.format(port))
    expect_equal(pmd.ask("/braid/list"), [], "bonds")
    expect_equal(set(pmd.port_summary()), set(NULLS), "the ports that testpmd sees")
    pmd.type("port attach net_braid0,mode=2,member=net_null0,member=net_null1")
    expect_equal(pmd.port_summary(), {BOND: pmd.show()["port"]}, "the ports that testpmd sees")


def test_close_and_detach():
    with Testpmd(*NULLS, f"{BOND},member=net_null0,member=net_null1") as pmd:
        orders = {
            "stopped, closed and detached": ("port stop {0}", "port close {0}", "device detach net_braid0"),
            "stopped and detached": ("port stop {0}", "device detach net_braid0"),
            "stopped, started, stopped and detached": ("port stop {0}", "port start {0}", "port stop {0}",
                                                       "port detach {0}"),
        }
        for order, commands in orders.items():
            with case(f"a bond that is {order} gives its members back, and can be probed anew"):
                detach_and_attach(pmd, commands)
                pmd.type(f"port start {pmd.show()['port']}")
                pmd.wait_for_members(*NULLS)
        with case("a bond that is probed and never started is detached, and can be probed anew"):
            detach_and_attach(pmd, orders["stopped and detached"])
            detach_and_attach(pmd, ("device detach net_braid0",))
        with case("a bond that was probed again and again forwards"):
            port = pmd.show()["port"]
            pmd.type(f"port start {port}")
            pmd.start_forwarding(port)
            pmd.wait_for_traffic(port)
            pmd.type("stop")


def test_several_bonds():
    with Testpmd(*NULLS, "net_null2", "net_null3", "net_braid0,mode=balance,member=net_null0,member=net_null1",
                 "net_braid1,mode=1,member=net_null2,primary=net_null3,member=net_null3") as pmd:
        first, second = pmd.show("net_braid0")["port"], pmd.show("net_braid1")["port"]
        with case("two bonds in one process forward to each other, each with its own members and mode"):
            expect_equal(pmd.port_summary(), {"net_braid0": first, "net_braid1": second}, "the ports")
            expect_equal(pmd.ask("/braid/list"), ["net_braid0", "net_braid1"], "/braid/list")
            pmd.start_forwarding()
            pmd.wait_for_traffic(first)
            pmd.wait_for_traffic(second)
            expect_equal(pmd.show("net_braid1")["active"], "net_null3", "the active member of net_braid1")
            expect_equal(pmd.show("net_braid0")["mode"], "balance", "the mode of net_braid0")
        with case("a member of one bond is refused to the other, and moves there after its removal"):
            expect_equal(pmd.refused("member_add", "net_braid1", "net_null1"), EBUSY, "a member of another bond")
            pmd.steer("member_remove", "net_braid0", "net_null1")
            pmd.steer("member_add", "net_braid1", "net_null1")
            pmd.wait_for_members("net_null1", "net_null2", "net_null3", bond="net_braid1")
            pmd.wait_for_traffic(first)
            pmd.wait_for_traffic(second)
        with case("a bond is no member of another bond"):
            before = pmd.state("net_braid1")
            expect_equal(pmd.refused("member_add", "net_braid1", "net_braid0"), ELOOP, "net_braid0 as member")
            expect_equal(pmd.state("net_braid1"), before, "what net_braid1 shows")
        with case("a bond goes, and the other keeps forwarding"):
            pmd.type("stop")
            pmd.type(f"port stop {first}")
            pmd.type("device detach net_braid0")
            expect_equal(pmd.ask("/braid/list"), ["net_braid1"], "/braid/list")
            expect_equal(set(pmd.port_summary()), {"net_null0", "net_braid1"}, "the ports that testpmd sees")
            pmd.type("device detach net_null0")  # testpmd forwards only when every port it sees is started
            pmd.start_forwarding(second)
            pmd.wait_for_traffic(second)
            pmd.type("stop")
        with case("the driver had nothing to complain about but what it was told to refuse"):
            complaints = [line for line in braid_lines(pmd.log()) if "restoring" in line or "taking back" in line]
            expect_equal(complaints, [], "complaints")
