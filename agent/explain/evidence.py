"""What a run folder holds about one job: all that an explanation is built from, beside the world's series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from agent.audit import recorded_rules
from agent.described.bounds import bounds_of
from agent.described.guard import DescribedRules
from agent.hints import JobHints
from agent.policy.guard import Guard
from agent.policy.rules import PolicySet, RuleBase, explain
from agent.policy.selection import about
from agent.record import EpochRecord
from agent.store import FILE, Store
from sim.constraints import Constraints, Unconstrained
from sim.errors import InputError
from sim.model import Job
from sim.names import near_or_known
from sim.runfolder import RunFolder, read_run
from sim.scenario import build_world
from sim.world import World

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Evidence:
    """A run folder, the world of its scenario, and the job that is asked about."""

    folder: RunFolder
    world: World
    job: Job

    @classmethod
    def of(cls, path: Path, job_id: str, data_dir: Path | None) -> Evidence:
        """Return the evidence about a job.

        Raises:
            InputError: If the folder is damaged, its series cannot be read, or it has no such job.
        """
        folder = read_run(path)
        world = build_world(folder.scenario, data_dir)
        jobs = world.workload.jobs
        if job_id not in jobs.position:
            raise InputError(f"{path}: no job {job_id!r} among {len(jobs)}; {near_or_known(job_id, jobs.ids)}")
        return cls(folder, world, jobs[jobs.position[job_id]])

    @property
    def position(self) -> int:
        """The job's place in the workload."""
        return self.world.workload.jobs.position[self.job.id]

    def _rows(self, table: str) -> list[Row]:
        held = self.folder.tables[table]
        if "job_id" not in held.column_names:
            raise InputError(f"{self.folder.path / f'{table}.parquet'}: column 'job_id' is missing")
        mine = np.flatnonzero(held["job_id"].to_numpy(zero_copy_only=False) == self.job.id)
        return [{**row, "row": int(at)} for at, row in zip(mine, held.take(mine).to_pylist(), strict=True)]

    @cached_property
    def decisions(self) -> list[Row]:
        """The rows of decisions.parquet about it, in order; `row` is where each stands."""
        return sorted(self._rows("decisions"), key=lambda row: float(row["now_s"]))

    @cached_property
    def segments(self) -> list[Row]:
        """The rows of placements.parquet about it, in order."""
        return sorted(self._rows("placements"), key=lambda row: int(row["segment"]))

    @cached_property
    def transfers(self) -> list[Row]:
        """The rows of transfers.parquet about it."""
        return self._rows("transfers")

    @cached_property
    def outcome(self) -> Row:
        """Its row of jobs.parquet. Raises InputError if there is not exactly one."""
        rows = self._rows("jobs")
        if len(rows) != 1:
            raise InputError(f"{self.folder.path / 'jobs.parquet'}: found {len(rows)} rows of job {self.job.id}, not 1")
        return rows[0]

    @cached_property
    def predecessor_ends_s(self) -> list[float]:
        """When the jobs that it depends on ended; of those that never did, at the horizon."""
        position, jobs = self.world.workload.jobs.position, self.folder.tables["jobs"]
        ends = jobs["end_s"].to_pylist() if self.job.deps else []
        return [self.world.horizon_s if ends[position[dep]] is None else ends[position[dep]] for dep in self.job.deps]

    @cached_property
    def approvals(self) -> list[Row]:
        """What people were asked about it, and what they said."""
        return [one for one in self.folder.run.get("approvals", ()) if one["job_id"] == self.job.id]

    @cached_property
    def described(self) -> Mapping[str, Any] | None:
        """What its description was read to ask for; None if it was not read."""
        entries = (entry for one in self.folder.run.get("descriptions", ()) for entry in one["jobs"])
        return next((entry for entry in entries if entry["job_id"] == self.job.id), None)

    @property
    def said(self) -> Iterator[str]:
        """What its submitter wrote, on one line, and the moments and names among the hints read from it."""
        yield " ".join(self.job.description.split())
        for value in (self.described or {"hints": {}})["hints"].values():
            yield from [value] if isinstance(value, str) else []

    @cached_property
    def policy(self) -> PolicySet:
        """The rules of the run."""
        return recorded_rules(self.folder)

    @cached_property
    def rules(self) -> tuple[RuleBase, ...]:
        """Those of them that are about the job."""
        return tuple(rule for rule in self.policy.rules if about(rule, self.job))

    def guard_of(self, *rules: RuleBase) -> Guard:
        """Return a guard of some rules alone."""
        world = self.world
        return Guard(PolicySet(rules=rules), world.regions, world.start, world.epoch_s)  # type: ignore[arg-type]

    @cached_property
    def bound_to(self) -> Constraints:
        """The rules on this job as the run held it to them: with what of its description binds."""
        rules = self.guard_of(*self.rules) if self.rules else None
        if self.described is None:
            return rules or Unconstrained(self.world.regions)
        try:
            hints = JobHints.model_validate(self.described["hints"])
        except ValidationError as error:
            raise InputError(f"run.json, descriptions, job {self.job.id}: {explain(error)}") from None
        within = rules or Unconstrained(self.world.regions)
        found = DescribedRules(within, self.world.regions)
        found.bind(self.job.id, bounds_of(self.job, hints, self.world, within)[0])
        return found

    @cached_property
    def epochs(self) -> dict[int, EpochRecord]:
        """What the agent recorded of the epochs in which it decided about the job; empty for a numeric run."""
        file = self.folder.path / FILE
        if self.folder.run.get("llm") is None or not file.is_file():
            return {}
        store = Store.open(file)
        try:
            return {one.epoch: one for one in store.epochs({int(row["epoch"]) for row in self.decisions})}
        finally:
            store.close()

    @property
    def is_told(self) -> bool:
        """Whether the scheduler was told the future rather than having to forecast it."""
        return self.world.foretold is not None or str(self.folder.run["scheduler"]).endswith("-oracle")

    def names(self) -> Iterator[str]:
        """Yield the names that a text about the job may use: ids, regions, schedulers' and planners' names."""
        job = self.job
        yield from (job.id, *job.deps, job.dag or "", job.team or "", job.customer or "", *job.tags, job.kind)
        for region in self.world.regions:
            yield from (region.id, region.zone)
        yield str(self.folder.run["scheduler"])
        for row in self.decisions:
            yield from str(row["candidate"]).split("=")
