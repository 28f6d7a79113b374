# SPDX-License-Identifier: BSD-3-Clause
"""A bond of two taps, whose kernel side is in a network namespace of testpmd's own."""

from contextlib import contextmanager

from checks import wait_until
from testpmd import Testpmd

BOND = "net_braid0"
TAPS = {"net_tap1": "braid1", "net_tap2": "braid2"}


@contextmanager
def taps_in_active_backup():
    """Gives testpmd, which forwards between the bond and net_null0, and the bond's port; net_tap1 is the primary, and active."""
    devices = [f"{tap},iface={interface}" for tap, interface in TAPS.items()]
    with Testpmd(*devices, f"{BOND},mode=active-backup,primary=net_tap1," + ",".join(f"member={tap}" for tap in TAPS),
                 "net_null0", namespace=True) as pmd:
        port = pmd.show()["port"]
        pmd.start_forwarding()
        pmd.wait_for_members(*TAPS)
        wait_until(lambda: pmd.show()["active"] == "net_tap1", "the primary is active")
        yield pmd, port
