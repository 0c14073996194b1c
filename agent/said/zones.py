"""Time zones as people name them: by a city, a region of the vocabulary, or an IANA name."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from agent.policy.vocabulary import Vocabulary
from agent.said.quantity import Unreadable

UTC_NAMES = ("utc", "gmt", "z", "zulu")


def zone(said: str, vocabulary: Vocabulary) -> str:
    """Return `local`, `UTC` or an IANA name.

    Raises:
        Unreadable: If it names no zone, or regions in several.

    Example:
        >>> zone("Berlin", Vocabulary.model_validate({"regions": [{"id": "a", "zone": "A", "tz": "UTC"}]}))
        'Europe/Berlin'
    """
    word = said.strip().lower()
    if word == "local":
        return "local"
    if word in UTC_NAMES:
        return "UTC"
    found = {region.tz for region in vocabulary.regions if region.id in vocabulary.find("region", said)}
    found = found or _by_city().get(word.replace(" ", "_"), set())
    if len(found) != 1:
        raise Unreadable(f"{said!r} is not the name of one time zone" + (f": {sorted(found)}" if found else ""))
    return next(iter(found))


@cache
def iana_zones() -> frozenset[str]:
    """Return the names of all zones: it takes a walk through files to find them."""
    return frozenset(available_timezones())


@cache
def _by_city() -> dict[str, set[str]]:
    """Return the zones by their whole name and by their city: `singapore` is in Asia, and not the old alias."""
    whole: dict[str, set[str]] = {}
    cities: dict[str, set[str]] = {}
    for name in iana_zones():
        whole[name.lower()] = {name}
        area, _, city = name.rpartition("/")
        if area in ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Pacific"):
            cities.setdefault(city.lower(), set()).add(name)
    return whole | cities
