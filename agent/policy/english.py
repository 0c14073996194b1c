"""Rules back in English, by code: the same rule always reads the same, and nothing in it stays unsaid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agent.policy.rules import (
    DAYS,
    Approval,
    Budget,
    Delay,
    Headroom,
    Objective,
    Placement,
    PolicySet,
    Prefer,
    RuleBase,
    Selector,
    Suspend,
    Unenforceable,
    Window,
)

BUDGET_WORDS = {"carbon_kg": ("carbon", "kg"), "cost_usd": ("cost", "USD"), "energy_kwh": ("energy", "kWh")}


def english(rule: RuleBase) -> str:
    """Return one sentence that says what the rule says.

    Example:
        >>> from agent.policy.rules import Placement, Selector
        >>> english(Placement(kind="placement", effect="only", regions=("gb", "de"),
        ...                   jobs=Selector(team="finance"), source="..."))
        'Jobs of team finance may run only in gb, de.'
    """
    sentence = _sentence(rule)
    if rule.strength == "prefer" and not isinstance(rule, Objective | Prefer):
        sentence = f"where possible, {lower(sentence)}"
    return f"{sentence[0].upper()}{sentence[1:]}."


def quoted(rule: RuleBase) -> str:
    """Return the canonical English with the words it came from."""
    return f'"{english(rule)}" (policy: "{rule.source}")'


def show(policy_set: PolicySet, questions: Iterable[tuple[str, str]] = ()) -> str:
    """Return each sentence of the policy above its reading: canonical English, or why there is none.

    Args:
        policy_set: What was read.
        questions: Sentences with what is doubtful about their reading, which is shown below it.
    """
    lines = {source: [f"  {reading_of(part)}" for part in parts] for source, parts in by_sentence(policy_set).items()}
    for text, question in questions:
        lines.setdefault(text, []).append(f"  ? {question}")
    return "\n".join(line for source, below in lines.items() for line in (source, *below))


def by_sentence(policy_set: PolicySet) -> dict[str, list[RuleBase | Unenforceable]]:
    """Return what each sentence of the policy was read as."""
    readings: dict[str, list[RuleBase | Unenforceable]] = {}
    for rule in policy_set.rules:
        readings.setdefault(rule.source, []).append(rule)
    for item in policy_set.unenforceable:
        readings.setdefault(item.text, []).append(item)
    return readings


def reading_of(part: RuleBase | Unenforceable) -> str:
    """Return one reading of a sentence: canonical English, or why there is none."""
    return f"! not enforced: {part.reason}" if isinstance(part, Unenforceable) else f"= {english(part)}"


def _sentence(rule: RuleBase) -> str:
    match rule:
        case Placement():
            return f"{subject(rule)} {_only(rule) if rule.effect == 'only' else _deny(rule)}"
        case Budget():
            return _budget(rule)
        case Delay():
            return f"{subject(rule)} must {_delay(rule)}"
        case Headroom():
            return _headroom(rule)
        case Suspend():
            return f"{subject(rule)} {_suspend(rule)}"
        case Approval():
            return f"{subject(rule)}{_in(rule.regions)} need a person's approval{_limits(rule)}"
        case Objective():
            return _objective(rule)
        case Prefer():
            return f"{subject(rule)} should preferably run{_in(rule.regions)}"
    raise TypeError(f"no English for a rule of kind {rule.kind!r}")


def _only(rule: Placement) -> str:
    where = _in(rule.regions)
    if rule.window is None:
        return f"may run only{where}"
    when = f"within {_window(rule.window)} (a run longer than that must start within it)"
    return f"may run only{where} and only {when}" if where else f"may run only {when}"


def _deny(rule: Placement) -> str:
    where = _in(rule.regions) or " in any region"
    conditions = _conditions(rule)
    if rule.window is None:
        return f"must not start{where} while {conditions}" if conditions else f"must not run{where}"
    words = f"must not run{where} {_window(rule.window)}"
    return f"{words}, and must not start there while {conditions}" if conditions else words


def _conditions(rule: Placement) -> str:
    found = []
    if rule.intensity_above is not None:
        found.append(f"the carbon intensity is above {number(rule.intensity_above)} gCO2e/kWh")
    if rule.price_above is not None:
        found.append(f"the price is above {number(rule.price_above)} USD/MWh")
    return " or ".join(found)


def _budget(rule: Budget) -> str:
    metric, unit = BUDGET_WORDS[rule.metric]
    return (
        f"the {metric} of {lower(subject(rule))}{_in(rule.regions)} "
        f"must stay at or below {number(rule.max)} {unit} per {rule.per} (UTC)"
    )


def _delay(rule: Delay) -> str:
    bounds = []
    if rule.max_delay_h is not None:
        hours = number(rule.max_delay_h)
        bounds.append(f"start within {hours} h of submission" if rule.max_delay_h else "start without delay")
    if rule.finish_by is not None:
        zone = _zone(rule.tz or "local", local="time of the region of submission")
        bounds.append(f"finish by the next {rule.finish_by} {zone}")
    return " and ".join(bounds)


def _headroom(rule: Headroom) -> str:
    where = ", ".join(rule.regions or ()) or "every region"
    by = f" by {lower(subject(rule))}" if rule.jobs or rule.unless else ""
    when = f" {_window(rule.window)}" if rule.window else ""
    return f"CPU use of {where}{by} must stay at or below {number(100 * rule.max_utilization)} %{when}"


def _suspend(rule: Suspend) -> str:
    if rule.allowed is False or rule.max_times == 0:
        return "must not be suspended"
    if rule.max_times is None:
        return "may be suspended"
    return f"may be suspended at most {'once' if rule.max_times == 1 else f'{rule.max_times} times'}"


def _limits(rule: Approval) -> str:
    limits = []
    if rule.cost_above_usd is not None:
        limits.append(f"costs more than {number(rule.cost_above_usd)} USD")
    if rule.carbon_above_kg is not None:
        limits.append(f"emits more than {number(rule.carbon_above_kg)} kg")
    return f" where a run {' or '.join(limits)}" if limits else ""


def _objective(rule: Objective) -> str:
    weights = rule.weights.model_dump(exclude_none=True)
    words = ", ".join(f"{name} {number(weight)}" for name, weight in weights.items())
    return f"for {lower(subject(rule))}, the objective should weigh {words}"


def subject(rule: RuleBase) -> str:
    """Return which jobs a rule is about: `Batch jobs, except jobs of team ads,`."""
    jobs = jobs_in_english(rule.jobs)
    return f"{jobs}, except {lower(jobs_in_english(rule.unless))}," if rule.unless else jobs


def jobs_in_english(selector: Selector | None) -> str:
    """Return which jobs a selector selects: `Batch jobs of team ads`."""
    if selector is None:
        return "Jobs"
    noun = f"{selector.kind.capitalize()} jobs" if selector.kind else "Jobs"
    traits = " and ".join(_traits(selector))
    return f"{noun} {traits}" if traits else noun


def _traits(selector: Selector) -> list[str]:
    words = {
        "team": "of team {}",
        "customer": "of customer {}",
        "tag": "tagged {}",
        "priority_at_least": "of priority {} or above",
        "priority_at_most": "of priority {} or below",
    }
    traits = [text.format(getattr(selector, name)) for name, text in words.items() if getattr(selector, name)]
    if selector.home:
        traits.append(f"submitted in {' or '.join(selector.home)}")
    if selector.gpu is not None:
        traits.append("with GPUs" if selector.gpu else "without GPUs")
    if selector.longer_than_h is not None:
        traits.append(f"longer than {number(selector.longer_than_h)} h")
    if selector.shorter_than_h is not None:
        traits.append(f"shorter than {number(selector.shorter_than_h)} h")
    return traits


def _window(window: Window) -> str:
    return f"{_days(window.days)} {window.start}-{window.end} {_zone(window.tz, local='local time')}"


def _zone(tz: str, *, local: str) -> str:
    return {"UTC": "UTC", "local": local}.get(tz, f"{tz} time")


def _days(days: Sequence[str] | None) -> str:
    chosen = sorted(DAYS.index(day) for day in days or DAYS)
    if len(chosen) == len(DAYS):
        return "daily"
    if len(chosen) > 1 and chosen[-1] - chosen[0] == len(chosen) - 1:
        return f"{DAYS[chosen[0]]}-{DAYS[chosen[-1]]}"
    return ", ".join(DAYS[i] for i in chosen)


def _in(regions: Sequence[str] | None) -> str:
    return f" in {', '.join(regions)}" if regions else ""


def lower(words: str) -> str:
    """Return words for the middle of a sentence; an abbreviation keeps its capitals."""
    return words if words[:2].isupper() else words[0].lower() + words[1:]


def number(value: float) -> str:
    """Return a number without exponent or trailing zeros."""
    return f"{value:.10g}"
