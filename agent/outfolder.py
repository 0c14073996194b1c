"""The folder that `--out` names: made before anything runs, and refused where it would mix a run with other things."""

from __future__ import annotations

from pathlib import Path

from agent.store import FILE
from sim.errors import InputError

RECIPE = "run.json"


def make_folder(out: Path | None) -> None:
    """Make the run folder before anything runs; one that holds a run may be written over.

    Raises:
        InputError: If it cannot be made, or holds other things. Empty files are none: a shell makes them for what it
            is told to keep of the output.
    """
    try:
        if out:
            out.mkdir(parents=True, exist_ok=True)
            if not holds_run(out) and (other := _other(out)):
                raise InputError(f"--out {out}: holds {other} and no run; give a new folder, or that of a run")
    except OSError as error:
        raise InputError(f"--out {out}: cannot make the folder: {error.strerror}") from None


def holds_run(folder: Path) -> bool:
    """Tell whether a folder holds a run, finished or begun."""
    if (folder / FILE).is_file():
        return True
    recipe = folder / RECIPE
    return recipe.is_file() and b'"scenario_sha256"' in recipe.read_bytes()


def _other(folder: Path) -> str | None:
    """Return the name of the first thing in it that is more than an empty file."""
    found = (one.name for one in sorted(folder.iterdir()) if not one.is_file() or one.stat().st_size)
    return next(found, None)
