"""The tables of docs/results.md: `python -m bench.results_page DIR docs/results.md` puts those of an evaluation there.

They take the place of what stands between the page's two comments; the text around them is written by hand.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from agent.evaluation.evaluate import Evaluation, read_evaluation
from agent.evaluation.statistics import Comparison, saved_by_scenario

BEGIN, END = "<!-- tables begin: written by bench/results_page.py -->", "<!-- tables end -->"

Cell = Callable[[Comparison], str]


def _figure(name: str, form: str, factor: float = 1.0) -> Cell:
    """Return what writes a mean, with a dash where no run has it."""
    return lambda one: "" if one.means[name] is None else format(factor * (one.means[name] or 0.0), form)


def _saved(name: str) -> Cell:
    """Return what writes a saving and its interval."""

    def cell(one: Comparison) -> str:
        found = getattr(one, name)
        return "" if found is None else f"{found.mean:.2f} ({found.low:.2f} to {found.high:.2f})"

    return cell


PRIMARY: dict[str, Cell] = {
    "carbon saved, %": _saved("saved"),
    "wins, %": lambda one: "" if one.wins is None else f"{100 * one.wins:.0f}",
    "g a job": _figure("g_per_job", ".1f"),
    "g a kWh": _figure("g_per_kwh", ".1f"),
    "SLA violations, %": _figure("violation_rate", ".2f", 100),
    "wait, h": _figure("wait_s_mean", ".2f"),
    "JCT, h": _figure("jct_s_mean", ".2f"),
    "JCT p99, h": _figure("jct_s_p99", ".1f"),
    "pairs": lambda one: f"{one.scored} of {one.scored + one.unscored}",
}
SECONDARY: dict[str, Cell] = {
    "total saved, %": _saved("saved_total"),
    "energy cost saved, %": _saved("saved_cost"),
    "makespan, h": _figure("makespan_s", ".0f"),
    "utilisation, %": _figure("utilization", ".2f", 100),
    "response, ms": _figure("response_mean_s", ".0f", 1000),
    "p99, ms": _figure("response_p99_s", ".0f", 1000),
    "late requests, %": _figure("services_late_rate", ".2f", 100),
    "suspensions": _figure("suspensions", ".0f"),
    "above the bound, %": _figure("gap_jobs", ".1f", 100),
    "scheduler, s": _figure("scheduler_s", ".2f"),
}


def tables(evaluation: Evaluation) -> str:
    """Return the tables as Markdown: contenders by what they save, in two parts, and what each saves where."""
    comparisons = evaluation.comparisons
    parts = [_table("contender", columns, comparisons) for columns in (PRIMARY, SECONDARY)]
    return "\n\n".join([*parts, _by_scenario(evaluation, [one.contender for one in comparisons]), _limits(evaluation)])


def _table(first: str, columns: dict[str, Cell], comparisons: Sequence[Comparison]) -> str:
    rows = ([f"`{one.contender}`", *(cell(one) for cell in columns.values())] for one in comparisons)
    return _markdown([first, *columns], rows)


def _by_scenario(evaluation: Evaluation, contenders: Sequence[str]) -> str:
    found = {who: own for (_, who), own in saved_by_scenario(evaluation.rows, evaluation.recipe["baseline"]).items()}
    scenarios = list(evaluation.recipe["scenarios"])
    shown = [who for who in contenders if any(abs(value) >= 0.05 for value in found.get(who, {}).values())]
    rows = ([name, *(f"{found[who][name]:.1f}" if name in found[who] else "" for who in shown)] for name in scenarios)
    mean = ["mean", *(f"{np.mean(list(found[who].values())):.1f}" for who in shown)]
    return _markdown(["scenario", *(f"`{who}`" for who in shown)], [*rows, mean])


def _limits(evaluation: Evaluation) -> str:
    """Return by scenario what the bound lets anybody save, what the best contender saves of it, and who is late."""
    base, best = evaluation.recipe["baseline"], evaluation.comparisons[0].contender
    rows = []
    for scenario in evaluation.recipe["scenarios"]:
        own = {(row["contender"], row["seed"]): row for row in evaluation.rows if row["scenario"] == scenario}
        pairs = [(row, own[base, seed]) for (who, seed), row in own.items() if who == best]
        allowed = 100 * np.mean([1 - row["bound_jobs_kg"] / other["carbon_kg"] for row, other in pairs])
        saved = 100 * np.mean([1 - row["carbon_kg"] / other["carbon_kg"] for row, other in pairs])
        late = (100 * np.mean([pair[n]["violation_rate"] for pair in pairs]) for n in (0, 1))
        rows.append(
            [scenario, f"{allowed:.1f}", f"{saved:.1f}", f"{saved / allowed:.0%}", *(f"{each:.2f}" for each in late)]
        )
    heads = ["scenario", "the bound allows, %", f"`{best}` saves, %", "of it"]
    return _markdown([*heads, f"`{best}` late, %", f"`{base}` late, %"], rows)


def _markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---", *["--:"] * (len(heads) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main(folder: Path, page: Path) -> None:
    """Put the tables of an evaluation into the page."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    made = f"{BEGIN}\n\n{tables(read_evaluation(folder))}\n\n{END}"
    page.write_text(before + made + after, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
