# SPDX-License-Identifier: BSD-3-Clause
"""The numbers of scripts/demo: what is read from ping and iperf3, and what is concluded from it."""

import unittest

from demo import analysis

PING = """\
PING 198.18.0.2 (198.18.0.2) 56(84) bytes of data.
[1700000000.100000] 64 bytes from 198.18.0.2: icmp_seq=1 ttl=64 time=0.045 ms
[1700000000.102000] 64 bytes from 198.18.0.2: icmp_seq=2 ttl=64 time=0.050 ms
[1700000000.103000] 64 bytes from 198.18.0.2: icmp_seq=2 ttl=64 time=1.05 ms (DUP!)
[1700000000.104000] no answer yet for icmp_seq=3
From 198.18.0.1 icmp_seq=4 Destination Host Unreachable
[1700000000.110000] 64 bytes from 198.18.0.2: icmp_seq=5 ttl=64 time=0.044 ms

--- 198.18.0.2 ping statistics ---
5 packets transmitted, 3 received, +1 duplicates, 40% packet loss, time 10ms
"""

IPERF = """\
Connecting to host 198.18.0.2, port 5201
[  5] local 198.18.0.1 port 54402 connected to 198.18.0.2 port 5201
[ ID] Interval           Transfer     Bitrate         Retr  Cwnd
[  5]   0.00-0.50   sec  17.4 MBytes   292 Mbits/sec  324    191 KBytes       
[  5]   0.50-1.00   sec  0.00 Bytes  0.00 Mbits/sec    2   1.41 KBytes       
[  5]   9.50-10.00  sec  6.00 MBytes   101 Mbits/sec    0    206 KBytes       
- - - - - - - - - - - - - - - - - - - - - - - - -
[ ID] Interval           Transfer     Bitrate         Retr
[  5]   0.00-10.00  sec  1.21 GBytes   309 Mbits/sec  1216             sender
[  5]   0.00-10.01  sec   220 MBytes   307 Mbits/sec                  receiver

iperf Done.
"""


class Replies(unittest.TestCase):
    def test_only_first_copies_of_replies_count(self):
        self.assertEqual(analysis.reply_times(PING.splitlines()),
                         [1700000000.100, 1700000000.102, 1700000000.110])

    def test_the_longest_gap_lies_between_consecutive_replies(self):
        self.assertEqual(analysis.longest_gap([1.0, 1.1, 1.5, 1.6], 1.0, 1.6), analysis.Gap(1.1, 1.5))

    def test_a_gap_that_sticks_out_of_the_window_keeps_its_length(self):
        self.assertEqual(analysis.longest_gap([0.0, 5.0, 5.1, 9.0], 4.0, 6.0), analysis.Gap(0.0, 5.0))

    def test_gaps_outside_of_the_window_do_not_count(self):
        self.assertAlmostEqual(analysis.longest_gap([0.0, 3.0, 3.1, 3.2, 9.0], 3.0, 3.2).length, 0.1)

    def test_silence_until_the_end_is_a_gap(self):
        self.assertEqual(analysis.longest_gap([1.0, 1.1], 1.0, 7.0), analysis.Gap(1.1, 7.0))

    def test_silence_from_the_beginning_is_a_gap(self):
        self.assertEqual(analysis.longest_gap([6.9, 7.0], 1.0, 7.0), analysis.Gap(1.0, 6.9))

    def test_no_reply_at_all_is_one_gap(self):
        self.assertEqual(analysis.longest_gap([], 1.0, 7.0), analysis.Gap(1.0, 7.0))

    def test_replies_may_come_out_of_order(self):
        self.assertAlmostEqual(analysis.longest_gap([1.2, 1.0, 1.1], 1.0, 1.2).length, 0.1)

    def test_silence_stops_at_the_edges_of_the_window(self):
        replies = [1.0, 1.1, 4.0, 4.1]
        self.assertEqual(analysis.longest_silence(replies, 1.0, 1.5), analysis.Gap(1.1, 1.5))
        self.assertEqual(analysis.longest_silence(replies, 1.5, 4.1), analysis.Gap(1.5, 4.0))


class Transfer(unittest.TestCase):
    def setUp(self):
        lines = IPERF.splitlines()
        self.intervals = [one for one in map(analysis.parse_interval, lines) if one]

    def test_intervals_are_read_and_totals_are_not_taken_for_one(self):
        self.assertEqual(self.intervals, [
            analysis.Interval(0.0, 0.5, 292.0, 324),
            analysis.Interval(0.5, 1.0, 0.0, 2),
            analysis.Interval(9.5, 10.0, 101.0, 0),
        ])

    def test_totals_are_read(self):
        self.assertEqual(analysis.parse_totals(IPERF.splitlines()),
                         {"sender": 309.0, "retransmitted": 1216, "receiver": 307.0})

    def test_a_transfer_that_died_has_no_receivers_total(self):
        lines = IPERF.splitlines()[:5] + ["iperf3: error - control socket has closed unexpectedly"]
        self.assertNotIn("receiver", analysis.parse_totals(lines))

    def test_an_interval_belongs_where_its_middle_lies(self):
        self.assertEqual(analysis.throughput(self.intervals, 0.0, 0.7), [292.0])
        self.assertEqual(analysis.throughput(self.intervals, 0.0, 1.0), [292.0, 0.0])
        self.assertEqual(analysis.throughput(self.intervals, 0.2, 9.7), [292.0, 0.0])
        self.assertEqual(analysis.throughput(self.intervals, 2.0, 9.0), [])

    def test_a_standstill_lasts_until_the_next_byte(self):
        rates = [5.0, 0.0, 0.0, 5.0, 0.0]
        intervals = [analysis.Interval(0.5 * n, 0.5 * n + 0.5, rate, 0) for n, rate in enumerate(rates)]
        self.assertEqual(analysis.longest_standstill(intervals), 1.0)
        self.assertEqual(analysis.longest_standstill([]), 0.0)

    def test_retransmissions_are_summed(self):
        self.assertEqual(analysis.retransmitted(self.intervals, 0.0, 1.0), 326)


if __name__ == "__main__":
    unittest.main()
