"""Running cells on a Ray cluster: the same pure function on many machines. Needs the extra `ray`."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from agent.evaluation.cell import FAILED, Cell, Place, Row, RunCell
from agent.llm.select import is_vllm
from sim.errors import InputError

RETRIES = 3
"""How often a cell is run again whose node was lost."""
AHEAD = 2
"""Cells handed out for each CPU of the cluster: one runs, one waits."""


def on_ray(cells: Iterable[Cell], place: Place, run: RunCell, address: str) -> Iterator[Row]:
    """Yield the row of every cell as it finishes on the cluster at an address.

    Every node needs this package, and the data folder and the evaluation's folder at the same path.

    Raises:
        InputError: If Ray is not installed, nothing answers at the address, or a run would load an engine of its own.
    """
    waiting = deque(cells)
    for cell in waiting:
        if is_vllm(cell.contender.llm or "none"):
            raise InputError(
                f"--ray: {cell.contender.name} asks {cell.contender.llm!r}, an engine that the runs of one process "
                "share; start it with `cws llm serve` and ask openai:MODEL, or leave --ray out"
            )
    ray = _connected(address)
    try:
        yield from _rows(ray, waiting, place, run)
    finally:
        ray.shutdown()


def _connected(address: str) -> Any:
    try:
        import ray
    except ImportError:
        raise InputError("--ray: the package ray is not installed; install llm-cws[ray]") from None
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR", include_dashboard=False)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise InputError(f"--ray {address}: no cluster answers there ({' '.join(str(error).split())[:200]})") from None
    return ray


def _rows(ray: Any, waiting: deque[Cell], place: Place, run: RunCell) -> Iterator[Row]:
    remote = ray.remote(num_cpus=1, max_retries=RETRIES, scheduling_strategy="SPREAD")(run)
    running: dict[Any, Cell] = {}
    while waiting or running:
        room = AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
        while waiting and len(running) < room:
            cell = waiting.popleft()
            running[remote.remote(cell, place)] = cell
        done, _ = ray.wait(list(running))
        for reference in done:
            yield _row(ray, reference, running.pop(reference))


def _row(ray: Any, reference: Any, cell: Cell) -> Row:
    try:
        row: Row = ray.get(reference)
    except ray.exceptions.RayError as error:
        return cell.labels() | {"status": FAILED, "reason": f"lost by the cluster: {type(error).__name__}"}
    return row
