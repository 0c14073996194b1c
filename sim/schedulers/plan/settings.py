"""What can be set of `plan`; as it stands, it is what the registry's `plan` does."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sim.jobs import NUMBERS, Jobs
from sim.schedulers.plan.outlook import RISK
from sim.schedulers.plan.reserve import SPARE
from sim.view import View

_DEADLINE = NUMBERS.index("deadline_s")


@dataclass(frozen=True)
class Settings:
    """One way to plan.

    Attributes:
        risk: Standard deviations of the forecast's error that are added to it, where the run forecasts by yesterday's
            profile: a cleaner hour to come must be cleaner by so much.
        spare: What is held back for jobs to come, as a share of what is expected of them.
        usd_weight_g: Grams that a dollar of energy counts.
        haste: The share of each pending job's slack that is left unused.
    """

    risk: float = RISK
    spare: float = SPARE
    usd_weight_g: float = 0.0
    haste: float = 0.0


USUAL = Settings()


def hurried(view: View, haste: float) -> View:
    """Return the view with pending jobs due sooner: by a share of the time to their last start in time."""
    jobs = view.pending
    slack_s = np.maximum(jobs.latest_start_s - view.now_s, 0.0)
    numbers = jobs.numbers.copy()
    numbers[_DEADLINE] -= haste * slack_s
    sooner = Jobs(jobs.positions, numbers, jobs.home, jobs.trait, jobs.homes, jobs.traits, jobs.id_of, jobs.particulars)
    return replace(view, pending=sooner)
