# SPDX-License-Identifier: BSD-3-Clause
"""Usage: bench_document.py DOCUMENT NAME=TEXT...

Puts the text of a file, indented as code, between the lines <!-- NAME --> and <!-- end of NAME --> of a document."""

import pathlib
import re
import sys

HISTOGRAMS = re.compile(r"^[^\n]+\n(?:  below .*\n)+\n?", re.MULTILINE)


def as_code(text):
    lines = (line.rstrip() for line in HISTOGRAMS.sub("", text).strip("\n").splitlines())
    return "\n".join(f"    {line}" if line else "" for line in lines)


def insert(content, name, text):
    """The document with that text in the place of this name; None if there is no such place, or more than one."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    if content.count(begin) != 1 or content.count(end) != 1 or content.index(begin) > content.index(end):
        return None
    return content[:content.index(begin)] + begin + "\n" + as_code(text) + "\n\n" + content[content.index(end):]


def main(document, *parts):
    path = pathlib.Path(document)
    content = path.read_text(encoding="utf-8")
    for part in parts:
        name, file = part.split("=", 1)
        content = insert(content, name, pathlib.Path(file).read_text(encoding="utf-8"))
        if content is None:
            sys.exit(f"bench_document: {document} has no place for {name}")
    path.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
