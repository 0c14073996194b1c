"""The trajectory store: every epoch of a run in SQLite, as it happens, so that a crash keeps what was logged.

One file a run, `trajectory.sqlite` in the run folder. Entities are SQLModel tables; rows go in by core insert,
an epoch in one transaction. NaN is never stored: what is missing is null.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DatabaseError
from sqlmodel import JSON, Column, Field, Session, SQLModel, create_engine, insert, select

from agent.record import CandidateRecord, EpochRecord, ModelRecord, RegionRecord, ToolRecord
from sim.errors import InputError
from sim.runner import DecisionRow
from sim.summary import JobTable

FILE = "trajectory.sqlite"
SCHEMA_VERSION = 2


class RunRow(SQLModel, table=True):
    """A run: what it was, and its summary once it is over."""

    __tablename__ = "run"
    id: int | None = Field(default=None, primary_key=True)
    schema_version: int = SCHEMA_VERSION
    title: str
    start: str
    epochs: int
    epoch_s: float
    scenario_sha256: str
    llm: str
    mode: str
    recipe: dict[str, Any] = Field(sa_column=Column(JSON))
    summary: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))


class EpochRow(SQLModel, table=True):
    """An epoch: what was seen, proposed and committed."""

    __tablename__ = "epoch"
    epoch: int = Field(primary_key=True)
    now_s: float
    pending: int
    deferred: int
    proposed: str
    committed: str
    decided_by: str
    reason: str
    waiting: int
    notes: list[Any] = Field(sa_column=Column(JSON))
    regions: list[Any] = Field(sa_column=Column(JSON))
    candidates: list[Any] = Field(sa_column=Column(JSON))


class ModelCallRow(SQLModel, table=True):
    """A call of the language model: prompt version and hash, tokens, seconds, answer, and why it was not used."""

    __tablename__ = "model_call"
    id: int | None = Field(default=None, primary_key=True)
    epoch: int = Field(foreign_key="epoch.epoch", index=True)
    spec: str
    prompt: str
    prompt_version: str
    prompt_sha256: str
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    seconds: float
    text: str
    tool_calls: list[Any] = Field(sa_column=Column(JSON))
    failure: str
    confidence: float | None


class ToolCallRow(SQLModel, table=True):
    """A tool call with its arguments and outcome."""

    __tablename__ = "tool_call"
    id: int | None = Field(default=None, primary_key=True)
    epoch: int = Field(foreign_key="epoch.epoch", index=True)
    name: str
    arguments: dict[str, Any] = Field(sa_column=Column(JSON))
    outcome: str
    result: dict[str, Any] = Field(sa_column=Column(JSON))
    by: str


class DecisionEntry(SQLModel, table=True):
    """A decision for one job."""

    __tablename__ = "decision"
    id: int | None = Field(default=None, primary_key=True)
    epoch: int = Field(foreign_key="epoch.epoch", index=True)
    now_s: float
    job_id: str = Field(index=True)
    action: str
    region: str
    start_s: float
    candidate: str
    forecast_carbon_g: float | None
    reason: str
    verdict: str


class OutcomeRow(SQLModel, table=True):
    """What became of a job, written when the run is over."""

    __tablename__ = "outcome"
    job_id: str = Field(primary_key=True)
    start_s: float | None
    end_s: float | None
    violated: bool
    carbon_g: float


class Store:
    """The store of one run."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def create(cls, path: Path) -> Store:
        """Return a new, empty store; one that stood there before is replaced."""
        path.parent.mkdir(parents=True, exist_ok=True)
        for stale in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
            stale.unlink(missing_ok=True)
        engine = _engine(path)
        SQLModel.metadata.create_all(engine)
        return cls(engine)

    @classmethod
    def open(cls, path: Path) -> Store:
        """Return the store that stands at `path`. Raises InputError if there is none, or it is damaged."""
        if not path.is_file():
            raise InputError(f"{path}: missing; expected the trajectory of an agent's run")
        store = cls(_engine(path))
        try:
            found = store.run().schema_version
        except DatabaseError as error:
            raise InputError(f"{path}: damaged ({error.orig})") from None
        if found != SCHEMA_VERSION:
            raise InputError(f"{path}: found schema version {found}, expected {SCHEMA_VERSION}")
        return store

    def close(self) -> None:
        """Release the file; SQLite folds its log into it."""
        self._engine.dispose()

    # -- writing ---------------------------------------------------------------------------------

    def begin(self, run: RunRow) -> None:
        """Write the run's row. Plain Pydantic has validated what is in it; table classes do not."""
        with Session(self._engine) as session:
            session.add(run)
            session.commit()

    def append(self, record: EpochRecord) -> None:
        """Write an epoch and all its calls and decisions in one transaction."""
        row = {name: getattr(record, name) for name in EpochRow.model_fields}
        row["notes"] = list(record.notes)
        row["regions"] = [asdict(region) for region in record.regions]
        row["candidates"] = [asdict(candidate) for candidate in record.candidates]
        children: Sequence[tuple[type[SQLModel], list[dict[str, Any]]]] = (
            (ModelCallRow, [{"epoch": record.epoch, **asdict(call)} for call in record.model]),
            (ToolCallRow, [{"epoch": record.epoch, **asdict(call)} for call in record.tools]),
            (DecisionEntry, [asdict(decision) for decision in record.decisions]),
        )
        with self._engine.begin() as connection:
            connection.execute(insert(EpochRow), [row])
            for table, rows in children:
                if rows:
                    connection.execute(insert(table), rows)

    def finish(self, summary: Mapping[str, Any], job_ids: Sequence[str], jobs: JobTable) -> None:
        """Write the summary and what became of every job."""
        outcomes = [
            {
                "job_id": job_id,
                "start_s": _number(jobs.start_s[j]),
                "end_s": _number(jobs.end_s[j]),
                "violated": bool(jobs.violated[j]),
                "carbon_g": float(jobs.carbon_g[j]),
            }
            for j, job_id in enumerate(job_ids)
        ]
        with Session(self._engine) as session:
            row = session.exec(select(RunRow)).one()
            row.summary = dict(summary)
            session.add(row)
            session.commit()
        with self._engine.begin() as connection:
            connection.execute(insert(OutcomeRow), outcomes)

    # -- reading ---------------------------------------------------------------------------------

    def run(self) -> RunRow:
        """Return the run's row."""
        with Session(self._engine) as session:
            row = session.exec(select(RunRow)).first()
        if row is None:
            raise InputError(f"{self._engine.url.database}: holds no run")
        return row

    def epochs(self, only: Collection[int] | None = None) -> Iterator[EpochRecord]:
        """Yield the recorded epochs, or `only` those of these numbers, in order, as they were when they happened."""
        asked = select(EpochRow).order_by(EpochRow.epoch)  # type: ignore[arg-type]
        if only is not None:
            asked = asked.where(EpochRow.epoch.in_(only))  # type: ignore[attr-defined]
        with Session(self._engine) as session:
            for row in session.exec(asked):
                yield EpochRecord(
                    epoch=row.epoch,
                    now_s=row.now_s,
                    pending=row.pending,
                    deferred=row.deferred,
                    regions=tuple(RegionRecord(**region) for region in row.regions),
                    candidates=tuple(CandidateRecord(**candidate) for candidate in row.candidates),
                    tools=tuple(ToolRecord(**_fields(call)) for call in _of(session, ToolCallRow, row.epoch)),
                    model=tuple(ModelRecord(**_fields(call)) for call in _of(session, ModelCallRow, row.epoch)),
                    proposed=row.proposed,
                    committed=row.committed,
                    decided_by=row.decided_by,
                    reason=row.reason,
                    waiting=row.waiting,
                    notes=tuple(row.notes),
                    decisions=tuple(
                        DecisionRow(**_fields(entry), epoch=row.epoch)
                        for entry in _of(session, DecisionEntry, row.epoch)
                    ),
                )

    def last_s(self) -> float:
        """Return the moment of the last epoch that was recorded; minus infinity if none was."""
        with Session(self._engine) as session:
            found = session.exec(select(EpochRow.now_s).order_by(EpochRow.epoch.desc())).first()  # type: ignore[attr-defined]
        return float("-inf") if found is None else found

    def model_calls(self) -> list[ModelRecord]:
        """Return every model call of the run in order."""
        with Session(self._engine) as session:
            rows = session.exec(select(ModelCallRow).order_by(ModelCallRow.id))  # type: ignore[arg-type]
            return [ModelRecord(**_fields(row)) for row in rows]


def _engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def _set_pragmas(connection: Any, _: object) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _of(session: Session, table: Any, epoch: int) -> Iterator[Any]:
    yield from session.exec(select(table).where(table.epoch == epoch).order_by(table.id))


def _fields(row: SQLModel) -> dict[str, Any]:
    """Return a child row without what ties it to the database."""
    return row.model_dump(exclude={"id", "epoch"})


def _number(value: float) -> float | None:
    return None if value != value else float(value)
