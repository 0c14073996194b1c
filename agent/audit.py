"""The audit of a run folder, rules included: numbers by `sim.audit`, rules by the independent policy check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from agent.case import Case, check_descriptions, check_rules
from agent.policy.check import Segment, Violation
from agent.policy.rules import PolicySet, explain
from sim.audit import Fault, answered, audit, audit_in, switched
from sim.errors import InputError
from sim.runfolder import RunFolder, read_run
from sim.world import World


class Audited(NamedTuple):
    """Figures that do not follow from the placements; rules that were broken; descriptions that were not kept to."""

    faults: list[Fault]
    broken: list[Violation]
    unkept: list[Violation]


def audit_run(path: Path, data_dir: Path | None) -> Audited:
    """Return what is wrong with a run folder, and what the run broke.

    A run that broke rules and says so has no fault: whether it should have is another question.

    Raises:
        InputError: If the folder is damaged or the input series cannot be read.
    """
    folder = read_run(path)
    world, faults = audit(folder, data_dir)
    return _with_rules(world, folder, faults)


def audit_case(case: Case, path: Path) -> Audited:
    """Return the same for a run of this case, whose world and bound are at hand."""
    folder = read_run(path)
    return _with_rules(case.world, folder, audit_in(case.world, folder, case.bound.dynamic_kg))


def _with_rules(world: World, folder: RunFolder, faults: list[Fault]) -> Audited:
    """Return the faults, with those of the summary about broken rules and descriptions, and what broke them."""
    segments, gone = _segments(folder, world), _cancelled(folder)
    broken = _broken_rules(folder, world, segments, gone)
    told = folder.run.get("descriptions", ())
    unkept = check_descriptions(world, told, segments, cancelled=gone) if told else []
    faults = [*faults, *_misread(world, told)]
    for name, found in (("policy_violations", broken), ("hint_violations", unkept)):
        if folder.summary.get(name, 0) != len(found):
            faults.append(Fault(f"summary.json {name}", folder.summary.get(name, 0), len(found)))
    return Audited(faults, broken, unkept)


def _misread(world: World, told: Sequence[Mapping[str, Any]]) -> Iterator[Fault]:
    """Yield a fault for each job that is said to have another description than it has."""
    jobs = world.workload.jobs
    for one in told:
        for entry in one["jobs"]:
            name = entry["job_id"]
            own = jobs[jobs.position[name]].description if name in jobs.position else None
            if own != one["text"]:
                yield Fault(f"run.json descriptions of job {name}", one["text"], own)


def _segments(folder: RunFolder, world: World) -> list[Segment]:
    jobs = {job.id: job for job in world.workload.jobs}
    rows = folder.tables["placements"].select(["job_id", "region", "start_s", "end_s", "kind", "scale"]).to_pylist()
    return [Segment(jobs[row.pop("job_id")], **row) for row in rows]


def _cancelled(folder: RunFolder) -> set[str]:
    gone = folder.tables["jobs"].select(["job_id", "cancelled"]).to_pylist()
    return {row["job_id"] for row in gone if row["cancelled"]}


def recorded_rules(folder: RunFolder) -> PolicySet:
    """Return the rules under which a run was made. Raises InputError if the folder is damaged."""
    try:
        return PolicySet.model_validate({"rules": folder.run["rules"]})
    except ValidationError as error:
        raise InputError(f"{folder.path / 'run.json'}: field 'rules': {explain(error)}") from None


def _broken_rules(folder: RunFolder, world: World, segments: list[Segment], gone: set[str]) -> list[Violation]:
    rules = recorded_rules(folder)
    return check_rules(
        world,
        rules,
        segments,
        cancelled=gone,
        switched=switched(folder, world),
        answered=answered(folder, world),
        asked=folder.run.get("approvals", ()),
    )
