"""A program that plays the model in tools mode, to see what each tool is worth to a caller that makes no mistakes.

It is no language model. It asks for the queue, the regions, their forecasts and their room, takes for each job the
hours and the region of least carbon, tries the whole with `what_if`, and acts. Without a tool it goes on with what it
then knows:

    list_jobs            it sees no job, and leaves all to the first plan
    capacity_query       it knows of no region but each job's own
    carbon_forecast      every hour of every grid looks alike: jobs start at once
    capacity_over_time   what is free now counts as free in all hours to come
    power_estimate       a watt-hour costs the same power in each region: PUE is not minded
    what_if              what a rule forbids is found out when it is refused
    place_job, defer_job the other one's jobs are left to the first plan

It has no use for the other tools: no job of the demo can pause, move or grow, and no site has power of its own.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from agent.llm.protocol import Message, Schema, ToolCall, Turn
from sim.units import HOUR_S, FloatArray

AHEAD_H = 48
ROUNDS = 5
"""So often a plan is mended by what `what_if` says of it."""

Call = tuple[str, dict[str, Any]]
Answer = Mapping[str, Any]
Steps = Generator[list[Call], list[Answer], str]


class ToolUser:
    """The program behind the protocol of a language model. See `agent.llm.protocol.LanguageModel`."""

    spec = version = "program"
    tuned = False

    def __init__(self) -> None:
        self._steps: Steps = decide(())

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        deadline_s: float,
        schema: Schema | None = None,
        tools: Sequence[Schema] = (),
    ) -> Turn:
        """Return the next calls, or the closing word."""
        try:
            if messages[-1]["role"] == "tool":
                calls = self._steps.send(_latest(messages))
            else:
                self._steps = decide({tool["function"]["name"] for tool in tools})
                calls = next(self._steps)
        except StopIteration as done:
            return Turn(str(done.value))
        made = (ToolCall(f"{len(messages)}-{n}", name, json.dumps(about)) for n, (name, about) in enumerate(calls))
        return Turn("", tuple(made))


def _latest(messages: Sequence[Message]) -> list[Answer]:
    """Return what the tools said since the last turn."""
    last = max(n for n, message in enumerate(messages) if message["role"] == "assistant")
    blocks = (str(message["content"]).split("\n", 1)[1].rsplit("\n", 1)[0] for message in messages[last + 1 :])
    return [json.loads(block) for block in blocks]


def decide(tools: Collection[str]) -> Steps:
    """Yield calls, take their answers, and return the closing word."""
    queue, rooms = yield from _ask(tools, [("list_jobs", {"limit": 200}), ("capacity_query", {})])
    if not queue or not queue["jobs"]:
        return "No job is seen."
    jobs = sorted(queue["jobs"], key=lambda job: float(job["latest_start_in_h"]))
    sites = yield from _sites(tools, jobs, rooms)
    banned: set[tuple[str, str]] = set()
    planned: dict[str, tuple[str, int]] = {}
    for _ in range(ROUNDS):
        planned = _plan(jobs, [site.fresh() for site in sites], banned, everywhere=rooms is not None)
        runs = [{"job_id": j, "region": r, "start_s": queue["now_s"] + h * HOUR_S} for j, (r, h) in planned.items()]
        [found] = (yield from _ask(tools, [("what_if", {"runs": runs})])) if runs else [None]
        if not found or not found["problems"]:
            break
        banned |= {(one["job_id"], planned[one["job_id"]][0]) for one in found["problems"]}
    yield from _ask(tools, _acts(planned, queue["now_s"]))
    return "The hours and regions of least carbon."


def _ask(tools: Collection[str], calls: list[Call]) -> Generator[list[Call], list[Answer], list[Answer | None]]:
    """Return the answers; None for tools that there are not, and for what was refused."""
    asked = [call for call in calls if call[0] in tools]
    got = iter((yield asked) if asked else [])
    answers = [next(got) if name in tools else None for name, _ in calls]
    return [one if one and one["status"] == "ok" else None for one in answers]


@dataclass
class Site:
    """What is known of a region: intensity and room by the hour, shapes (H,) and (H, 3); the watts of a job."""

    region: str
    intensity: FloatArray
    free: FloatArray
    watts: float

    def fresh(self) -> Site:
        """Return it with room of its own to book."""
        return Site(self.region, self.intensity, self.free.copy(), self.watts)

    def best(self, hours: float, latest_h: float, need: FloatArray) -> tuple[float, int] | None:
        """Return the least carbon (of no unit) and the hour of the start; None where there is no room."""
        sums = np.concatenate([[0.0], np.cumsum(self.intensity)])
        found = None
        for h in range(min(max(0, math.floor(latest_h)), AHEAD_H - 1) + 1):
            if (self.free[h : h + math.ceil(hours)] + 1e-6 < need).any():
                continue
            end = min(h + hours, float(AHEAD_H))
            mean = (np.interp(end, np.arange(AHEAD_H + 1), sums) - sums[h]) / (end - h)
            if found is None or self.watts * mean < found[0] - 1e-9:
                found = (float(self.watts * mean), h)
        return found


def _sites(
    tools: Collection[str], jobs: list[Answer], rooms: Answer | None
) -> Generator[list[Call], list[Answer], list[Site]]:
    now = {room["region"]: room for room in rooms["regions"]} if rooms else {}
    regions = list(now) or sorted({str(job["home"]) for job in jobs})
    about = {"hours": AHEAD_H}
    calls = [
        call
        for region in regions
        for call in (
            ("carbon_forecast", {"region": region, **about}),
            ("capacity_over_time", {"region": region, **about}),
            ("power_estimate", {"region": region, "job_id": jobs[0]["job_id"]}),
        )
    ]
    answers = yield from _ask(tools, calls)
    sites = []
    for n, region in enumerate(regions):
        carbon, room, power = answers[3 * n : 3 * n + 3]
        intensity = np.resize(carbon["g_per_kwh"] if carbon else 1.0, AHEAD_H)
        sites.append(Site(region, intensity, _room(room, now.get(region)), power["facility_w"] if power else 1.0))
    return sites


def _room(by_hour: Answer | None, now: Answer | None) -> FloatArray:
    """Return free CPUs, GPUs and memory by the hour, shape (H, 3): as foreseen, else as now, else without end."""
    names = ("free_cpus", "free_gpus", "free_memory_gb")
    if by_hour:
        foreseen = np.array([by_hour[name] for name in names], dtype=float).T
        return np.concatenate([foreseen, np.repeat(foreseen[-1:], AHEAD_H - len(foreseen), axis=0)])
    return np.tile([float(now[name]) for name in names] if now else [math.inf] * 3, (AHEAD_H, 1))


def _plan(
    jobs: list[Answer], sites: list[Site], banned: Collection[tuple[str, str]], *, everywhere: bool
) -> dict[str, tuple[str, int]]:
    """Return region and hour of each job, those of the soonest latest start first; who finds no room is left out."""
    planned = {}
    for job in jobs:
        need, hours = np.array([job["cpus"], job["gpus"], job["memory_gb"]]), float(job["duration_h"])
        open_ = [
            s for s in sites if (job["job_id"], s.region) not in banned and (everywhere or s.region == job["home"])
        ]
        found = [(*one, site) for site in open_ if (one := site.best(hours, float(job["latest_start_in_h"]), need))]
        if found:
            _, hour, site = min(found, key=lambda one: one[:2])
            site.free[hour : hour + math.ceil(hours)] -= need
            planned[str(job["job_id"])] = (site.region, hour)
    return planned


def _acts(planned: Mapping[str, tuple[str, int]], now_s: float) -> list[Call]:
    """Return what to call: starts first, as calls are limited."""
    starts = [("place_job", {"job_id": j, "region": r, "start_s": now_s}) for j, (r, h) in planned.items() if not h]
    later = [("defer_job", {"job_id": j, "until_s": now_s + h * HOUR_S}) for j, (_, h) in planned.items() if h]
    return [*starts, *later]
