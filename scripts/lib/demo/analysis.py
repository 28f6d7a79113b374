# SPDX-License-Identifier: BSD-3-Clause
"""What the lines of ping and iperf3 say, as numbers. Pure functions: no clock, no process, no file.

Times are seconds. A reply's time is wall-clock time; an interval's is counted from the start of the transfer.
"""

import dataclasses
import re

PING_REPLY = re.compile(r"^\[(\d+\.\d+)\] \d+ bytes from .*icmp_seq=\d+")
IPERF_INTERVAL = re.compile(
    r"^\[\s*\d+\]\s+(?P<begin>[\d.]+)-(?P<end>[\d.]+)\s+sec\s+[\d.]+ \w*Bytes\s+(?P<mbit>[\d.]+) Mbits/sec"
    r"(?:\s+(?P<retransmitted>\d+))?(?P<rest>.*)$")


@dataclasses.dataclass(frozen=True)
class Interval:
    """One line of `iperf3 -f m -i ...`, as the sending side prints it."""
    begin: float
    end: float
    mbit_per_s: float
    retransmitted: int


@dataclasses.dataclass(frozen=True)
class Gap:
    """The time between two consecutive replies, or between the last one and the end of what was observed."""
    begin: float
    end: float

    @property
    def length(self):
        return self.end - self.begin


def reply_time(line):
    """When this line of `ping -D` says that a reply came, or None: a heading, a loss, an error, a duplicate.

    A second copy of a reply does not show that another packet came through, so it does not end a gap.
    """
    match = PING_REPLY.match(line)
    return float(match.group(1)) if match and "(DUP!)" not in line else None


def reply_times(lines):
    return [time for time in map(reply_time, lines) if time is not None]


def longest_gap(replies, begin, end):
    """The longest gap that overlaps begin..end, with its true length even where it sticks out of that window.

    Silence until `end` counts as a gap: a path that died and never answered again must not look good.
    """
    edges = sorted(replies)
    if not edges or edges[0] > begin:
        edges.insert(0, begin)
    if edges[-1] < end:
        edges.append(end)
    gaps = (Gap(earlier, later) for earlier, later in zip(edges, edges[1:]))
    overlapping = [one for one in gaps if one.end > begin and one.begin < end]
    return max(overlapping, key=lambda one: one.length, default=Gap(begin, end))


def longest_silence(replies, begin, end):
    """The longest part of begin..end without a reply.

    Other than a gap it stops at the window's edges, so that what one step broke is not put down to the next.
    """
    return longest_gap([time for time in replies if begin <= time <= end] + [begin, end], begin, end)


def parse_interval(line):
    """The interval of this line of iperf3, or None for headings and the two totals at the end."""
    match = IPERF_INTERVAL.match(line)
    if not match or match["retransmitted"] is None or "sender" in match["rest"]:
        return None
    return Interval(begin=float(match["begin"]), end=float(match["end"]), mbit_per_s=float(match["mbit"]),
        retransmitted=int(match["retransmitted"]))


def parse_totals(lines):
    """The totals iperf3 prints when it ends well: Mbit/s of "sender" and "receiver", count of "retransmitted".

    A transfer that died has no receiver's total, so its key is missing.
    """
    totals = {}
    for line in lines:
        match = IPERF_INTERVAL.match(line)
        if match and "sender" in match["rest"]:
            totals["sender"] = float(match["mbit"])
            totals["retransmitted"] = int(match["retransmitted"] or 0)
        elif match and "receiver" in match["rest"]:
            totals["receiver"] = float(match["mbit"])
    return totals


def throughput(intervals, begin, end):
    """Mbit/s of each interval of which at least half lies in begin..end, in order."""
    return [one.mbit_per_s for one in intervals if begin <= (one.begin + one.end) / 2 < end]


def longest_standstill(intervals):
    """For how long, counted in whole intervals, not a byte was handed on."""
    longest = current = 0.0
    for one in intervals:
        current = 0.0 if one.mbit_per_s else current + one.end - one.begin
        longest = max(longest, current)
    return longest


def retransmitted(intervals, begin, end):
    """Segments sent again in the intervals of which at least half lies in begin..end."""
    return sum(one.retransmitted for one in intervals if begin <= (one.begin + one.end) / 2 < end)
