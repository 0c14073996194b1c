import pytest
from policy_cases import WEEKDAYS, policy

from agent.policy.english import english, quoted, show
from agent.policy.rules import PolicySet, Unenforceable

EVENING = {"start": "16:00", "end": "21:00", "days": WEEKDAYS}


def deny(**fields: object) -> dict[str, object]:
    return {"kind": "placement", "effect": "deny", **fields}


def only(**fields: object) -> dict[str, object]:
    return {"kind": "placement", "effect": "only", **fields}


GOLDEN = [
    (only(jobs={"team": "finance"}, regions=["gb", "de"]), "Jobs of team finance may run only in gb, de."),
    (
        deny(jobs={"kind": "batch"}, regions=["us-south"], window=EVENING),
        "Batch jobs must not run in us-south mon-fri 16:00-21:00 local time.",
    ),
    (deny(regions=["de"]), "Jobs must not run in de."),
    (
        deny(window={"start": "22:00", "end": "06:00", "tz": "UTC", "days": ["sat", "mon"]}),
        "Jobs must not run in any region mon, sat 22:00-06:00 UTC.",
    ),
    (
        deny(jobs={"tag": "backup"}, regions=["gb"], intensity_above=350),
        "Jobs tagged backup must not start in gb while the carbon intensity is above 350 gCO2e/kWh.",
    ),
    (
        deny(intensity_above=1000000, price_above=90.5),
        "Jobs must not start in any region while the carbon intensity is above 1000000 gCO2e/kWh "
        "or the price is above 90.5 USD/MWh.",
    ),
    (
        deny(regions=["gb"], window={"start": "16:00", "end": "24:00"}, price_above=90),
        "Jobs must not run in gb daily 16:00-24:00 local time, "
        "and must not start there while the price is above 90 USD/MWh.",
    ),
    (
        only(window={"start": "22:00", "end": "06:00", "tz": "Europe/Berlin"}),
        "Jobs may run only within daily 22:00-06:00 Europe/Berlin time (a run longer than that must start within it).",
    ),
    (
        only(regions=["gb"], window={"start": "00:00", "end": "24:00", "days": ["sat", "sun"]}),
        "Jobs may run only in gb and only within sat-sun 00:00-24:00 local time "
        "(a run longer than that must start within it).",
    ),
    (
        only(
            jobs={
                "kind": "interactive",
                "customer": "acme",
                "home": ["gb", "de"],
                "priority_at_most": "normal",
                "gpu": True,
                "longer_than_h": 0.5,
                "shorter_than_h": 4,
            },
            unless={"team": "ads", "gpu": False},
            regions=["gb"],
        ),
        "Interactive jobs of customer acme and of priority normal or below and submitted in gb or de "
        "and with GPUs and longer than 0.5 h and shorter than 4 h, "
        "except jobs of team ads and without GPUs, may run only in gb.",
    ),
    (deny(regions=["de"], strength="prefer"), "Where possible, jobs must not run in de."),
    (
        {"kind": "budget", "metric": "carbon_kg", "max": 2000, "per": "week", "jobs": {"team": "ads"}},
        "The carbon of jobs of team ads must stay at or below 2000 kg per week (UTC).",
    ),
    (
        {"kind": "budget", "metric": "cost_usd", "max": 50, "per": "day", "regions": ["gb"]},
        "The cost of jobs in gb must stay at or below 50 USD per day (UTC).",
    ),
    (
        {"kind": "delay", "max_delay_h": 2, "jobs": {"priority_at_least": "high"}},
        "Jobs of priority high or above must start within 2 h of submission.",
    ),
    ({"kind": "delay", "max_delay_h": 0}, "Jobs must start without delay."),
    (
        {"kind": "delay", "max_delay_h": 3, "finish_by": "06:00", "tz": "UTC"},
        "Jobs must start within 3 h of submission and finish by the next 06:00 UTC.",
    ),
    (
        {"kind": "delay", "finish_by": "06:00"},
        "Jobs must finish by the next 06:00 time of the region of submission.",
    ),
    (
        {"kind": "headroom", "regions": ["de"], "max_utilization": 0.07},
        "CPU use of de must stay at or below 7 %.",
    ),
    (
        {"kind": "headroom", "max_utilization": 0.5, "window": EVENING, "jobs": {"kind": "batch"}},
        "CPU use of every region by batch jobs must stay at or below 50 % mon-fri 16:00-21:00 local time.",
    ),
    ({"kind": "suspend", "allowed": False}, "Jobs must not be suspended."),
    ({"kind": "suspend", "allowed": True}, "Jobs may be suspended."),
    ({"kind": "suspend", "max_times": 0}, "Jobs must not be suspended."),
    ({"kind": "suspend", "max_times": 1}, "Jobs may be suspended at most once."),
    ({"kind": "suspend", "max_times": 2}, "Jobs may be suspended at most 2 times."),
    ({"kind": "approval", "regions": ["gb"]}, "Jobs in gb need a person's approval."),
    (
        {"kind": "approval", "cost_above_usd": 5, "carbon_above_kg": 10},
        "Jobs need a person's approval where a run costs more than 5 USD or emits more than 10 kg.",
    ),
    (
        {"kind": "objective", "weights": {"carbon": 2, "delay": 1}},
        "For jobs, the objective should weigh carbon 2, delay 1.",
    ),
    ({"kind": "prefer", "regions": ["gb", "de"]}, "Jobs should preferably run in gb, de."),
]


@pytest.mark.parametrize(("rule", "words"), GOLDEN, ids=[words[:50] for _, words in GOLDEN])
def test_a_rule_reads_in_canonical_english(rule, words):
    assert english(policy(rule).rules[0]) == words


def test_a_quoted_rule_carries_the_words_it_came_from():
    rule = policy(deny(regions=["de"], source="Not in Germany.")).rules[0]
    assert quoted(rule) == '"Jobs must not run in de." (policy: "Not in Germany.")'


def test_show_puts_each_sentence_above_its_reading():
    rules = policy(
        deny(regions=["de"], source="Avoid Germany and start at once."),
        {"kind": "delay", "max_delay_h": 0, "source": "Avoid Germany and start at once."},
    ).rules
    unread = Unenforceable(text="Be nice.", reason="it names nothing to check")
    assert show(PolicySet(rules=rules, unenforceable=(unread,))).splitlines() == [
        "Avoid Germany and start at once.",
        "  = Jobs must not run in de.",
        "  = Jobs must start without delay.",
        "Be nice.",
        "  ! not enforced: it names nothing to check",
    ]
