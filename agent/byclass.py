"""Plan mode: the model decides for each class of jobs: which candidate's way, to wait, or a region to start in now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from agent import rank
from agent.answers import Malformed
from agent.classes import JobClass
from agent.compose import Part
from agent.llm.protocol import Message
from agent.prompts import Prompt
from agent.propose import Candidate, objective_g
from sim.model import Place, Region
from sim.scenario import ObjectiveSpec
from sim.units import HOUR_S, FloatArray
from sim.view import View

MOST_CLASSES = 3
"""So many classes are asked about; the others go the first way. Each costs a small model some tenth of a second."""
AT_STAKE_G = 0.5
"""Of less no question is made: the plans would be shown as equal."""
WAIT = "wait"


@dataclass(frozen=True)
class Choices:
    """What was chosen for each class, by its name, and the model's word for why."""

    of: Mapping[str, str]
    reason: str


def worth_asking(groups: Sequence[JobClass], found: Sequence[Candidate], weights: ObjectiveSpec) -> list[JobClass]:
    """Return the classes to ask about, numbered: those with something to mind, then those with most at stake.

    At stake is by how much the worst plan for a class is worse than the best.
    """
    each = _scores(found, weights)
    stakes = [np.ptp(each[:, group.rows].sum(axis=1)) for group in groups]
    order = sorted(range(len(groups)), key=lambda k: (not groups[k].exceptional, -stakes[k]))
    kept = [groups[k] for k in order if groups[k].exceptional or stakes[k] >= AT_STAKE_G]
    return [replace(group, name=str(number)) for number, group in enumerate(kept[:MOST_CLASSES], start=1)]


def messages(
    system: Prompt,
    epoch: Prompt,
    found: Sequence[Candidate],
    groups: Sequence[JobClass],
    notes: Sequence[str],
    weights: ObjectiveSpec,
) -> list[Message]:
    """Return the conversation, the stable prefix first."""
    each = _scores(found, weights)
    shown = {
        "candidates": "\n".join(map(_plan_line, found)),
        "classes": "\n".join(_class_line(group, found, each[:, group.rows].sum(axis=1)) for group in groups),
        "notes": rank.minded(notes),
    }
    return [{"role": "system", "content": system.text}, {"role": "user", "content": epoch.fill(**shown).strip()}]


def _scores(found: Sequence[Candidate], weights: ObjectiveSpec) -> FloatArray:
    """Return what each pending job comes to under each plan, by the operator's objective, shape (plans, P), grams."""
    return np.array([objective_g(one.figures, weights) for one in found])


def _plan_line(one: Candidate) -> str:
    """Return a plan by letter and name: each class has its own scores. A blank before a figure would cost a token."""
    late = f" late{one.late}" if one.late else ""
    return f"{one.label} {one.name} wait{one.mean_wait_s / HOUR_S:.0f}{late}"


def _class_line(group: JobClass, found: Sequence[Candidate], scores: FloatArray) -> str:
    """Return a class in few tokens: how it is, and the scores of the first plan and of those that differ from it."""
    gpus = f" GPU{group.gpus:.2g}" if group.gpus else ""
    shape = f"jobs{len(group.rows)} CPU{group.cpus:.0f}{gpus} hours{group.hours:.1f} slack{group.slack_h:.0f}"
    shown = [f"{one.label}{score:.0f}" for one, score in zip(found, scores, strict=True)]
    return f"{group.name} {shape} {' '.join(one for one in shown if one is shown[0] or one[1:] != shown[0][1:])}"


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
