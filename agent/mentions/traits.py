"""What a text says of jobs without names: their kind, their priority, whether they need a GPU."""

from __future__ import annotations

import re

from agent.mentions import stance
from agent.mentions.mention import Meaning, Mention, Text

LEVELS = ("low", "normal", "high", "critical")
_SAID = {"low": 0, "lower": 0, "lowest": 0, "normal": 1, "medium": 1, "default": 1, "standard": 1, "high": 2, "higher": 2, "elevated": 2, "critical": 3, "top": 3,
         "highest": 3, "maximum": 3}  # fmt: skip
_LEVEL = "|".join(sorted(_SAID, key=len, reverse=True))
_UP = (
    r"\s*(?:priority\s*)?(?:,?\s*(?:or|and)\s+(?:above|higher|up|more|upwards?|over)|upwards?|at\s+(?:the\s+)?least|\+)"
)
_DOWN = r"\s*(?:priority\s*)?(?:,?\s*(?:or|and)\s+(?:below|lower|less|under|down|downwards?)|downwards?|at\s+(?:the\s+)?most)"
PRIORITY = re.compile(
    rf"(?<![a-z])(?:(?P<level>{_LEVEL})[\s-]+prio(?:rit(?:y|ies))?|prio(?:rity)?(?:\s+(?:is|of|level))?[\s:=]*(?:at\s+least\s+|at\s+most\s+|above\s+|below\s+|is\s+|exactly\s+|precisely\s+)?['\"“]?(?P<named>{_LEVEL})"
    r"|(?P<ones>low|normal|high)(?=\s+ones\b)"
    rf"|(?P<word>urgent|urgency|emergenc(?:y|ies)|(?:(?:business|mission|time)[\s-])?critical))(?![a-z])['\"”]?(?:(?P<up>{_UP})|(?P<down>{_DOWN}))?",
    re.I,
)
PAIR = re.compile(
    rf"(?<![a-z])(?P<one>{_LEVEL})(?:[\s-]+prio(?:rity)?)?\s*(?:,|/|\bor\b|\band\b|\bto\b)\s*(?P<two>{_LEVEL})[\s-]+(?:prio(?:rit(?:y|ies))?|ones|jobs)(?![a-z])",
    re.I,
)
NOT_BEFORE = re.compile(r"(?<!but )\b(?:not|non|n['’]t(?:\s+be)?|aren['’]t|isn['’]t)[\s-]+(?:at\s+all\s+)?$", re.I)
AT_LEAST = re.compile(r"\b(?:at\s+least|minimum(?:\s+of)?|no\s+(?:lower|less)\s+than)\s+(?:a\s+|of\s+)?$", re.I)
AT_MOST = re.compile(r"\b(?:at\s+most|up\s+to|no\s+(?:higher|more)\s+than|maximum(?:\s+of)?)\s+(?:a\s+|of\s+)?$", re.I)
EXACTLY = re.compile(r"\b(?:exactly|precisely)\s+(?:of\s+|at\s+)?(?:the\s+)?$", re.I)
NO_OTHER = re.compile(
    r"\s*(?:exactly|precisely|and\s+no\s+other|,?\s*(?:neither|no|not)\s+(?:higher|more|above|lower)\s+(?:n?or|and\s+no)\s)",
    re.I,
)
NEEDING = re.compile(r"\b(?:with|need|needs|needing|use|uses|using|have|has|require|requires|requiring)\s+$", re.I)
MORE = re.compile(r"\b(?:above|over|higher\s+than|more\s+than)\s+$", re.I)
LESS = re.compile(r"\b(?:below|under|lower\s+than|less\s+than|beneath)\s+$", re.I)


def traits(text: Text) -> list[Mention]:
    """Return the kinds, priorities and GPUs of a text."""
    found = [text.mention(*match.span(), _span(match)) for match in PAIR.finditer(text.left)]
    found += [text.mention(*match.span(), _bounds(text, match)) for match in PRIORITY.finditer(text.left)]
    found += [text.mention(*match.span(), _without(text, match)) for match in stance.NO_GPU.finditer(text.left)]
    found += [text.mention(*match.span(), [("gpu", True)]) for match in stance.GPU.finditer(text.left)]
    for kind, pattern in (("batch", stance.BATCH), ("interactive", stance.INTERACTIVE)):
        for match in pattern.finditer(text.left):
            found.append(
                text.mention(
                    *match.span(),
                    [("kind", kind)],
                    demanded=match[0].lower() == kind or bool(stance.JOBS.match(text.whole, match.end())),
                )
            )
    return found


def _span(match: re.Match[str]) -> list[Meaning]:
    """Return the bounds of "high or critical priority": one where the other is the end of the scale."""
    low, high = sorted((_SAID[match["one"].lower()], _SAID[match["two"].lower()]))
    least: list[Meaning] = [("at_least", LEVELS[low])] if low > 0 else []
    return least + ([("at_most", LEVELS[high])] if high < len(LEVELS) - 1 else [])


def _without(text: Text, match: re.Match[str]) -> list[Meaning]:
    """Return what "no GPU" says of jobs: that they need one in "no GPU jobs in Texas", where the jobs are denied."""
    if not re.match(r"no\b", match[0], re.I) or NEEDING.search(text.before(match.start())):
        return [("gpu", False)]
    return [("gpu", True)] if stance.JOBS.match(text.whole, match.end()) else [("gpu", False), ("gpu", True)]


def _bounds(text: Text, match: re.Match[str]) -> list[Meaning]:
    """Return the bounds that a priority could be: `("at_least", "high")` for "urgent"."""
    word = (match["word"] or "").lower()
    said = (match["level"] or match["named"] or match["ones"] or ("critical" if "critical" in word else "high")).lower()
    at = _SAID[said]
    before = text.before(match.start("named") if match["named"] else match.start())
    if NOT_BEFORE.search(before) or LESS.search(before):
        return [("at_most", LEVELS[max(at - 1, 0)])]
    if MORE.search(before):
        return [("at_least", LEVELS[min(at + 1, 3)])]
    if (match["up"] and "most" not in match["up"]) or AT_LEAST.search(before):
        return [("at_least", LEVELS[at])]
    if match["down"] or AT_MOST.search(before):
        return [("at_most", LEVELS[at])]
    exact: list[Meaning] = [("level", LEVELS[at])]
    if EXACTLY.search(before) or NO_OTHER.match(text.whole, match.end()):
        return [*exact, ("at_least", LEVELS[at]), ("at_most", LEVELS[at])]
    return exact + ([("at_most", LEVELS[at])] if at < 2 else []) + ([("at_least", LEVELS[at])] if at > 0 else [])
