"""A small neural network (PatchTST, PyTorch, extra `train`): days as patches, on what ridge corrects too.

Nie et al. 2023, "A Time Series is Worth 64 Words": the series is cut into patches, here the seven days of the last
week; each is embedded, a transformer's encoder lets them attend to one another, and one linear map leads from all of
them to all hours ahead. Unlike there, the calendar of the coming week is one more token, patches do not overlap, and
what is learnt is the departure from the usual day.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.forecast.extras import need
from sim.forecast.hourly import (
    LEADS,
    WEEK,
    corrected,
    hours,
    lessons,
    scale_of,
    steps_per_hour,
)
from sim.forecast.ridge import WAVES, known
from sim.units import FloatArray

if TYPE_CHECKING:
    import torch

APART = 1
DAYS = 7
WIDTH, HEADS, LAYERS, DROPOUT = 64, 4, 2, 0.2
EPOCHS, BATCH, RATE, DECAY = 4, 64, 1e-3, 1e-2
"""12 epochs realise 0.2 points more on four grids of 2022, at larger errors and three times the cost."""
SEED = 0
CALENDAR = slice(WEEK, WEEK + 2 * len(WAVES))


@dataclass(frozen=True, eq=False)
class Neural:
    """A network fitted to one series: it corrects the usual day in eased values (see `Ridge`)."""

    network: torch.nn.Module
    scale: FloatArray

    def predict(self, history: FloatArray, step_s: float, steps: int, end_s: FloatArray | float = 0.0) -> FloatArray:
        """Return the next steps, shape (..., steps); beyond four days the usual day. InputError as for ridge."""
        torch = need("torch", "train")

        def correction(week: FloatArray, leads: int) -> FloatArray:
            rows, level = _rows(week, end_s)
            with torch.no_grad():
                found = self.network(torch.from_numpy(rows.reshape(-1, rows.shape[-1]))).numpy()
            return np.asarray(found.reshape(*week.shape[:-1], LEADS)[..., :leads] * level)

        return corrected(history, self.scale, step_s, steps, correction)


def fit_neural(history: FloatArray, step_s: float, end_s: float) -> Neural:
    """Return a network fitted to past values, shape (T,), which end at `end_s`; the same past gives the same one.

    Raises:
        InputError: If PyTorch is not installed, or a step does not divide an hour.
    """
    torch = need("torch", "train")
    hourly = hours(history, steps_per_hour(step_s))
    scale = scale_of(hourly)
    pasts, departures, ends_s = lessons(np.arcsinh(hourly / scale), end_s, APART)
    rows, level = _rows(pasts, ends_s)
    x, y = torch.from_numpy(rows), torch.from_numpy((departures / level).astype(np.float32))
    with _seeded(torch):
        network = _network(torch)
        _train(torch, network, x, y)
    return Neural(network.eval(), scale)


def _rows(week: FloatArray, end_s: FloatArray | float) -> tuple[Any, FloatArray]:
    """Return the network's input, the week in units of its own spread and the calendar, and that spread, (..., 1)."""
    level = week.std(axis=-1, keepdims=True) + 1e-6
    calendar = known(week, end_s)[..., CALENDAR]
    shape = (week - week.mean(axis=-1, keepdims=True)) / level
    return np.concatenate([shape, calendar], axis=-1).astype(np.float32), level


@contextmanager
def _seeded(torch: Any) -> Iterator[None]:
    """Draw from a seed of its own, and leave the caller's generator as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        yield


def _network(torch: Any) -> Any:
    nn = torch.nn

    class PatchTST(nn.Module):  # type: ignore[misc, name-defined]
        """From rows (N, 168 + C) to departures (N, LEADS)."""

        def __init__(self) -> None:
            super().__init__()
            self.day = nn.Linear(WEEK // DAYS, WIDTH)
            self.calendar = nn.Linear(2 * len(WAVES), WIDTH)
            self.place = nn.Parameter(0.02 * torch.randn(DAYS + 1, WIDTH))
            layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 2 * WIDTH, DROPOUT, batch_first=True, norm_first=True)
            self.encoder = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)
            self.head = nn.Sequential(nn.Flatten(), nn.Dropout(DROPOUT), nn.Linear((DAYS + 1) * WIDTH, LEADS))

        def forward(self, rows: Any) -> Any:
            days = self.day(rows[:, :WEEK].reshape(-1, DAYS, WEEK // DAYS))
            tokens = torch.cat([days, self.calendar(rows[:, WEEK:])[:, None]], dim=1) + self.place
            return self.head(self.encoder(tokens))

    return PatchTST()


def _train(torch: Any, network: Any, x: Any, y: Any) -> None:
    """Fit by AdamW to the least absolute error, the rate falling on a cosine."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    batches = [batch for _ in range(EPOCHS) for batch in torch.randperm(len(x)).split(BATCH)]
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, len(batches))
    network.train()
    for batch in batches:
        loss = (network(x[batch]) - y[batch]).abs().mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
