"""Running cells: in this process, in a pool of processes that outlives the death of a worker, or in threads."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, as_completed, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context, parent_process
from queue import Empty, SimpleQueue
from threading import Thread

from agent.evaluation.cell import FAILED, Cell, Place, Row, RunCell
from agent.llm.select import is_vllm

Running = dict[Future[Row], Cell]
THREADS = 16
"""Runs at once that share an engine: they wait for it and for one another, so more than there are cores."""


def pooled(cells: Iterable[Cell], place: Place, run: RunCell, workers: int) -> Iterator[Row]:
    """Yield the row of every cell as it finishes; with one worker in this process, in order.

    No more cells are handed out than there are workers. If a worker dies (out of memory, killed), what was running is
    run again, each cell in a process of its own, and the one that dies again is a failed row.
    """
    if workers == 1:
        yield from (run(cell, place) for cell in cells)
        return
    waiting = deque(cells)
    while waiting:
        running: Running = {}
        try:
            with _executor(workers) as pool:
                yield from _drain(pool, waiting, running, place, workers, run)
        except BrokenProcessPool:
            for cell in running.values():
                yield _alone(cell, place, run)


def _executor(workers: int) -> ProcessPoolExecutor:
    # spawned, not forked: a fork of a process with threads (numpy, pyarrow) may hang
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_die_with_parent)


def _die_with_parent() -> None:
    """End this worker when whoever started it is gone: kill -9 leaves it nobody to work for."""
    parent = parent_process()

    def watch() -> None:
        if parent:
            parent.join()
            os._exit(1)

    Thread(target=watch, daemon=True).start()


def _drain(
    pool: ProcessPoolExecutor, waiting: deque[Cell], running: Running, place: Place, workers: int, run: RunCell
) -> Iterator[Row]:
    """Yield rows until nothing waits; `running` says at any moment what has been handed out and not yielded."""
    while waiting or running:
        while waiting and len(running) < workers:
            future = pool.submit(run, waiting[0], place)
            running[future] = waiting.popleft()
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            row = future.result()
            del running[future]
            yield row


def _alone(cell: Cell, place: Place, run: RunCell) -> Row:
    """Return the row of a cell from a process of its own."""
    try:
        with _executor(1) as pool:
            return pool.submit(run, cell, place).result()
    except BrokenProcessPool:
        return cell.labels() | {"status": FAILED, "reason": "the process that ran it died; was memory short?"}


def batched(cells: Iterable[Cell], place: Place, run: RunCell, workers: int | None) -> Iterator[Row]:
    """Yield the row of every cell; those whose language models share an engine run in threads of this process.

    The others run as in `pooled`, first. `workers` is the number of processes, and then of threads; if None, one
    process a core, and `THREADS`.
    """
    apart: list[Cell] = []
    together: list[Cell] = []
    for cell in cells:
        (together if is_vllm(cell.contender.llm or "none") else apart).append(cell)
    yield from pooled(apart, place, run, workers or os.cpu_count() or 1)
    yield from threaded(together, place, run, workers or THREADS)


def threaded(cells: Iterable[Cell], place: Place, run: RunCell, workers: int) -> Iterator[Row]:
    """Yield the row of every cell as it finishes in one of so many threads."""
    rows: dict[Future[Row], Cell] = {Future(): cell for cell in cells}
    waiting: SimpleQueue[Future[Row]] = SimpleQueue()
    for row in rows:
        waiting.put(row)

    def work() -> None:
        with suppress(Empty):
            while True:
                row = waiting.get_nowait()
                try:
                    row.set_result(run(rows[row], place))
                except BaseException as error:  # noqa: BLE001 - raised by who reads the rows
                    row.set_exception(error)

    for _ in range(min(workers, len(rows))):
        # daemons: Ctrl-C does not wait for what is running
        Thread(target=work, daemon=True).start()
    for row in as_completed(rows):
        yield row.result()
