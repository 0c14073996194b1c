"""Numbers with their units, and what they could mean in a rule or in a job's hints."""

from __future__ import annotations

import re

from agent.mentions.mention import Meaning, Mention, Text, round_off
from agent.mentions.numbers import ONES, Number, numbers

HOURS = {"h": 1.0, "min": 1 / 60, "s": 1 / 3600, "d": 24.0, "week": 168.0, "fortnight": 336.0}
KILOGRAMS = {"t": 1000.0, "kg": 1.0, "g": 0.001}
KWH = {"kwh": 1.0, "mwh": 1000.0, "gwh": 1_000_000.0}
USD = {"usd": 1.0, "ct": 0.01}
GIGABYTES = {"gb": 1.0, "mb": 0.001, "tb": 1000.0}

_CO2 = r"(?:[\s-]*(?:of\s+)?(?:carbon\s+dioxide|CO2|CO₂|carbon)(?:[\s-]?eq?\b|[\s-]equivalents?)?)?"
_ENERGY = (
    r"(?P<{0}kwh>kWh|kilowatt[\s-]?hours?)|(?P<{0}mwh>MWh|megawatt[\s-]?hours?)|(?P<{0}gwh>GWh|gigawatt[\s-]?hours?)"
)
_PER = rf"(?:\s*(?:/|\bper\b|\ban?\b|\beach\b|\bfor\s+(?:a|each|every)\b)\s*(?:{_ENERGY.format('per_')}))?"
_UNITS = (
    r"(?P<h>hours?|hrs?|h(?!\d))|(?P<min>minutes?|mins?|(?-i:m)(?<=\dm))|(?P<s>seconds?|secs?)|(?P<d>days?|d)|(?P<week>weeks?)"
    r"|(?P<fortnight>fortnights?)"
    rf"|(?:(?P<t>metric\s+tons?|tonnes?|tons?|t)|(?P<kg>kilograms?|kilogrammes?|kilos?|kg)|(?P<g>grams?|grammes?|gr?)){_CO2}"
    rf"|{_ENERGY.format('')}"
    r"|(?P<percent>%|percent|per\s+cent|pct)|(?P<gb>GB|GiB|gigs?|gigabytes?)|(?P<mb>MB|MiB|megabytes?)"
    r"|(?P<tb>TB|TiB|terabytes?)|(?P<gpus>(?:Nvidia\s+)?(?:GPUs?|[AHVBL]\d{2,3}s?|accelerators?|graphics\s+cards?))"
    r"|(?P<cpus>(?:CPU\s+)?cores?|vCPUs?|CPUs?|threads?|processors?)"
    r"|(?P<times>times|x|-?fold)"
    r"|(?P<other>kW|kilowatts?|MW|megawatts?|months?|years?)"
)
_MONEY = r"(?:(?P<usd>(?:US\s+)?dollars?|bucks|US\$|USD|\$)|(?P<ct>(?:US[\s-]?)?cents?|ct|c(?=\s?/)|¢)|(?P<eur>EUR|euros?|€|GBP|pounds?|£))"
UNIT = re.compile(
    rf"(?P<half>\s+and\s+a\s+half)?(?:\s?[x×]\s?(?=[AHVG])|[\s-]{{0,2}})(?:{_UNITS}|{_MONEY})(?![a-z]){_PER}(?P<half_more>\s+and\s+a\s+half)?",
    re.I,
)
CURRENCY = re.compile(r"(?:(?P<usd>US\s?\$|USD|\$)|(?P<eur>€|EUR|£|GBP))\s?$", re.I)
AFTER_CURRENCY = re.compile(rf"(?:\s?(?:USD|US\s+dollars|dollars))?{_PER}", re.I)
SPAN = r"(?:hour|day|minute|week|month|fortnight|tonne|ton|kilo|kilogram|dollar|kWh|MWh|megawatt-hour)"
HALF = re.compile(
    rf"(?<![a-z-])(?P<much>half|a\s+quarter\s+of|quarter\s+of|three\s+quarters\s+of)\s+an?\s+(?P<unit>{SPAN})s?(?![a-z])",
    re.I,
)
SINGLE = re.compile(
    rf"(?<![a-z])(?:an?|the|(?:a|one)\s+(?:single|full|entire|whole)|(?:any|each|every|in)\s+one)\s+(?P<unit>{SPAN})(?![a-z])(?P<half>\s+and\s+a\s+half)?",
    re.I,
)
DEMANDING = re.compile(
    r"\b(?:within|than|over|under|above|exceed\w*|at\s+(?:most|least)|up\s+to|in|after|takes?|takes\s+(?:about|around)|by|half)\s+$",
    re.I,
)
MANY = {"half": 0.5, "a quarter of": 0.25, "quarter of": 0.25, "three quarters of": 0.75}
COUNTS = {"one time": 1.0, "once": 1.0, "twice": 2.0, "thrice": 3.0, "double": 2.0, "triple": 3.0}
COUNT = re.compile(rf"(?<![a-z])(?:{'|'.join(COUNTS)})(?![a-z])", re.I)
RATED = re.compile(r"(?:\d|cents?|ct|dollars?|USD|grams?|g|kg|kilos?|CO2|carbon)\s+$", re.I)
"""What stands before "a kilowatt-hour" where that is a rate."""
_NAMED = "half|halves|thirds?|quarters?|fifths?|tenths?"
FRACTION = re.compile(
    rf"(?<![a-z-])(?P<top>an?|one|two|three|four|seven|nine)?[\s-]?(?P<bottom>{_NAMED})(?![a-z])",
    re.I,
)
OUT_OF = re.compile(
    r"(?<![\w.:/])(?P<top>\d{1,3}|one|two|three|four|nine)\s*(?:/|\s(?:out\s+of|in|of)(?:\s+every)?\s)\s*(?P<bottom>\d{1,3}|two|three|four|five|ten)(?![\w/:.])",
    re.I,
)
CPUS_OUT_OF = re.compile(
    r"(?<![\w.:/])(?P<top>\d{1,3}|one|two|three|four|nine)\s+(?:CPUs?|cores?)\s+(?:out\s+of|in|of)(?:\s+every)?\s+"
    r"(?P<bottom>\d{1,3}|two|three|four|five|ten)(?![\w/:.])",
    re.I,
)
EVERY = re.compile(
    r"(?<![a-z])(?:every|each)\s+(?P<nth>second|other|third|fourth|fifth|tenth|twentieth|\d{1,2}(?:nd|rd|th))\s+(?:CPU|core|processor)(?![a-z])",
    re.I,
)
NTHS = {"second": 2, "other": 2, "third": 3, "fourth": 4, "fifth": 5, "tenth": 10, "twentieth": 20}
LISTED = re.compile(r"(?:^|[\n.:;,(]\s*|\s)\(?$")
COUNTED = re.compile(
    r"\s+(?:\w+\s+)?(?:regions|sites|places|teams|customers|groups|kinds|exceptions|reasons|countries|continents|states|rules|conditions|things|"
    r"clusters|cent(?:re|er)s|points|limits|exemptions|tags|principles|goals|classes|types)\b",
    re.I,
)
"""What is counted, and limits nothing: "the two sites"."""
TOPS = {"": 1, "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "seven": 7, "nine": 9}
BOTTOMS = {"hal": 2, "thi": 3, "qua": 4, "fif": 5, "ten": 10}
ONCE = re.compile(r"\b(?:than|most|only|just|suspended|paused|interrupted|preempted|least)\s+$", re.I)
REFERENCE = re.compile(
    r"(?:\b(?:ticket|issue|rule|section|sec|policy|policies|rev|revision|version|v|no|number|nr|nos|article|art|appendix|annex"
    r"|page|table|list|clause|paragraph|para|point|item|case|request|task|meeting|room|iso|phase|tier|level|chapter|step"
    r"|attempt|run|branch|seed|project|invoice|incident|bug|pr|in|since|of)\.?\s+|#\s?|§\s?|\bv\.?|-)(?:\d+[.,]\s?)*$",
    re.I,
)
BOTH = re.compile(r"\b(?:the|these|those)\s+$", re.I)
"""What stands before a two that counts what was named: `neither of the two`."""
LABEL = re.compile(r"(?<![a-z])(?:(?P<cpus>v?cpus?|cores?|processors)|(?P<gpus>gpus?))\s*[:=]\s*$", re.I)
"""What stands before a number in a list of fields: `cores: 48`."""
YEARS = range(1980, 2080)


def quantities(text: Text) -> list[Mention]:
    """Return the numbers of a text with their units and what they mean; references such as `ticket 4711` are none."""
    found = [_ratio(text, match) for match in CPUS_OUT_OF.finditer(text.left)]
    found += [_many(text, match) for match in HALF.finditer(text.left)]
    found += [_every(text, match) for match in EVERY.finditer(text.left)]
    found += [_single(text, match) for match in SINGLE.finditer(text.left) if not _is_rate(text, match)]
    found += [one for number in numbers(text.left) if (one := _measured(text, number))]
    found += [_count(text, match) for match in COUNT.finditer(text.left)]
    found += [_ratio(text, match) for match in OUT_OF.finditer(text.left)]
    found += [_fraction(text, match) for match in FRACTION.finditer(text.left)]
    return found


def bare_numbers(text: Text) -> list[tuple[Mention, Number]]:
    """Return what numbers are left: without a unit, and no reference."""
    found = []
    for number in numbers(text.left):
        said = text.whole[number.begin : number.end]
        if said.lower() == "one" or re.match(r"(?:st|nd|rd|th)\b|[a-z]", text.whole[number.end :], re.I):
            continue
        demanded = not (
            _is_item(text, number)
            or _is_reference(text, number)
            or (not number.figures and COUNTED.match(text.whole, number.end))
            or (number.value == 2 and BOTH.search(text.before(number.begin)))
        )
        label = LABEL.search(text.before(number.begin))
        meaning = (label.lastgroup or "") if label else "number"
        found.append(
            (text.mention(number.begin, number.end, [(meaning, round_off(number.value))], demanded=demanded), number)
        )
    return found


def _is_item(text: Text, number: Number) -> bool:
    """Tell whether a number counts a line of a list, or stands alone in brackets: `12) No jobs ...`, `... (4711)`."""
    before, after = text.whole[: number.begin], text.whole[number.end :]
    first = not before.strip(" \n-*(") and bool(re.match(r"[.)]\s", after))
    return number.figures and (first or (before.endswith("(") and after.startswith(")")))


def _is_reference(text: Text, number: Number) -> bool:
    before, after = text.before(number.begin), text.whole[number.end : number.end + 1]
    if before.endswith("[") and after == "]":
        return True
    if (
        number.figures
        and number.value < 30
        and re.match(r"[.)](?:\s|$)", text.whole[number.end :])
        and LISTED.search(before)
    ):
        return number.begin == 0 or after == ")" or before.rstrip(" ")[-1:] in (".", ":", ";", "\n", "(", "")
    found = REFERENCE.search(before)
    if found and found[0].strip().lower() in ("in", "since", "of"):
        return number.value in YEARS
    return bool(found)


def _measured(text: Text, number: Number) -> Mention | None:
    """Return a number with its unit; None if it has none, or another number has taken it ("61 $ 25")."""
    before = CURRENCY.search(text.left[: number.begin])
    if before:
        after = AFTER_CURRENCY.match(text.left, number.end)
        end = after.end() if after else number.end
        meanings = _money(number.value, "eur" if before["eur"] else "usd", _per(after))
        return text.mention(before.start(), end, meanings)
    unit = UNIT.match(text.left, number.end)
    if unit is None:
        return None
    value = number.value + (0.5 if unit["half"] or unit["half_more"] else 0)
    name = next(name for name, said in unit.groupdict().items() if said and not name.startswith(("half", "per_")))
    close = unit.group().strip().lower() == "h"
    meanings = _meanings(value, name, _per(unit)) | (_hour(number) if close else set())
    return text.mention(number.begin, unit.end(), meanings)


def _hour(number: Number) -> set[Meaning]:
    """Return the time of day that `16h` may be, and `0600h`."""
    if number.value == int(number.value) and number.value <= 24:
        return {("clock", f"{int(number.value) % 24:02}:00")}
    if number.value < 2400 and number.value % 100 < 60:
        return {("clock", f"{int(number.value) // 100:02}:{int(number.value) % 100:02}")}
    return set()


def _per(unit: re.Match[str] | None) -> str:
    """Return `kwh` or `mwh` if the unit is said to be by these."""
    if unit is None:
        return ""
    return next((name[4:] for name, said in unit.groupdict().items() if said and name.startswith("per_")), "")


def _meanings(value: float, unit: str, per: str) -> set[Meaning]:
    if unit in HOURS:
        return {("h", round_off(value * HOURS[unit]))}
    if unit in KILOGRAMS:
        kilograms = value * KILOGRAMS[unit]
        intensity: Meaning = ("g/kwh", round_off(1000 * kilograms / KWH[per or "kwh"]))
        # only grams and kilograms are said for an intensity, and never for a sum where "per kWh" follows
        weight = set() if per else {("kg", round_off(kilograms))}
        return (
            weight
            | ({intensity} if per or unit != "t" else set())
            | ({("gb", round_off(value))} if unit == "g" else set())
        )
    if unit in KWH:
        return {("kwh", round_off(value * KWH[unit]))}
    if unit in GIGABYTES:
        return {("gb", round_off(value * GIGABYTES[unit]))}
    if unit == "percent":
        return {("share", round_off(value / 100))}
    if unit == "times":
        return _times(value)
    if unit in ("cpus", "gpus"):
        return {(unit, round_off(value))}
    return _money(value, unit, per) if unit in USD or unit == "eur" else {(unit, round_off(value))}


def _money(value: float, unit: str, per: str) -> set[Meaning]:
    if unit == "eur":
        return {("another currency", round_off(value))}
    dollars = value * USD[unit]
    if per:
        return {("usd/mwh", round_off(dollars * 1000 / KWH[per]))}
    # cents are said of a kilowatt-hour, dollars of a megawatt-hour
    return {("usd", round_off(dollars)), ("usd/mwh", round_off(dollars * (1000 if unit == "ct" else 1)))}


def _times(value: float) -> set[Meaning]:
    return {("times", round_off(value))}


def _count(text: Text, match: re.Match[str]) -> Mention:
    """Return `once`, a conjunction unless something is counted before it, `twice` or `double`."""
    word = match[0].lower()
    demanded = word in ("twice", "thrice") or (word == "once" and bool(ONCE.search(text.before(match.start()))))
    return text.mention(*match.span(), _times(COUNTS[word]), demanded=demanded)


def _unit_of(said: str) -> str:
    found = UNIT.match(f" {said}")
    if found is None:
        raise AssertionError(f"unreachable: {said!r} is a unit")
    return next(name for name, group in found.groupdict().items() if group)


def _many(text: Text, match: re.Match[str]) -> Mention:
    much = MANY[re.sub(r"\s+", " ", match["much"].lower())]
    return text.mention(*match.span(), _meanings(much, _unit_of(match["unit"]), ""))


def _single(text: Text, match: re.Match[str]) -> Mention:
    """Return `an hour`: a quantity after "within", and perhaps a rate elsewhere ("5 kg an hour")."""
    value = 1.5 if match["half"] else 1.0
    rate = re.match(r"the|any|each|every|in", match[0], re.I)
    demanded = bool(match["half"] or (DEMANDING.search(text.before(match.start())) and not rate))
    return text.mention(*match.span(), _meanings(value, _unit_of(match["unit"]), ""), demanded=demanded)


def _is_rate(text: Text, match: re.Match[str]) -> bool:
    """Tell whether "a kWh" belongs to the number before it: "nine cents a kWh"."""
    return match["unit"].lower() in ("kwh", "mwh", "megawatt-hour") and bool(RATED.search(text.before(match.start())))


def _every(text: Text, match: re.Match[str]) -> Mention:
    """Return the share that "every fourth core" is."""
    said = match["nth"].lower()
    return text.mention(*match.span(), {("share", round_off(1 / (NTHS.get(said) or int(said[:-2]))))})


def _ratio(text: Text, match: re.Match[str]) -> Mention:
    """Return `3/4` and "one in four"; 70/30 is two numbers of which the first may be a share."""
    top, bottom = (
        float(said) if said.isdigit() else float(ONES[said.lower()]) for said in match.group("top", "bottom")
    )
    share = round_off(top / bottom) if bottom else 0.0
    meanings: list[Meaning] = [("share", share), ("number", top), ("number", bottom)]
    return text.mention(*match.span(), meanings)


def _fraction(text: Text, match: re.Match[str]) -> Mention:
    top = TOPS[(match["top"] or "").lower()]
    share = top / BOTTOMS[match["bottom"][:3].lower()]
    plain = match["top"] is None
    return text.mention(*match.span(), {("share", round_off(share))}, demanded=not plain and top != 1)
