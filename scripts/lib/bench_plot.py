# SPDX-License-Identifier: BSD-3-Clause
"""Usage: bench_plot.py PICTURE JSON...

Draws what braid-bench --json wrote, by gnuplot: bars for cases that stand alone, a curve where a mode was measured for
several sizes of a burst or numbers of members. PICTURE is *.svg or *.png."""

import json
import pathlib
import re
import subprocess
import sys

SERIES = {"bare": ("bare member", "#999999"), "net_bonding": ("net_bonding", "#d55e00"), "net_braid": ("net_braid", "#0072b2")}
CASE = re.compile(r"(?P<way>tx|rx)/(?P<mode>[^/]+)/(?P<traffic>[^/]+)/m(?P<members>\d+)/b(?P<burst>\d+)/(?P<set>\w+)(?P<more>/.*)?$")
FEWEST_POINTS = 4
PANEL = (1000, 420)


class Row:
    def __init__(self, case):
        parts = CASE.match(case["case"])
        if parts is None:
            sys.exit(f"bench_plot: cannot read the case {case['case']}")
        self.way, self.mode, self.traffic = parts["way"], parts["mode"], parts["traffic"]
        self.members, self.burst = int(parts["members"]), int(parts["burst"])
        self.plain = parts["set"] == "hot" and not parts["more"]
        self.extra = "" if self.plain else (parts["set"] if parts["set"] != "hot" else "") + (parts["more"] or "")
        self.cycles = {name: case[name]["min"] if name in case else None for name in SERIES}

    def label(self):
        kind = "" if self.traffic == "ipv4" else f" {self.traffic}"
        burst = "" if self.burst == 32 else f" b{self.burst}"
        return f"{self.mode}{kind} m{self.members}{burst} {self.extra}".strip()


def rows_of(files):
    """The cases of all files; of one that was measured several times, the first."""
    rows = {}
    for file in files:
        for case in json.loads(pathlib.Path(file).read_text(encoding="utf-8")).get("cases", []):
            rows.setdefault(case["case"], Row(case))
    return list(rows.values())


def number(value):
    return "NaN" if value is None else f"{value:.3f}"


def data_block(name, rows, key):
    lines = [f"{key(row)} " + " ".join(number(row.cycles[s]) for s in SERIES) for row in rows]
    return [f"${name} << EOD", *lines, "EOD"]


def plots(name, style, x):
    return "plot " + ", ".join(
        f"${name} using {x}{column} {style} lc rgb '{colour}' title '{title}'" if x else
        f"${name} using {column}{':xtic(1)' if column == 2 else ''} {style} lc rgb '{colour}' title '{title}'"
        for column, (title, colour) in enumerate(SERIES.values(), start=2))


def bars(name, title, unit, rows):
    return [*data_block(name, rows, lambda row: f'"{row.label()}"'),
            f"set title '{title}'", f"set ylabel '{unit}'", "unset logscale", "unset xlabel", "set yrange [0:*]", "set xrange [*:*]",
            "set style data histograms", "set style histogram clustered gap 1", "set style fill solid noborder",
            "set xtics rotate by -40 font ',9'", plots(name, "", ""), "set xtics norotate font ',11'"]


def curve(name, title, over, rows):
    rows = sorted(rows, key=lambda row: getattr(row, over))
    return [*data_block(name, rows, lambda row: getattr(row, over)),
            f"set title '{title}'", "set ylabel 'cycles a packet'", f"set xlabel '{over}'", "set logscale x 2", "set yrange [0:*]",
            plots(name, "with linespoints lw 2 pt 7 ps 0.6", "1:")]


def panels_of(rows):
    panels, drawn = [], set()
    for over, fixed in (("burst", "members"), ("members", "burst")):
        groups = {}
        for row in rows:
            if row.way == "tx" and row.plain:
                groups.setdefault((row.mode, row.traffic, getattr(row, fixed)), []).append(row)
        for (mode, traffic, value), group in groups.items():
            if len(group) >= FEWEST_POINTS:
                title = f"{mode}, {traffic}, {fixed} {value}: over the {over}"
                panels.append(curve(f"curve{len(panels)}", title, over, group))
                drawn.update(id(row) for row in group)
    singles = [row for row in rows if id(row) not in drawn or row.burst == 32 and row.members in (2, 8)]
    tables = (("tx", "Transmit, hot", "cycles a packet", lambda row: row.way == "tx" and row.burst == 32),
              ("short", "Short bursts", "cycles a packet", lambda row: row.way == "tx" and row.burst != 32),
              ("rx", "Receive", "cycles a burst", lambda row: row.way == "rx"))
    return [bars(name, title, unit, chosen) for name, title, unit, wanted in tables
            if (chosen := [row for row in singles if wanted(row)])] + panels


def script(picture, rows):
    """What gnuplot is told, or "" if nothing was measured that could be drawn."""
    panels = panels_of(rows)
    if not panels:
        return ""
    width, height = PANEL
    kind, background = ("svg", "'white'") if picture.endswith(".svg") else ("png", "rgb 'white'")
    lines = [f"set terminal {kind} size {width},{height * len(panels)} background {background} font 'sans-serif,11'",
             "set termoption noenhanced", f"set output '{picture}'", "set encoding utf8", "set grid ytics",
             "set key outside top right horizontal", "set lmargin 10", "set rmargin 4",
             f"set multiplot layout {len(panels)},1", *(line for panel in panels for line in panel), "unset multiplot"]
    return "\n".join(lines) + "\n"


def main(picture, *files):
    commands = script(picture, rows_of(files))
    if not commands:
        sys.exit("bench_plot: nothing was measured that could be drawn")
    drawn = subprocess.run(["gnuplot"], input=commands, text=True, capture_output=True, check=False)
    if drawn.returncode != 0 or drawn.stderr:
        sys.exit(f"bench_plot: gnuplot: {drawn.stderr.strip()}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
