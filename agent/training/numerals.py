"""Numbers and quantities in the many ways in which people write them."""

from __future__ import annotations

from agent.mentions.numbers import ONES as VALUES
from agent.mentions.numbers import TENS as VALUES_OF_TENS
from agent.training.grammar import Rng, chance, keep, one, say
from agent.training.number_patterns import ONE_IN, SHARES, SPANS

ONES = list(VALUES)
TENS = ["zero", "ten", *VALUES_OF_TENS]
UNITS = {
    "h": "[hours|hours|h|hrs|hours]",
    "min": "[minutes|min|mins|minutes]",
    "d": "[days|days|d]",
    "t": "[tonnes|t|tonnes|tons|metric tons|t of CO2|tonnes of CO2|tCO2e|tonnes of carbon]",
    "kg": "[kg|kilograms|kilos|kg of CO2|kg CO2e|kilos of CO2|kg of carbon]",
    "kwh": "[kWh|kilowatt-hours|kWh of electricity|kilowatt hours]",
    "mwh": "[MWh|megawatt-hours|megawatt hours|MWh of energy]",
    "usd": "[USD|dollars|US dollars|dollars|USD]",
}
SINGULAR = {
    "h": "[hour|h]",
    "min": "[minute|min]",
    "d": "day",
    "t": "[tonne|t|ton|tonne of CO2]",
    "kg": "[kg|kilo|kilogram of CO2]",
    "kwh": "kWh",
    "mwh": "MWh",
    "usd": "[dollar|USD]",
}


def words(number: int) -> str:
    """Return a whole number below a million in words.

    Example:
        >>> words(2350)
        'two thousand three hundred and fifty'
    """
    if number < 20:
        return ONES[number]
    if number < 100:
        tens, rest = divmod(number, 10)
        return TENS[tens] + (f"-{ONES[rest]}" if rest else "")
    for size, name in ((1000, "thousand"), (100, "hundred")):
        if number >= size:
            count, rest = divmod(number, size)
            joint = " and " if rest < 100 else " "
            return f"{words(count)} {name}" + (joint + words(rest) if rest else "")
    raise AssertionError("unreachable: below 100 is answered above")


def count(number: int, rng: Rng) -> str:
    """Return a whole number in digits, or in words if they are few."""
    few = number <= 20 or (number < 1000 and number % 50 == 0)
    if few and chance(rng, 0.4):
        return words(number)
    if number < 100 and chance(rng, 0.15):
        return words(number)
    if number >= 1000:
        return one(rng, [str(number), f"{number:,}", f"{number:,}", f"{number:,}".replace(",", " ")])
    return str(number)


def duration(said: str, rng: Rng) -> str:
    """Return `2 h`, `90 min` or `3 d` as people say it."""
    if said in SPANS and (len(SPANS[said]) > 60 or chance(rng, 0.5)):
        return keep(say(SPANS[said], rng))
    return measured(said, rng)


def measured(said: str, rng: Rng) -> str:
    """Return a number and its unit."""
    digits, _, unit = said.partition(" ")
    names = SINGULAR if digits == "1" else UNITS
    shown = count(int(digits), rng) if "." not in digits else digits
    name = say(names[unit], rng)
    if digits == "1" and len(name) > 3 and chance(rng, 0.5):
        shown = "an" if name.startswith("hour") else "a"
    close = shown[-1].isdigit() and name in ("h", "min", "d", "t", "kg") and chance(rng, 0.5)
    return keep(shown + ("" if close else " ") + name)


def mass(said: str, rng: Rng) -> str:
    """Return an amount of carbon, `1.5 t`."""
    special = {
        "0.5 t": "[half a tonne|half a ton|0.5 t|0.5 tonnes]",
        "1.5 t": "[a tonne and a half|one and a half tonnes|1.5 t|1.5 tonnes|1.5 tonnes of CO2]",
        "2.5 t": "[two and a half tonnes|2.5 t|2.5 tonnes]",
    }
    return keep(say(special[said], rng)) if said in special else measured(said, rng)


def money(said: str, rng: Rng) -> str:
    """Return an amount of money, `500 usd`."""
    number = int(said.split(" ")[0])
    if number % 1000 == 0 and chance(rng, 0.2):
        return keep(say("[${k}k|{k}k USD|{k}k dollars|USD {k}k]", rng, k=str(number // 1000)))
    if chance(rng, 0.45):
        return keep(say("[${n}|USD {n}|$ {n}|US${n}]", rng, n=one(rng, [str(number), f"{number:,}"])))
    return measured(said, rng)


def portion(said: str, rng: Rng) -> str:
    """Return a share of the CPUs, `20 %`, as `a fifth of the cores` or `one core in five`."""
    if said in ONE_IN and chance(rng, 0.5):
        return keep(say(ONE_IN[said], rng, c=one(rng, ["core", "core", "CPU"])))
    return f"{share(said, rng)} of {say('[the|the|all|our] [CPUs|cores|CPUs|processors|CPU cores]', rng)}"


def intensity(said: str, rng: Rng) -> str:
    """Return a carbon intensity, `350 g` or `0.35 kg`."""
    digits, unit = said.split(" ")
    if unit == "kg":
        return keep(say("{n} kg[ per kWh|/kWh| of CO2 per kWh| CO2e per kilowatt-hour]", rng, n=digits))
    unit = "[g|grams|g/kWh|grams per kWh|gCO2/kWh|gCO2e/kWh|gCO2e per kWh|g of CO2 per kWh|grams of CO2 per kilowatt-hour|g CO2|gCO2eq/kWh]"  # noqa: E501 - one list of alternatives
    return keep(say("{n} " + unit, rng, n=count(int(digits), rng)))


def price(said: str, rng: Rng) -> str:
    """Return a price of electricity, `80 usd` (a MWh) or `9 ct` (a kWh)."""
    digits, unit = said.split(" ")
    n = count(int(digits), rng)
    if unit == "ct":
        if chance(rng, 0.25):
            return keep(say("[{d} $/kWh|${d} a kWh|{d} dollars per kWh|${d}/kWh]", rng, d=f"0.{int(digits):02}"))
        return keep(
            say("{n} [cents|ct|US cents|cents][/kWh| per kWh| a kilowatt-hour| per kilowatt hour| a kWh]", rng, n=n)
        )
    pattern = "[{n} USD/MWh|${d}/MWh|${d} per MWh|{n} dollars [a|per] [MWh|megawatt-hour]|{n} USD per MWh|{n} $/MWh|{n} dollars|${d} a megawatt-hour]"  # noqa: E501 - one list of alternatives
    return keep(say(pattern, rng, n=n, d=digits))


def share(said: str, rng: Rng) -> str:
    """Return a share, `80 %` or `0.8`."""
    if not said.endswith("%"):
        return keep(said)
    if said in SHARES and chance(rng, 0.3):
        return keep(one(rng, SHARES[said]))
    digits = said.split(" ")[0]
    number = words(int(digits)) if chance(rng, 0.15) else None
    if number:
        return keep(f"{number} {one(rng, ['percent', 'per cent'])}")
    return keep(say("{n}[%| %| percent| per cent|%]", rng, n=digits))
