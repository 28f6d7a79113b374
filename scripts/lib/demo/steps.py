# SPDX-License-Identifier: BSD-3-Clause
"""What is done to the bond, and when: one timeline for net_braid and, as far as it can follow, net_bonding."""

import dataclasses
import re
import typing

from demo import lab
import telemetry

TRANSFER_SECONDS = 20
EEXIST = 17


@dataclasses.dataclass(frozen=True)
class Answer:
    """What came back when a step was done, and whether it is what the timeline expects."""
    text: str
    expected: bool = True


@dataclasses.dataclass(frozen=True)
class Step:
    at: float  # seconds from the start of the transfer; multiples of 0.5, where iperf3 cuts its intervals too
    text: str
    act: typing.Callable[[], Answer]
    mode: str  # the bond's mode once the step is done
    transmitting: frozenset | None  # names of the members that transmit then; None: whichever the bond chose


class Timeline:
    """The steps in order. A subclass says how one bonding driver is told to do each of them."""

    # What net_tap1 is called once it was renamed, and once it was added again; and net_tap2 as the standby.
    first_name = "uplink-a"
    second_name = "uplink-b"
    spare_name = "spare"

    def __init__(self, the_lab):
        self._lab = the_lab

    def steps(self):
        mode = "round-robin"
        return [
            Step(2.0, "link of tap1 pulled", self._pull, mode, {"net_tap2"}),
            Step(4.0, "link of tap1 back", self._restore, mode, {"net_tap1", "net_tap2"}),
            Step(5.5, "net_tap1 renamed to uplink-a", self.rename, mode, {self.first_name, "net_tap2"}),
            Step(6.5, "net_tap2 renamed to uplink-a too", self.rename_to_a_taken_name, mode,
                {self.first_name, "net_tap2"}),
            Step(7.5, f"{self.first_name} removed", self.remove, mode, {"net_tap2"}),
            Step(9.5, f"net_tap1 added again as {self.second_name}", self.add, mode,
                {self.second_name, "net_tap2"}),
            Step(11.0, "mode becomes balance", lambda: self.set_mode("balance"), "balance",
                {self.second_name, "net_tap2"}),
            *self._steps_in_active_backup(),
        ]

    def _steps_in_active_backup(self):
        mode = "active-backup"
        return [
            Step(12.5, "mode becomes active-backup", lambda: self.set_mode(mode), mode, None),
            Step(13.5, f"{self.second_name} made primary", self.make_primary, mode, {self.second_name}),
            Step(14.0, "standby net_tap2 renamed to spare", self.rename_the_standby, mode, {self.second_name}),
            Step(14.5, "tap2 deleted, its device removed", self.unplug, mode, {self.second_name}),
            Step(15.5, "device and tap2 made again", self.plug_in, mode, {self.second_name}),
            Step(16.5, "link of tap1, the active one, pulled", self._pull, mode, {self.spare_name}),
            Step(18.5, "link of tap1 back", self._restore, mode, {self.second_name}),
        ]

    def _pull(self):
        self._lab.pull_link("tap1")
        return Answer("ok")

    def _restore(self):
        self._lab.restore_link("tap1")
        return Answer("ok")


class BraidTimeline(Timeline):
    """net_braid, steered over telemetry."""

    bond = "net_braid0"
    vdev = "net_braid0,mode=round-robin,member=net_tap1,member=net_tap2"
    # Its members belong to the bond, so tap0 and the bond are all that testpmd sees, and joins.
    testpmd_options = ()

    def __init__(self, the_lab, testpmd):
        super().__init__(the_lab)
        self._testpmd = testpmd
        path = telemetry.socket_path(testpmd.file_prefix, testpmd.runtime_root)
        self._telemetry = telemetry.connect(path)

    def do(self, step):
        """Does step and waits until the bond shows what was wanted of it."""
        answer = step.act()
        if not answer.expected:
            return answer
        try:
            lab.wait_until(lambda: self._shows(step), step.text, deadline_s=1.0)
        except lab.LabError:
            names = " ".join(sorted(self.transmitting())) or "nobody"
            return Answer(f"{answer.text}, but a second later the mode is {self._show()['mode']} and {names} transmits",
                expected=False)
        return answer

    def transmitting(self):
        return {member["name"] for member in self._show()["members"].values() if member["transmits"]}

    def rename(self):
        return self._command("member_rename", "net_tap1", self.first_name)

    def rename_to_a_taken_name(self):
        reply = self._ask("member_rename", "net_tap2", self.first_name)
        if telemetry.is_error(reply) and reply and reply.get("errno") == EEXIST:
            return Answer(f"refused, and rightly: {reply['error']}")
        return Answer(f"should have been refused with errno {EEXIST}: {reply}", expected=False)

    def remove(self):
        return self._command("member_remove", self.first_name)

    def add(self):
        return self._command("member_add", "net_tap1", self.second_name)

    def set_mode(self, mode):
        return self._command("mode", mode)

    def make_primary(self):
        return self._command("primary", self.second_name)

    def rename_the_standby(self):
        return self._command("member_rename", "net_tap2", self.spare_name)

    def unplug(self):
        self._lab.delete_tap("tap2")
        # A driver frees its queues before ethdev tells the bond. By then nobody may poll them: soon after the loss of its link
        # nobody does.
        left_alone = self._spare_becomes("polled", 0)
        if not left_alone.expected:
            return left_alone
        self._testpmd.command("device detach net_tap2")
        return self._spare_becomes("state", "pending")

    def plug_in(self):
        self._testpmd.command("port attach net_tap2,iface=tap2")
        self._lab.connect_member("tap2")
        return self._spare_becomes("state", "running")

    def _spare_becomes(self, key, value):
        def value_now():
            return next((m[key] for m in self._show()["members"].values() if m["name"] == self.spare_name), "gone")
        try:
            lab.wait_until(lambda: value_now() == value, f"{key} of {self.spare_name} to be {value}", deadline_s=1.0)
        except lab.LabError:
            return Answer(f"a second later {key} of {self.spare_name} is {value_now()}, not {value}", expected=False)
        return Answer(f"ok: {self.spare_name} is {value}")

    def _shows(self, step):
        is_right = step.transmitting is None or self.transmitting() == step.transmitting
        return is_right and self._show()["mode"] == step.mode

    def _show(self):
        reply = self._ask("show")
        if telemetry.is_error(reply):
            raise telemetry.TelemetryError(f"/braid/show,{self.bond} is answered with {reply}")
        return reply

    def _ask(self, command, *parameters):
        return self._telemetry.ask(f"/braid/{command}", self.bond, *parameters)

    def _command(self, command, *parameters):
        reply = self._ask(command, *parameters)
        if telemetry.is_error(reply):
            return Answer(reply["error"] if reply else f"/braid/{command} is not known", expected=False)
        return Answer(str(reply.get("result", reply)), expected=reply.get("result") == "ok")


class BondingTimeline(Timeline):
    """DPDK's net_bonding, steered through testpmd's prompt. What it refuses is an answer here, not a failure."""

    bond = "net_bonding0"
    vdev = "net_bonding0,mode=0,slave=net_tap1,slave=net_tap2"
    # The members stay visible as ports 1 and 2; these are tap0 and the bond.
    testpmd_options = ("--portlist=0,3",)
    MEMBER_PORT, BOND_PORT = 1, 3
    first_name = second_name = "net_tap1"
    spare_name = "net_tap2"
    MODES = {"active-backup": 1, "balance": 2}

    def __init__(self, the_lab, testpmd):
        super().__init__(the_lab)
        self._testpmd = testpmd

    def do(self, step):
        return step.act()

    def transmitting(self):
        """What the bond believes."""
        shown = self._testpmd.command(f"show bonding config {self.BOND_PORT}")
        kind = "Primary" if "Bonding mode: 1" in shown else r"Active Slaves \(\d+\)"
        ports = re.search(kind + r": \[([\d ]*)\]", shown)
        return {f"net_tap{port}" for port in ports[1].split()} if ports else set()

    def rename(self):
        return Answer("net_bonding cannot do this")

    def rename_to_a_taken_name(self):
        return Answer("net_bonding cannot do this")

    rename_the_standby = unplug = plug_in = rename

    def remove(self):
        return self._type(f"remove bonding slave {self.MEMBER_PORT} {self.BOND_PORT}")

    def add(self):
        return self._type(f"add bonding slave {self.MEMBER_PORT} {self.BOND_PORT}")

    def set_mode(self, mode):
        # testpmd wants the port stopped for this, and rightly: a started bond goes on with its former mode.
        for command in ("stop", f"port stop {self.BOND_PORT}"):
            self._testpmd.command(command)
        answer = self._type(f"set bonding mode {self.MODES[mode]} {self.BOND_PORT}")
        for command in (f"port start {self.BOND_PORT}", "start"):
            self._testpmd.command(command)
        return Answer(f"{answer.text}, with the port stopped and started")

    def make_primary(self):
        return self._type(f"set bonding primary {self.MEMBER_PORT} {self.BOND_PORT}")

    def _type(self, command):
        return Answer(" ".join(self._testpmd.command(command).split()) or "ok")
