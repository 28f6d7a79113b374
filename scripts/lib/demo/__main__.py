# SPDX-License-Identifier: BSD-3-Clause
"""Runs the demonstration. scripts/demo is the command to use: it installs and builds what this needs.

A lab is built (lab.py), testpmd forwards through the bond in it (testpmd.py), traffic runs (traffic.py), the bond
is changed at fixed times (steps.py), and what was measured is told (analysis.py, report.py).
"""

import argparse
import os
import signal
import sys
import time

from demo import lab, observation, report, steps, testpmd, traffic
import telemetry


def sleep_until(wall_clock_time):
    time.sleep(max(0.0, wall_clock_time - time.time()))


def do_steps(timeline, transfer):
    events = []
    for step in timeline.steps():
        sleep_until(transfer.started_at + step.at)
        began = time.time()
        answer = timeline.do(step)
        events.append(observation.Event(step, answer, began, time.time() - began))
        report.event(events[-1], timeline.transmitting())
    return events


def observe(the_lab, timeline_class, options):
    """Builds everything in the_lab, runs the timeline, and returns what was measured."""
    eal_options = [] if options.peer else ["-d", options.driver]
    forwarder = testpmd.Testpmd(the_lab, timeline_class.vdev, eal_options, timeline_class.testpmd_options)
    the_lab.connect()
    forwarder.command("start")
    ping = traffic.Ping(the_lab)
    transfer = traffic.Transfer(the_lab, steps.TRANSFER_SECONDS, options.mbit)
    try:
        timeline = timeline_class(the_lab, forwarder)
        report.start("round-robin", timeline.transmitting())
        events = do_steps(timeline, transfer)
    except telemetry.TelemetryError as error:
        raise lab.LabError(f"{error}; the last testpmd said:\n{forwarder.tail()}") from error
    ended_well, totals = transfer.finish(patience_s=30.0)
    report.end(steps.TRANSFER_SECONDS, ended_well)
    replies = ping.finish()
    return observation.Observation(
        started_at=transfer.started_at, seconds=steps.TRANSFER_SECONDS, intervals=transfer.intervals,
        replies=replies, events=events, totals=totals, transfer_ended_well=ended_well,
        testpmd_status=forwarder.quit())


def braid_verdict(observed):
    failed = list(observation.failures(observed))
    for failure in failed:
        report.say("  " + report.paint.bad("FAILED: ") + failure)
    if not failed:
        report.say("  " + report.paint.good("PASSED: ") + "the transfer lived, every command was answered as "
            f"expected, and no gap in active-backup was over {observation.milliseconds(observation.ALLOWED_GAP_S)}")
    return 1 if failed else 0


def peer_verdict(observed):
    ending = "the transfer lived" if observed.transfer_ended_well else "the transfer died"
    report.say(f"  {ending}. This was net_bonding, for comparison: there is no verdict.")
    return 0


def demonstrate(options):
    timeline_class = steps.BondingTimeline if options.peer else steps.BraidTimeline
    rate = f" of {options.mbit} Mbit/s" if options.mbit else ""
    report.say(report.paint.strong(f"A TCP transfer{rate} and a ping every 2 ms run through {timeline_class.bond} over "
        "tap1 and tap2,\nwhile the bond is being changed:\n"))
    with lab.Lab() as the_lab:
        observed = observe(the_lab, timeline_class, options)
    report.say()
    report.table(observed)
    report.say()
    report.totals(observed)
    return peer_verdict(observed) if options.peer else braid_verdict(observed)


def stop_on(number, _frame):
    # One is enough: what follows is the cleaning up, and that is to be finished.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


def take_precedence():
    """So that someone else's work on the same two cores is not taken for a gap. The lab's processes inherit it."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -10)
    except PermissionError:
        pass  # a container without CAP_SYS_NICE: on an idle machine nothing changes


def main():
    parser = argparse.ArgumentParser(prog="scripts/demo")
    parser.add_argument("--peer", action="store_true", help="run over DPDK's net_bonding, to compare")
    parser.add_argument("--mbit", type=int, default=100, help="rate of the transfer; 0: no limit (default: 100)")
    parser.add_argument("--driver", help="path of librte_net_braid.so")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop_on)
    take_precedence()
    try:
        return demonstrate(options)
    except lab.LabError as error:
        report.say(report.paint.bad("demo: ") + str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
