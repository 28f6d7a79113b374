# SPDX-License-Identifier: BSD-3-Clause
"""Control operations while packets flow, out of a port beside the bond, so that they flow into an empty bond too."""

import itertools
from errno import EBUSY, EEXIST, EINVAL, ELOOP, ENODEV, ENOENT, ENOTSUP

from checks import case, expect, expect_equal, wait_until
from testpmd import Testpmd

MEMBERS = ("net_null0", "net_null1", "net_null2")
MODES = ("round-robin", "active-backup", "balance", "broadcast")
BOND = "net_braid0"


def live_testpmd(mode="round-robin"):
    return Testpmd(*MEMBERS, "net_null9", f"{BOND},mode={mode},member=net_null0,member=net_null1")


def start_forwarding(pmd):
    """The bond and net_null9 send to each other; returns the bond's port. What is no member now is not polled."""
    port = pmd.show()["port"]
    pmd.start_forwarding(pmd.port_summary()["net_null9"], port)
    pmd.wait_for_traffic(port)
    return port


def sent_by_members(pmd, port):
    return {name.removesuffix("_tx_packets"): value for name, value in pmd.xstats(port).items()
            if name.startswith("net_") and name.endswith("_tx_packets")}


def wait_for_senders(pmd, port, wanted, what):
    """Until, between two looks, members have sent so that wanted(set of their names) holds."""
    def between_two_looks():
        before = sent_by_members(pmd, port)
        pmd.wait_for_traffic(port)
        after = sent_by_members(pmd, port)
        return wanted({name for name in after if after[name] > before.get(name, 0)})
    wait_until(between_two_looks, what)


def test_modes_under_traffic():
    with live_testpmd() as pmd:
        port = start_forwarding(pmd)
        with case("the mode goes through all four, round and round, and packets keep flowing"):
            for mode in itertools.chain.from_iterable(itertools.repeat(MODES, 5)):
                pmd.steer("mode", BOND, mode)
                expect_equal(pmd.show()["mode"], mode, "the mode shown")
                pmd.wait_for_traffic(port)
        for mode in ("round-robin", "broadcast"):
            with case(f"in mode {mode} every member sends"):
                pmd.steer("mode", BOND, mode)
                wait_for_senders(pmd, port, lambda who: who == {"net_null0", "net_null1"}, "both members send")
        with case("in mode balance one flow has one member"):
            pmd.steer("mode", BOND, "balance")
            wait_for_senders(pmd, port, lambda who: len(who) == 1, "one member sends")
        with case("in mode active-backup the primary sends, and at once another when that is made the primary"):
            pmd.steer("mode", BOND, "active-backup")
            for primary in ("net_null1", "net_null0", "net_null1"):
                pmd.steer("primary", BOND, primary)
                shown = pmd.show()
                expect_equal((shown["primary"], shown["active"]), (primary, primary), "primary and active member")
                wait_for_senders(pmd, port, lambda who: who == {primary}, f"{primary} alone sends")
        with case("without a primary the active member stays, and none is preferred"):
            pmd.steer("primary", BOND)
            shown = pmd.show()
            expect_equal((shown["primary"], shown["active"]), ("", "net_null1"), "primary and active member")
        with case("the policy goes through all three while packets flow"):
            pmd.steer("mode", BOND, "balance")
            for policy in ("l23", "l34", "l2"):
                pmd.steer("policy", BOND, policy)
                expect_equal(pmd.show()["policy"], policy, "the policy shown")
                pmd.wait_for_traffic(port)
        with case("modes and policies that do not exist are refused and change nothing"):
            before = pmd.state()
            expect_equal(pmd.refused("mode", BOND, "fast"), EINVAL, "an unknown mode")
            expect_equal(pmd.refused("mode", BOND, "lacp"), ENOTSUP, "a mode that is not built")
            expect_equal(pmd.refused("policy", BOND, "l4"), EINVAL, "an unknown policy")
            expect_equal(pmd.refused("primary", BOND, "nobody"), ENOENT, "an unknown primary")
            expect_equal(pmd.refused("mode", BOND), EINVAL, "no mode")
            expect_equal(pmd.refused("mode", "net_braid7", "balance"), ENODEV, "an unknown bond")
            expect_equal(pmd.state(), before, "what the bond shows")
        with case("no packet was dropped, since there was a member to take it at every moment"):
            _, sent, dropped = pmd.stop_forwarding()[port]
            expect(sent > 0, "nothing was sent")
            expect_equal(dropped, 0, "packets dropped")


def test_membership_under_traffic():
    with live_testpmd() as pmd:
        port = start_forwarding(pmd)
        for mode in MODES:
            with case(f"in mode {mode} a member is removed and added while packets flow, and none is dropped"):
                pmd.steer("mode", BOND, mode)
                for name in ("net_null0", "net_null1") * 2:
                    pmd.steer("member_remove", BOND, name)
                    pmd.wait_for_traffic(port)
                    expect(name not in pmd.members(), f"{name} is still shown")
                    pmd.steer("member_add", BOND, name)
                    pmd.wait_for_traffic(port)
                    expect_equal(pmd.members()[name]["state"], "running", f"the state of {name}")
                _, sent, dropped = pmd.stop_forwarding()[port]
                expect_equal((sent > 0, dropped), (True, 0), "packets sent, packets dropped")
                start_forwarding(pmd)
        with case("a third member joins under a name of its own and sends"):
            pmd.steer("mode", BOND, "round-robin")
            pmd.steer("member_add", BOND, "net_null2", "net_third")
            expect_equal(pmd.members()["net_third"]["device"], "net_null2", "its device")
            wait_for_senders(pmd, port, lambda who: "net_third" in who, "net_third sends")
        with case("what cannot be added or removed is refused with its errno and changes nothing"):
            before = pmd.state()
            expect_equal(pmd.refused("member_add", BOND, "net_null2"), EEXIST, "a member again")
            expect_equal(pmd.refused("member_add", BOND, BOND), ELOOP, "the bond itself")
            expect_equal(pmd.refused("member_add", BOND, port), ELOOP, "the bond itself by its port id")
            expect_equal(pmd.refused("member_add", BOND, "net null"), EINVAL, "a name that no device has")
            expect_equal(pmd.refused("member_add", "net_braid7", "net_null2"), ENODEV, "to an unknown bond")
            expect_equal(pmd.refused("member_remove", BOND, "nobody"), ENOENT, "removing an unknown member")
            expect_equal(pmd.refused("member_remove", "net_braid7", "net_null2"), ENODEV, "from an unknown bond")
            expect_equal(pmd.state(), before, "what the bond shows")
        with case("a removed member is a port of its own again, and taken from there as soon as it is added"):
            pmd.steer("member_remove", BOND, "net_third")
            expect("net_null2" in pmd.port_summary(), "net_null2 is not listed")
            pmd.steer("member_add", BOND, "net_null2")
            expect("net_null2" not in pmd.port_summary(), "net_null2 is still listed")
            pmd.steer("member_remove", BOND, "net_null2")
        with case("while the set is empty packets stay with the sender, and tx_empty_set counts them"):
            for name in ("net_null0", "net_null1"):
                pmd.steer("member_remove", BOND, name)
            expect_equal((pmd.show()["usable"], pmd.show()["members"]), (0, {}), "usable members and members")
            before = pmd.xstats(port)
            wait_until(lambda: pmd.xstats(port)["tx_empty_set"] > before["tx_empty_set"], "tx_empty_set rises")
            expect_equal(pmd.xstats(port)["tx_good_packets"], before["tx_good_packets"], "packets sent by no member")
        with case("the counters of the bond do not fall when its members leave"):
            expect(pmd.stats(port)["opackets"] > 0, "opackets")
            expect(pmd.stats(port)["ipackets"] > 0, "ipackets")
        with case("an empty bond changes its mode, and works when a member is back"):
            for mode in MODES:
                pmd.steer("mode", BOND, mode)
            pmd.steer("member_add", BOND, "net_null0")
            pmd.wait_for_traffic(port)
            empty = pmd.xstats(port)["tx_empty_set"]
            pmd.wait_for_traffic(port)
            expect_equal(pmd.xstats(port)["tx_empty_set"], empty, "tx_empty_set with a member")


def test_names_under_traffic():
    with live_testpmd() as pmd:
        port = start_forwarding(pmd)
        with case("a rename is seen in /braid/show, in /ethdev/xstats and in `show port xstats`, and the counters go on"):
            before = pmd.xstats(port)["net_null0_tx_packets"]
            pmd.steer("member_rename", BOND, "net_null0", "net_left")
            expect_equal(set(pmd.members()), {"net_left", "net_null1"}, "the names shown")
            after = pmd.xstats(port)
            expect(after["net_left_tx_packets"] >= before > 0, "the counter has not gone on")
            expect(not any(name.startswith("net_null0_") for name in after), "the old name is still there")
            text = pmd.type(f"show port xstats {port}")
            expect("net_left_tx_packets: " in text and "net_null0_" not in text, f"testpmd shows {text}")
        with case("the id, the device and the state of a renamed member stay, and so does the traffic"):
            ids = {id_: (m["device"], m["state"]) for id_, m in pmd.show()["members"].items()}
            pmd.steer("member_rename", BOND, "net_left", "net_right")
            expect_equal({id_: (m["device"], m["state"]) for id_, m in pmd.show()["members"].items()}, ids, "members")
            pmd.wait_for_traffic(port)
        with case("a member is renamed by its device's name too, and the same name again is a success"):
            pmd.steer("member_rename", BOND, "net_null0", "net_left")
            pmd.steer("member_rename", BOND, "net_left", "net_left")
            expect_equal(set(pmd.members()), {"net_left", "net_null1"}, "the names shown")
        with case("a rename is refused for a name in use, a bad name, an unknown member and an unknown bond"):
            before = pmd.state()
            expect_equal(pmd.refused("member_rename", BOND, "net_left", "net_null1"), EEXIST, "a name in use")
            for bad in ("..", ".", "a/b", "a:b", "a b", "a=b", "50%", "x" * 64):
                expect_equal(pmd.refused("member_rename", BOND, "net_left", bad), EINVAL, f"the name {bad}")
            expect_equal(pmd.refused("member_rename", BOND, "net_left", ""), EINVAL, "an empty name")
            expect_equal(pmd.refused("member_rename", BOND, "nobody", "net_x"), ENOENT, "an unknown member")
            expect_equal(pmd.refused("member_rename", "net_braid7", "net_left", "net_x"), ENODEV, "an unknown bond")
            expect_equal(pmd.state(), before, "what the bond shows")
        with case("two members swap their names a hundred times while packets flow, seen whole and without an id changed"):
            pmd.steer("member_rename", BOND, "net_left", "net_a", "net_null1", "net_b")
            device_of = {name: m["device"] for name, m in pmd.members().items()}
            for _ in range(100):
                pmd.steer("member_rename", BOND, "net_a", "net_b", "net_b", "net_a")
                expect_equal(set(pmd.members()), {"net_a", "net_b"}, "the names shown")
            expect_equal({name: m["device"] for name, m in pmd.members().items()}, device_of, "after an even number")
            pmd.wait_for_traffic(port)
        with case("of several renames all or none are carried out"):
            before = pmd.state()
            expect_equal(pmd.refused("member_rename", BOND, "net_a", "net_c", "net_b", "a/b"), EINVAL, "a bad second name")
            expect_equal(pmd.refused("member_rename", BOND, "net_a", "net_c", "net_b", "net_c"), EEXIST, "one name twice")
            expect_equal(pmd.refused("member_rename", BOND, "net_a", "net_c", "net_b"), EINVAL, "a name is missing")
            expect_equal(pmd.state(), before, "what the bond shows")
            pmd.steer("member_rename", BOND, "net_a", "net_left", "net_b", "net_null1")
        with case("live_rename=0 keeps the names of a started bond, and 1 lets them go"):
            pmd.steer("set", BOND, "live_rename", 0)
            expect_equal(pmd.show()["live_rename"], 0, "live_rename")
            expect_equal(pmd.refused("member_rename", BOND, "net_left", "net_x"), EBUSY, "renaming a started bond's member")
            expect_equal(pmd.refused("set", BOND, "live_rename", 2), EINVAL, "a switch that is 2")
            pmd.steer("set", BOND, "live_rename", 1)
        with case("each rename is in the stream of events, numbered without a gap and read page by page"):
            events, next_, left = {}, 0, 1
            while left:
                answer = pmd.ask("/braid/events", BOND, next_)
                expect_equal(answer["missed"], 0, "events missed")
                events.update(answer["events"])
                next_, left = answer["next"], answer["left"]
            expect_equal(sorted(map(int, events)), list(range(next_)), "their numbers")
            swaps = [e for e in events.values() if (e["old_name"], e["name"]) == ("net_a", "net_b")]
            expect_equal((len(swaps), {e["kind"] for e in swaps}), (100, {"member_renamed"}), "events of swaps")
        with case("member_name names members that are given no name"):
            pmd.steer("set", BOND, "member_name", "net_m%d")
            pmd.steer("member_add", BOND, "net_null2")
            expect_equal(pmd.members()["net_m0"]["device"], "net_null2", "its device")
            expect_equal(pmd.refused("set", BOND, "member_name", "net_m"), EINVAL, "a template without a number")
            pmd.steer("member_remove", BOND, "net_m0")
        with case("a removed member's name is free for another"):
            pmd.steer("member_remove", BOND, "net_left")
            pmd.steer("member_add", BOND, "net_null2", "net_left")
            expect_equal(pmd.members()["net_left"]["device"], "net_null2", "its device")


def test_generation():
    with live_testpmd("active-backup") as pmd:
        port = start_forwarding(pmd)

        def rises(*operation):
            before = pmd.state()["generation"]
            pmd.steer(*operation)
            return pmd.show()["generation"] - before

        with case("the generation rises by exactly one with each operation that changes what bursts see"):
            for operation in (("member_add", BOND, "net_null2"), ("primary", BOND, "net_null2"),
                              ("mode", BOND, "balance"), ("policy", BOND, "l34"), ("mode", BOND, "broadcast"),
                              ("member_remove", BOND, "net_null2"), ("member_remove", BOND, "net_null1"),
                              ("mode", BOND, "round-robin"), ("member_remove", BOND, "net_null0"),
                              ("member_add", BOND, "net_null0")):
                expect_equal(rises(*operation), 1, f"{operation}")
        with case("the generation stays where an operation changes nothing that bursts see"):
            for operation in (("mode", BOND, "round-robin"), ("policy", BOND, "l34"), ("primary", BOND),
                              ("member_rename", BOND, "net_null0", "net_other")):
                expect_equal(rises(*operation), 0, f"{operation}")
        with case("the generation among the xstats is the one that telemetry shows"):
            expect_equal(pmd.xstats(port)["generation"], pmd.show()["generation"], "generation")


def test_what_is_shown():
    with live_testpmd("active-backup") as pmd:
        port = pmd.show()["port"]
        with case("/braid/list names the bond, and /braid/show tells what is true"):
            expect_equal(pmd.ask("/braid/list"), [BOND], "/braid/list")
            pmd.wait_for_members("net_null0", "net_null1")
            shown = pmd.show()
            members = {m["name"]: m for m in shown.pop("members").values()}
            for figure in ("generation", "next_event", "publish_last_ns", "publish_longest_ns", "retired"):
                shown.pop(figure)
            mac = shown.pop("mac")
            seed, simd, socket_id = shown.pop("seed"), shown.pop("simd"), shown.pop("socket_id")
            expect_equal(shown, {"name": BOND, "port": port, "started": 1, "mode": "active-backup", "policy": "l2",
                                 "primary": "", "primary_awaited": "", "active": "net_null0",
                                 "up_delay_ms": 0, "down_delay_ms": 0, "agg_mode": "stable", "tx_empty": "keep",
                                 "rx_port": "bond", "rr_limit": 1, "drain_ms": 100,
                                 "lsc_poll_period_ms": 10, "usable": 2, "standby": "", "primary_reselect": "always",
                                 "min_links": 0, "all_members_active": 0, "weights": "option", "pinning": 0,
                                 "live_rename": 1, "member_name": "",
                                 "lsc_on_failover": 0, "events_lost": 0, "auto": [],
                                 "mac_policy": "same", "announce": 1, "announce_interval_ms": 0, "members_left": 0,
                                 "next_member": 0}, "the bond")
            expect(seed.isdecimal() and 0 <= int(seed) < 2**64, f"the seed is {seed!r}")
            expect(simd in ("scalar", "avx2", "avx512"), f"bursts use the instructions {simd}")
            expect(socket_id in range(-1, 32), f"its NUMA node is {socket_id}")
            expect_equal(mac.upper(), pmd.ask("/ethdev/info", port)["mac_addr"].upper(), "its MAC address")
            common = {"state": "running", "link": "up", "speed_mbps": 10000, "polled": 1, "primary": 0,
                      "delay_remaining_ms": 0, "link_failures": 0, "role": "none", "priority": 0, "sticky": 0, "enabled": 1,
                      "announces": 1, "weight": 1, "buckets": 0}
            members["net_null0"].pop("mac")
            expect_equal(members["net_null0"], {"name": "net_null0", "device": "net_null0", "port": 0, "transmits": 1,
                                                "why_not": "", "why_not_ms": 0, **common}, "the active member")
            expect_equal(members["net_null1"]["transmits"], 0, "what the standby transmits")
            expect_equal({k: members["net_null1"][k] for k in common}, common, "the standby")
            expect_equal(members["net_null1"]["why_not"], "standby", "why the other one does not transmit")
        with case("an unknown bond and a missing parameter are errors with a reason"):
            expect_equal(pmd.refused("show", "net_braid7"), ENODEV, "an unknown bond")
            expect_equal(pmd.refused("show"), EINVAL, "no parameter")
            for command in ("member_add", "member_remove", "member_rename", "mode", "policy"):
                expect_equal(pmd.refused(command, BOND), EINVAL, f"{command} without a second parameter")
        with case("the members and the usable ones among the xstats are those that telemetry shows"):
            xstats = pmd.xstats(port)
            expect_equal((xstats["members"], xstats["usable"]), (2, 2), "members and usable")
            expect_equal((xstats["net_null0_transmits"], xstats["net_null1_transmits"]), (1, 0), "transmits")
