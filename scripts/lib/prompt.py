# SPDX-License-Identifier: BSD-3-Clause
"""The prompt of testpmd, found also where something else was printed in the middle of it.

testpmd writes its prompt byte by byte, and other threads print meanwhile: an event of a port, or, where both go into one pipe,
a line of the log. Then the prompt is there, but not in one piece.
"""

import re

_BETWEEN = re.compile(r"(?:BRAID|EAL|TELEMETRY|ETHDEV): [^\n]*\n|Port \d+: [^\n]* event\n")
_PROMPT = re.compile(r"\n*".join(map(re.escape, "testpmd> ")))


def before(text):
    """What stands before the first prompt, without what was printed in between; None if there is no prompt."""
    cleaned = _BETWEEN.sub("", text)
    found = _PROMPT.search(cleaned)
    return cleaned[:found.start()] if found else None
