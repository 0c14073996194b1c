"""Are wishes granted where they cost little? Each sentence of policies/wishes.md, and each job that it is about.

    python -m bench.wishes DATA_DIR [--seeds 5] [--count 100] [--json OUT]

Five real grids, jobs of a real trace, weeks of 2022 that the seed draws. The agent runs without a model under all
wishes together. What granting one to a job costs is found by two more runs for each: without that wish, and with it as
a rule that must hold; the difference of what the job emits, in percent. A case is a wish and a job; it counts as cheap
if granting costs under 2 % and makes the job no later than its deadline. Whether what ran kept to a wish is judged by
the independent check of rules, as if it had been one that must hold.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np

from agent.case import Case, Finished, cancelled_in, check_rules, run_agent, segments_of, start_agent
from agent.evaluation.statistics import Estimate, estimate
from agent.policy.reading import load_confirmed
from agent.policy.rules import Placement, PolicySet, Prefer, Rule
from agent.policy.selection import about
from sim.scenario import build_world, parse_scenario, read_yaml, scenario_file
from sim.units import BoolArray
from sim.world import World

CHEAP = 2.0
"""Percent of its carbon that granting a wish may cost a job."""
POLICY = Path("policies/wishes.md")


@dataclass(frozen=True)
class Kept:
    """One wish under one seed: the jobs that it is about, those where granting is cheap, and how many were granted.

    `moved` are the cheap ones that would not have been as the wish asks without it, `moved_kept` the granted of them.
    `cost` is what granting it to all of them costs them together, percent of their carbon; None where some cannot.
    """

    wish: str
    seed: int
    jobs: int
    kept: int
    cheap: int
    cheap_kept: int
    moved: int
    moved_kept: int
    cost: float | None


def a_week(seed: int, count: int, data: Path) -> Case:
    """Return `real-week` with few jobs, in a week of its own."""
    raw = read_yaml(scenario_file("real-week"))
    raw |= {"seed": seed, "start": "2022-02-16T00:00:00Z", "days": 5, "epoch_min": 30}
    raw["workload"] |= {"count": count, "slack_h": {"low": 24, "normal": 12, "high": 4}}
    scenario = parse_scenario(raw, "real-week")
    scenario = scenario.model_copy(update={"start": scenario.start + timedelta(days=75 * seed)})
    return Case(scenario, build_world(scenario, data), (), PolicySet(rules=()))


def strict(rule: Rule) -> Rule:
    """Return a wish as a rule that must hold."""
    if isinstance(rule, Prefer):
        return Placement(kind="placement", effect="only", jobs=rule.jobs, unless=rule.unless, regions=rule.regions,
                         source=rule.source)  # fmt: skip
    return rule.model_copy(update={"strength": "must"})


def run_under(case: Case, rules: Sequence[Rule]) -> Finished:
    """Return the agent's run under rules, without a model."""
    ruled = Case(case.scenario, case.world, (), PolicySet(rules=tuple(rules)), case.bound_if_known)
    return run_agent(start_agent(ruled, None), ruled, None, lambda _: None)


def against(world: World, rule: Rule, finished: Finished) -> set[str]:
    """Return the jobs that did not keep to a wish."""
    run = finished.run
    found = check_rules(world, PolicySet(rules=(strict(rule),)), segments_of(run, finished.accounts),
                        cancelled=cancelled_in(run), switched=(), answered=(), asked=())  # fmt: skip
    return {one.job_id for one in found if one.job_id}


def cases(case: Case, seed: int, wishes: Sequence[Rule]) -> Iterator[Kept]:
    """Yield each wish with how it was kept."""
    world, together = case.world, run_under(case, wishes)
    for n, wish in enumerate(wishes):
        others = [other for m, other in enumerate(wishes) if m != n]
        free, held = run_under(case, others), run_under(case, [*others, strict(wish)])
        mine = [j for j, job in enumerate(world.workload.jobs) if about(wish, job)]
        free_g, held_g = (each.accounts.jobs.carbon_g[mine] for each in (free, held))
        late = held.accounts.jobs.violated[mine] & ~free.accounts.jobs.violated[mine]
        can = np.isfinite(held.accounts.jobs.end_s[mine]) & ~late
        cheap = can & (held_g < (1 + CHEAP / 100) * free_g)
        kept, anyway = (_kept(world, wish, each, mine) for each in (together, free))
        cost = 100 * float(held_g.sum() / free_g.sum() - 1) if can.all() and mine else None
        counts = (kept, cheap, kept & cheap, cheap & ~anyway, kept & cheap & ~anyway)
        yield Kept(wish.source, seed, len(mine), *(int(each.sum()) for each in counts), cost)


def _kept(world: World, wish: Rule, finished: Finished, mine: Sequence[int]) -> BoolArray:
    broken = against(world, wish, finished)
    return np.array([world.workload.jobs.id_of(j) not in broken for j in mine], dtype=bool)


def table(rows: Sequence[Kept]) -> Iterator[str]:
    """Yield a Markdown table: a row a wish, over all seeds, and one of all together."""
    yield "| wish | jobs | granting all costs, % | granted | of the cheap | % | of these, not so by themselves |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for name in [*dict.fromkeys(row.wish for row in rows), ""]:
        mine = [row for row in rows if name in ("", row.wish)]
        costs = [row.cost for row in mine if row.cost is not None]
        cost = f"{np.mean(costs):.1f}" if costs and name else ""
        names = ("jobs", "kept", "cheap", "cheap_kept", "moved", "moved_kept")
        jobs, kept, cheap, cheap_kept, moved, moved_kept = (sum(getattr(row, key) for row in mine) for key in names)
        share = f"{100 * cheap_kept / cheap:.1f}" if cheap else ""
        found = f"{kept} | {cheap_kept} of {cheap} | {share} | {moved_kept} of {moved}"
        yield f"| {name or 'all'} | {jobs} | {cost} | {found} |"


def share_kept(rows: Sequence[Kept]) -> Estimate:
    """Return the percentage of cheap cases that were granted, with an interval over seeds."""
    seeds = sorted({row.seed for row in rows})
    sums = [[sum(getattr(row, key) for row in rows if row.seed == seed) for key in ("cheap_kept", "cheap")]
            for seed in seeds]  # fmt: skip
    values = np.array([100 * kept / cheap for kept, cheap in sums])
    return estimate(values, [str(seed) for seed in seeds], np.random.default_rng(0))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    wishes = load_confirmed(POLICY).rules
    rows: list[Kept] = []
    for seed in range(arguments.seeds):
        rows += cases(a_week(seed, arguments.count, arguments.data), seed, wishes)
        if arguments.json:
            arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    print("\n".join(table(rows)))
    found = share_kept(rows)
    print(f"\ncheap wishes granted: {found.mean:.1f} %, 95 % interval over seeds {found.low} to {found.high}")


if __name__ == "__main__":
    main()
