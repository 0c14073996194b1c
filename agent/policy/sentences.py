"""Markdown prose to sentences: the unit in which a policy is read, shown and refused."""

from __future__ import annotations

import re
from collections.abc import Iterator

# not prose: front matter, fenced code, comments
FRONT_MATTER = re.compile(r"\A---\n.*?^---\n", re.DOTALL | re.MULTILINE)
FENCED = re.compile(r"^ *(```|~~~).*?(^ *\1[^\n]*$|\Z)", re.DOTALL | re.MULTILINE)
COMMENT = re.compile(r"<!--.*?(-->|\Z)", re.DOTALL)
HEADING = re.compile(r"^ {0,3}#{1,6}\s")
UNDERLINE = re.compile(r"^ {0,3}(=+|-+)\s*$")
RULER = re.compile(r"^ {0,3}([-*_])(\s*\1){2,}\s*$")
BULLET = re.compile(r"^\s*([-*+]|\d+[.)])\s+")
QUOTE = re.compile(r"^\s*>\s?")

# an end is followed by space; a stop inside 0.5 or 16:00-21:00 is not
END = re.compile(r"[.!?]+[\"'”’)*_]*(?=\s)")
NEVER_LAST = re.compile(r"\b(e\.g|i\.e|vs|cf|approx|incl|excl|resp)\.$", re.IGNORECASE)
PERHAPS_LAST = re.compile(r"\b(etc|hrs?|min|max|no|dept|([A-Za-z]\.)+[A-Za-z])\.$", re.IGNORECASE)
CAPITAL = re.compile(r"\s+[\"'“‘(*_]*[A-Z]")


def sentences(markdown: str) -> list[str]:
    """Return the sentences of the prose, verbatim but for line breaks within them.

    Headings, front matter, fenced code and comments are no prose; a bullet begins a sentence. What leads into a list
    ("For training jobs:") begins each of its items' first sentences, and is none by itself: alone they would bind all.
    """
    text = COMMENT.sub("", FENCED.sub("", FRONT_MATTER.sub("", markdown.replace("\r\n", "\n"))))
    return list(_led([(item, list(_split(block))) for item, block in _blocks(text)]))


def _led(blocks: list[tuple[bool, list[str]]]) -> Iterator[str]:
    """Yield the sentences of blocks, those of list items behind what leads into their list."""
    lead = ""
    for at, (item, prose) in enumerate(blocks):
        before_a_list = at + 1 < len(blocks) and blocks[at + 1][0]
        if not item:
            lead = prose.pop() if before_a_list and prose and prose[-1].endswith(":") else ""
        elif lead and prose:
            prose[0] = f"{lead} {prose[0]}"
        yield from prose


def _blocks(text: str) -> Iterator[tuple[bool, str]]:
    """Yield paragraphs and list items, each on one line, and whether it is an item."""
    block: list[str] = []
    item = False
    was_quoted = False
    for raw in text.splitlines():
        line, quoted = QUOTE.subn("", raw)
        if UNDERLINE.match(line) and len(block) == 1 and block[0][-1] not in ".!?":
            block = []  # the line above it was a heading, not a sentence above a ruler
            continue
        apart = HEADING.match(line) or RULER.match(line) or not line.strip()
        if block and (apart or BULLET.match(line) or quoted != was_quoted):
            yield item, " ".join(block)
            block = []
        if not apart and not block:
            item = bool(BULLET.match(line))
        if not apart:
            block.append(BULLET.sub("", line).strip())
        was_quoted = bool(quoted)
    if block:
        yield item, " ".join(block)


def _split(block: str) -> Iterator[str]:
    begin = 0
    for stop in END.finditer(block):
        if _ends(block[begin : stop.end()], block[stop.end() :]):
            yield block[begin : stop.end()].strip()
            begin = stop.end()
    if block[begin:].strip():
        yield block[begin:].strip()


def _ends(so_far: str, rest: str) -> bool:
    """Tell whether a stop ends a sentence: "4 p.m. on weekdays" goes on, "by 4 p.m. Urgent jobs" does not."""
    if NEVER_LAST.search(so_far):
        return False
    return PERHAPS_LAST.search(so_far) is None or CAPITAL.match(rest) is not None
