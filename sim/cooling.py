"""PUE from outside temperature and IT load: what cooling and power delivery add to the IT power.

    facility = fixed_share x IT_max + (1 + losses + fans + mech(T) / COP(T)) x IT

The form of the losses (a part that is always there, a part in proportion to the load) follows Pelley, Meisner,
Wenisch and VanGilder, "Understanding and Abstracting Total Data Center Power" (WEED 2009); their quadratic term of the
PDU is left out, so that the facility's power is affine in the IT power. COP(T), the heat that a chiller moves per unit
of its power, is the line of SustainCluster's constants (`hvac_constants_sustaincluster`: base 5 at 25 degC outside,
0.1 less for each degree more). mech(T) is the share of the heat that the chiller moves: none below `free_cooling_c`,
where an economiser does it all, all of it above `full_mechanical_c`, in proportion between (the idea of ASHRAE TC 9.9's
economiser ranges). The shares and the two temperatures are our defaults, not measured: no public source was found that
measures PUE against temperature. Over 2022 they give 1.21 in London to 1.38 in Singapore at half load (docs/world.md),
between Google's best site in Cloud Carbon Footprint's table, 1.07, and the mean of Uptime Institute's survey, 1.55.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from sim.errors import InputError
from sim.units import FloatArray

LEAST_COP = 1.0


@dataclass(frozen=True, slots=True)
class Cooling:
    """A site's cooling and power delivery. Shares are of IT power, temperatures degC."""

    fixed_share: float = 0.03
    losses: float = 0.05
    fans: float = 0.06
    cop_base: float = 5.0
    cop_slope: float = 0.1
    cop_nominal_c: float = 25.0
    free_cooling_c: float = 12.0
    full_mechanical_c: float = 24.0

    def __post_init__(self) -> None:
        """Refuse negative shares, and an economiser that ends before it begins."""
        for field in fields(self)[:4]:
            if getattr(self, field.name) < 0:
                raise InputError(f"cooling.{field.name}: found {getattr(self, field.name):g}, expected at least 0")
        if self.full_mechanical_c <= self.free_cooling_c:
            raise InputError(
                f"cooling.full_mechanical_c: found {self.full_mechanical_c:g}, expected more than free_cooling_c, "
                f"{self.free_cooling_c:g}"
            )

    def fixed_w(self, it_max_w: float) -> float:
        """Return the watts lost whatever the load, for a site of so much IT power at most."""
        return self.fixed_share * it_max_w

    def factor(self, temp_c: FloatArray | float) -> FloatArray:
        """Return facility watts per watt of IT power beyond the fixed losses, at an outside temperature.

        Example:
            At 5 degC the air alone cools: losses and fans remain. At 25 degC the chiller moves all heat, at COP 5:

            >>> Cooling().factor(np.array([5.0, 25.0])).round(3).tolist()
            [1.11, 1.31]
        """
        temp_c = np.asarray(temp_c, dtype=float)
        cop = np.maximum(self.cop_base - self.cop_slope * (temp_c - self.cop_nominal_c), LEAST_COP)
        span_c = self.full_mechanical_c - self.free_cooling_c
        mechanical = np.clip((temp_c - self.free_cooling_c) / span_c, 0.0, 1.0)
        return np.asarray(1.0 + self.losses + self.fans + mechanical / cop)

    def facility_w(self, it_w: FloatArray | float, temp_c: FloatArray | float, it_max_w: float) -> FloatArray:
        """Return the facility's watts; affine in the IT watts."""
        return np.asarray(self.fixed_w(it_max_w) + self.factor(temp_c) * it_w)

    def pue(self, it_w: FloatArray | float, temp_c: FloatArray | float, it_max_w: float) -> FloatArray:
        """Return facility power over IT power (ISO/IEC 30134-2), for a load above 0."""
        return np.asarray(self.facility_w(it_w, temp_c, it_max_w) / it_w)
