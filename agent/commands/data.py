"""`cws data`: bring real series and traces in."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.commands.shared import AsJson, group, print_json
from sim.errors import FaultFound, InputError

if TYPE_CHECKING:
    from sim.importers.base import Imported

data_app = group("Bring real series and traces in.")


@data_app.command("import")
def data_import(
    format: Annotated[str, typer.Argument(help="A format: see `cws data formats`.")],
    files: Annotated[list[Path], typer.Argument(help="Files as their source publishes them.")],
    out: Annotated[Path, typer.Option("--out", help="The Parquet file to write.")],
    settings: Annotated[list[str] | None, typer.Option("--set", help="key=value; may be given again.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read published files, write them in the project's form, and report what was dropped and what lacks."""
    from sim.importers.registry import importer

    wanted = importer(format)
    if bare := [pair for pair in settings or [] if not pair.partition("=")[2]]:
        raise InputError(f"--set {bare[0]}: expected key=value")
    options = dict(pair.partition("=")[::2] for pair in settings or [])
    if strange := set(options) - set(wanted.options):
        known = ", ".join(wanted.options) or "none"
        raise InputError(f"--set {sorted(strange)[0]}: {format} has no such option; its options are: {known}")
    keep_import(wanted.read(files, options), format, out, as_json)


def keep_import(made: Imported, source: str, out: Path, as_json: bool) -> None:
    """Write an imported table and print the report on it."""
    import pyarrow.parquet as pq

    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(made.table, out, compression="zstd")
    except OSError as error:
        raise InputError(f"--out {out}: cannot be written ({error.strerror or error})") from None
    report = asdict(made.report) | {"format": source, "kind": made.kind, "out": str(out)}
    if as_json:
        print_json(report)
        return
    print(f"{out}: {made.report.rows_kept} of {made.report.rows_read} rows ({made.kind})")
    for why, count in made.report.dropped.items():
        print(f"  dropped {count}: {why}")
    for gap in made.report.gaps:
        print(f"  gap: {gap.zone}, {gap.samples} samples from {gap.start} to {gap.end}")
    for note in made.report.notes:
        print(f"  {note}")


@data_app.command("formats")
def data_formats(as_json: AsJson = False) -> None:
    """List the formats that can be imported."""
    from sim.importers.registry import FORMATS

    rows = [{"name": f.name, "kind": f.kind, "source": f.source, "options": dict(f.options)} for f in FORMATS.values()]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        print(f"{row['name']:20} {row['kind']:9} {row['source']}")


@data_app.command("fetch")
def data_fetch(
    source: Annotated[str, typer.Argument(help="ukgrid, electricitymaps, watttime, watttime-forecast or eia.")],
    zone: Annotated[str, typer.Option("--zone", help="The zone or region, as the source names it.")],
    start: Annotated[datetime, typer.Option("--start", help="From, UTC; of forecasts, when they were issued.")],
    end: Annotated[datetime, typer.Option("--end", help="Until, UTC, which is not in it.")],
    out: Annotated[Path, typer.Option("--out", help="The Parquet file to write.")],
    as_json: AsJson = False,
) -> None:
    """Fetch a series from its publisher; keys come from the environment (see docs/data.md)."""
    from sim.fetch import SOURCES, Span

    if source not in SOURCES:
        raise InputError(f"no source {source!r}; known are {', '.join(SOURCES)}")
    if not start < end:
        raise InputError(f"--start {start}: expected a moment before --end {end}")
    made = SOURCES[source](Span(zone, start.replace(tzinfo=UTC), end.replace(tzinfo=UTC)))
    keep_import(made, source, out, as_json)


@data_app.command("list")
def data_list(
    data_dir: Annotated[Path, typer.Option("--data-dir", help="The folder of Parquet files.")], as_json: AsJson = False
) -> None:
    """List the files of a data folder, and what they hold."""
    from sim.datafolder import list_folder

    rows = list_folder(data_dir)
    if as_json:
        print_json(rows)
        return
    for row in rows:
        span = f"{row['first'][:10]} to {row['last'][:10]}, {len(row['zones'])} zones" if "zones" in row else ""
        print(f"{row['file']:52} {row['kind']:9} {row['rows']:>9,} rows  {span}")


@data_app.command("validate")
def data_validate(
    path: Annotated[Path, typer.Argument(help="A data folder, or a file.")], as_json: AsJson = False
) -> None:
    """Check files against the project's form; exit 1 if one cannot be used as it is."""
    from sim.datafolder import validate

    findings = validate(path)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            print(f"{finding.severity:5} {finding.file}: {finding.what}")
    faults = sum(finding.severity == "fault" for finding in findings)
    if faults:
        raise FaultFound(f"{faults} faults in {path}")
