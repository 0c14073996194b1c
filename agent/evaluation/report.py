"""The report: one HTML file about an evaluation or a run, which loads nothing and needs no network. Extra `report`."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from agent.evaluation.evaluate import Evaluation, read_evaluation
from agent.evaluation.journal import RECIPE
from agent.evaluation.runs import DECISION_COLUMNS, KeptRun, decisions, kept_runs
from agent.evaluation.sections import best_contender, of_evaluation, of_run
from sim.errors import InputError

MOST_DECISIONS = 150_000
"""More would make the page too heavy for a phone; it says what is left out."""


def write_report(folder: Path, html: Path, command: Sequence[str]) -> None:
    """Write the report on an evaluation's folder or on a run folder.

    Raises:
        InputError: If the folder is neither, is damaged, or the extra `report` is not installed.
    """
    content = page(folder, command)
    try:
        html.parent.mkdir(parents=True, exist_ok=True)
        html.write_text(content, encoding="utf-8")
    except OSError as error:
        raise InputError(f"--html {html}: cannot be written ({error.strerror})") from None


def page(folder: Path, command: Sequence[str]) -> str:
    """Return the page as HTML."""
    jinja2, charts = _libraries()
    evaluation = read_evaluation(folder) if (folder / RECIPE).exists() else None
    runs = kept_runs(folder)
    if evaluation is None and not runs:
        raise InputError(f"{folder}: neither an evaluation's folder nor a run folder; expected suite.json or run.json")
    if evaluation and not evaluation.rows:
        raise InputError(f"{folder}: no run of this evaluation has finished yet; nothing to report on")
    sections = of_evaluation(evaluation, runs, charts) if evaluation else of_run(runs[0], charts)
    columns, taken, total = decisions(_first(evaluation, runs), MOST_DECISIONS) if runs else ({"run": []}, [], 0)
    template = jinja2.Environment(autoescape=True).from_string(
        (resources.files("agent") / "evaluation" / "report.html.j2").read_text(encoding="utf-8")
    )
    figures = {f"{s.id}|{name}": charts.as_json(figure) for s in sections for name, figure in s.charts.items()}
    return str(
        template.render(
            title=_title(evaluation, runs),
            sections=sections,
            figures=_for_script("{" + ",".join(f"{json.dumps(k)}:{v}" for k, v in figures.items()) + "}"),
            library=charts.library(),
            decision_columns=DECISION_COLUMNS,
            packed=_packed({"columns": columns, "runs": [run.label for run in taken]}),
            shown=len(columns["run"]),
            total=total,
            taken=[run.label for run in taken],
            recipe=_recipe(evaluation, runs, command),
        )
    )


def _libraries() -> tuple[Any, Any]:
    try:
        import jinja2

        from agent.evaluation import charts
    except ImportError as error:
        raise InputError(
            f"`cws report` needs {error.name}, which is not installed; run make setup, or install llm-cws[report]"
        ) from None
    return jinja2, charts


def _for_script(text: str) -> str:
    """Return JSON that may stand inside a script element: no `<` of a job's name can end it."""
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _packed(content: Any) -> str:
    """Return content as JSON, compressed, in base64: browsers unpack it themselves."""
    text = json.dumps(content, separators=(",", ":")).encode()
    return base64.b64encode(gzip.compress(text, mtime=0)).decode()


def _title(evaluation: Evaluation | None, runs: list[KeptRun]) -> str:
    return f"Suite {evaluation.recipe['suite']['name']}" if evaluation else f"{runs[0].contender} on {runs[0].scenario}"


def _first(evaluation: Evaluation | None, runs: list[KeptRun]) -> list[KeptRun]:
    """Return the runs whose decisions matter most first: of the best contender, of the baseline, then the others."""
    if evaluation is None:
        return runs
    leading = [best_contender(evaluation), evaluation.recipe["baseline"]]
    return sorted(runs, key=lambda run: leading.index(run.contender) if run.contender in leading else len(leading))


# -- the recipe ------------------------------------------------------------------------------------


def _recipe(evaluation: Evaluation | None, runs: list[KeptRun], command: Sequence[str]) -> list[tuple[str, str]]:
    """Return what is needed to have the same again: commands, hashes, versions."""
    if evaluation:
        held = evaluation.recipe
        return [
            ("evaluation", "cws " + " ".join(held["command"])),
            ("report", "cws " + " ".join(command)),
            ("started", held["started"]),
            ("runs", f"{len(evaluation.rows)} of {len(held['cells'])}"),
            ("seeds", ", ".join(map(str, held["suite"]["seeds"]))),
            ("suite sha256", held["suite_sha256"]),
            *((f"sha256 of {name}", digest) for name, digest in held["data_files"].items()),
            *held["versions"].items(),
        ]
    held = runs[0].read().run
    return [
        ("report", "cws " + " ".join(command)),
        ("scenario sha256", held["scenario_sha256"]),
        ("seed", str(held["seed"])),
        *((f"sha256 of policy {policy['file']}", policy["sha256"]) for policy in held["policies"]),
        *held["versions"].items(),
    ]
