"""Jobs in a few words, for people."""

from __future__ import annotations

from collections.abc import Collection

from agent.policy.english import number
from agent.policy.preview.classes import TRAITS
from sim.model import Job
from sim.units import HOUR_S


def job_words(job: Job, *, named: bool = False, traits: Collection[str] = tuple(TRAITS)) -> str:
    """Return what a job is: its id if that matters (`named`), its kind and length, and the traits that are wanted.

    Example:
        >>> job = Job("j7", 0, 7200, 1e6, cpus=4, gpus=0, memory_gb=8, home="gb", team="ads", tags=("pii",))
        >>> job_words(job)
        'batch job of team ads, tagged pii, 2 h, from gb'
        >>> job_words(job, named=True, traits=["tags"])
        'j7: batch job, tagged pii, 2 h'
    """
    words = [f"{job.id}: {job.kind} job" if named else f"{job.kind} job"]
    if job.team and "team" in traits:
        words[0] += f" of team {job.team}"
    if job.customer and "customer" in traits:
        words.append(f"customer {job.customer}")
    if job.tags and "tags" in traits:
        words.append(f"tagged {'+'.join(job.tags)}")
    if job.priority != "normal" and "priority" in traits:
        words.append(f"priority {job.priority}")
    if job.gpus and "gpus" in traits:
        words.append(f"{number(job.gpus)} GPU")
    words.append(f"{round(job.duration_estimate_s / HOUR_S, 2):g} h")
    if "home" in traits:
        words.append(f"from {job.home}")
    return ", ".join(words)
