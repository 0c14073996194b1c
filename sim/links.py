"""The network between regions as a scenario words it: one figure for all links, a file of measured pairs, exceptions.

Files of pairs are directed, a row from a source to a destination. A pair that the file lacks is an error that names it,
unless the scenario gives that link itself: nothing is filled in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field, model_validator

from sim.errors import InputError
from sim.model import Region
from sim.names import near_or_known
from sim.network import KWH_PER_GB, Network
from sim.sites import Name, NotNegative, Positive, Spec, need_data_dir
from sim.tables import Text, read_columns
from sim.units import BoolArray, FloatArray

RTT_MS, USD_PER_GB = 80.0, 0.02


class LinkSpec(Spec):
    """A link between two regions, both ways; what is not given is as the network's rest."""

    between: Annotated[list[Name], Field(min_length=2, max_length=2)]
    rtt_ms: NotNegative | None = None
    mbps: Positive | None = None
    kwh_per_gb: NotNegative | None = None
    usd_per_gb: NotNegative | None = None


class RttFile(Spec):
    """Measured round trips: a file of `src_region, dst_region, src_zone, dst_zone, rtt_ms`.

    A region is found by its cloud region if `cloud_regions` has one for it, else by its grid zone. Where several cloud
    regions lie in a zone, the mean of their rows is taken.
    """

    file: str
    cloud_regions: dict[Name, str] = Field(default_factory=dict)

    def read_ms(self, regions: Sequence[Region], data_dir: Path) -> _Pairs:
        """Return milliseconds between each two regions."""
        path = data_dir / self.file
        rows = read_columns(path, text=("src_region", "dst_region", "src_zone", "dst_zone"), numbers=("rtt_ms",))
        clouds = _mapped(self.cloud_regions, regions, {*rows["src_region"], *rows["dst_region"]}, path, "network.rtt")
        places = [("region", clouds[r.id]) if r.id in clouds else ("zone", r.zone) for r in regions]
        leave, arrive = (np.array([rows[f"{end}_{of}"] == name for of, name in places]) for end in ("src", "dst"))
        names = [f"{'cloud region' if of == 'region' else 'zone'} {name}" for of, name in places]
        return _Pairs(path, _means(rows["rtt_ms"], leave, arrive), names)


class PriceFile(Spec):
    """List prices of transfers: a file of `provider, src_region, dst_region, usd_per_gb`, of which the source pays.

    Each region's cloud region is given in `cloud_regions`, or looked up by its grid zone in `zones`, a file of
    `zone, provider, region`. `transposed` says that the provider's prices stand under the wrong end; it must be given
    where they look like it: one price for each destination, whatever the source.
    """

    file: str
    provider: str
    cloud_regions: dict[Name, str] = Field(default_factory=dict)
    zones: str | None = None
    transposed: bool | None = None

    def read_usd(self, regions: Sequence[Region], data_dir: Path) -> _Pairs:
        """Return USD per GB from each region to each."""
        path = data_dir / self.file
        rows = read_columns(path, text=("provider", "src_region", "dst_region"), numbers=("usd_per_gb",))
        rows = _of_provider(rows, self.provider, path)
        src, dst, price = rows["src_region"], rows["dst_region"], rows["usd_per_gb"]
        if self.transposed is None and _looks_transposed(src, dst, price):
            raise InputError(
                f"network.price: {path} has one price for each destination of {self.provider}, whatever the source; "
                "the source pays, so these look transposed: say `transposed: true` to turn them, or false to take them "
                "as they stand"
            )
        if self.transposed:
            src, dst = dst, src
        clouds = _mapped(self.cloud_regions, regions, {*src, *dst}, path, "network.price")
        if self.zones:
            clouds = self._looked_up(regions, data_dir / self.zones, {*src, *dst}) | clouds
        leave, arrive = (np.array([end == clouds.get(r.id) for r in regions]) for end in (src, dst))
        names = [f"cloud region {clouds[r.id]}" if r.id in clouds else "without a cloud region" for r in regions]
        return _Pairs(path, _means(price, leave, arrive), names)

    def _looked_up(self, regions: Sequence[Region], path: Path, known: set[str]) -> dict[str, str]:
        """Return the cloud region of each region's zone, of those that have prices. Raises InputError if two do."""
        rows = _of_provider(read_columns(path, text=("zone", "provider", "region")), self.provider, path)
        found: dict[str, str] = {}
        for region in regions:
            candidates = sorted({*rows["region"][rows["zone"] == region.zone]} & known)
            if len(candidates) > 1 and region.id not in self.cloud_regions:
                raise InputError(
                    f"network.price: {path} has several cloud regions of {self.provider} in zone {region.zone} "
                    f"({', '.join(candidates)}); choose one for {region.id} under network.price.cloud_regions"
                )
            found.update((region.id, name) for name in candidates)
        return found


class NetworkSpec(Spec):
    """What moving data between regions takes: every link alike, or as measured and priced in files; then `links`.

    `rtt_ms` and `usd_per_gb` are 80 and 0.02 if neither they nor a file is given.
    """

    rtt_ms: NotNegative | None = None
    mbps: Positive = 1000.0
    kwh_per_gb: NotNegative = KWH_PER_GB
    usd_per_gb: NotNegative | None = None
    rtt: RttFile | None = None
    price: PriceFile | None = None
    links: list[LinkSpec] = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_of_the_two(self) -> NetworkSpec:
        for number, file in (("rtt_ms", "rtt"), ("usd_per_gb", "price")):
            if getattr(self, number) is not None and getattr(self, file):
                raise ValueError(f"has both {number} and {file}; expected one of them")
        return self

    def network(self, regions: Sequence[Region], data_dir: Path | None = None) -> Network:
        """Return the network between these regions.

        Raises:
            InputError: If a link names another region, or a file is unfit or lacks a pair that no link gives.
        """
        made = Network.uniform(
            len(regions),
            rtt_s=(RTT_MS if self.rtt_ms is None else self.rtt_ms) / 1000,
            throughput_bps=self.mbps * 1e6,
            energy_kwh_per_gb=self.kwh_per_gb,
            usd_per_gb=USD_PER_GB if self.usd_per_gb is None else self.usd_per_gb,
        )
        matrices = {name: values.copy() for name, values in asdict(made).items()}
        files = self._files(regions, data_dir)
        matrices |= {_MATRIX[field][0]: pairs.values * _MATRIX[field][1] for field, pairs in files.items()}
        self._put_links(matrices, [region.id for region in regions])
        for field, pairs in files.items():
            pairs.check(matrices[_MATRIX[field][0]], field, [region.id for region in regions])
        return Network(**matrices)

    def _files(self, regions: Sequence[Region], data_dir: Path | None) -> dict[str, _Pairs]:
        """Return what is read from files, by the field of a link that it stands for."""
        found = {}
        if self.rtt:
            found["rtt_ms"] = self.rtt.read_ms(regions, need_data_dir(data_dir, "links"))
        if self.price:
            found["usd_per_gb"] = self.price.read_usd(regions, need_data_dir(data_dir, "links"))
        return found

    def _put_links(self, matrices: dict[str, FloatArray], ids: list[str]) -> None:
        for link in self.links:
            strange = [name for name in link.between if name not in ids]
            if strange:
                raise InputError(f"network.links: no region {strange[0]!r}; regions are {', '.join(ids)}")
            a, b = (ids.index(name) for name in link.between)
            for field, (name, factor) in _MATRIX.items():
                value = getattr(link, field)
                if value is not None:
                    matrices[name][[a, b], [b, a]] = value * factor


_MATRIX = {
    "rtt_ms": ("rtt_s", 1e-3),
    "mbps": ("throughput_bps", 1e6),
    "kwh_per_gb": ("energy_kwh_per_gb", 1.0),
    "usd_per_gb": ("usd_per_gb", 1.0),
}
"""Each field of a link: the network's matrix that it belongs to, and the factor to that one's unit."""


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Values between R regions as a file has them, shape (R, R), NaN where it has none; and each region's place."""

    path: Path
    values: FloatArray
    places: list[str]

    def check(self, matrix: FloatArray, field: str, ids: list[str]) -> None:
        """Refuse the first pair that neither the file nor a link gives."""
        for a, b in np.argwhere(np.isnan(matrix)).tolist():
            raise InputError(
                f"{self.path}: no row from {ids[a]} ({self.places[a]}) to {ids[b]} ({self.places[b]}); give cloud "
                f"regions that it has under cloud_regions, or this link's {field} under network.links"
            )


def _means(values: FloatArray, leave: BoolArray, arrive: BoolArray) -> FloatArray:
    """Return the mean of the rows that leave one region and arrive at another, shape (R, R); staying is 0.

    `leave` and `arrive` have shape (R, rows).
    """
    counts = leave.astype(float) @ arrive.T
    sums = (leave * values) @ arrive.T
    means: FloatArray = np.divide(sums, counts, out=np.full(counts.shape, np.nan), where=counts > 0)
    np.fill_diagonal(means, 0.0)
    return means


def _looks_transposed(src: Text, dst: Text, price: FloatArray) -> bool:
    """Return whether each destination has one price from everywhere, while a source has several."""
    away = src != dst

    def several(end: Text) -> bool:
        return any(len(np.unique(price[away & (end == name)])) > 1 for name in np.unique(end))

    return several(src) and not several(dst)


def _mapped(
    given: dict[str, str], regions: Sequence[Region], known: set[str], path: Path, where: str
) -> dict[str, str]:
    """Return the cloud regions as given. Raises InputError if the scenario or the file lacks one."""
    ids = [region.id for region in regions]
    for region, cloud in given.items():
        if region not in ids:
            raise InputError(f"{where}.cloud_regions: no region {region!r}; regions are {', '.join(ids)}")
        if cloud not in known:
            raise InputError(f"{where}.cloud_regions: {path} has no {cloud!r}; {near_or_known(cloud, sorted(known))}")
    return dict(given)


def _of_provider(rows: dict[str, Any], provider: str, path: Path) -> dict[str, Any]:
    chosen = rows["provider"] == provider
    if not chosen.any():
        known = ", ".join(sorted(set(rows["provider"])))
        raise InputError(f"{path}: no provider {provider!r}; it has {known}")
    return {name: values[chosen] for name, values in rows.items()}
