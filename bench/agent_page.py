"""The tables of docs/agent.md on the suite `agent`, and its figure: what an evaluation and `bench.wishes` found.

    python -m bench.agent_page DIR bench/wishes.json docs/agent.md

They take the place of what stands between the page's two comments; the figure is written beside the page.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from agent.evaluation.cell import OK, Row
from agent.evaluation.evaluate import Evaluation, read_evaluation
from agent.evaluation.statistics import Estimate, estimate, why_unscored
from bench.wishes import Kept, share_kept, table

BEGIN, END = "<!-- tables begin: written by bench/agent_page.py -->", "<!-- tables end -->"
FIGURE = "agent-texts.svg"
GROUPS = {
    "fields": "Structured jobs",
    "texts": "Jobs whose texts say what their fields do not",
    "wishes": "Jobs under a policy of wishes",
}
READERS = ("plan", "agent-local", "agent-truth")
ROW_PX, LEFT_PX, WIDTH_PX = 26, 230, 720


def paired(evaluation: Evaluation, scenario: str, contender: str) -> tuple[list[Row], Estimate | None]:
    """Return a contender's runs that can be compared, and what they save beside the baseline's of the same seed.

    The saving is a mean over seeds, percent; its interval is the bootstrap's over them.
    """
    base = {row["seed"]: row for row in evaluation.rows
            if row["scenario"] == scenario and row["contender"] == evaluation.recipe["baseline"]}  # fmt: skip
    rows = [row for row in evaluation.rows if row["scenario"] == scenario and row["contender"] == contender
            and not why_unscored(row, base.get(row["seed"]))]  # fmt: skip
    saved = np.array([100 * (1 - row["carbon_kg"] / base[row["seed"]]["carbon_kg"]) for row in rows])
    seeds = [str(row["seed"]) for row in rows]
    return rows, estimate(saved, seeds, np.random.default_rng(0)) if len(rows) else None


def tables(evaluation: Evaluation, wishes: Sequence[Kept]) -> str:
    """Return all of it as Markdown."""
    parts = [part for name, title in GROUPS.items() for part in (f"**{title}**", _group(evaluation, name))]
    found = share_kept(wishes)
    share = f"Cheap wishes granted: {found.mean:.1f} % (95 % interval over seeds {found.low:.1f} to {found.high:.1f})."
    return "\n\n".join([*parts, "**Wishes, one by one**", "\n".join(table(wishes)), share, _soundness(evaluation)])


def _group(evaluation: Evaluation, name: str) -> str:
    """Return a table of the scenarios of a group: a row a contender, a column a scenario."""
    scenarios = [one for one in evaluation.recipe["scenarios"] if one.split("-")[0] == name]
    mine = [row for row in evaluation.rows if row["scenario"] in scenarios]
    contenders = list(dict.fromkeys(row["contender"] for row in mine))
    told = any(row.get("text_violations") is not None for row in mine)
    heads = ["contender", *(f"`{one}`" for one in scenarios)]
    rows = [
        [f"`{who}`", *(_cell(evaluation, scenario, who, told=told) for scenario in scenarios)] for who in contenders
    ]
    return _markdown(heads, rows)


def _cell(evaluation: Evaluation, scenario: str, contender: str, *, told: bool) -> str:
    """Return the saving with its interval, late jobs a run, and breaches of texts a run."""
    rows, saved = paired(evaluation, scenario, contender)
    if saved is None:
        return ""
    late = np.mean([row["violation_rate"] * row["jobs"] for row in rows])
    against = f" / {np.mean([row['text_violations'] for row in rows]):.1f}" if told else ""
    seeds = {row["seed"] for row in evaluation.rows}
    fewer = f" [{len(rows)} of {len(seeds)} seeds]" if len(rows) < len(seeds) else ""
    interval = "" if saved.low is None else f" ({saved.low:.1f} to {saved.high:.1f})"
    return f"{saved.mean:.1f}{interval} / {late:.1f}{against}{fewer}"


def _soundness(evaluation: Evaluation) -> str:
    rows = evaluation.rows
    broken = sum(row["policy_violations"] or 0 for row in rows if row["status"] == OK)
    sound = sum(row["status"] == OK for row in rows)
    return f"{sound} of {len(rows)} runs hold in the audit; rules that must hold were broken {broken:.0f} times."


def _markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---", *["--:"] * (len(heads) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def figure(evaluation: Evaluation) -> str:
    """Return as SVG what readers save in each scenario with texts, a row each, with intervals over seeds."""
    scenarios = [one for one in evaluation.recipe["scenarios"] if one.startswith("texts")]
    shown = [(f"{scenario}, {who}", paired(evaluation, scenario, who)[1]) for scenario in scenarios for who in READERS]
    known = [(name, found) for name, found in shown if found]
    most = max(10.0, *(found.high or found.mean for _, found in known))
    least = min(0.0, *(found.low or found.mean for _, found in known))
    height = ROW_PX * (len(known) + 2)
    lines = list(_drawn(known, least, most, height))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH_PX} {height}" font-family="sans-serif" '
        f'font-size="13" fill="#888" stroke="none">\n' + "\n".join(lines) + "\n</svg>\n"
    )


def _drawn(known: Sequence[tuple[str, Estimate]], least: float, most: float, height: int) -> Iterator[str]:
    scale = (WIDTH_PX - LEFT_PX - 30) / (most - least)

    def x(percent: float) -> float:
        return round(LEFT_PX + scale * (percent - least), 1)

    bottom = height - ROW_PX
    for tick in range(10 * int(least // 10), int(most) + 1, 10):
        if tick >= least:
            yield f'<path d="M{x(tick)} 10V{bottom}" stroke="#888" stroke-opacity="0.3"/>'
            yield f'<text x="{x(tick)}" y="{bottom + 16}" text-anchor="middle">{tick} %</text>'
    for n, (name, found) in enumerate(known):
        y = ROW_PX * (n + 1)
        yield f'<text x="{LEFT_PX - 10}" y="{y + 4}" text-anchor="end">{name}</text>'
        if found.low is not None and found.high is not None:
            yield f'<path d="M{x(found.low)} {y}H{x(found.high)}" stroke="#3b8fd6" stroke-width="2"/>'
        yield f'<circle cx="{x(found.mean)}" cy="{y}" r="5" fill="#3b8fd6"/>'


def main(folder: Path, wishes: Path, page: Path) -> None:
    """Put the tables into the page, and the figure beside it."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    found = read_evaluation(folder)
    kept = [Kept(**row) for row in json.loads(wishes.read_text(encoding="utf-8"))]
    page.write_text(f"{before}{BEGIN}\n\n{tables(found, kept)}\n\n{END}{after}", encoding="utf-8")
    page.with_name(FIGURE).write_text(figure(found), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
