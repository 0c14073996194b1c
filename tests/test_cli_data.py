"""`cws data`: import, list, validate, as a user calls them."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from tests.sim.test_scenario import content
from tests.test_cli import Result, cws  # noqa: F401 - a fixture
from tests.worlds import START

HEADER = "Datetime (UTC),Zone Id,Carbon Intensity gCO₂eq/kWh (direct),Carbon Intensity gCO₂eq/kWh (LCA)\n"


def imported(cws, folder: Path, rows: list[str]) -> tuple[Result, Path]:  # noqa: F811
    source, out = folder / "gb.csv", folder / "carbon" / "gb.parquet"
    source.write_text(HEADER + "\n".join(rows), encoding="utf-8")
    return cws("data", "import", "electricity-maps", source, "--out", out), out


def hours(*which: int) -> list[str]:
    return [f"2022-01-01 {h:02d}:00:00,GB,50,90" for h in which]


def test_what_was_imported_is_listed_and_valid(cws, tmp_path: Path):  # noqa: F811
    result, _ = imported(cws, tmp_path, hours(*range(6)))
    assert (result.code, "6 of 6 rows (signal)" in result.out) == (0, True)
    (row,) = cws("data", "list", "--data-dir", tmp_path, "--json").json
    assert (row["file"], row["kind"], row["rows"], row["zones"]) == ("carbon/gb.parquet", "signal", 6, ["GB"])
    assert cws("data", "validate", tmp_path).code == 0


def test_a_gap_is_named_on_import_and_on_validation_and_is_no_fault(cws, tmp_path: Path):  # noqa: F811
    result, out = imported(cws, tmp_path, hours(0, 1, 2, 5, 6))
    assert "gap: GB, 2 samples from 2022-01-01T03:00:00Z to 2022-01-01T05:00:00Z" in result.out
    checked = cws("data", "validate", out)
    assert (checked.code, "2 samples are lacking" in checked.out) == (0, True)


def test_a_wrong_option_and_a_wrong_format_end_with_2(cws, tmp_path: Path):  # noqa: F811
    file, out = tmp_path / "x.csv", tmp_path / "o.parquet"
    file.write_text("", encoding="utf-8")
    unknown = cws("data", "import", "electrictymaps", file, "--out", out)
    assert (unknown.code, "did you mean electricity-maps" in unknown.err) == (2, True)
    wrong = cws("data", "import", "gaia", file, "--out", out, "--set", "zone=GB")
    assert (wrong.code, "gaia has no such option; its options are: unit" in wrong.err) == (2, True)


def test_a_broken_file_is_a_fault(cws, tmp_path: Path):  # noqa: F811
    (tmp_path / "x.parquet").write_bytes(b"nothing")
    result = cws("data", "validate", tmp_path)
    assert (result.code, "not a readable Parquet file" in result.out) == (1, True)


def test_every_format_is_listed_with_its_source(cws):  # noqa: F811
    rows = cws("data", "formats", "--json").json
    assert {"gaia", "electricity-maps", "swf"} <= {row["name"] for row in rows}
    assert all(row["source"] for row in rows)


def hourly_file(path: Path, flagged: int) -> None:
    """Write 14 days of 100 g/kWh from a week before the scenario's start, the first hours of the run flagged."""
    stamps = [START + timedelta(hours=h) for h in range(-7 * 24, 7 * 24)]
    table = {
        "zone": ["GB"] * len(stamps),
        "ts": pa.array(stamps, type=pa.timestamp("us", tz="UTC")),
        "ci": [100.0] * len(stamps),
        "estimated": [stamp >= START and stamp < START + timedelta(hours=flagged) for stamp in stamps],
    }
    pq.write_table(pa.table(table), path)


@pytest.mark.parametrize(("flagged", "warned"), [(72, False), (73, True)])
def test_a_run_says_where_its_signals_come_from_and_warns_if_most_is_estimated(
    cws,  # noqa: F811
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    flagged: int,
    warned: bool,
):
    """The run has 144 hours: half of them are no majority."""
    hourly_file(tmp_path / "grid.parquet", flagged)
    spec = content(signals={"kind": "files", "carbon": {"file": "grid.parquet", "column": "ci"}})
    path, out = tmp_path / "small.yaml", tmp_path / "run"
    path.write_text(yaml.safe_dump(spec))
    done = cws("simulate", path, "--scheduler", "fifo", "--data-dir", tmp_path, "--out", out)
    assert done.code == 0
    assert ("carbon of zone GB: 51 % of the run's values are estimates" in caplog.text) == warned
    carbon, price = json.loads((out / "run.json").read_text())["signals"]
    assert (carbon["file"], carbon["column"], price["file"]) == ("grid.parquet", "ci", None)
    assert carbon["estimated_share"] == pytest.approx(flagged / 144)
    assert cws("audit", out, "--data-dir", tmp_path).code == 0
