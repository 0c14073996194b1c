"""What a run that waits keeps in its folder, beside its trajectory: how it was begun, what waits, and the answers.

Each file has one writer: the run writes `begun.json` and `waiting.json`, whoever answers writes `answers.json`. A file
is written by way of another, so that whoever reads meanwhile finds the old one or the new one, never half of one.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sim.approvals import Approvals, Ask, Key
from sim.errors import InputError
from sim.units import at_time, iso

BEGUN, WAITING, ANSWERS = "begun.json", "waiting.json", "answers.json"
CHECKPOINTS = "graph.sqlite"
LOCK = "run.lock"


class Waits(Exception):
    """A run that has stopped until somebody answers. `asks` are what has no answer."""

    def __init__(self, asks: Sequence[Ask]) -> None:
        super().__init__(f"{len(asks)} placements wait for a person's yes")
        self.asks = tuple(asks)


@dataclass(frozen=True)
class Begun:
    """How a run of the agent was begun, as far as its trajectory does not say.

    Attributes:
        llm: What stood after `--llm`.
        approve: The jobs to which a script says yes at once: ids, `all`, or None.
        waits: Whether the run stops where a person must be asked.
    """

    llm: str
    mode: str
    deadline_s: float
    data_dir: str | None
    approve: str | None
    waits: bool

    def keep(self, folder: Path) -> None:
        """Write it into a run folder, from which what an earlier run left is taken."""
        forget(folder)
        (folder / ANSWERS).unlink(missing_ok=True)
        _write(folder / BEGUN, asdict(self))

    @classmethod
    def of(cls, folder: Path) -> Begun:
        """Return how the run in a folder was begun. Raises InputError if that is not known."""
        file = folder / BEGUN
        if not file.is_file():
            raise InputError(f"{file}: missing; expected the folder of a run that `cws agent --out` began")
        try:
            return cls(**_read(file))
        except TypeError:
            raise InputError(f"{file}: expected the fields {', '.join(cls.__dataclass_fields__)}") from None


# -- what waits, and the answers -----------------------------------------------------------------


def keep_waiting(folder: Path, asks: Sequence[Ask], start: datetime) -> None:
    """Write down what waits for an answer."""
    _write(folder / WAITING, {"start": iso(start), "asks": [asdict(ask) for ask in asks]})


def forget(folder: Path) -> None:
    """Drop what a run needed to go on, once it is over; the answers stay."""
    for name in (WAITING, *(f"{CHECKPOINTS}{end}" for end in ("", "-wal", "-shm"))):
        (folder / name).unlink(missing_ok=True)


def waiting_in(folder: Path) -> list[Ask]:
    """Return what waits in a run folder and has no answer yet. Raises InputError if a file is damaged."""
    file = folder / WAITING
    if not file.is_file():
        return []
    answers = answers_in(folder)
    try:
        asks = [Ask(**one) for one in _read(file)["asks"]]
    except (KeyError, TypeError):
        raise InputError(f"{file}: damaged; `cws agent --resume {folder}` writes it anew") from None
    return [ask for ask in asks if key_of(ask) not in answers]


def start_in(folder: Path) -> datetime:
    """Return the start of the scenario of which something waits."""
    return datetime.fromisoformat(_read(folder / WAITING)["start"])


def answers_in(folder: Path) -> dict[Key, bool]:
    """Return the answers in a run folder; a later one takes the place of an earlier. Raises InputError if damaged."""
    file = folder / ANSWERS
    if not file.is_file():
        return {}
    try:
        return {(one["job_id"], one["region"], one["rule"]): bool(one["yes"]) for one in _read(file)["answers"]}
    except (KeyError, TypeError):
        raise InputError(f"{file}: expected answers with job_id, region, rule and yes") from None


def key_of(ask: Ask) -> Key:
    """Return what an answer is about."""
    return ask.job_id, ask.region, ask.rule


def keep_answers(folder: Path, answered: Mapping[Key, bool]) -> None:
    """Add answers to those that a run folder holds, with the time."""
    file = folder / ANSWERS
    before = _read(file)["answers"] if file.is_file() else []
    now = iso(datetime.now(UTC))
    rows = [
        {"job_id": job_id, "region": region, "rule": rule, "yes": yes, "at": now}
        for (job_id, region, rule), yes in answered.items()
    ]
    _write(file, {"answers": [*before, *rows]})


def answer(folder: Path, yes: Sequence[str], no: Sequence[str]) -> list[dict[str, Any]]:
    """Keep a person's answers about jobs (`all`: about every one that waits), and return them, one a placement.

    Raises:
        InputError: If no run was begun here, a job does not wait, or is both allowed and denied.
    """
    Begun.of(folder)
    waiting = waiting_in(folder)
    named = {ask.job_id for ask in waiting}
    if strange := [name for name in (*yes, *no) if name not in named and name != "all"]:
        raise InputError(f"{folder}: job {strange[0]!r} does not wait; these do: {', '.join(sorted(named)) or 'none'}")
    if both := set(yes) & set(no):
        raise InputError(f"{folder}: found {min(both)} among those allowed and those denied; give one answer")
    answered = {key_of(ask): False for ask in waiting if ask.job_id in no or "all" in no}
    answered |= {key_of(ask): True for ask in waiting if ask.job_id in yes or ("all" in yes and ask.job_id not in no)}
    if answered:
        keep_answers(folder, answered)
    return [{"job_id": job_id, "region": region, "rule": rule, "yes": said}
            for (job_id, region, rule), said in answered.items()]  # fmt: skip


def ask_line(ask: Ask, start: datetime) -> str:
    """Return what is asked on one line: job, region, start, the most that it could emit and cost, and the rule."""
    most = f"at most {ask.carbon_kg:.3f} kg, {ask.cost_usd:.2f} USD"
    return f"{ask.job_id} in {ask.region}, {at_time(start, ask.at_s):%a %Y-%m-%d %H:%M} ({most}): {ask.rule}"


def wait_for_answers(folder: Path, every_s: float = 1.0) -> None:
    """Return once nothing waits in a folder without an answer."""
    while waiting_in(folder):
        time.sleep(every_s)


def approvals_for(folder: Path, approve: str | None) -> Approvals:
    """Return approvals that say what the folder's answers say; and yes at once where `--approve` said so."""
    answers, chosen = answers_in(folder), [name.strip() for name in (approve or "").split(",")]

    def said(ask: Ask) -> bool | None:
        return True if approve == "all" or ask.job_id in chosen else answers.get(key_of(ask))

    return Approvals(said)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other processes from going on with the same run. Raises InputError if one does; a killed one does not."""
    import fcntl

    with (folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(f"{folder}: another process is running this run; wait for it, or end it") from None
        try:
            yield
        finally:
            (folder / LOCK).unlink(missing_ok=True)


def _write(file: Path, content: Mapping[str, Any]) -> None:
    made = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    made.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    made.replace(file)


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: cannot be read ({error})") from None
    if not isinstance(content, dict):
        raise InputError(f"{file}: expected a JSON object")
    return content
