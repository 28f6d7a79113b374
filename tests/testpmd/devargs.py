# SPDX-License-Identifier: BSD-3-Clause
"""Device arguments that are wrong: one line each, and nothing is left behind."""

from checks import case, expect, expect_equal
from testpmd import Testpmd, braid_lines

# What is wrong, the arguments, and the start of the sentence after the bond's name.
MISTAKES = (
    ("an unknown key", "speed=10", '"speed" is no key'),
    ("a key without a value", "mode", "mode: has no value"),
    ("a member without a value", "member", "member: has no value"),
    ("an empty mode", "mode=", 'mode: "" is no value'),
    ("an empty member", "member=", 'member: "" is no value'),
    ("a mode that does not exist", "mode=fast", 'mode: "fast" is no mode'),
    ("a mode by a number that does not exist", "mode=7", 'mode: "7" is no mode'),
    ("a mode given twice", "mode=1,mode=2", 'mode: "2" comes second'),
    ("a policy that does not exist", "xmit_policy=l4", 'xmit_policy: "l4"'),
    ("an aggregator mode that does not exist", "agg_mode=stableish", 'agg_mode: "stableish"'),
    ("a negative delay", "up_delay=-1", 'up_delay: "-1"'),
    ("a delay out of range", "down_delay=3600001", 'down_delay: "3600001"'),
    ("a delay with a unit", "up_delay=10ms", 'up_delay: "10ms"'),
    ("a poll period of zero", "lsc_poll_period_ms=0", 'lsc_poll_period_ms: "0"'),
    ("a multicast address", "mac=01:00:5e:00:00:01", 'mac: "01:00:5e:00:00:01" is a multicast address'),
    ("the zero address", "mac=00:00:00:00:00:00", 'mac: "00:00:00:00:00:00" is the zero address'),
    ("a socket out of range", "socket_id=99", 'socket_id: "99" is no socket'),
    ("a port id out of range", "member=32", 'member: "32" is no port id'),
    ("a PCI address that is none", "member=01:00.8", 'member: "01:00.8" is no PCI address'),
    ("what to do with an empty set", "tx_empty=free", 'tx_empty: "free"'),
    ("a member given twice", "member=net_null0,member=net_null0", 'member: "net_null0" was given before'),
    ("a member given once by each key", "member=net_null0,slave=net_null0", 'slave: "net_null0" was given before'),
    ("a member given by name and by number", "member=net_null0,member=0", "member: 0 is a member already"),
    ("the bond as its own member", "member=net_braid1", 'member: "net_braid1" is this bond'),
    ("another bond as member", "member=net_braid9", "member: net_braid9: "),
    ("a member that another bond has", "member=net_null9", "member: net_null9: "),
    ("a mistake after a good member", "member=net_null0,up_delay=x", 'up_delay: "x"'),
)


def expect_as_before(pmd, ports):
    expect_equal(pmd.ask("/braid/list"), ["net_braid9"], "the bonds that are left")
    expect_equal(pmd.ask("/ethdev/list"), ports, "the ports that are free")


def test_mistakes():
    with Testpmd("net_null0", "net_null9", "net_braid9,member=net_null9") as pmd:
        ports = pmd.ask("/ethdev/list")
        for what, arguments, sentence in MISTAKES:
            with case(f"{what} ({arguments}) is refused in one line, and nothing is left behind"):
                lines = braid_lines(pmd.answer(f"port attach net_braid1,{arguments}"))
                expect(len(lines) == 1 and lines[0].startswith(f"net_braid1: {sentence}"), f"the driver says {lines}")
                expect_as_before(pmd, ports)
        with case("after all these a bond of the same name with good arguments works in the same testpmd"):
            pmd.type("port attach net_braid1,mode=active-backup,member=net_null0,up_delay=0")
            expect_equal(sorted(pmd.ask("/braid/list")), ["net_braid1", "net_braid9"], "bonds")
            bond = pmd.show("net_braid1")["port"]
            pmd.type(f"port start {bond}")
            pmd.start_forwarding(bond)
            pmd.wait_for_traffic(bond)
            pmd.type("stop")
