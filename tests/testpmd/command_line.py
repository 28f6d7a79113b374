# SPDX-License-Identifier: BSD-3-Clause
"""What is typed to start testpmd: the order of devices, the spellings of a mode, net_bonding's own command line."""

from checks import case, expect, expect_equal
from testpmd import Testpmd, braid_lines

NULLS = ("net_null0", "net_null1")
BALANCE = "net_braid0,mode=balance,member=net_null0,member=net_null1"

MODES = {
    "round-robin": ("round-robin", "balance-rr", "roundrobin", "0"),
    "active-backup": ("active-backup", "failover", "1"),
    "balance": ("balance", "balance-xor", "loadbalance", "2"),
    "broadcast": ("broadcast", "3"),
}
NOT_BUILT = ("lacp", "802.3ad", "4", "tlb", "balance-tlb", "5", "alb", "balance-alb", "6")


def expect_only_the_bond_forwards(pmd):
    pmd.wait_for_members(*NULLS)
    expect_equal(list(pmd.port_summary()), ["net_braid0"], "the ports that testpmd sees")
    bond = pmd.show()["port"]
    expect_equal(pmd.ask("/ethdev/list"), [bond], "the ports that telemetry sees")
    pmd.start_forwarding()
    pmd.wait_for_traffic(bond)
    received, sent, dropped = pmd.stop_forwarding()[bond]
    expect_equal((sent, dropped), (received, 0), "packets forwarded and dropped")


def test_members_before_the_bond():
    with Testpmd(*NULLS, BALANCE) as pmd:
        with case("a bond after its members forwards, and it is the only port that testpmd sees"):
            expect_only_the_bond_forwards(pmd)


def test_members_after_the_bond():
    with Testpmd(BALANCE, *NULLS) as pmd:
        with case("a bond before its members forwards, and it is the only port that testpmd sees"):
            expect_only_the_bond_forwards(pmd)


def test_no_members():
    with Testpmd("net_braid0,mode=balance") as pmd:
        bond = pmd.show()["port"]
        with case("a bond without members starts, has no link and no complaint, and forwards nothing"):
            expect_equal(list(pmd.port_summary()), ["net_braid0"], "the ports that testpmd sees")
            pmd.start_forwarding()
            expect_equal(pmd.show()["started"], 1, "started")
            expect_equal(pmd.link(bond), "DOWN", "the bond's link")
            expect_equal((pmd.stats(bond)["ipackets"], pmd.stats(bond)["opackets"]), (0, 0), "packets")
            expect_equal(braid_lines(pmd.log()), [], "what the driver says")
        with case("members that are plugged in and added by telemetry make the traffic start"):
            for null in NULLS:
                pmd.type(f"port attach {null}")
                pmd.steer("member_add", "net_braid0", null)
            pmd.wait_for_members(*NULLS)
            pmd.wait_for_traffic(bond)
            expect_equal(pmd.link(bond), "UP", "the bond's link")
            expect_equal(list(pmd.port_summary()), ["net_braid0"], "the ports that testpmd sees")


def test_mode_spellings():
    with Testpmd("net_null0") as pmd:
        for meant, spellings in MODES.items():
            with case(f"mode {meant} may be written {', '.join(spellings)}"):
                for spelling in spellings:
                    pmd.type(f"port attach net_braid1,mode={spelling}")
                    expect_equal(pmd.show("net_braid1")["mode"], meant, f"the meaning of {spelling}")
                    pmd.type("device detach net_braid1")
                    expect_equal(pmd.ask("/braid/list"), [], "bonds after the detach")


def test_mode_refusals():
    # EAL reports a virtual device that cannot be made, and goes on without it.
    with Testpmd("net_null0", "net_braid0,mode=lacp,member=net_null0") as pmd:
        with case("mode=lacp on the command line makes no bond: one line that names the key, and the member is free"):
            lines = braid_lines(pmd.log())
            expect(len(lines) == 1 and lines[0].startswith('net_braid0: mode: "lacp" '), f"the driver says {lines}")
            expect("Bus (vdev) probe failed" in pmd.log(), f"EAL does not say that the probe has failed: {pmd.log()}")
            expect_equal(pmd.ask("/braid/list"), [], "bonds")
            expect_equal(list(pmd.port_summary()), ["net_null0"], "the ports that testpmd sees")
        with case(f"modes that are not built are refused and named, whether {', '.join(NOT_BUILT)}"):
            for spelling in NOT_BUILT:
                lines = braid_lines(pmd.answer(f"port attach net_braid1,mode={spelling}"))
                expect(len(lines) == 1 and f'mode: "{spelling}" ' in lines[0] and "not supported yet" in lines[0],
                       f"mode={spelling}: the driver says {lines}")
                expect_equal(pmd.ask("/braid/list"), [], f"bonds after mode={spelling}")


PEERS_LINE = ("mode=2,slave=net_null0,slave=net_null1,primary=net_null1,xmit_policy=l34,agg_mode=stable,"
              "mac=02:00:00:00:00:42,socket_id=0")
# net_bonding documents and reads these as well; up to 22.11 it leaves them out of the list of keys that it admits.
PEERS_TIMES = "up_delay=10,down_delay=50,lsc_poll_period_ms=100"


def test_the_peers_command_line():
    with case("the command line below is one that net_bonding takes"):
        with Testpmd(*NULLS, f"net_bonding0,{PEERS_LINE}") as pmd:
            expect("net_bonding0" in pmd.port_summary(), "testpmd does not see net_bonding0")
    with Testpmd(*NULLS, f"net_braid0,{PEERS_LINE},{PEERS_TIMES}") as pmd:
        with case("net_bonding's command line works when only the driver's name is replaced"):
            expect_only_the_bond_forwards(pmd)
        with case("net_bonding's keys mean here what they mean there"):
            bond = pmd.show()
            wanted = {"mode": "balance", "policy": "l34", "primary": "net_null1", "up_delay_ms": 10, "down_delay_ms": 50,
                      "lsc_poll_period_ms": 100}
            expect_equal({key: bond[key] for key in wanted}, wanted, "what the bond shows")
            text = pmd.type(f"show port info {bond['port']}")
            expect("MAC address: 02:00:00:00:00:42" in text, f"the bond has another address: {text}")
            expect("Connect to socket: 0" in text, f"the bond is on another socket: {text}")
