"""Plan mode: the model decides for each class of jobs: which candidate's way, to wait, or a region to start in now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent import rank
from agent.answers import Malformed
from agent.classes import JobClass
from agent.compose import Part
from agent.llm.protocol import Message
from agent.prompts import Prompt
from agent.propose import Candidate, objective_g
from sim.model import Place, Region
from sim.scenario import ObjectiveSpec
from sim.view import View

MOST_CLASSES = 5
"""So many classes are asked about, those with something to mind and of most work first; the others go the first way."""
WAIT = "wait"


@dataclass(frozen=True)
class Choices:
    """What was chosen for each class, by its name, and the model's word for why."""

    of: Mapping[str, str]
    reason: str


def messages(
    system: Prompt,
    epoch: Prompt,
    found: Sequence[Candidate],
    groups: Sequence[JobClass],
    notes: Sequence[str],
    weights: ObjectiveSpec,
) -> list[Message]:
    """Return the conversation, the stable prefix first."""
    scores = [(one.label, objective_g(one.figures, weights)) for one in found]
    rows = []
    for group in groups:
        gpus = f" {group.gpus:.0f} GPU" if group.gpus else ""
        each = " ".join(f"{label} {score[group.rows].sum():.0f}" for label, score in scores)
        shape = f"{len(group.rows)} jobs {group.cpus:.0f} CPU{gpus} {group.hours:.1f} h slack {group.slack_h:.0f} h"
        rows.append(f"{group.name} {shape}: {each}")
    shown = {"candidates": rank.lines(found), "classes": "\n".join(rows), "notes": rank.minded(notes)}
    user = epoch.fill(**shown).strip()
    return [{"role": "system", "content": system.text}, {"role": "user", "content": user}]


def options(group: JobClass, found: Sequence[Candidate], regions: Sequence[Region]) -> list[str]:
    """Return what may be chosen for a class."""
    open_ = [region.id for region, is_open in zip(regions, group.regions, strict=True) if is_open]
    return [*(one.label for one in found), WAIT, *open_]


def schema(groups: Sequence[JobClass], found: Sequence[Candidate], regions: Sequence[Region]) -> dict[str, Any]:
    """Return the JSON schema of an answer."""
    properties: dict[str, Any] = {group.name: {"enum": options(group, found, regions)} for group in groups}
    properties["reason"] = {"enum": list(rank.REASONS)}
    return {
        "type": "object", "properties": properties, "required": list(properties), "additionalProperties": False,
    }  # fmt: skip


def max_tokens(groups: Sequence[JobClass]) -> int:
    """Return how long an answer may be."""
    return rank.MAX_TOKENS + 16 * len(groups)


def parse(text: str, groups: Sequence[JobClass], found: Sequence[Candidate], regions: Sequence[Region]) -> Choices:
    """Return the choices in the model's answer. Raises Malformed if it is none."""
    answer = rank.json_object(text, f"a choice for each of {', '.join(group.name for group in groups)}, and reason")
    for group in groups:
        allowed = options(group, found, regions)
        if answer.get(group.name) not in allowed:
            chosen = str(answer.get(group.name))[:40]
            raise Malformed(f"class {group.name}: found {chosen!r}; expected one of {', '.join(allowed)}")
    return Choices({group.name: answer[group.name] for group in groups}, rank.reason_in(answer))


def parts(
    view: View, chosen: Choices, groups: Sequence[JobClass], found: Sequence[Candidate], base: Candidate
) -> list[Part]:
    """Return what is decided otherwise than in the base plan."""
    plans = {one.label: one.plan for one in found}
    made = []
    for group in groups:
        choice, name = chosen.of[group.name], f"class {group.name}"
        if choice == base.label:
            continue
        if choice in plans:
            made.append(Part.of_plan(view, name, group.rows, plans[choice]))
        elif choice == WAIT:
            made.append(Part.waiting(view, name, group.rows, view.now_s + view.epoch_s))
        else:
            ids = view.pending.take(group.rows).ids
            places = [Place(job_id, choice, view.now_s) for job_id in ids]
            made.append(Part.placing(view, name, group.rows, places))
    return made
