"""The network as a scenario words it: one figure, files of pairs, exceptions; a pair that lacks is never made up."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sim.errors import InputError
from sim.links import NetworkSpec
from sim.model import Region
from sim.network import Network
from tests.worlds import mock_region

DATA = os.environ.get("CWS_DATA_DIR")


def sites(*names: str) -> list[Region]:
    """Return regions whose zones are their names in capitals."""
    return [mock_region(name) for name in names]


def test_a_network_is_alike_everywhere_but_for_the_links_that_are_named():
    spec = NetworkSpec.model_validate({"rtt_ms": 80, "mbps": 1000, "links": [{"between": ["a", "b"], "rtt_ms": 10}]})
    network = spec.network(sites("a", "b", "c"))
    assert network.rtt_s.tolist() == [[0, 0.01, 0.08], [0.01, 0, 0.08], [0.08, 0.08, 0]]
    assert float(network.transfer_s(0, 2, 1.0)) == pytest.approx(8.08)  # 8 Gbit at 1 Gbit/s, and there and back
    assert np.asarray(network.transfer_s(0, 0, 5.0)) == 0
    with pytest.raises(InputError, match="no region 'x'"):
        NetworkSpec.model_validate({"links": [{"between": ["a", "x"]}]}).network(sites("a", "b"))


# -- round trips from a file ---------------------------------------------------------------------

RTT: dict[str, list[Any]] = {  # a and b lie in zones A and B; zone C has two cloud regions
    "src_region": ["a1", "b1", "a1", "a1", "c1", "c2"],
    "dst_region": ["b1", "a1", "c1", "c2", "a1", "a1"],
    "src_zone": ["A", "B", "A", "A", "C", "C"],
    "dst_zone": ["B", "A", "C", "C", "A", "A"],
    "rtt_ms": [10.0, 12.0, 20.0, 40.0, 22.0, 42.0],
}


def measured(tmp_path: Path, names: str, *, rows: dict[str, list[Any]] | None = None, **network: Any) -> Network:
    pq.write_table(pa.table(RTT | (rows or {})), tmp_path / "rtt.parquet")
    rtt = {"file": "rtt.parquet", "cloud_regions": network.pop("cloud_regions", {})}
    return NetworkSpec.model_validate({"rtt": rtt, **network}).network(sites(*names), tmp_path)


def ms(network: Network) -> list[list[float]]:
    return (network.rtt_s * 1000).round(9).tolist()


def test_round_trips_are_read_by_zone_each_way_on_its_own(tmp_path: Path):
    assert ms(measured(tmp_path, "ab")) == [[0, 10], [12, 0]]


def test_of_several_cloud_regions_in_a_zone_the_mean_is_taken_unless_one_is_named(tmp_path: Path):
    assert ms(measured(tmp_path, "ac")) == [[0, 30], [32, 0]]
    assert ms(measured(tmp_path, "ac", cloud_regions={"c": "c2"})) == [[0, 40], [42, 0]]


def test_a_cloud_region_may_stand_for_a_region_of_another_zone(tmp_path: Path):
    assert ms(measured(tmp_path, "ax", cloud_regions={"x": "b1"})) == [[0, 10], [12, 0]]


def test_a_pair_that_lacks_is_named_and_only_a_link_can_give_it(tmp_path: Path):
    with pytest.raises(InputError, match=r"rtt\.parquet: no row from b \(zone B\) to c \(zone C\)"):
        measured(tmp_path, "abc")
    links = [{"between": ["b", "c"], "rtt_ms": 5}]
    assert ms(measured(tmp_path, "abc", links=links)) == [[0, 10, 30], [12, 0, 5], [32, 5, 0]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cloud_regions": {"b": "b9"}}, r"cloud_regions: .* has no 'b9'; known are a1, b1"),
        ({"cloud_regions": {"z": "b1"}}, "no region 'z'; regions are a, b"),
        (
            {"rows": {"rtt_ms": [10.0, None, 1.0, 1.0, 1.0, 1.0]}},
            "column 'rtt_ms', row 1: found None, expected a number",
        ),
        ({"rows": {"rtt_ms": [10.0, -1.0, 1.0, 1.0, 1.0, 1.0]}}, "row 1: found -1.0"),
        ({"rows": {"rtt_ms": ["x"] * 6}}, "column 'rtt_ms' is string; expected numbers"),
    ],
)
def test_what_is_wrong_in_a_file_of_round_trips_is_named(tmp_path: Path, changes: dict[str, Any], message: str):
    with pytest.raises(InputError, match=message):
        measured(tmp_path, "ab", **changes)


def test_a_file_that_is_absent_or_lacks_a_column_is_named(tmp_path: Path):
    spec = NetworkSpec.model_validate({"rtt": {"file": "rtt.parquet"}})
    with pytest.raises(InputError, match=r"rtt\.parquet: no such file"):
        spec.network(sites("a", "b"), tmp_path)
    pq.write_table(pa.table({"src_region": ["a"]}), tmp_path / "rtt.parquet")
    with pytest.raises(InputError, match="column 'dst_region' is missing; found src_region"):
        spec.network(sites("a", "b"), tmp_path)
    with pytest.raises(InputError, match="--data-dir"):
        spec.network(sites("a", "b"))


def test_a_figure_and_a_file_for_the_same_thing_are_refused():
    with pytest.raises(ValueError, match="has both rtt_ms and rtt; expected one"):
        NetworkSpec.model_validate({"rtt_ms": 80, "rtt": {"file": "x"}})
    with pytest.raises(ValueError, match="has both usd_per_gb and price"):
        NetworkSpec.model_validate({"usd_per_gb": 0, "price": {"file": "x", "provider": "p"}})


def test_a_network_from_files_is_read_back_as_it_was_written():
    spec = NetworkSpec.model_validate({"rtt": {"file": "x"}, "price": {"file": "x", "provider": "p"}})
    assert NetworkSpec.model_validate(spec.model_dump(mode="json")) == spec


# -- prices from a file --------------------------------------------------------------------------

PAIRS = {"src_region": ["a1", "a1", "b1", "b1", "c1", "c1"], "dst_region": ["b1", "c1", "a1", "c1", "a1", "b1"]}
BY_SOURCE, BY_DESTINATION = [0.1, 0.1, 0.2, 0.2, 0.3, 0.3], [0.2, 0.3, 0.1, 0.3, 0.1, 0.2]
CLOUDS = {"a": "a1", "b": "b1", "c": "c1"}


def priced(tmp_path: Path, names: str, prices: list[float] = BY_SOURCE, **price: Any) -> list[list[float]]:
    table = {"provider": ["p"] * 6, **PAIRS, "usd_per_gb": prices}
    pq.write_table(pa.table(table), tmp_path / "price.parquet")
    spec = {"file": "price.parquet", "provider": "p", **price}
    return NetworkSpec.model_validate({"price": spec}).network(sites(*names), tmp_path).usd_per_gb.tolist()


def test_the_source_pays_its_price(tmp_path: Path):
    assert priced(tmp_path, "ab", cloud_regions={"a": "a1", "b": "b1"}) == [[0, 0.1], [0.2, 0]]


def test_prices_that_look_transposed_are_refused_until_the_scenario_says_what_they_are(tmp_path: Path):
    with pytest.raises(InputError, match=r"one price for each destination of p.* say `transposed: true`"):
        priced(tmp_path, "abc", BY_DESTINATION, cloud_regions=CLOUDS)
    turned = priced(tmp_path, "abc", BY_DESTINATION, cloud_regions=CLOUDS, transposed=True)
    assert turned == priced(tmp_path, "abc", BY_SOURCE, cloud_regions=CLOUDS)
    as_they_stand = priced(tmp_path, "abc", BY_DESTINATION, cloud_regions=CLOUDS, transposed=False)
    assert as_they_stand == np.transpose(turned).tolist()


def zone_file(tmp_path: Path, *rows: tuple[str, str, str]) -> str:
    columns = zip(*rows, strict=True)
    pq.write_table(pa.table(dict(zip(("zone", "provider", "region"), columns, strict=True))), tmp_path / "z.parquet")
    return "z.parquet"


def test_cloud_regions_are_looked_up_by_zone_among_those_that_have_prices(tmp_path: Path):
    zones = zone_file(tmp_path, ("A", "p", "a1"), ("A", "q", "c1"), ("B", "p", "b9"), ("B", "p", "b1"))
    assert priced(tmp_path, "ab", zones=zones) == [[0, 0.1], [0.2, 0]]


def test_a_zone_of_several_cloud_regions_needs_the_scenarios_choice(tmp_path: Path):
    zones = zone_file(tmp_path, ("A", "p", "a1"), ("B", "p", "b1"), ("B", "p", "c1"))
    with pytest.raises(InputError, match=r"several cloud regions of p in zone B \(b1, c1\); choose one for b"):
        priced(tmp_path, "ab", zones=zones)
    assert priced(tmp_path, "ab", zones=zones, cloud_regions={"b": "c1"}) == [[0, 0.1], [0.3, 0]]


def test_a_region_without_a_price_and_a_provider_without_rows_are_named(tmp_path: Path):
    with pytest.raises(InputError, match=r"no row from a \(cloud region a1\) to b \(without a cloud region\)"):
        priced(tmp_path, "ab", cloud_regions={"a": "a1"})
    with pytest.raises(InputError, match="no provider 'q'; it has p"):
        priced(tmp_path, "ab", provider="q")


# -- the real files ------------------------------------------------------------------------------

CITIES = {"london": "GB", "frankfurt": "DE", "toronto": "CA-ON", "dallas": "US-TEX-ERCO", "virginia": "US-MIDA-PJM"}


def cities() -> list[Region]:
    server = mock_region().servers
    return [Region(name, zone, "UTC", server, 1.0) for name, zone in CITIES.items()]


@pytest.mark.data
@pytest.mark.skipif(not DATA, reason="CWS_DATA_DIR does not name the real data")
class TestRealFiles:
    def test_googles_round_trips_are_found_by_zone_and_longer_over_the_ocean(self):
        spec = NetworkSpec.model_validate({"rtt": {"file": "network/gcp_rtt_ms.parquet"}})
        rtt_ms = spec.network(cities(), Path(str(DATA))).rtt_s * 1000
        assert rtt_ms[0, 4] == pytest.approx((76 + 81) / 2)  # London to Virginia's and to Ohio's cloud region
        assert rtt_ms[0, 1] < rtt_ms[0, 2] < rtt_ms[0, 3]
        assert (np.abs(rtt_ms - rtt_ms.T) <= 2).all()

    def test_googles_prices_look_transposed_and_amazons_do_not(self):
        clouds = {"gcp": ["europe-west1", "us-east1"], "aws": ["eu-west-2", "us-east-1"]}

        def usd(provider: str, **price: Any) -> list[list[float]]:
            mapped = dict(zip(("london", "virginia"), clouds[provider], strict=True))
            spec = {"file": "network/transfer_price_usd_per_gb.parquet", "provider": provider, "cloud_regions": mapped}
            ends = [cities()[0], cities()[4]]
            return (
                NetworkSpec.model_validate({"price": spec | price}).network(ends, Path(str(DATA))).usd_per_gb.tolist()
            )

        with pytest.raises(InputError, match="look transposed"):
            usd("gcp")
        assert usd("gcp", transposed=True) == [[0, 0.05], [0.02, 0]]
        assert usd("aws") == [[0, 0.02], [0.02, 0]]

    def test_the_file_of_zones_finds_amazons_regions_and_names_what_it_lacks(self):
        price = {
            "file": "network/transfer_price_usd_per_gb.parquet",
            "provider": "aws",
            "zones": "network/zone_to_cloud_region.parquet",
        }
        spec = NetworkSpec.model_validate({"price": price})
        usd = spec.network(cities()[1:4], Path(str(DATA))).usd_per_gb
        assert usd[:, 0].tolist() == [0, 0.02, 0.02]
        with pytest.raises(InputError, match=r"from london \(without a cloud region\) to frankfurt"):
            spec.network(cities(), Path(str(DATA)))
