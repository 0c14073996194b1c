"""The journal of an evaluation: a line a finished run, at once on the disk: a kill loses only what was running."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.evaluation.cell import FAILED, Row
from sim.errors import InputError
from sim.runfolder import write_json

RECIPE, ROWS = "suite.json", "rows.jsonl"


class Journal:
    """The rows of an evaluation in its folder. Made by `begin` or `resume`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: dict[str, Row] = {}

    @classmethod
    def begin(cls, folder: Path, recipe: Mapping[str, Any]) -> Journal:
        """Return an empty journal with its recipe. Raises InputError if the folder has one already."""
        if (folder / RECIPE).exists():
            raise InputError(f"--out {folder}: holds an evaluation; give --resume to go on with it, or another folder")
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / RECIPE, recipe)
        return cls(folder)

    @classmethod
    def resume(cls, folder: Path, recipe: Mapping[str, Any]) -> Journal:
        """Return the journal of a folder with what is done; what failed is done again.

        Raises:
            InputError: If its suite is another: rows of two suites must not be mixed.
        """
        if not (folder / RECIPE).exists():
            return cls.begin(folder, recipe)
        found = json.loads((folder / RECIPE).read_text(encoding="utf-8"))["suite_sha256"]
        if found != (expected := recipe["suite_sha256"]):
            raise InputError(
                f"--resume: {folder} holds another suite (sha256 {found[:12]}, expected {expected[:12]}): scenarios, "
                "contenders, policies or seeds have changed; give another --out"
            )
        journal = cls(folder)
        journal.rows = {row["cell"]: row for row in read_rows(folder) if row["status"] != FAILED}
        return journal

    def append(self, row: Row) -> None:
        """Keep a row: on the disk when this returns."""
        self.rows[row["cell"]] = row
        torn = not _ends_in_newline(self.folder / ROWS)
        with (self.folder / ROWS).open("a", encoding="utf-8") as file:
            file.write(("\n" if torn else "") + json.dumps(row, allow_nan=False) + "\n")
            file.flush()
            os.fsync(file.fileno())


def read_rows(folder: Path) -> list[Row]:
    """Return the rows of a journal, the last of each cell; a line that a kill cut off is no row."""
    file = folder / ROWS
    rows: dict[str, Row] = {}
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        rows[row["cell"]] = row
    return list(rows.values())


def _ends_in_newline(file: Path) -> bool:
    if not file.exists() or not file.stat().st_size:
        return True
    with file.open("rb") as held:
        held.seek(-1, os.SEEK_END)
        return held.read() == b"\n"
