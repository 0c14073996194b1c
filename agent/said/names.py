"""The names in what a model wrote that the vocabulary lacks: the text's, or the model's own invention."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent.policy.vocabulary import UnknownName, Vocabulary, plain
from agent.said.hints import SaidHints
from agent.said.rules import SaidAnswer, SaidSelector


def unknown_names(said: SaidAnswer | SaidHints, vocabulary: Vocabulary) -> tuple[UnknownName, ...]:
    """Return the names that are in no list of the vocabulary, each once."""
    named = dict.fromkeys(_in_rules(said) if isinstance(said, SaidAnswer) else _in_hints(said))
    return tuple(vocabulary.nearest(field, name) for field, name in named if not vocabulary.find(field, name))


def invented(unknown: Iterable[UnknownName], text: str) -> tuple[str, ...]:
    """Return those unknown names that the text does not say: a model's own, such as an example's of its prompt."""
    words = plain(text)
    return tuple(dict.fromkeys(repr(one.name) for one in unknown if plain(one.name) not in words))


def misplaced(unknown: Iterable[UnknownName], vocabulary: Vocabulary) -> Iterator[str]:
    """Yield of the unknown names those that name something of another kind, with what they name."""
    for one in unknown:
        for field in ("region", "team", "customer", "tag", "kind"):
            if vocabulary.find(field, one.name):
                yield f"{one.name!r} is no {one.field} but a {field}"


def _in_rules(said: SaidAnswer) -> Iterator[tuple[str, str]]:
    for rule in said.rules or ():
        yield from _regions(rule.in_, rule.but)
        for selector in (*(rule.jobs or ()), *((rule.unless,) if rule.unless else ())):
            yield from _selected(selector)


def _selected(selector: SaidSelector) -> Iterator[tuple[str, str]]:
    for field in ("team", "customer", "tag"):
        if name := getattr(selector, field):
            yield field, name
    yield from _regions(selector.home)


def _in_hints(said: SaidHints) -> Iterator[tuple[str, str]]:
    return _regions(said.only, said.but, said.deny)


def _regions(*lists: Iterable[str] | None) -> Iterator[tuple[str, str]]:
    return (("region", name) for names in lists for name in names or ())
