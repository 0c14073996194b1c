"""The UK Carbon Intensity API (carbonintensity.org.uk): half-hourly intensity of Great Britain, forecast and actual.

JSON `{"data": [{"from", "to", "intensity": {"forecast", "actual", "index"}}]}`; stamps in UTC; gCO2/kWh of generation
and imports, direct emissions. The forecast is the last one issued before the half hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sim.importers.base import Format, Imported, Options, Report
from sim.importers.csvfile import gaps, moments, need, nullable, read_json, series


def parse_uk(content: Any, source: str) -> Imported:
    """Return the intensity of GB from a response of the API."""
    rows = need(content, "data", source)
    stamps = moments([need(row, "from", source) for row in rows], source)
    values = {
        f"ci_{name}": np.array([_value(need(row, "intensity", source), name) for row in rows])
        for name in ("actual", "forecast")
    }
    made = series(["GB"] * len(stamps), stamps, {name: nullable(v) for name, v in values.items()}, source)
    lacking = int(np.isnan(values["ci_actual"]).sum())
    notes = (f"{lacking} half hours without an actual value were kept as null",) if lacking else ()
    return Imported("signal", made, Report(len(rows), len(made), gaps=gaps(made), notes=notes))


def _value(intensity: Any, name: str) -> float:
    value = intensity.get(name)
    return np.nan if value is None else float(value)


def read_uk(paths: Sequence[Path], options: Options) -> Imported:
    """Return the intensity of GB from saved responses, joined."""
    content = {"data": [row for path in paths for row in need(read_json(path), "data", str(path))]}
    return parse_uk(content, ", ".join(str(path) for path in paths))


FORMATS = (Format("uk-carbon-intensity", "signal", "api.carbonintensity.org.uk, /intensity", read_uk),)
"""What this module reads."""
