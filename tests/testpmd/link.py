# SPDX-License-Identifier: BSD-3-Clause
"""Links of real kernel interfaces. net_tap announces link interrupts and never raises one: polling has to find it."""

import time

from checks import case, expect, expect_equal, wait_until
from taps import TAPS, taps_in_active_backup

PULLS = 3


def set_link(pmd, tap, state):
    pmd.in_namespace("ip", "link", "set", TAPS[tap], state)


def test_failover():
    with taps_in_active_backup() as (pmd, port):
        with case("a member whose kernel link goes down is replaced within a second, and the traffic goes on"):
            delays = []
            for _ in range(PULLS):
                set_link(pmd, "net_tap1", "down")
                pulled = time.monotonic()
                wait_until(lambda: pmd.show()["active"] == "net_tap2", "net_tap2 is active")
                delays.append(time.monotonic() - pulled)
                expect_equal(pmd.members()["net_tap1"]["link"], "down", "the link of net_tap1")
                pmd.wait_for_traffic(port, 100)
                set_link(pmd, "net_tap1", "up")
                wait_until(lambda: pmd.show()["active"] == "net_tap1", "the primary is active again")
            # One of them may meet a machine that is busy elsewhere.
            expect(sorted(delays)[PULLS // 2] < 1, f"it took {delays} seconds")
        with case("each pulled link is counted, and the other member has none"):
            members = pmd.members()
            expect_equal(members["net_tap1"]["link_failures"], PULLS, "link failures of net_tap1")
            expect_equal(members["net_tap2"]["link_failures"], 0, "link failures of net_tap2")
            expect_equal(pmd.xstats(port)["net_tap1_link_failures"], PULLS, "link failures among the xstats")
        with case("with both links down the bond is down and nothing is active; one link brings both back"):
            for tap in TAPS:
                set_link(pmd, tap, "down")
            wait_until(lambda: pmd.link(port) == "DOWN", "the bond's link is down")
            expect_equal((pmd.show()["active"], pmd.show()["usable"]), ("", 0), "active member, usable members")
            empty = pmd.xstats(port)["tx_empty_set"]
            wait_until(lambda: pmd.xstats(port)["tx_empty_set"] > empty, "tx_empty_set rises")
            set_link(pmd, "net_tap2", "up")
            wait_until(lambda: pmd.show()["active"] == "net_tap2", "net_tap2 is active")
            wait_until(lambda: pmd.link(port) == "UP", "the bond's link is up")
            pmd.wait_for_traffic(port, 100)
