# SPDX-License-Identifier: BSD-3-Clause
"""Counts what net_braid takes a packet in instructions: count_instructions.py BRAID_BENCH BOUNDS [--record]

BOUNDS has a line `SIMD CASE MOST` for each thing to count: a path, a case of braid-bench, and how many instructions a packet (a
burst, in receive) it may take. Exit status 1 if one takes more. --record writes what was counted into BOUNDS, rounded up.

valgrind counts, so the numbers are the same on every machine, loaded or not. They hold for one compiler and its options; valgrind
knows no AVX-512.
"""
import math
import re
import subprocess
import sys
import tempfile
from pathlib import Path

COUNTED = "braid::bench::counted_piece*"
ROOM = 1.02  # what --record leaves for


def count(bench, what):
    """Instructions a packet, or None and why not."""
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory, "callgrind.out")
        done = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--collect-atstart=no",
                               f"--toggle-collect={COUNTED}", bench, "count", what], capture_output=True, text=True)
        if done.returncode != 0:
            return None, done.stdout + done.stderr
        total = re.search(r"^totals: (\d+)$", out.read_text(), re.M)
    packets = float(done.stdout)
    if total is None or int(total[1]) == 0 or packets == 0:
        return None, "nothing was counted\n"
    return int(total[1]) / packets, ""


def read(bounds):
    """The lines of the file: text that is no bound, or (path and case, bound)."""
    for number, line in enumerate(Path(bounds).read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            yield line
            continue
        fields = line.split()
        try:
            simd, case, most = fields
            yield f"{simd} {case}", float(most)
        except ValueError:
            sys.exit(f"count_instructions: {bounds}:{number}: is not `SIMD CASE MOST`: {line}")


def main(bench, bounds, record):
    lines, exceeded = [], 0
    print(f"{'':<52} counted  at most")
    for line in read(bounds):
        if isinstance(line, str):
            lines.append(line)
            continue
        what, most = line
        counted, why = count(bench, what)
        if counted is None:
            sys.exit(f"count_instructions: {what}: {why}")
        good = counted <= most
        exceeded += not good
        print(f"{what:<52} {counted:7.1f}  {most:7.1f}  {'' if good else 'EXCEEDED'}".rstrip(), flush=True)
        lines.append(f"{what} {math.ceil(counted * ROOM * 10) / 10:.1f}")
    if record:
        Path(bounds).write_text("\n".join(lines) + "\n")
        return 0
    return 1 if exceeded else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], "--record" in sys.argv[3:]))
