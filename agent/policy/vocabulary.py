"""The names an operator may use: regions and their other names, teams, customers, tags, kinds, priorities."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from agent.policy.rules import Name, Part, PolicySet, Priority, RuleBase, Selector, Zone, explain
from sim.errors import InputError
from sim.names import CLOSE, some

Names = Annotated[tuple[Name, ...], Field(max_length=200)]
SHOWN = 6
"""So many known names are listed where none is near."""


class RegionNames(Part):
    """A region: its id, its grid zone, what else it is called, the groups it is in, its time zone."""

    id: Name
    zone: Name
    names: Names = ()
    groups: Names = ()
    tz: Zone


@dataclass(frozen=True)
class UnknownName:
    """A name in a rule that the vocabulary lacks, the known names nearest to it, and all that are known."""

    field: str
    name: str
    nearest: tuple[str, ...]
    known: tuple[str, ...]

    def __str__(self) -> str:
        near = f"nearest known: {', '.join(self.nearest)}" if self.nearest else f"known: {some(self.known, SHOWN)}"
        return f"unknown {self.field} {self.name!r} ({near})"


class Vocabulary(Part):
    """What a policy can be about."""

    regions: Annotated[tuple[RegionNames, ...], Field(min_length=1, max_length=200)]
    teams: Names = ()
    customers: Names = ()
    tags: Names = ()
    kinds: Annotated[tuple[Literal["batch", "interactive"], ...], Field(max_length=2)] = (
        "batch",
        "interactive",
    )
    priorities: Annotated[tuple[Priority, ...], Field(max_length=4)] = ("low", "normal", "high", "critical")

    @model_validator(mode="after")
    def _ids_are_distinct(self) -> Self:
        ids = [region.id for region in self.regions]
        repeated = sorted({region for region in ids if ids.count(region) > 1})
        if repeated:
            raise ValueError(f"regions named more than once: {', '.join(repeated)}")
        return self

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Return the vocabulary of a JSON file.

        Raises:
            InputError: If the file cannot be read or is no vocabulary; names the file and the field.
        """
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"{path}: cannot read the vocabulary: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: the vocabulary is not UTF-8 text: {error}") from error
        except ValidationError as error:
            raise InputError(f"{path}: {explain(error)}") from error

    @property
    def sha256(self) -> str:
        """The hash of the canonical JSON: independent of layout and order of keys."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def find(self, field: str, said: str) -> tuple[str, ...]:
        """Return the known names that are meant by `said`: none, one, or all regions of a group.

        Case, hyphens and a leading "the" do not matter; nothing else is guessed at. An id goes before another name.

        Raises:
            KeyError: If there is no such field: region, team, customer, tag, kind, priority.
        """
        wanted = plain(said)
        ids = tuple(name for name in self._known()[field] if plain(name) == wanted)
        spelled = (known for name, known in self._spellings(field) if plain(name) == wanted)
        return ids or tuple(dict.fromkeys(spelled))

    def unknown(self, rule: RuleBase) -> tuple[UnknownName, ...]:
        """Return the names in a rule that are not in this vocabulary."""
        return self._unknown(_names_in(rule))

    def unknown_regions(self, names: Iterable[str]) -> tuple[UnknownName, ...]:
        """Return those of `names` that are no region's id."""
        return self._unknown(("region", name) for name in names)

    def check(self, policy_set: PolicySet, where: str = "rules") -> None:
        """Refuse rules with unknown names.

        Raises:
            InputError: Naming `where`, the rule and every name that is unknown.
        """
        for number, rule in enumerate(policy_set.rules):
            unknown = self.unknown(rule)
            if unknown:
                names = "; ".join(str(name) for name in unknown)
                raise InputError(f"{where}: rules.{number} ({rule.source!r}): {names}")

    def _unknown(self, names: Iterable[tuple[str, str]]) -> tuple[UnknownName, ...]:
        known = self._known()
        return tuple(self.nearest(field, name) for field, name in names if name not in known[field])

    def _known(self) -> dict[str, tuple[str, ...]]:
        return {
            "region": tuple(region.id for region in self.regions),
            "team": self.teams,
            "customer": self.customers,
            "tag": self.tags,
            "kind": self.kinds,
            "priority": self.priorities,
        }

    def nearest(self, field: str, name: str) -> UnknownName:
        """Return a name that is not known, with the known ones nearest to it."""
        return UnknownName(field, name, self._nearest(field, name), self._known()[field])

    def _nearest(self, field: str, name: str) -> tuple[str, ...]:
        spellings: dict[str, list[str]] = {}
        for spelled, known in self._spellings(field):
            spellings.setdefault(spelled.lower(), []).append(known)
        wanted = name.lower()
        close = [wanted] if wanted in spellings else get_close_matches(wanted, spellings, n=3, cutoff=CLOSE)
        return tuple(dict.fromkeys(known for spelled in close for known in spellings[spelled]))

    def _spellings(self, field: str) -> Iterator[tuple[str, str]]:
        """Yield each way to write a known name, and the name; a group spells each of its regions."""
        for known in self._known()[field]:
            yield known, known
        if field == "region":
            for region in self.regions:
                for spelled in (region.zone, *region.names, *region.groups):
                    yield spelled, region.id


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """Return a name without what people leave out or add: capitals, hyphens, spaces, "the"."""
    return re.sub(r"[\W_]+", "", name.lower().strip().removeprefix("the "))


def _names_in(rule: RuleBase) -> Iterable[tuple[str, str]]:
    """Return the names in a rule, each with what it names."""
    found = [("region", name) for name in getattr(rule, "regions", None) or ()]
    for selector in (rule.jobs, rule.unless):
        found.extend(_names_selected(selector) if selector else ())
    return found


def _names_selected(selector: Selector) -> Iterator[tuple[str, str]]:
    for field in ("kind", "team", "customer", "tag"):
        if getattr(selector, field) is not None:
            yield field, getattr(selector, field)
    for priority in (selector.priority_at_least, selector.priority_at_most):
        if priority is not None:
            yield "priority", priority
    for region in selector.home or ():
        yield "region", region
