"""The yardstick: the least SimPy model that runs jobs at all. One source, timeout callbacks, one counter."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence

import simpy


class Bare:
    """Jobs come, wait for free cores in order, run and leave. No regions, carbon, deadlines, rules or records."""

    def __init__(self, cores: float) -> None:
        self.env = simpy.Environment()
        self.free = cores
        self.waiting: deque[tuple[float, float, float]] = deque()
        self.wait_s = 0.0

    def run(self, jobs: Sequence[tuple[float, float, float]]) -> float:
        """Return the summed waiting of jobs, each submit time, duration and cores."""
        self.env.process(self.source(jobs))
        self.env.run()
        return self.wait_s

    def source(self, jobs: Sequence[tuple[float, float, float]]) -> Generator[simpy.Event, None, None]:
        """Submit each job when its time has come."""
        for job in jobs:
            if job[0] > self.env.now:
                yield self.env.timeout(job[0] - self.env.now)
            self.waiting.append(job)
            self.start()

    def start(self) -> None:
        """Start what fits, in order."""
        while self.waiting and self.waiting[0][2] <= self.free:
            submit_s, duration_s, cores = self.waiting.popleft()
            self.free -= cores
            self.wait_s += self.env.now - submit_s
            self.env.timeout(duration_s, cores).callbacks.append(self.end)

    def end(self, event: simpy.Event) -> None:
        """Give the cores back."""
        self.free += event.value
        self.start()
