"""Random rules of every kind, as said: the meaning is drawn first, its words come after."""

from __future__ import annotations

from collections.abc import Callable

from agent.policy.vocabulary import Vocabulary
from agent.said.rules import SaidRule
from agent.training.clocks import draw_clock, draw_window, draw_zone
from agent.training.grammar import Rng, chance, one
from agent.training.places import Said, draw_where
from agent.training.subjects import draw_duration, draw_selector


def draw_rule(vocabulary: Vocabulary, rng: Rng, kind: str = "") -> Said:
    """Return a rule of a random kind, or of `kind`."""
    kind = kind or one(rng, FREQUENT)
    said: Said = {"kind": kind}
    if chance(rng, SELECTED.get(kind, 0.75)):
        count = 2 if chance(rng, 0.14) and kind in ("only", "deny", "delay", "suspend", "budget") else 1
        said["jobs"] = _selectors(count, vocabulary, rng)
    if chance(rng, 0.18) and len(said.get("jobs", ())) < 2 and kind not in ("headroom", "objective"):
        _exempt(said, vocabulary, rng)
    said |= _DRAW[kind](vocabulary, rng)
    _at_home(said, rng)
    if chance(rng, SOFT.get(kind, 0.0)) and said.get("allowed") is not True:
        said["soft"] = True
    return ordered(said)


def ordered(said: Said) -> Said:
    """Return a rule with its fields in the order in which they are written."""
    return {field: said[field] for field in FIELDS if field in said}


FIELDS = tuple(field.alias or name for name, field in SaidRule.model_fields.items())
"""In the order in which they are written."""


SELECTED = {"headroom": 0.15, "objective": 0.3, "approval": 0.55}
"""How often a rule of a kind says which jobs it is about; the others do so in three of four."""
SOFT = {"only": 0.27, "deny": 0.27, "delay": 0.24, "headroom": 0.24, "suspend": 0.24, "budget": 0.2, "approval": 0.05}
"""How often a rule of a kind is a wish; the other kinds always are, and do not say so."""


def _exempt(said: Said, vocabulary: Vocabulary, rng: Rng) -> None:
    """Exempt some jobs, sometimes from a rule for everybody: `nobody but finance may run in Texas`."""
    if chance(rng, 0.3):
        said.pop("jobs", None)
    draw = rng.random()
    if draw < 0.2:
        exempt: Said = {"at_least": one(rng, ["high", "high", "critical"])}
    elif draw < 0.4 and vocabulary.teams:
        exempt = {"team": one(rng, vocabulary.teams)}
    else:
        exempt = draw_selector(vocabulary, rng)
    if [exempt] != said.get("jobs"):
        said["unless"] = exempt


def _at_home(said: Said, rng: Rng) -> None:
    """Let a rule keep jobs where they come from, now and then: `data from Texas stays in Texas`."""
    if said["kind"] == "only" and "in" in said and "but" not in said and len(said["in"]) < 3 and chance(rng, 0.12):
        others = {
            field: value for field, value in said.get("jobs", [{}])[0].items() if field in ("kind", "tag", "team")
        }
        said["jobs"] = [{**(others if chance(rng, 0.4) else {}), "home": list(said["in"])}]


def twin(said: Said, vocabulary: Vocabulary, rng: Rng) -> Said | None:
    """Return another rule with the same fields, to be said by mistake."""
    for _ in range(6):
        other = draw_rule(vocabulary, rng, str(said["kind"]))
        own = {field for field in said if field not in ("jobs", "unless", "soft")}
        if own <= set(other) and "but" not in other and all(other[field] != said[field] for field in own - {"kind"}):
            return other
    return None


def _selectors(count: int, vocabulary: Vocabulary, rng: Rng) -> list[Said]:
    first = draw_selector(vocabulary, rng)
    if count == 1:
        return [first]
    field, known = one(rng, [("team", vocabulary.teams), ("customer", vocabulary.customers), ("tag", vocabulary.tags)])
    if len(known) > 1 and chance(rng, 0.5):
        return [{field: str(value)} for value in rng.permutation(list(known))[:2]]
    for _ in range(10):
        second = draw_selector(vocabulary, rng)
        if second != first and len(second) == 1:
            return [first, second]
    return [first]


def _only(vocabulary: Vocabulary, rng: Rng) -> Said:
    draw = rng.random()
    if draw < 0.72:
        return _named(vocabulary, rng)
    return draw_window(rng) if draw < 0.9 else _named(vocabulary, rng) | draw_window(rng)


def _named(vocabulary: Vocabulary, rng: Rng) -> Said:
    """Return regions by name: "anywhere but Texas" is said by a rule of the other effect."""
    while "in" not in (where := draw_where(vocabulary, rng)):
        pass
    return where


def _deny(vocabulary: Vocabulary, rng: Rng) -> Said:
    draw = rng.random()
    if draw < 0.3:
        return _named(vocabulary, rng)
    where = draw_where(vocabulary, rng, always=False)
    if draw < 0.65:
        return where | draw_window(rng)
    return where | (_carbon(rng) if draw < 0.85 else _price(rng))


def _carbon(rng: Rng) -> Said:
    return {
        "carbon_above": f"{int(rng.integers(4, 80)) * 10} g" if chance(rng, 0.9) else f"0.{int(rng.integers(1, 10))} kg"
    }


def _price(rng: Rng) -> Said:
    cents = chance(rng, 0.15)
    return {"price_above": f"{int(rng.integers(4, 60))} ct" if cents else f"{int(rng.integers(4, 60)) * 5} usd"}


def _budget(vocabulary: Vocabulary, rng: Rng) -> Said:
    where = draw_where(vocabulary, rng) if chance(rng, 0.3) else {}
    limit = one(rng, [_mass, _mass, _money, _energy])(rng)
    return where | {"max": limit, "per": one(rng, ["hour", "day", "day", "week", "week", "month", "month"])}


def _mass(rng: Rng) -> str:
    if chance(rng, 0.4):
        return one(
            rng, ["0.5 t", "1 t", "1.5 t", "2 t", "2.5 t", "3 t", "4 t", "5 t", "8 t", "10 t", "12 t", "20 t", "40 t"]
        )
    return f"{int(rng.integers(1, 100)) * one(rng, [1, 5, 10, 50, 100])} kg"


def _money(rng: Rng) -> str:
    return f"{int(rng.integers(1, 60)) * one(rng, [5, 10, 50, 100, 500, 1000])} usd"


def _energy(rng: Rng) -> str:
    if chance(rng, 0.3):
        return f"{int(rng.integers(1, 30))} mwh"
    return f"{int(rng.integers(1, 60)) * one(rng, [5, 10, 50, 100])} kwh"


def _delay(vocabulary: Vocabulary, rng: Rng) -> Said:
    if chance(rng, 0.35):
        zone = {"tz": draw_zone(rng)} if chance(rng, 0.35) else {}
        within = {"within": draw_duration(rng)} if chance(rng, 0.1) else {}
        return {**zone, **within, "by": draw_clock(rng)}
    return {"within": "0 h" if chance(rng, 0.12) else draw_duration(rng)}


def _headroom(vocabulary: Vocabulary, rng: Rng) -> Said:
    where = draw_where(vocabulary, rng, always=False)
    window = draw_window(rng) if chance(rng, 0.3) else {}
    if chance(rng, 0.4):
        share = (
            one(rng, ["25 %", "50 %", "20 %", "10 %", "5 %"])
            if chance(rng, 0.4)
            else f"{int(rng.integers(1, 11)) * 5} %"
        )
        return where | window | {"free": share}
    if chance(rng, 0.1):
        return where | window | {"max": f"0.{int(rng.integers(3, 10))}"}
    return where | window | {"max": f"{int(rng.integers(5, 20)) * 5} %"}


def _suspend(vocabulary: Vocabulary, rng: Rng) -> Said:
    draw = rng.random()
    if draw < 0.5:
        return {"allowed": False}
    return {"allowed": True} if draw < 0.7 else {"times": int(rng.integers(1, 7))}


def _approval(vocabulary: Vocabulary, rng: Rng) -> Said:
    where = draw_where(vocabulary, rng) if chance(rng, 0.5) else {}
    draw = rng.random()
    if draw < 0.35:
        return where | {"cost_above": _money(rng)}
    return where | ({"carbon_above": _mass(rng)} if draw < 0.6 else {})


def _objective(vocabulary: Vocabulary, rng: Rng) -> Said:
    names = [str(name) for name in rng.permutation(["carbon", "cost", "delay"])]
    draw = rng.random()
    if draw < 0.2:
        return {names[0]: "1"}
    if draw < 0.45:
        return {names[0]: one(rng, ["2", "2", "3", "4", "5", "10", str(int(rng.integers(2, 13)))]), names[1]: "1"}
    if draw < 0.5:
        return {names[0]: "1", names[1]: "1"}
    if draw < 0.65:
        first = int(rng.integers(2, 19)) * 5
        return {names[0]: f"{first} %", names[1]: f"{100 - first} %"}
    if draw < 0.75:
        first = int(rng.integers(4, 9))
        return {names[0]: f"0.{first}", names[1]: f"0.{9 - first}", names[2]: "0.1"}
    count = one(rng, [2, 2, 3, 3])
    return {name: str(int(rng.integers(1, 11))) for name in names[:count]}


def _prefer(vocabulary: Vocabulary, rng: Rng) -> Said:
    return draw_where(vocabulary, rng)


FREQUENT = ["only"] * 5 + ["deny"] * 7 + ["budget"] * 3 + ["delay"] * 3 + ["headroom"] * 3 + ["suspend"] * 2
FREQUENT += ["approval"] * 2 + ["objective"] * 2 + ["prefer"] * 2
_DRAW: dict[str, Callable[[Vocabulary, Rng], Said]] = {
    "only": _only,
    "deny": _deny,
    "budget": _budget,
    "delay": _delay,
    "headroom": _headroom,
    "suspend": _suspend,
    "approval": _approval,
    "objective": _objective,
    "prefer": _prefer,
}
