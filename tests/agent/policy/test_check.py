"""The re-check of what ran, by hand-made runs; then the guard and the re-check against each other."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_cases import HOUR, IDS, MONDAY, REGIONS, job, policy

from agent.policy.check import Segment, Violation, stays, violations
from agent.policy.guard import Guard
from agent.policy.rules import DAYS, PolicySet

EVENING = {"start": "16:00", "end": "21:00", "tz": "UTC"}


def run(region: str, start_h: float, end_h: float, **fields: object) -> Segment:
    return Segment(job(hours=end_h - start_h, **fields), region, start_h * HOUR, end_h * HOUR)


def breaches(
    rules: PolicySet,
    *segments: Segment,
    never_ran: tuple[object, ...] = (),
    until_h: float = 100,
    intensity: float = 0,
    price: float = 0,
) -> list[Violation]:
    return violations(
        rules,
        REGIONS,
        MONDAY,
        HOUR,
        [*(segment.job for segment in segments), *never_ran],
        segments,
        until_s=until_h * HOUR,
        intensity=lambda region, t: intensity,
        price=lambda region, t: price,
    )


def test_a_run_in_a_closed_region_is_a_violation_with_rule_job_region_and_time():
    rules = policy({"kind": "placement", "effect": "deny", "regions": ["de"]})
    assert breaches(rules, run("gb", 1, 2), run("de", 3, 4, id="j2")) == [
        Violation("Jobs must not run in de.", "j2", "de", 3 * HOUR)
    ]


def test_a_run_that_overran_its_estimate_into_a_window_is_a_violation():
    rules = policy({"kind": "placement", "effect": "deny", "window": EVENING})
    late = Segment(job(hours=2), "gb", 14 * HOUR, 16.5 * HOUR)
    assert len(breaches(rules, late)) == 1
    assert not breaches(rules, run("gb", 14, 16))


def test_a_run_that_leaves_a_week_it_would_have_fitted_is_a_violation():
    """100 h fit Monday to Friday (120 h) from Monday on, and not from Friday noon."""
    week = {"start": "00:00", "end": "24:00", "tz": "UTC", "days": DAYS[:5]}
    rules = policy({"kind": "placement", "effect": "only", "window": week})
    assert not breaches(rules, run("gb", 0, 100))
    assert len(breaches(rules, run("gb", 4 * 24 + 12, 4 * 24 + 112))) == 1


def test_a_start_above_the_limit_is_a_violation_and_at_it_is_none():
    rules = policy({"kind": "placement", "effect": "deny", "intensity_above": 350})
    assert not breaches(rules, run("gb", 1, 2), intensity=350)
    assert len(breaches(rules, run("gb", 1, 2), intensity=351)) == 1


def test_a_late_start_is_a_violation_unless_it_was_the_first_possible():
    rules = policy({"kind": "delay", "max_delay_h": 0})
    first = Segment(job(submit_s=600.0), "gb", HOUR, 2 * HOUR)
    second = Segment(job(submit_s=600.0), "gb", 2 * HOUR, 3 * HOUR)
    assert not breaches(rules, first)
    assert [found.at_s for found in breaches(rules, second)] == [2 * HOUR]


def test_a_late_finish_is_a_violation_unless_it_started_at_once():
    rules = policy({"kind": "delay", "finish_by": "06:00", "tz": "UTC"})
    assert not breaches(rules, run("gb", 3, 6))
    assert [found.at_s for found in breaches(rules, run("gb", 3, 7))] == [7 * HOUR]
    assert not breaches(rules, run("gb", 0, 7))


def test_a_job_that_never_ran_is_late_once_its_bound_has_passed():
    rules = policy({"kind": "delay", "max_delay_h": 2})
    assert breaches(rules, never_ran=(job(),), until_h=3) == [
        Violation("Jobs must start within 2 h of submission.", "j1", None, 3 * HOUR)
    ]
    assert not breaches(rules, never_ran=(job(),), until_h=2)


def test_cpu_use_is_swept_over_starts_and_ends():
    """100 CPUs, at most half: 40 from hour 1, 80 from 2 to 3, 40 again, and 50 exactly from 4."""
    rules = policy({"kind": "headroom", "regions": ["de"], "max_utilization": 0.5})
    runs = (
        run("de", 1, 4, cpus=40.0),
        run("de", 2, 3, cpus=40.0),
        run("de", 4, 5, cpus=50.0),
        run("gb", 0, 9, cpus=90.0),
    )
    assert breaches(rules, *runs) == [Violation("CPU use of de must stay at or below 50 %.", None, "de", 2 * HOUR)]


def test_cpu_use_counts_only_while_the_window_holds():
    rules = policy({"kind": "headroom", "max_utilization": 0.5, "window": EVENING})
    assert not breaches(rules, run("de", 10, 16, cpus=90.0), run("de", 21, 30, cpus=90.0))
    assert [found.at_s for found in breaches(rules, run("de", 10, 30, cpus=90.0))] == [16 * HOUR]
    assert [found.at_s for found in breaches(rules, run("de", 18, 30, cpus=90.0))] == [18 * HOUR]


quarters = st.integers(0, 24 * 4).map(lambda n: f"{n // 4:02}:{n % 4 * 15:02}")
windows = st.fixed_dictionaries(
    {
        "start": quarters.filter(lambda clock: clock != "24:00"),
        "end": quarters,
        "tz": st.sampled_from(["local", "UTC", "Europe/Berlin", "America/New_York"]),
    },
    optional={"days": st.lists(st.sampled_from(DAYS), min_size=1, unique=True)},
).filter(lambda window: window["start"] != window["end"])
regions = st.lists(st.sampled_from(IDS), min_size=1, unique=True)
selectors = st.sampled_from(
    [None, {"kind": "batch"}, {"team": "ads"}, {"tag": "pii"}, {"longer_than_h": 6}, {"shorter_than_h": 6}]
)
limits = {"intensity_above": st.integers(0, 500), "price_above": st.integers(-50, 150)}
denials = st.fixed_dictionaries(
    {"kind": st.just("placement"), "effect": st.just("deny"), "jobs": selectors},
    optional={"regions": regions, "window": windows, **limits},
)
onlys = st.fixed_dictionaries(
    {"kind": st.just("placement"), "effect": st.just("only"), "jobs": selectors},
    optional={"regions": regions, "window": windows},
)
placements = st.lists((denials | onlys).filter(lambda rule: len(rule) > 3), min_size=1, max_size=3)
jobs = st.builds(
    job,
    hours=st.integers(1, 4 * 60).map(lambda n: n / 4),
    kind=st.sampled_from(["batch", "interactive"]),
    team=st.sampled_from([None, "ads"]),
    tags=st.sampled_from([(), ("pii", "ci")]),
)
# either side of the European and American changes of the clock in March and autumn 2022
beginnings = st.sampled_from([5, 12, 19, 26, 223, 230, 237]).map(lambda days: MONDAY + timedelta(days=days))
starts = st.lists(st.integers(0, 10 * 96).map(lambda n: n / 4), min_size=1, max_size=8)
levels = st.lists(st.integers(-50, 500), min_size=8, max_size=8)


@settings(max_examples=120)
@given(placements, jobs, beginnings, starts, levels, levels)
def test_the_guard_allows_exactly_the_runs_in_which_the_check_finds_no_fault(
    rules, a_job, begin, starts_h, carbon, prices
):
    policy_set = policy(*rules)
    guard = Guard(policy_set, REGIONS, begin, HOUR)
    starts_s = np.array(starts_h) * HOUR
    shape = (len(REGIONS), len(starts_h))
    intensity = np.resize(np.array(carbon, dtype=float), shape)
    price = np.resize(np.array(prices, dtype=float), shape)
    allowed = guard.allowed(a_job, starts_s, intensity=intensity, price=price)
    for row, region in enumerate(IDS):
        for column, start_s in enumerate(starts_s.tolist()):
            carbon_here, price_here = float(intensity[row, column]), float(price[row, column])
            found = violations(
                policy_set,
                REGIONS,
                begin,
                HOUR,
                [a_job],
                [Segment(a_job, region, start_s, start_s + a_job.duration_estimate_s)],
                until_s=math.inf,
                intensity=lambda _, t, level=carbon_here: level,
                price=lambda _, t, level=price_here: level,
            )
            why = guard.why_not(a_job, region, start_s, intensity=carbon_here, price=price_here)
            assert bool(allowed[row, column]) == (not found) == (why is None)


delays = st.fixed_dictionaries(
    {"kind": st.just("delay"), "max_delay_h": st.integers(0, 48).map(lambda n: n / 4)}
) | st.fixed_dictionaries(
    {
        "kind": st.just("delay"),
        "finish_by": quarters,
        "tz": st.sampled_from(["local", "UTC", "Asia/Kolkata"]),
    }
)


@settings(max_examples=100)
@given(delays, st.integers(0, 96), st.sampled_from(IDS), st.integers(1, 30), st.integers(0, 60))
def test_a_start_at_a_decision_is_late_for_the_check_exactly_after_the_guards_latest_start(
    rule, submit, home, hours, wait
):
    policy_set = policy(rule)
    one = job(hours=hours, submit_s=submit * 900.0, home=home)
    guard = Guard(policy_set, REGIONS, MONDAY, HOUR)
    start_s = (math.ceil(submit / 4) + wait) * HOUR
    found = violations(
        policy_set,
        REGIONS,
        MONDAY,
        HOUR,
        [one],
        [Segment(one, home, start_s, start_s + hours * HOUR)],
        until_s=math.inf,
        intensity=lambda *_: 0.0,
        price=lambda *_: 0.0,
    )
    assert bool(found) == (start_s > guard.latest_start_s(one))


@settings(max_examples=40)
@given(windows, st.integers(1, 9), st.integers(0, 300), st.integers(1, 40), beginnings)
def test_cpu_use_within_the_guards_limit_is_no_violation(window, tenths, start, hours, begin):
    """A run as wide as the strictest slot it touches passes; a wider one fails if the window holds in it."""
    rules = policy({"kind": "headroom", "max_utilization": tenths / 10, "window": window})
    slots = (start + np.arange(hours)) * HOUR
    limit = Guard(rules, REGIONS, begin, HOUR).cpu_limit(slots, HOUR)
    for row, region in enumerate(REGIONS):
        most = float(limit[row].min()) * region.cpus
        for cpus, expected in ((most, 0), (most + 1, int(most < region.cpus))):
            segment = Segment(job(cpus=cpus), region.id, float(slots[0]), float(slots[-1]) + HOUR)
            found = violations(
                rules,
                REGIONS,
                begin,
                HOUR,
                [segment.job],
                [segment],
                until_s=math.inf,
                intensity=lambda *_: 0.0,
                price=lambda *_: 0.0,
            )
            assert len(found) == expected


def test_reading_a_checkpoint_working_and_resizing_are_one_stay():
    """Reading until 1, working until 3, with two workers until 4, writing until 5."""
    one = job()
    pieces = [
        Segment(one, "gb", 1, 3),
        Segment(one, "gb", 0, 1, kind="restore"),
        Segment(one, "gb", 3, 4, scale=2),
        Segment(one, "gb", 4, 5, kind="save", scale=2),
    ]
    assert [(stay.start_s, stay.end_s) for stay in stays(pieces)] == [(0, 5)]


def test_resuming_beginning_again_and_moving_are_starts_even_without_a_gap():
    one = job()
    pieces = [
        Segment(one, "gb", 0, 1),
        Segment(one, "gb", 1, 2, kind="lost"),
        Segment(one, "gb", 2, 3),
        Segment(one, "gb", 3, 4, kind="save"),
        Segment(one, "gb", 4, 5, kind="restore"),
        Segment(one, "de", 5, 6),
    ]
    assert [stay.start_s for stay in stays(pieces)] == [0, 1, 2, 4, 5]


def test_each_worker_counts_towards_headroom():
    """One worker holds 60 % of the CPUs and is within the bound of 90 %; two are not."""
    rules = policy({"kind": "headroom", "max_utilization": 0.9, "regions": ["gb"]})
    cpus = 0.6 * next(region.cpus for region in REGIONS if region.id == "gb")
    for scale, expected in ((1.0, 0), (2.0, 1)):
        assert len(breaches(rules, Segment(job(cpus=cpus), "gb", 0.0, HOUR, scale=scale))) == expected
