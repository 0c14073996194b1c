"""`cws forecast`: how well models forecast carbon intensity and prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.commands.shared import AsJson, group, print_json
from sim.errors import InputError

forecast_app = group("Forecasts of carbon intensity and prices.")


@forecast_app.command("backtest")
def forecast_backtest(
    data_dir: Annotated[Path, typer.Option("--data-dir", help="The folder of Parquet files.")],
    zone: Annotated[str, typer.Option("--zone", help="A zone, or all.")],
    signal: Annotated[str, typer.Option("--signal", help="carbon or price.")] = "carbon",
    model: Annotated[str, typer.Option("--model", help="A model of docs/forecasts.md.")] = "default",
    horizon: Annotated[int, typer.Option("--horizon", help="Hours ahead, 24 to 96.")] = 96,
    every: Annotated[int, typer.Option("--every", min=1, help="Hours from one forecast to the next.")] = 1,
    test_from: Annotated[
        datetime | None,
        typer.Option("--test-from", help="Fit to what is before, UTC; if not given, to all but a year."),
    ] = None,
    file: Annotated[
        str | None, typer.Option("--file", help="The file in the folder; if not given, it is found.")
    ] = None,
    column: Annotated[str | None, typer.Option("--column", help="Its column; ci_lifecycle or price_usd.")] = None,
    as_json: AsJson = False,
) -> None:
    """How well a model would have forecast a series, hour after hour, from what was known then."""
    from sim.backtests import backtest_zone, find_series

    series = find_series(data_dir, signal, column=column, file=file)
    since = test_from.replace(tzinfo=UTC) if test_from else None
    rows = []
    for one in series.zones if zone == "all" else [zone]:
        try:
            rows.append(backtest_zone(series, one, model, horizon, every, since))
        except InputError as error:
            if zone != "all":
                raise
            typer.echo(f"left out: {error}", err=True)
    if as_json:
        print_json(rows if zone == "all" else rows[0])
        return
    print_backtests(rows)


def print_backtests(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print a line a zone, in per cent."""
    names = [name for name in rows[0] if name not in ("zone", "model")] if rows else []
    print(f"{'zone':14}{'model':16}" + "".join(f"{name:>17}" for name in names))
    for row in rows:
        figures = "".join(f"{'none' if row[name] is None else f'{100 * row[name]:.1f} %':>17}" for name in names)
        print(f"{row['zone']:14}{row['model']:16}{figures}")
