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
from sim.importers.checks import field, join, order_note, rows
from sim.importers.csvfile import need, nullable, read_json
from sim.importers.series import gaps, moments, series
from sim.signals import LARGEST


def parse_uk(content: Any, source: str) -> Imported:
    """Return the intensity of GB from a response of the API."""
    items = rows(content, "data", source)
    stamps = moments([need(row, "from", source) for row in items], source)
    values = {
        f"ci_{name}": field([need(row, "intensity", source) for row in items], name, source, least=0.0, most=LARGEST)
        for name in ("actual", "forecast")
    }
    made = series(["GB"] * len(stamps), stamps, {name: nullable(v) for name, v in values.items()}, source)
    lacking = int(np.isnan(values["ci_actual"]).sum())
    notes = (f"{lacking} half hours without an actual value were kept as null",) if lacking else ()
    said = (*notes, *order_note(stamps))
    return Imported("signal", made, Report(len(items), len(made), gaps=gaps(made), notes=said))


def read_uk(paths: Sequence[Path], options: Options) -> Imported:
    """Return the intensity of GB from saved responses, joined."""
    return join([parse_uk(read_json(path), str(path)) for path in paths])


FORMATS = (Format("uk-carbon-intensity", "signal", "api.carbonintensity.org.uk, /intensity", read_uk),)
"""What this module reads."""
