# SPDX-License-Identifier: BSD-3-Clause
"""Roles, priorities, reselect, min_links and reasons, given on the command line and steered through telemetry."""

import errno

from checks import case, expect, expect_equal, wait_until
from testpmd import Testpmd

BOND = "net_braid0"


def set_bond(pmd, option, value):
    pmd.steer("set", BOND, option, value)


def set_member(pmd, member, option, value):
    pmd.steer("member_set", BOND, member, option, value)


def test_roles():
    with Testpmd("net_null0", "net_null1", "net_null2",
                 f"{BOND},mode=active-backup,member=net_null0;role=standby,member=net_null1;role=primary") as pmd:
        port = pmd.show()["port"]
        pmd.start_forwarding(port)  # and not on net_null2, which is to become a member: nobody may use it then
        pmd.wait_for_traffic(port)
        with case("members with a role and no name are named by it, and the primary is active"):
            expect_equal(sorted(pmd.members()), ["net_braid0npri", "net_braid0nsby"], "the names")
            shown = pmd.show()
            expect_equal((shown["primary"], shown["standby"], shown["active"]),
                         ("net_braid0npri", "net_braid0nsby", "net_braid0npri"), "primary, standby and active")
            expect_equal(pmd.members()["net_braid0nsby"]["why_not"], "standby", "why the standby does not transmit")
        with case("a taken role is refused and its holder named"):
            answer = pmd.ask("/braid/member_add", BOND, "net_null2;role=primary")
            expect_equal(answer["errno"], errno.EEXIST, "the errno")
            expect("net_braid0npri" in answer["error"], answer["error"])
            expect_equal(sorted(pmd.members()), ["net_braid0npri", "net_braid0nsby"], "the names")
        with case("a member is added with options, and the name after the comma"):
            pmd.steer("member_add", BOND, "net_null2;priority=5;sticky=1", "guest")
            guest = pmd.members()["guest"]
            expect_equal((guest["priority"], guest["sticky"], guest["role"]), (5, 1, "none"), "its options")
        with case("a disabled member stops transmitting while it stays started, and the next one takes over"):
            set_member(pmd, "net_braid0npri", "enabled", 0)
            primary = pmd.members()["net_braid0npri"]
            expect_equal((primary["why_not"], primary["state"]), ("disabled", "running"), "the disabled member")
            expect_equal(pmd.show()["active"], "guest", "the active member: the standby comes last")
            pmd.wait_for_traffic(port)
        with case("primary_reselect=failure leaves the active member, and always brings the primary back"):
            set_bond(pmd, "primary_reselect", "failure")
            set_member(pmd, "net_braid0npri", "enabled", 1)
            expect_equal(pmd.show()["active"], "guest", "the active member")
            set_bond(pmd, "primary_reselect", "always")
            expect_equal(pmd.show()["active"], "net_braid0npri", "the active member")
        with case("a role is given, taken away and given to another member"):
            set_member(pmd, "net_braid0npri", "role", "none")
            set_member(pmd, "guest", "role", "primary")
            expect_equal((pmd.show()["primary"], pmd.show()["active"]), ("guest", "guest"), "primary and active")
            expect_equal(pmd.refused("member_set", BOND, "net_braid0npri", "role", "primary"), errno.EEXIST, "a taken role")
        with case("what is no option, no value or fixed is refused with its errno, and changes nothing"):
            before = pmd.state()
            for wanted, *parameters in ((errno.EINVAL, "member_set", BOND, "guest", "rank", "1"),
                                        (errno.EINVAL, "member_set", BOND, "guest", "role", "boss"),
                                        (errno.EINVAL, "member_set", BOND, "guest", "sticky", "yes"),
                                        (errno.ENOENT, "member_set", BOND, "nobody", "sticky", "1"),
                                        (errno.EINVAL, "member_set", BOND, "guest", "sticky"),
                                        (errno.EINVAL, "member_set", BOND, "guest", "weight", "0"),
                                        (errno.EINVAL, "set", BOND, "weights", "heavy"),
                                        (errno.EINVAL, "set", BOND, "minlinks", "1"),
                                        (errno.EINVAL, "set", BOND, "min_links", "65"),
                                        (errno.EBUSY, "set", BOND, "seed", "1"),
                                        (errno.EBUSY, "set", BOND, "member", "net_null9"),
                                        (errno.ENOENT, "set", BOND, "primary", "net_null9"),
                                        (errno.ENODEV, "set", "net_braid9", "min_links", "1")):
                expect_equal(pmd.refused(*parameters), wanted, f"the errno of {parameters}")
            expect_equal(pmd.state(), before, "what the bond shows")
        with case("every option that is set by name shows"):
            for option, value, key, shown in (("mode", "balance", "mode", "balance"), ("xmit_policy", "l34", "policy", "l34"),
                                              ("up_delay", 7, "up_delay_ms", 7), ("down_delay", 8, "down_delay_ms", 8),
                                              ("primary_reselect", 1, "primary_reselect", "better"),
                                              ("all_slaves_active", 1, "all_members_active", 1), ("weights", "speed", "weights", "speed"),
                                              ("min_links", 1, "min_links", 1),
                                              ("primary", "net_null0", "primary", "net_braid0nsby")):
                set_bond(pmd, option, value)
                expect_equal(pmd.show()[key], shown, option)
            set_member(pmd, "guest", "name", "visitor")
            expect("visitor" in pmd.members(), "the new name does not show")


def test_min_links():
    with Testpmd("net_null0", "net_null1", f"{BOND},mode=balance,min_links=2,member=net_null0,member=net_null1") as pmd:
        port = pmd.show()["port"]
        pmd.start_forwarding()
        pmd.wait_for_traffic(port)
        with case("with fewer members than min_links the bond's link is down and nobody transmits"):
            set_member(pmd, "net_null1", "enabled", 0)
            expect_equal(pmd.link(port), "DOWN", "the link of the bond")
            members = pmd.members()
            expect_equal((members["net_null0"]["why_not"], members["net_null1"]["why_not"]), ("min_links", "disabled"),
                         "the reasons")
            sent, empty = pmd.xstats(port)["net_null0_tx_packets"], pmd.xstats(port)["tx_empty_set"]
            wait_until(lambda: pmd.xstats(port)["tx_empty_set"] > empty, "tx_empty_set rises")
            expect_equal(pmd.xstats(port)["net_null0_tx_packets"], sent, "what net_null0 has sent")
        with case("the time without transmitting is told in ms and grows"):
            first = pmd.members()["net_null0"]["why_not_ms"]
            wait_until(lambda: pmd.members()["net_null0"]["why_not_ms"] > first + 10, "it grows")
            expect(first < 600_000, f"{first} ms is longer than the bond has lived")
        with case("enough members again, or fewer asked for, and packets flow"):
            set_member(pmd, "net_null1", "enabled", 1)
            expect_equal(pmd.link(port), "UP", "the link of the bond")
            pmd.wait_for_traffic(port)
            pmd.steer("member_remove", BOND, "net_null1")
            expect_equal(pmd.link(port), "DOWN", "the link of the bond")
            set_bond(pmd, "min_links", 0)
            expect_equal(pmd.link(port), "UP", "the link of the bond")
            pmd.wait_for_traffic(port)


def test_options_outlive_a_replug():
    with Testpmd("net_null0", "net_null1",
                 f"{BOND},mode=active-backup,member=net_null0,member=net_null1;role=primary;name=uplink;priority=3") as pmd:
        port = pmd.show()["port"]
        pmd.start_forwarding()
        pmd.wait_for_traffic(port)
        with case("a member whose device is detached says so, and comes back with name, role and priority"):
            pmd.type("device detach net_null1")
            wait_until(lambda: pmd.members()["uplink"]["why_not"] == "pending", "uplink is pending")
            expect_equal(pmd.show()["active"], "net_null0", "the active member")
            pmd.type("port attach net_null1")
            wait_until(lambda: pmd.show()["active"] == "uplink", "the primary is active again")
            member = pmd.members()["uplink"]
            expect_equal((member["role"], member["priority"]), ("primary", 3), "role and priority")
            pmd.wait_for_traffic(port)
