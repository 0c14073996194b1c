"""Sites as a scenario file words them: regions, servers, cooling, closures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from sim.cooling import Cooling
from sim.errors import InputError
from sim.model import Closure, PowerSaving, Region, Server
from sim.units import HOUR_S

HOURS_A_YEAR = 8766.0
CURVE_POINTS = 11

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
NotNegative = Annotated[float, Field(allow_inf_nan=False, ge=0)]
Positive = Annotated[float, Field(allow_inf_nan=False, gt=0)]


class Spec(BaseModel):
    """A part of a scenario file; a key that it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CurveFile(Spec):
    """A server's measured curve: a SPECpower file in the data folder, and the system in it."""

    file: str
    system_id: Annotated[int, Field(ge=0)]


class ServerSpec(Spec):
    """A server model and how many of it a region has; watts per server, and per GPU card.

    `curve` holds watts at 0, 10, ..., 100 % load in place of the line from idle to max; `embodied_kg` is spread
    evenly over `lifetime_years`.
    """

    model: str
    count: Annotated[int, Field(ge=1, le=1_000_000)]
    cpus: Positive
    memory_gb: Positive
    idle_w: NotNegative = 0.0
    max_w: Positive = 1.0
    gpus: NotNegative = 0.0
    gpu_idle_w: NotNegative = 0.0
    gpu_max_w: NotNegative = 0.0
    curve: list[NotNegative] | CurveFile | None = None
    embodied_kg: NotNegative = 0.0
    lifetime_years: Positive = 4.0

    @model_validator(mode="after")
    def _idle_below_max(self) -> ServerSpec:
        if self.curve is None and not {"idle_w", "max_w"} <= self.model_fields_set:
            raise ValueError("needs idle_w and max_w, or a curve")
        if self.idle_w > self.max_w or self.gpu_idle_w > self.gpu_max_w:
            raise ValueError("idle watts exceed maximum watts; expected idle <= max")
        if isinstance(self.curve, list) and (len(self.curve) != CURVE_POINTS or sorted(self.curve) != self.curve):
            raise ValueError(f"curve: expected {CURVE_POINTS} watts at 0, 10, ..., 100 % load, none below the last")
        return self

    def server(self, data_dir: Path | None) -> Server:
        """Return the server it describes; a curve file is read from the data folder."""
        curve = self._curve(data_dir)
        return Server(
            self.model,
            self.cpus,
            self.gpus,
            self.memory_gb,
            idle_w=curve[0] if curve else self.idle_w,
            max_w=curve[-1] if curve else self.max_w,
            gpu_idle_w=self.gpu_idle_w,
            gpu_max_w=self.gpu_max_w,
            curve=curve,
            embodied_g_per_h=self.embodied_kg * 1000 / (self.lifetime_years * HOURS_A_YEAR),
        )

    def _curve(self, data_dir: Path | None) -> tuple[float, ...]:
        if isinstance(self.curve, CurveFile):
            return read_curve(need_data_dir(data_dir, "servers") / self.curve.file, self.curve.system_id)
        return tuple(self.curve or ())


def read_curve(path: Path, system_id: int) -> tuple[float, ...]:
    """Return the watts at 0, 10, ..., 100 % load of a system in a file of SPECpower_ssj2008 results.

    Raises:
        InputError: If the file, the system or one of the eleven loads is missing.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; does --data-dir name the right folder?")
    table = pq.read_table(path, columns=["load_pct", "power_w"], filters=[("system_id", "=", system_id)])
    found = dict(zip(table["load_pct"].to_pylist(), table["power_w"].to_pylist(), strict=True))
    wanted = range(0, 101, 10)
    if sorted(found) != list(wanted):
        raise InputError(f"{path}: system_id {system_id} has loads {sorted(found)}, expected 0, 10, ..., 100 %")
    return tuple(float(found[load]) for load in wanted)


class CoolingSpec(Spec):
    """A PUE that depends on outside temperature and load; see `sim.cooling`."""

    fixed_share: NotNegative = 0.03
    losses: NotNegative = 0.05
    fans: NotNegative = 0.06
    cop_base: Positive = 5.0
    cop_slope: NotNegative = 0.1
    cop_nominal_c: float = 25.0
    free_cooling_c: float = 12.0
    full_mechanical_c: float = 24.0


class SavingSpec(Spec):
    """Idle servers go off after so many minutes, and need some to come back."""

    wake_min: NotNegative
    off_after_min: NotNegative


class ClosureSpec(Spec):
    """Servers out of use for some hours from an hour of the scenario on; all of them if `servers` is not given."""

    start_h: NotNegative
    hours: Positive
    servers: Annotated[int, Field(ge=1)] | None = None


class RegionSpec(Spec):
    """A site: its grid zone as Electricity Maps writes it, its servers, and what else is there.

    `maintenance` is known ahead, an outage when it begins; `solar_kw` and `wind_kw` are nameplate power, to which the
    scenario's solar and wind series give the share that is produced. The rent of `reserved_cpus` is prepaid.
    """

    id: Name
    zone: str
    tz: str
    servers: Annotated[list[ServerSpec], Field(min_length=1)]
    pue: Annotated[float, Field(allow_inf_nan=False, ge=1)] = 1.2
    names: list[str] = []
    groups: list[str] = []
    cooling: CoolingSpec | None = None
    saving: SavingSpec | None = None
    maintenance: list[ClosureSpec] = []
    outages: list[ClosureSpec] = []
    solar_kw: NotNegative = 0.0
    wind_kw: NotNegative = 0.0
    usd_per_cpu_h: NotNegative = 0.0
    reserved_cpus: NotNegative = 0.0
    reserved_usd_per_cpu_h: NotNegative = 0.0

    @field_validator("tz")
    @classmethod
    def _known_tz(cls, tz: str) -> str:
        try:
            ZoneInfo(tz)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{tz!r} is no IANA time zone; expected one such as Europe/London") from None
        return tz

    @model_validator(mode="after")
    def _closes_what_it_has(self) -> RegionSpec:
        whole = sum(server.count for server in self.servers)
        for closure in (*self.maintenance, *self.outages):
            if (closure.servers or whole) > whole:
                raise ValueError(f"closes {closure.servers} servers, but has {whole}")
        return self

    def region(self, data_dir: Path | None = None) -> Region:
        """Return the region it describes."""
        saving = self.saving
        return Region(
            self.id,
            self.zone,
            self.tz,
            tuple((s.server(data_dir), s.count) for s in self.servers),
            self.pue,
            tuple(self.names),
            tuple(self.groups),
            cooling=Cooling(**self.cooling.model_dump()) if self.cooling else None,
            saving=PowerSaving(saving.wake_min * 60, saving.off_after_min * 60) if saving else None,
            closures=self._closures(),
            usd_per_cpu_h=self.usd_per_cpu_h,
            reserved_cpus=self.reserved_cpus,
            reserved_usd_per_cpu_h=self.reserved_usd_per_cpu_h,
        )

    def _closures(self) -> tuple[Closure, ...]:
        whole = sum(server.count for server in self.servers)
        return tuple(
            Closure(c.start_h * HOUR_S, (c.start_h + c.hours) * HOUR_S, c.servers or whole, announced)
            for specs, announced in ((self.maintenance, True), (self.outages, False))
            for c in specs
        )


def need_data_dir(data_dir: Path | None, field: str) -> Path:
    """Return the data folder, or say that the scenario needs one."""
    if data_dir is None:
        raise InputError(f"the scenario's {field} name files: give the folder that holds them with --data-dir")
    if not data_dir.is_dir():
        raise InputError(f"--data-dir {data_dir}: no such folder")
    return data_dir
