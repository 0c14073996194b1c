"""What an importer is: files of one published format in, one Parquet table and an honest report out.

Nothing is imputed in silence. A row that cannot be used is dropped and counted with its reason; a gap in a
series stays a gap and is listed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pyarrow as pa

Kind = Literal["signal", "weather", "mix", "jobs", "tasks", "requests"]
"""What a table holds: `signal` a series by zone and ts, `weather` and `mix` likewise; `jobs` a row a job; `tasks` a row
a task of a DAG; `requests` a row a request."""


@dataclass(frozen=True)
class Gap:
    """A stretch of a series without values: [start, end) in ISO 8601 UTC, and how many samples are lacking."""

    zone: str
    start: str
    end: str
    samples: int


@dataclass(frozen=True)
class Report:
    """What was read, kept and left out. `dropped` and `notes` say why in words; counts are rows."""

    rows_read: int
    rows_kept: int
    dropped: Mapping[str, int] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Imported:
    """A table in the project's form (see docs/data.md), and the report on how it came to be."""

    kind: Kind
    table: pa.Table
    report: Report


Options = Mapping[str, str]
"""What the command line gives as `--set key=value`: for instance the zone of a file that does not name it."""


@dataclass(frozen=True)
class Format:
    """A format that can be imported. `source` names where its definition stands; `options` what `--set` may give."""

    name: str
    kind: Kind
    source: str
    read: Callable[[Sequence[Path], Options], Imported]
    options: Mapping[str, str] = field(default_factory=dict)
