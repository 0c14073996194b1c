"""Scenarios: one YAML file, one Pydantic model, unknown keys refused; and the world that it describes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import yaml
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from sim import synthetic
from sim.demand import ServiceSpec, Span
from sim.errors import InputError
from sim.forecast import FORECASTERS, FadingProfile, Forecaster, Models, SeasonalNaive
from sim.forecast.fitting import FittedLater
from sim.forecast.registry import DEFAULT
from sim.foresight import Foretold
from sim.links import NetworkSpec
from sim.model import Region
from sim.services import Service
from sim.signals import Bundle, Signal, SignalFile
from sim.sites import Name, NotNegative, Positive, RegionSpec, Spec, need_data_dir
from sim.units import DAY_S, HOUR_S, MINUTE_S, W_PER_KW
from sim.workload import build_workload
from sim.workload_spec import WorkloadSpec
from sim.world import Accounting, World

_FORECAST_ERRORS = 0xF0CA
"""Sets the random stream of forecast errors apart from that of the jobs."""
HISTORY_DAYS = 7
"""Days of each series before the start that forecasters may learn from."""


Seed = Annotated[int, Field(ge=0)]


def _is_text(value: Any) -> Any:
    if not isinstance(value, str | datetime):
        raise ValueError("expected a moment such as 2022-03-07T00:00:00Z")  # noqa: TRY004 - Pydantic wants ValueError
    return value


def _in_calendar(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"expected its time zone too: {moment.isoformat()}Z if it is in UTC")
    if not 1970 <= moment.year <= 2100:
        raise ValueError("expected a year from 1970 to 2100")
    return moment


class SeriesSpec(Spec):
    """A Parquet file in the data folder, and the column to read."""

    file: str
    column: str


class ShareSpec(SeriesSpec):
    """A series of production; `full` is the value that counts as nameplate power."""

    full: Positive


class FileSignals(Spec):
    """Signals from Parquet files in `--data-dir`; the last three only where a region needs them."""

    kind: Literal["files"]
    carbon: SeriesSpec
    price: SeriesSpec | Literal["none"] = "none"
    temperature: SeriesSpec | None = None
    solar: ShareSpec | None = None
    wind: ShareSpec | None = None


class SyntheticSignals(Spec):
    """Signals from the bundled generator."""

    kind: Literal["synthetic"]
    seed: Seed


class ForecastSpec(Spec):
    """Which model forecasts carbon intensity and price (see `sim.forecast`); `perfect` tells schedulers the truth.

    `default` is ridge, fitted to the year before the start; where a file has too little of it, `fading-profile`; and
    yesterday's profile for generated signals, which have no past.
    `error` goes with `perfect`: the standard deviation of what is told, as a share of each zone's mean intensity.
    """

    model: Literal[
        "default", "persistence", "seasonal-naive", "similar-day", "fading-profile", "ridge", "ensemble", "perfect"
    ] = "default"
    error: NotNegative = 0.0

    @model_validator(mode="after")
    def _error_needs_the_truth(self) -> ForecastSpec:
        if self.error and self.model != "perfect":
            raise ValueError("error is put on the truth: it goes with model perfect; a forecaster makes its own")
        return self


class AccountingSpec(Spec):
    """What the totals count, and which signal `signals` names (recorded, never mixed)."""

    signal: Literal["average", "marginal"] = "average"
    scope: Literal["direct", "lifecycle"] = "lifecycle"
    idle: bool = True
    embodied: bool = True
    transfer: bool = True
    llm: bool = True
    llm_w: Annotated[float, Field(allow_inf_nan=False, ge=0)] = 30.0
    llm_region: str | None = None


class ObjectiveSpec(Spec):
    """What the agent minimises: carbon_g + usd_weight_g x USD + delay_weight_g x hours + late_weight_g x late jobs.

    The weights are in grams of CO2-eq per unit, so that the sum is in grams.
    """

    usd_weight_g: Annotated[float, Field(allow_inf_nan=False, ge=0)] = 0.0
    delay_weight_g: Annotated[float, Field(allow_inf_nan=False, ge=0)] = 0.0
    late_weight_g: Annotated[float, Field(allow_inf_nan=False, ge=0)] = 1e6


class Scenario(Spec):
    """A scenario file. `days` is the span in which jobs arrive; `drain_days` more are left to finish them.

    Decisions fall on epochs, and with `decide: arrivals` on each submission too.
    """

    name: Name
    start: Annotated[datetime, BeforeValidator(_is_text), AfterValidator(_in_calendar)]
    days: Annotated[float, Field(allow_inf_nan=False, gt=0, le=366)]
    drain_days: Annotated[float, Field(allow_inf_nan=False, ge=0, le=60)] = 5.0
    epoch_min: Annotated[float, Field(allow_inf_nan=False, gt=0, le=1440)] = 15.0
    decide: Literal["epochs", "arrivals"] = "epochs"
    regions: Annotated[list[RegionSpec], Field(min_length=1)]
    network: NetworkSpec | None = None
    services: list[ServiceSpec] = Field(default_factory=list)
    workload: WorkloadSpec
    signals: Annotated[FileSignals | SyntheticSignals, Field(discriminator="kind")]
    forecast: ForecastSpec = ForecastSpec()
    accounting: AccountingSpec = AccountingSpec()
    objective: ObjectiveSpec = ObjectiveSpec()
    policies: list[str] = Field(default_factory=list)
    seed: Seed = 0

    @field_validator("epoch_min")
    @classmethod
    def _whole_seconds(cls, epoch_min: float) -> float:
        if abs(epoch_min * MINUTE_S - round(epoch_min * MINUTE_S)) > 1e-9:
            raise ValueError("epochs are not whole seconds; expected such as 15 or 0.5")
        return epoch_min

    @model_validator(mode="after")
    def _distinct_regions(self) -> Scenario:
        ids = [region.id for region in self.regions]
        doubled = sorted({i for i in ids if ids.count(i) > 1})
        if doubled:
            raise ValueError(f"regions: id {doubled[0]!r} stands twice; expected distinct ids")
        if self.accounting.llm_region not in (None, *ids):
            found = self.accounting.llm_region
            raise ValueError(f"accounting.llm_region: found {found!r}, expected a region: {', '.join(ids)}")
        return self

    def shortened(self, days: float) -> Scenario:
        """Return the scenario cut to fewer days, its jobs in proportion. Raises InputError if `days` is not fewer."""
        if not 0 < days <= self.days:
            raise InputError(f"--days {days:g}: {self.name} has {self.days:g} days; expected more than 0, at most that")
        count = max(1, round(self.workload.count * days / self.days))
        return self.model_copy(update={"days": days, "workload": self.workload.model_copy(update={"count": count})})

    @property
    def start_utc(self) -> datetime:
        """The start in UTC."""
        return self.start.astimezone(UTC)

    @property
    def sha256(self) -> str:
        """The hash of the whole, resolved scenario."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def scenario_file(path: str | Path) -> Path:
    """Return the scenario file at a path, or the bundled one of that name (`demo`).

    Raises:
        InputError: If there is neither.
    """
    source, bundled = Path(path), bundled_scenarios()
    if not source.is_file() and str(path) in bundled:
        return bundled[str(path)]
    if not source.is_file():
        raise InputError(f"{path}: no such scenario file; bundled ones are {', '.join(sorted(bundled))}")
    return source


def bundled_scenarios() -> dict[str, Path]:
    """Return the scenario files that come with the package, by name."""
    return {file.stem: file for file in Path(str(resources.files("sim") / "scenarios")).glob("*.yaml")}


def load_scenario(path: str | Path) -> Scenario:
    """Return the scenario of a YAML file, or of a bundled one by its name.

    Raises:
        InputError: If there is no such file, or a field is missing, unknown or wrong: names file and field.
    """
    source = scenario_file(path)
    return parse_scenario(read_yaml(source), str(source))


def read_yaml(path: Path) -> Any:
    """Return what a YAML file holds. Raises InputError if it is none, or a key stands twice."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a YAML file ({' '.join(str(error).split())})") from None


class _Loader(yaml.SafeLoader):
    """Reads YAML safely and refuses a key that stands twice, of which the last would win in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return the mapping of a node."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != MERGE]
        doubled = next((key for n, key in enumerate(keys) if key in keys[:n]), None)
        if doubled is not None:
            raise yaml.constructor.ConstructorError(None, None, f"key {doubled!r} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


MERGE = "tag:yaml.org,2002:merge"


def parse_scenario(content: Any, source: str) -> Scenario:
    """Return the scenario of a parsed mapping; `source` is the file that an error names."""
    if not isinstance(content, dict):
        raise InputError(f"{source}: found {type(content).__name__}, expected a mapping of scenario fields")
    try:
        return Scenario.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{source}: {first_error(error)}") from None


def first_error(error: ValidationError) -> str:
    """Return the first of Pydantic's complaints on one line: field, what was found, what was expected."""
    detail = error.errors(include_url=False)[0]
    # Pydantic names the branch of a union too: that is no key of the file
    field = ".".join(str(part) for part in detail["loc"] if not _is_branch(part)) or "(whole)"
    if detail["type"] == "extra_forbidden":
        return f"unknown key {field!r}; remove it or mend its spelling"
    if detail["type"] == "missing":
        return f"field {field!r} is missing"
    said = detail["msg"].removeprefix("Value error, ")
    if isinstance(detail["input"], dict | list):
        return f"field {field!r}: {said}"
    given = detail["input"]
    found = given.isoformat() if isinstance(given, date) else repr(given)[:60]  # YAML makes a date of what looks so
    return f"field {field!r}: found {found}, {said}"


def _is_branch(part: str | int) -> bool:
    return isinstance(part, str) and (
        part in ("synthetic", "trace", "graphs", "files") or "[" in part or part.startswith("constrained")
    )


def build_world(scenario: Scenario, data_dir: Path | None) -> World:
    """Return the world of a scenario; `data_dir` holds the Parquet files that it names, if any.

    Raises:
        InputError: If data is missing, incomplete or unfit: names file, field, found, expected.
    """
    regions = tuple(spec.region(data_dir) for spec in scenario.regions)
    horizon_s = (scenario.days + scenario.drain_days) * DAY_S
    rng = np.random.default_rng(scenario.seed)
    intensity, price = _signals(scenario, regions, horizon_s, data_dir)
    temperature = _temperatures(scenario, regions, horizon_s, data_dir)
    onsite = _onsite(scenario, regions, horizon_s, data_dir)
    return World(
        start=scenario.start_utc,
        epoch_s=float(round(scenario.epoch_min * MINUTE_S)),
        horizon_s=horizon_s,
        regions=regions,
        workload=build_workload(scenario.workload, scenario.start_utc, scenario.days * DAY_S, regions, rng, data_dir),
        intensity=intensity,
        price=price,
        forecaster=_forecaster(scenario),
        fitted=_fitted(scenario, regions, data_dir),
        accounting=Accounting(**scenario.accounting.model_dump(exclude={"signal", "scope"})),
        temperature=temperature,
        onsite=onsite,
        network=scenario.network.network(regions, data_dir) if scenario.network else None,
        services=_services(scenario, regions, horizon_s, data_dir),
        at_arrivals=scenario.decide == "arrivals",
        foretold=_foretold(scenario, intensity, price, temperature, onsite),
    )


def _forecaster(scenario: Scenario) -> Forecaster:
    """Return what needs no fitting: the model itself, or what stands beside one that is fitted."""
    name, generated = scenario.forecast.model, isinstance(scenario.signals, SyntheticSignals)
    if name == "perfect" or (name == DEFAULT and generated):
        return SeasonalNaive()
    return FORECASTERS.get(name, FadingProfile)()


def _fitted(scenario: Scenario, regions: tuple[Region, ...], data_dir: Path | None) -> Models | None:
    """Return the models that learn from the files' past; generated signals have none."""
    name, signals = scenario.forecast.model, scenario.signals
    if name == "perfect" or name in FORECASTERS or isinstance(signals, SyntheticSignals):
        if name in ("ridge", "ensemble"):
            raise InputError(f"forecast.model {name} learns from the past of files; generated signals have none")
        return None
    folder, zones = need_data_dir(data_dir, "signals"), tuple(region.zone for region in regions)
    carbon = SignalFile(folder / signals.carbon.file, signals.carbon.column, "gCO2eq/kWh")
    intensity = FittedLater(name, carbon, zones, scenario.start_utc)
    if name != DEFAULT:
        intensity.model  # noqa: B018 - a past that is too short is an error of the scenario, not of the run
    if isinstance(signals.price, str):
        return Models(intensity, FadingProfile())
    prices = SignalFile(folder / signals.price.file, signals.price.column, "USD/MWh")
    return Models(intensity, FittedLater(DEFAULT, prices, zones, scenario.start_utc))


def _foretold(
    scenario: Scenario,
    intensity: tuple[Signal, ...],
    price: tuple[Signal, ...],
    temperature: tuple[Signal | None, ...],
    onsite: tuple[Signal | None, ...],
) -> Foretold | None:
    """Return what schedulers are told in place of forecasts, if the scenario wants it; errors come from its seed."""
    if scenario.forecast.model != "perfect":
        return None
    rng = np.random.default_rng([scenario.seed, _FORECAST_ERRORS])
    missing = (None,) * len(intensity)
    return Foretold.of(
        intensity, price, temperature or missing, onsite or missing, error=scenario.forecast.error, rng=rng
    )


def _services(
    scenario: Scenario, regions: tuple[Region, ...], horizon_s: float, data_dir: Path | None
) -> tuple[Service, ...]:
    span = Span(scenario.start_utc, -HISTORY_DAYS * DAY_S, horizon_s)
    return tuple(spec.service(regions, span, data_dir) for spec in scenario.services)


def _temperatures(
    scenario: Scenario, regions: tuple[Region, ...], horizon_s: float, data_dir: Path | None
) -> tuple[Signal | None, ...]:
    """Return the outside temperature of each region whose cooling depends on it."""
    spec: SeriesSpec | None = getattr(scenario.signals, "temperature", None)
    if not any(region.cooling for region in regions):
        return ()
    if spec is None:
        raise InputError("a region has `cooling`, but signals.temperature names no series; give one")
    return tuple(_series(spec, "degC", region, scenario, horizon_s, data_dir) if region.cooling else None
                 for region in regions)  # fmt: skip


def _onsite(
    scenario: Scenario, regions: tuple[Region, ...], horizon_s: float, data_dir: Path | None
) -> tuple[Signal | None, ...]:
    """Return the on-site power of each region, W: nameplate x share produced, solar and wind together."""
    return tuple(
        _site_power(spec, region, scenario, horizon_s, data_dir)
        for spec, region in zip(scenario.regions, regions, strict=True)
    )


def _site_power(
    site: RegionSpec, region: Region, scenario: Scenario, horizon_s: float, data_dir: Path | None
) -> Signal | None:
    parts = []
    for name, kw in (("solar", site.solar_kw), ("wind", site.wind_kw)):
        spec: ShareSpec | None = getattr(scenario.signals, name, None)
        if kw and spec is None:
            raise InputError(f"region {site.id} has {name}_kw, but signals.{name} names no series; give one")
        if kw and spec:
            share = _series(spec, "W", region, scenario, horizon_s, data_dir)
            parts.append(replace(share, values=np.clip(share.values / spec.full, 0.0, None) * kw * W_PER_KW))
    if not parts:
        return None
    together = Bundle.of(parts)
    origins = tuple(origin for part in parts for origin in part.origins)
    return Signal(region.zone, "W", together.start_s, together.step_s, together.values.sum(axis=0), origins=origins)


def _series(
    spec: SeriesSpec, unit: str, region: Region, scenario: Scenario, horizon_s: float, data_dir: Path | None
) -> Signal:
    file = SignalFile(need_data_dir(data_dir, "signals") / spec.file, spec.column, unit)
    signal = file.read(region.zone, scenario.start_utc, -HISTORY_DAYS * DAY_S, horizon_s)
    # as the scenario names it: where the data folder lies is nobody's concern
    return replace(signal, origins=tuple(replace(origin, file=spec.file) for origin in signal.origins))


def _signals(
    scenario: Scenario,
    regions: tuple[Region, ...],
    horizon_s: float,
    data_dir: Path | None,
) -> tuple[tuple[Signal, ...], tuple[Signal, ...]]:
    """Return intensity and price of every region from HISTORY_DAYS before the start to the horizon."""
    first_s = -HISTORY_DAYS * DAY_S
    if isinstance(scenario.signals, SyntheticSignals):
        return _synthetic(scenario.signals.seed, scenario.start_utc, regions, first_s, horizon_s)
    carbon, price = scenario.signals.carbon, scenario.signals.price
    intensity = tuple(_series(carbon, "gCO2eq/kWh", region, scenario, horizon_s, data_dir) for region in regions)
    if isinstance(price, str):
        free = (replace(one, unit="USD/MWh", values=np.zeros_like(one.values), origins=()) for one in intensity)
        return intensity, tuple(free)
    return intensity, tuple(_series(price, "USD/MWh", region, scenario, horizon_s, data_dir) for region in regions)


def _synthetic(
    seed: int, start: datetime, regions: tuple[Region, ...], first_s: float, horizon_s: float
) -> tuple[tuple[Signal, ...], tuple[Signal, ...]]:
    hours = int(np.ceil((horizon_s - first_s) / HOUR_S))
    begin = datetime.fromtimestamp(start.timestamp() + first_s, tz=UTC)
    made = [
        tuple(
            Signal(zone, unit, first_s, HOUR_S, draw(zone, begin, hours, np.random.default_rng([seed, kind, r])))
            for r, zone in enumerate(region.zone for region in regions)
        )
        for kind, (unit, draw) in enumerate((("gCO2eq/kWh", synthetic.intensity), ("USD/MWh", synthetic.price)))
    ]
    return made[0], made[1]
