"""The sections of a report: what each shows of an evaluation or a run, as charts and tables of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.evaluation.evaluate import Evaluation
from agent.evaluation.runs import ForecastError, KeptRun, carbon_by_hour, forecast_error, loads, summed
from agent.evaluation.statistics import Comparison, saved_by_scenario
from agent.evaluation.tables import interval, mean_of, number, percent
from sim.runfolder import RunFolder
from sim.units import FloatArray

MOST_SCENARIOS = 40
"""Load is shown of so many: a page with more would be too heavy for a phone."""
Cells = Sequence[Sequence[str]]
Figure = Any
"""A Plotly figure; only the charts know the library."""


@dataclass(frozen=True)
class Table:
    """A table of the page: its head, and rows of text."""

    head: Sequence[str]
    rows: Cells


@dataclass(frozen=True)
class Section:
    """A part of the page: a sentence on what is seen, charts by name (more than one: a choice), and a table."""

    id: str
    title: str
    about: str
    charts: Mapping[str, Figure] = field(default_factory=dict)
    table: Table | None = None


def best_contender(evaluation: Evaluation) -> str:
    """Return the contender that saves most."""
    ranked = [one for one in evaluation.comparisons if one.saved and one.contender != evaluation.recipe["baseline"]]
    found = max(ranked, key=lambda one: one.saved.mean if one.saved else 0.0, default=None)
    return found.contender if found else str(evaluation.recipe["baseline"])


# -- an evaluation ---------------------------------------------------------------------------------


def of_evaluation(evaluation: Evaluation, runs: list[KeptRun], charts: Any) -> list[Section]:
    """Return the sections on an evaluation; `charts` is the module that draws, loaded only where it is installed."""
    every = evaluation.comparisons
    by_policy = {policy: [one for one in every if one.policy == policy] for policy in {one.policy: 0 for one in every}}
    base, best = evaluation.recipe["baseline"], best_contender(evaluation)
    rank = {name: n for n, name in enumerate(dict.fromkeys(one.contender for one in every))}
    runs = sorted(runs, key=lambda run: rank.get(run.contender, len(rank)))
    return [
        _ranking(by_policy, base, charts),
        Section(
            "pareto",
            "Carbon against wait",
            "Up and to the left is better. The line joins those that no other beats in both.",
            {policy: charts.carbon_against_wait(some) for policy, some in by_policy.items()},
        ),
        _by_scenario(evaluation, every),
        _loads(runs, [base, best], charts),
        _hours(runs, base, charts),
        _forecasts(runs, charts),
        _violations(evaluation, every, charts),
        _costs(by_policy, base, charts),
        _models(every),
    ]


def _ranking(by_policy: Mapping[str, list[Comparison]], base: str, charts: Any) -> Section:
    head = ("contender", "policy", "saved %", "95 % interval", "wins", "total saved %", "wait h", "p95 wait h", "JCT h",
            "p99 JCT h", "makespan h", "late jobs", "not ended", "late requests", "rules broken", "g per job",
            "g per kWh", "utilisation", "scheduler s", "scored")  # fmt: skip
    rows = [_ranked(one) for some in by_policy.values() for one in some]
    return Section(
        "ranking",
        "Ranking",
        f"Percent less carbon than {base} on the same scenario, policy and seed; mean over scenarios. Intervals come "
        "from a bootstrap over scenarios. Carbon is of jobs, services and transfers; total has idle servers too. "
        "Late jobs are violations of the SLA. A run that failed, did not hold in the audit, or left work undone is not "
        "scored.",
        {policy: charts.intervals(some, "saved", "carbon saved, %") for policy, some in by_policy.items()},
        Table(head, rows),
    )


def _by_scenario(evaluation: Evaluation, every: list[Comparison]) -> Section:
    found = saved_by_scenario(evaluation.rows, evaluation.recipe["baseline"])
    who = [(one.policy, one.contender) for one in every if (one.policy, one.contender) in found]
    rows = [
        [scenario, *(number(found[one].get(scenario)) for one in who)] for scenario in evaluation.recipe["scenarios"]
    ]
    names = [_named(one, every) for one in every if (one.policy, one.contender) in found]
    return Section(
        "scenarios",
        "Saved by scenario",
        "Percent less carbon than the baseline in each scenario, mean over the scored seeds; a dash where none is.",
        table=Table(("scenario", *names), rows),
    )


def _ranked(one: Comparison) -> list[str]:
    means = one.means
    hours = ("wait_s_mean", "wait_s_p95", "jct_s_mean", "jct_s_p99", "makespan_s")
    return [
        one.contender,
        one.policy,
        mean_of(one.saved),
        interval(one.saved),
        percent(one.wins),
        mean_of(one.saved_total),
        *(number(means[name]) for name in hours),
        percent(means["violation_rate"]),
        number(means["unfinished"]),
        percent(means["services_late_rate"]),
        number(means["policy_violations"]),
        number(means["g_per_job"]),
        number(means["g_per_kwh"]),
        percent(means["utilization"]),
        number(means["scheduler_s"]),
        f"{one.scored}/{one.scored + one.unscored}",
    ]


def _loads(runs: list[KeptRun], contenders: list[str], charts: Any) -> Section:
    figures = {}
    for scenario in _scenarios(runs)[:MOST_SCENARIOS]:
        found = {name: loads(run) for name in contenders if (run := _run_of(runs, scenario, name))}
        if found:
            figures[scenario] = charts.load_over_intensity(found)
    return Section(
        "load",
        "Load over carbon intensity",
        f"Busy CPUs of each region under {' and '.join(dict.fromkeys(contenders))}, over the intensity of its grid "
        "(grey); first seed.",
        figures,
    )


def _scenarios(runs: list[KeptRun]) -> list[str]:
    return list(dict.fromkeys(run.scenario for run in runs))


def _run_of(runs: list[KeptRun], scenario: str, contender: str) -> KeptRun | None:
    return next((run for run in runs if run.scenario == scenario and run.contender == contender), None)


def _hours(runs: list[KeptRun], base: str, charts: Any) -> Section:
    emitted = {run: carbon_by_hour(run) for run in runs}
    of_base = {(run.scenario, run.policy): kg for run, kg in emitted.items() if run.contender == base}
    totals: dict[str, dict[str, FloatArray]] = {}
    for run, own in emitted.items():
        other = of_base.get((run.scenario, run.policy))
        if other is None or run.contender == base:
            continue
        into = totals.setdefault(run.contender, {})
        for region in own:
            into[region] = into.get(region, 0.0) + other[region] - own[region]
    return Section(
        "hours",
        "Savings by hour and region",
        f"Kilograms less than {base}, by the local hour in which they are emitted; orange is more. All scenarios, "
        "first seed.",
        {name: charts.by_hour(saved, "local hour") for name, saved in totals.items()},
    )


def _forecasts(runs: list[KeptRun], charts: Any) -> Section:
    names = list(dict.fromkeys(run.contender for run in runs))
    found = {name: summed(forecast_error(run.path) for run in runs if run.contender == name) for name in names}
    known = {name: error for name, error in found.items() if error.jobs}
    return Section(
        "forecasts",
        "Forecast quality",
        "Carbon of a job as forecast when it was last placed, beside what it emitted: absolute errors and the bias, "
        "each as a share of what was emitted. Contenders that forecast nothing are left out.",
        {"all": _error_bars(known, charts)} if known else {},
        Table(("contender", "jobs", "WAPE", "bias"), [_error_row(name, error) for name, error in known.items()]),
    )


def _error_bars(known: Mapping[str, ForecastError], charts: Any) -> Figure:
    wape, bias = ([100 * (getattr(error, of) or 0.0) for error in known.values()] for of in ("wape", "bias"))
    return charts.bars(list(known), {"WAPE": wape, "bias": bias}, "% of what was emitted")


def _error_row(name: str, error: ForecastError) -> list[str]:
    return [name, str(error.jobs), percent(error.wape), percent(error.bias)]


def _violations(evaluation: Evaluation, every: list[Comparison], charts: Any) -> Section:
    series = {
        "jobs late": [100 * (one.means["violation_rate"] or 0.0) for one in every],
        "requests late": [100 * (one.means["services_late_rate"] or 0.0) for one in every],
    }
    unsound = [[row["cell"], row["status"], row["reason"]] for row in evaluation.unsound]
    unscored = [[one.contender, f"{count} runs", why] for one in every for why, count in one.reasons.items()]
    return Section(
        "violations",
        "Violations",
        "Mean share of jobs past their deadline and of requests past their limit. Below it, every run that is not "
        "compared, and why.",
        {"all": charts.bars([_named(one, every) for one in every], series, "%")},
        Table(("run", "status", "reason"), unsound + unscored) if unsound or unscored else None,
    )


def _named(one: Comparison, every: Sequence[Comparison]) -> str:
    """Return a contender's name, with its policy where there are several."""
    return one.contender if len({other.policy for other in every}) == 1 else f"{one.contender} ({one.policy})"


def _costs(by_policy: Mapping[str, list[Comparison]], base: str, charts: Any) -> Section:
    rows = [
        [one.contender, one.policy, mean_of(one.saved_cost), interval(one.saved_cost), number(one.means["cost_usd"])]
        for some in by_policy.values()
        for one in some
    ]
    return Section(
        "cost",
        "Cost",
        f"Percent less energy cost than {base}, with intervals as above.",
        {
            policy: charts.intervals(some, "saved_cost", "cost saved, %")
            for policy, some in by_policy.items()
            if any(one.saved_cost for one in some)
        },
        Table(("contender", "policy", "saved %", "95 % interval", "mean USD a run"), rows),
    )


def _models(every: list[Comparison]) -> Section:
    names = ("llm_calls", "llm_prompt_tokens", "llm_completion_tokens", "llm_seconds", "llm_energy_kwh",
             "carbon_kg_llm", "llm_fallbacks")  # fmt: skip
    asked = [one for one in every if one.means["llm_calls"]]
    rows = [[_named(one, every), *(number(one.means[name]) for name in names)] for one in asked]
    head = ("contender", "calls", "prompt tokens", "completion tokens", "seconds", "kWh", "kg CO2", "fallbacks")
    about = (
        "Means a run; what the model emits counts against what is saved."
        if asked
        else "No language model was asked in any run."
    )
    return Section("models", "Use of language models", about, table=Table(head, rows) if asked else None)


# -- a single run ----------------------------------------------------------------------------------


def of_run(kept: KeptRun, charts: Any) -> list[Section]:
    """Return the sections on a single run."""
    run = kept.read()
    return [
        Section("totals", "Totals", "What the run came to.", table=Table(("figure", "value"), _figures(run.summary))),
        _loads([kept], [kept.contender], charts),
        Section(
            "hours",
            "Carbon by hour and region",
            "Kilograms by the local hour in which they are emitted, idle servers included.",
            {"all": charts.by_hour(carbon_by_hour(kept), "local hour")},
        ),
        _forecasts([kept], charts),
        _used(run),
    ]


def _figures(summary: Mapping[str, Any], prefix: str = "") -> list[list[str]]:
    rows: list[list[str]] = []
    for key, value in summary.items():
        if isinstance(value, Mapping):
            rows += _figures(value, f"{prefix}{key}.")
        else:
            rows.append([prefix + key, f"{value:,.6g}" if isinstance(value, float) else str(value)])
    return rows


def _used(run: RunFolder) -> Section:
    llm = run.summary.get("llm") or {}
    if not llm.get("calls"):
        return Section("models", "Use of language models", "No language model was asked.")
    return Section(
        "models", "Use of language models", f"{run.run.get('llm')}.", table=Table(("figure", "value"), _figures(llm))
    )
