"""The audit of a run folder, rules included: numbers by `sim.audit`, rules by the independent policy check."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from agent.case import Case, check_rules
from agent.policy.check import Segment, Violation
from agent.policy.rules import PolicySet, explain
from sim.audit import Fault, answered, audit, audit_in, switched
from sim.errors import InputError
from sim.runfolder import RunFolder, read_run
from sim.world import World


def audit_run(path: Path, data_dir: Path | None) -> tuple[list[Fault], list[Violation]]:
    """Return every fault of a run folder (figures that do not follow from its placements), and the rules it broke.

    A run that broke rules and says so has no fault: whether it should have is another question.

    Raises:
        InputError: If the folder is damaged or the input series cannot be read.
    """
    folder = read_run(path)
    world, faults = audit(folder, data_dir)
    return _with_rules(world, folder, faults)


def audit_case(case: Case, path: Path) -> tuple[list[Fault], list[Violation]]:
    """Return the same for a run of this case, whose world and bound are at hand."""
    folder = read_run(path)
    return _with_rules(case.world, folder, audit_in(case.world, folder, case.bound.dynamic_kg))


def _with_rules(world: World, folder: RunFolder, faults: list[Fault]) -> tuple[list[Fault], list[Violation]]:
    """Return the faults, and one more if the summary misstates how often rules were broken; and what broke them."""
    broken = _broken_rules(folder, world)
    said = folder.summary.get("policy_violations")
    if said != len(broken):
        faults = [*faults, Fault("summary.json policy_violations", said, len(broken))]
    return faults, broken


def recorded_rules(folder: RunFolder) -> PolicySet:
    """Return the rules under which a run was made. Raises InputError if the folder is damaged."""
    try:
        return PolicySet.model_validate({"rules": folder.run["rules"]})
    except ValidationError as error:
        raise InputError(f"{folder.path / 'run.json'}: field 'rules': {explain(error)}") from None


def _broken_rules(folder: RunFolder, world: World) -> list[Violation]:
    rules = recorded_rules(folder)
    jobs = {job.id: job for job in world.workload.jobs}
    rows = folder.tables["placements"].select(["job_id", "region", "start_s", "end_s", "kind", "scale"]).to_pylist()
    segments = [Segment(jobs[row.pop("job_id")], **row) for row in rows]
    gone = folder.tables["jobs"].select(["job_id", "cancelled"]).to_pylist()
    return check_rules(
        world,
        rules,
        segments,
        cancelled={row["job_id"] for row in gone if row["cancelled"]},
        switched=switched(folder, world),
        answered=answered(folder, world),
        asked=folder.run.get("approvals", ()),
    )
