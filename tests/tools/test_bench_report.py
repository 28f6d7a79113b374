# SPDX-License-Identifier: BSD-3-Clause
"""What scripts/bench makes of the benchmark's results: the plot, and the tables in a document."""

import json
import pathlib
import tempfile
import unittest

import bench_document
import bench_plot


def case(name, braid=1.0):
    return {"case": name, "bare": {"min": 0.25}, "net_bonding": {"min": 4.5}, "net_braid": {"min": braid}}


def rows(*cases):
    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory, "results.json")
        file.write_text(json.dumps({"cases": list(cases)}), encoding="utf-8")
        return bench_plot.rows_of([file])


class Plot(unittest.TestCase):
    def test_a_case_alone_is_a_bar_of_each_subject(self):
        drawn = bench_plot.script("p.svg", rows(case("tx/round-robin/ipv4/m2/b32/hot", 1.5)))
        self.assertIn('"round-robin m2" 0.250 4.500 1.500', drawn)
        self.assertIn("layout 1,1", drawn)

    def test_a_subject_that_was_not_measured_has_no_bar(self):
        without = case("rx/port-member/busy1/m2/b32/hot")
        del without["net_bonding"]
        self.assertIn('"port-member busy1 m2" 0.250 NaN 1.000', bench_plot.script("p.svg", rows(without)))

    def test_what_sets_a_case_apart_is_in_its_label(self):
        drawn = bench_plot.script("p.svg", rows(case("tx/balance-l34/ipv6/m8/b32/cold"), case("tx/broadcast/ipv4/m2/b32/hot/shared")))
        self.assertIn('"balance-l34 ipv6 m8 cold"', drawn)
        self.assertIn('"broadcast m2 /shared"', drawn)

    def test_a_tunnel_a_policy_of_two_words_and_pinning_are_in_labels(self):
        drawn = bench_plot.script("p.svg", rows(case("tx/balance-encap34/vxlan/m2/b32/hot"), case("tx/balance-vlan+srcmac/vlan/m2/b32/hot"),
                                                {**case("tx/balance-l34/ipv4/m2/b32/hot/pinned"), "unpinned": {"min": 3.5}}))
        self.assertIn('"balance-encap34 vxlan m2" 0.250 4.500 1.000\n', drawn)
        self.assertIn('"balance-vlan+srcmac vlan m2"', drawn)
        self.assertIn('"balance-l34 m2 /pinned" 0.250 4.500 1.000\n', drawn)

    def test_sizes_of_a_burst_make_a_curve_in_their_order(self):
        drawn = bench_plot.script("p.svg", rows(*(case(f"tx/round-robin/ipv4/m2/b{n}/hot", n) for n in (64, 1, 8, 4))))
        self.assertIn("round-robin, ipv4, members 2: over the burst", drawn)
        self.assertIn("1 0.250 4.500 1.000\n4 0.250 4.500 4.000\n8 0.250 4.500 8.000\n64 0.250", drawn)

    def test_the_first_of_two_measurements_counts(self):
        name = "tx/round-robin/ipv4/m2/b32/hot"
        self.assertEqual([row.cycles["net_braid"] for row in rows(case(name, 1), case(name, 2))], [1])

    def test_the_name_of_the_file_says_what_kind_of_picture_it_is(self):
        one = rows(case("tx/round-robin/ipv4/m2/b32/hot"))
        self.assertIn("set terminal svg", bench_plot.script("p.svg", one))
        self.assertIn("set terminal png", bench_plot.script("p.png", one))

    def test_nothing_measured_is_no_plot(self):
        self.assertEqual(bench_plot.script("p.svg", []), "")


class Document(unittest.TestCase):
    PAGE = "before\n<!-- t -->\nold\n<!-- end of t -->\nafter\n"

    def test_a_table_takes_the_place_of_the_old_one(self):
        self.assertEqual(bench_document.insert(self.PAGE, "t", "a\nb\n"),
                         "before\n<!-- t -->\n\n    a\n    b\n\n<!-- end of t -->\nafter\n")

    def test_twice_is_as_once(self):
        once = bench_document.insert(self.PAGE, "t", "a\n")
        self.assertEqual(bench_document.insert(once, "t", "a\n"), once)

    def test_histograms_are_left_out(self):
        text = "op 1 2\n\nop\n  below 2 us 3 ##\n  below 4 us 1 #\n\n0 bounds missed\n"
        self.assertEqual(bench_document.as_code(text), "    op 1 2\n\n    0 bounds missed")

    def test_a_document_without_the_place_is_refused(self):
        self.assertIsNone(bench_document.insert("nothing here\n", "t", "a"))
        self.assertIsNone(bench_document.insert("<!-- end of t -->\n<!-- t -->\n", "t", "a"))
