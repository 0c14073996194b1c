"""Names of the vocabulary in a text: regions, teams, customers and tags, inflected as people inflect them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.mentions.mention import Meaning, Mention, Text
from agent.mentions.stance import JOBS
from agent.policy.vocabulary import Vocabulary

# ids such as `no`, `in` and `is` are words too: they may explain a region, and need not name one
FUNCTION_WORDS = frozenset(
    [
        "a",
        "all",
        "am",
        "an",
        "and",
        "any",
        "as",
        "at",
        "be",
        "but",
        "by",
        "do",
        "for",
        "from",
        "go",
        "g",
        "had",
        "has",
        "he",
        "her",
        "his",
        "h",
        "hr",
        "i",
        "id",
        "if",
        "in",
        "is",
        "it",
        "la",
        "me",
        "more",
        "most",
        "my",
        "no",
        "not",
        "of",
        "on",
        "one",
        "or",
        "our",
        "out",
        "own",
        "so",
        "some",
        "t",
        "than",
        "that",
        "the",
        "them",
        "then",
        "they",
        "this",
        "to",
        "too",
        "up",
        "us",
        "was",
        "we",
        "who",
        "with",
        "you",
    ]
)
OF_A_PLACE = {
    "german": "Germany", "french": "France", "british": "Britain", "english": "England", "swedish": "Sweden", "norwegian": "Norway",
    "finnish": "Finland", "danish": "Denmark", "polish": "Poland", "spanish": "Spain", "portuguese": "Portugal", "italian": "Italy",
    "swiss": "Switzerland", "austrian": "Austria", "dutch": "Netherlands", "belgian": "Belgium", "icelandic": "Iceland",
    "irish": "Ireland", "indian": "India", "japanese": "Japan", "singaporean": "Singapore", "korean": "Korea/South Korea", "south korean": "South Korea",
    "taiwanese": "Taiwan", "indonesian": "Indonesia", "australian": "Australia", "south african": "South Africa", "kenyan": "Kenya",
    "israeli": "Israel", "emirati": "Emirates", "mexican": "Mexico", "brazilian": "Brazil", "chilean": "Chile", "canadian": "Canada",
    "californian": "California", "texan": "Texas", "virginian": "Virginia", "oregonian": "Oregon", "american": "US", "european": "Europe",
    "asian": "Asia", "african": "Africa", "nordic": "Nordics", "chinese": "China", "czech": "Czechia", "greek": "Greece",
    "north american": "North America", "south american": "South America", "latin american": "Latin America", "scandinavian": "Nordics",
}  # fmt: skip
"""Adjectives, and the places as a vocabulary may name them."""
SYNONYMS = {
    "pii": r"personal(?:ly)?[\s-](?:identifiable[\s-])?(?:data|information)",
    "gdpr": r"personal[\s-]data",
    "ci": r"continuous[\s-]integration",
    "dev": r"develop(?:er|ment)s?",
    "ml": r"machine[\s-]learning",
    "health": r"(?:patient|medical)[\s-]data",
}
ENDINGS = (
    "",
    "s",
    "es",
    "e",
    "ed",
    "er",
    "ers",
    "ing",
    "ings",
    "ion",
    "ions",
    "ation",
    "ations",
    "al",
    "ics",
    "y",
    "ies",
    "ment",
    "ments",
    "ally",
    "or",
)
WORD = re.compile(r"[A-Za-z][A-Za-z'’]*(?:[-_][A-Za-z]+)*")
DOLLARS = re.compile(r"\s?(?:\$|dollars?|cents?\b)", re.I)
TEAM = re.compile(r"\s+team\b", re.I)
REASONS = re.compile(r"\s+reasons?\b", re.I)
GAP = r"[\W_]{0,2}"


def names(text: Text, vocabulary: Vocabulary) -> list[Mention]:
    """Return the names of a text; a longer one takes the words of a shorter ("US West", not "US")."""
    found: list[Mention] = []
    low = text.whole.lower()
    for spelled, meanings in _spellings(vocabulary):
        if _parts(spelled)[0].lower() not in low:
            continue  # a pattern costs more to make than most names are worth
        for match in _pattern(spelled, plural=meanings[0][0] != "region" and len(spelled) > 2).finditer(text.left):
            if REASONS.match(text.left, match.end()) or DOLLARS.match(text.left, match.end()) or _is_unit(text, match):
                continue
            if _is_name(match[0], spelled) or TEAM.match(text.left, match.end()):
                found.append(text.mention(*match.span(), meanings))
            else:
                found.append(Mention(match[0], *match.span(), frozenset(meanings), demanded=False))
    return found + list(_adjectives(text, vocabulary)) + list(_inflected(text, vocabulary))


def _spellings(vocabulary: Vocabulary) -> list[tuple[str, list[Meaning]]]:
    """Return each way to write a name with all that it means, the longest first."""
    found: dict[str, list[Meaning]] = {}
    for region in vocabulary.regions:
        for spelled in (region.id, region.zone, *region.names, *region.groups):
            found.setdefault(spelled, [("region", frozenset(vocabulary.find("region", spelled)))])
    for field, known in (("team", vocabulary.teams), ("customer", vocabulary.customers), ("tag", vocabulary.tags)):
        for name in known:
            found.setdefault(name, []).append((field, name))
    return sorted(found.items(), key=lambda pair: -len(pair[0]))


def _pattern(spelled: str, *, plural: bool) -> re.Pattern[str]:
    parts = [re.escape(part) for part in _parts(spelled)]
    if plural and len(parts) > 1 and len(parts[-1]) > 2 and parts[-1].isalpha():
        parts[-1] += "[a-z]*"  # "data engineering" is data-eng
    ending = r"(?:['’]s?|s['’]?|es)?" if plural else r"(?:['’]s)?"
    return re.compile(rf"(?<![A-Za-z0-9]){GAP.join(parts)}{ending}(?![A-Za-z0-9])", re.IGNORECASE)


def _parts(spelled: str) -> list[str]:
    """Return the words of a name."""
    return [part for part in re.split(r"[\W_]+", spelled.removeprefix("the ")) if part] or [spelled]


def _is_name(said: str, spelled: str) -> bool:
    """Tell whether a word must be the name: not "us" or "no", unless it is written in capitals as people write US."""
    return said.lower() not in FUNCTION_WORDS or (
        said.isupper() and len(said) > 1 and said != "NO" and spelled.lower() == "us"
    )


def _is_unit(text: Text, match: re.Match[str]) -> bool:
    """Tell whether a short name stands where a unit does: `32 GB`, `5 hr`."""
    return len(match[0]) <= 3 and bool(re.search(r"\d\s?$", text.before(match.start())))


def _adjectives(text: Text, vocabulary: Vocabulary) -> Iterator[Mention]:
    for adjective, place in sorted(OF_A_PLACE.items(), key=lambda pair: -len(pair[0])):
        regions = next(filter(None, (vocabulary.find("region", name) for name in place.split("/"))), ())
        if regions:
            for match in re.finditer(rf"(?<![a-z]){adjective}s?(?![a-z])", text.left, re.IGNORECASE):
                yield text.mention(*match.span(), [("region", frozenset(regions))])


def _inflected(text: Text, vocabulary: Vocabulary) -> Iterator[Mention]:
    """Yield words akin to a tag: they may explain it, and need not."""
    tags = [(tag, re.sub(r"[\W_]", "", tag.lower())) for tag in vocabulary.tags]
    tokens = list(WORD.finditer(text.left))
    for i, token in enumerate(tokens):
        pair = (
            token[0] + tokens[i + 1][0]
            if i + 1 < len(tokens) and tokens[i + 1].start() <= token.end() + 1
            else token[0]
        )
        spoken = {re.sub(r"[^a-z]", "", said.lower()) for said in (token[0], pair)}
        spoken |= {re.sub(r"[^a-z]", "", part.lower()) for part in re.split(r"[-_]", token[0])}
        meanings: list[Meaning] = [("tag", tag) for tag, plain in tags if any(akin(word, plain) for word in spoken)]
        if meanings:
            # "archiving jobs" and "renders" are tagged so; "to render" need not be
            sure = bool(JOBS.match(text.whole, token.end())) or token[0].endswith("s")
            yield Mention(token[0], *token.span(), frozenset(meanings), demanded=sure)
    for tag, _ in tags:
        for match in re.finditer(SYNONYMS.get(tag.lower(), r"(?!)"), text.left, re.IGNORECASE):
            yield Mention(match[0], *match.span(), frozenset({("tag", tag)}), demanded=_of_jobs(text, tag, match))
        for match in _initials(tag, text.left):
            yield Mention(match[0], *match.span(), frozenset({("tag", tag)}), demanded=_of_jobs(text, tag, match))


def _of_jobs(text: Text, tag: str, match: re.Match[str]) -> bool:
    return tag.lower() == "pii" or bool(JOBS.match(text.whole, match.end()))


def _initials(tag: str, left: str) -> Iterator[re.Match[str]]:
    """Yield words whose first letters are the tag: "extract, transform, load" for etl."""
    if tag.isalpha() and 3 <= len(tag) <= 4:  # two letters begin too many pairs: "carbon intensity" is no ci
        pattern = r"[\s,/-]+(?:and\s+)?".join(rf"{letter}[a-z]{{2,}}" for letter in tag)
        yield from re.finditer(rf"\b{pattern}\b", left, re.IGNORECASE)


def akin(word: str, name: str) -> bool:
    """Tell whether two words differ in their endings alone, or one shortens the other.

    Example:
        >>> akin("renders", "rendering"), akin("evaluation", "eval"), akin("training", "trading"), akin("night", "nightly")
        (True, True, False, False)
    """
    if word == name:
        return True
    if name == f"{word.removesuffix('s')}ly":
        return False  # "at night" is a time of day, "nightly" a kind of job
    if len(word) > 4 and name.startswith(word.removesuffix("s")):
        return True
    if len(name) >= 3 and word.startswith(name):
        return len(name) >= 4 or len(word) - len(name) > 3
    shared = next((i for i, (a, b) in enumerate(zip(word, name, strict=False)) if a != b), min(len(word), len(name)))
    return shared >= 4 and word[shared:] in ENDINGS and name[shared:] in ENDINGS
