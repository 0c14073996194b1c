"""The fine-tuning run: a budget of hours, checkpoints, a held-out measure, and the adapter at the end.

Pairs are drawn as they are needed and none is seen twice, so there are no epochs, and no overfitting to a data set.
The learning rate follows the share of the time that is spent, so that a run ends well whatever the machine's speed;
hence two runs on different machines differ, though they see the same pairs.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from agent.llm.weights import verify
from agent.training.lora_gguf import export
from agent.training.lora_model import Learner
from agent.training.pairs import Group, groups
from agent.training.rows import row
from sim.errors import InputError

log = logging.getLogger(__name__)

PAIRS_A_GROUP = 8
HELD_OUT_SEED = 10**6
HELD_OUT_GROUPS = 24
LOG_EVERY = 10


@dataclass(frozen=True)
class Settings:
    """What a run is told: folder, hours, seed; rows a step; learning rate; threads; seconds between checkpoints.

    `start` is the safetensors file of an adapter to go on from, with a seed of its own; None begins anew.
    """

    out: Path
    hours: float
    seed: int = 0
    rows_a_step: int = 1
    rate: float = 7e-4
    warm_up: float = 0.03
    clip: float = 1.0
    threads: int = 2
    checkpoint_s: float = 600.0
    start: Path | None = None


@dataclass
class Progress:
    """How far a run has come; kept in its checkpoints. `learning_s` leaves out measuring and saving."""

    step: int = 0
    groups: int = 0
    tokens: int = 0
    elapsed_s: float = 0.0
    learning_s: float = 0.0


def tune(settings: Settings, *, resume: bool = False, clock: Callable[[], float] = time.monotonic) -> Path:
    """Train until the hours are spent, and return the GGUF adapter `adapter.gguf` in the folder `out`.

    Beside it are `adapter_model.safetensors` and `adapter_config.json` (which peft and vLLM load), `checkpoint.pt` and
    `log.jsonl`: a line every ten steps and at each measure.

    Raises:
        InputError: If the weights are missing, the folder holds another run, or there is nothing to resume.
    """
    _check_folder(settings.out, resume=resume)
    torch.set_num_threads(settings.threads)
    run = Run(settings, Learner(verify(), settings.seed), clock)
    if resume:
        run.restore()
    elif settings.start:
        run.learner.load(settings.start)
    run.train()
    return run.finish()


def rate_at(spent: float, settings: Settings) -> float:
    """Return the learning rate when a share of the hours is spent: up in a line, then down a cosine to a fiftieth."""
    if spent < settings.warm_up:
        return settings.rate * max(spent / settings.warm_up, 0.02)
    along = min(1.0, (spent - settings.warm_up) / (1 - settings.warm_up))
    return settings.rate * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * along)))


class Run:
    """One run: the learner, its optimiser, and how far they have come."""

    def __init__(self, settings: Settings, learner: Learner, clock: Callable[[], float]) -> None:
        self.settings, self.learner, self.clock = settings, learner, clock
        self.progress = Progress()
        self.optimizer = torch.optim.AdamW(learner.parameters, lr=settings.rate, weight_decay=0.0)
        self.held_out = list(islice(groups(HELD_OUT_SEED + settings.seed, PAIRS_A_GROUP), HELD_OUT_GROUPS))
        self._saved_s = 0.0

    @property
    def spent(self) -> float:
        """The share of the hours that is spent."""
        return self.progress.elapsed_s / (3600 * self.settings.hours)

    def train(self) -> None:
        """Take steps until the hours are spent."""
        drawn = groups(self.settings.seed, PAIRS_A_GROUP, first=self.progress.groups)
        before, losses = self.clock(), []
        self._saved_s = self.progress.elapsed_s
        self._measure()
        while self.spent < 1:
            begun = self.clock()
            losses.append(self._step(drawn))
            now = self.clock()
            self.progress.learning_s += now - begun
            self.progress.elapsed_s += now - before
            before = now
            if self.progress.step % LOG_EVERY == 0:
                self._note(loss=sum(losses) / len(losses))
                losses = []
            if self.progress.elapsed_s - self._saved_s > self.settings.checkpoint_s:
                self._measure()
                self.save()

    def _step(self, drawn: Iterator[Group]) -> float:
        """Learn from a few rows, and return the mean loss of a token."""
        for group_ in self.optimizer.param_groups:
            group_["lr"] = rate_at(self.spent, self.settings)
        rows = [row(group, self.learner.tokenize) for group in islice(drawn, self.settings.rows_a_step)]
        targets = sum(len(one.target) for one in rows)
        total = 0.0
        for one in rows:
            loss = self.learner.learn(one).loss
            (loss / targets).backward()
            total += float(loss.detach())
        torch.nn.utils.clip_grad_norm_(self.learner.parameters, self.settings.clip)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.progress.step += 1
        self.progress.groups += len(rows)
        self.progress.tokens += sum(len(one.tokens) for one in rows)
        return total / targets

    def _measure(self) -> None:
        """Note the loss and the share of exact answers on pairs that are never learnt."""
        loss, tokens, exact = 0.0, 0, {"rules": [0, 0], "hints": [0, 0]}
        with torch.no_grad():
            for group in self.held_out:
                learned = self.learner.learn(row(group, self.learner.tokenize))
                loss, tokens = loss + float(learned.loss), tokens + learned.tokens
                exact[group.task][0] += learned.exact
                exact[group.task][1] += len(group.pairs)
        shares = {f"exact_{task}": right / max(1, among) for task, (right, among) in exact.items()}
        self._note(held_out_loss=loss / tokens, **shares)

    def _note(self, **found: float) -> None:
        progress = self.progress
        line = {
            "step": progress.step,
            "elapsed_s": round(progress.elapsed_s, 1),
            "pairs": progress.groups * PAIRS_A_GROUP,
            "tokens": progress.tokens,
            "tokens_per_s": round(progress.tokens / max(progress.learning_s, 1e-9), 1),
            "rate": rate_at(self.spent, self.settings),
            **{name: round(value, 5) for name, value in found.items()},
        }
        with (self.settings.out / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        log.info("%s", json.dumps(line))

    def save(self) -> None:
        """Write a checkpoint and the adapter; a crash leaves the old one or the new one, never half of one."""
        state = {
            "seed": self.settings.seed,
            "progress": self.progress.__dict__,
            "adapter": self.learner.state(),
            "optimizer": self.optimizer.state_dict(),
        }
        path = self.settings.out / "checkpoint.pt"
        torch.save(state, path.with_suffix(".tmp"))
        path.with_suffix(".tmp").replace(path)
        self.learner.save(self.settings.out / "adapter_model.safetensors")
        self._saved_s = self.progress.elapsed_s

    def restore(self) -> None:
        """Go back to the checkpoint.

        Raises:
            InputError: If it was trained on pairs of another seed.
        """
        state: dict[str, Any] = torch.load(self.settings.out / "checkpoint.pt", weights_only=True)
        if state["seed"] != self.settings.seed:
            raise InputError(f"{self.settings.out} was trained with seed {state['seed']}, not {self.settings.seed}")
        self.progress = Progress(**state["progress"])
        self.learner.restore(state["adapter"])
        self.optimizer.load_state_dict(state["optimizer"])

    def finish(self) -> Path:
        """Measure, save and export, and return the path of the GGUF adapter."""
        self._measure()
        self.save()
        return export(self.settings.out / "adapter_model.safetensors", self.settings.out / "adapter.gguf")


def _check_folder(out: Path, *, resume: bool) -> None:
    there = (out / "checkpoint.pt").exists()
    if resume and not there:
        raise InputError(f"{out}: there is no checkpoint.pt to resume from")
    if there and not resume:
        raise InputError(f"{out} holds a run already: add --resume to go on with it, or name another folder")
    out.mkdir(parents=True, exist_ok=True)
