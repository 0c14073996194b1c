"""A small run, made by hand: 8 epochs of an hour, 3 regions, the same every time."""

from __future__ import annotations

from datetime import UTC, datetime

from agent.record import CandidateRecord, EpochRecord, ModelRecord, RegionRecord, ToolRecord
from sim.runner import DecisionRow

START = datetime(2022, 3, 7, tzinfo=UTC)
EPOCH_S = 3600.0
EPOCHS = 8
RULE = "jobs of team finance run only in Germany"

INTENSITY = {
    "stockholm": (31, 30, 29, 29, 30, 34, 38, 36),
    "frankfurt": (412, 398, 371, 344, 318, 290, 265, 251),
    "warsaw": (688, 680, 671, 669, 676, 690, 702, 695),
}
ZONES = {"stockholm": "SE-SE3", "frankfurt": "DE", "warsaw": "PL"}
BUSY = {
    "stockholm": (40, 71, 96, 118, 122, 120, 104, 83),
    "frankfurt": (12, 12, 18, 25, 31, 44, 63, 70),
    "warsaw": (6, 6, 5, 4, 4, 3, 3, 2),
}


def records() -> list[EpochRecord]:
    """Return the run: a rule denies in epoch 2, the model fails in epoch 4, its plan is overruled in epoch 5."""
    return [_epoch(number) for number in range(EPOCHS)]


def _epoch(number: int) -> EpochRecord:
    proposed, by, said = "C", "model", "Model chose C (cleanest, nothing late)."
    if number == 4:
        by, said = "fallback", "Best by the forecast; model: no answer within 20 s."
    if number == 5:
        proposed, by = "A", "never-worse"
        said = "Model chose A fifo (start now): 28.8 kg more carbon than the best, so the best was taken."
    reason = f"4 to stockholm, 1 to frankfurt; spatiotemporal: 12480 g, mean wait 2.1 h, 70% below fifo. {said}"
    return EpochRecord(
        epoch=number,
        now_s=number * EPOCH_S,
        pending=5 + (number == 2),
        deferred=(32, 38, 35, 25, 22, 28, 19, 7)[number],
        regions=tuple(_region(region, number) for region in ZONES),
        candidates=_candidates(number),
        tools=_tools(number),
        model=(_model(number),),
        proposed=proposed,
        committed="C",
        decided_by=by,
        reason=reason,
        decisions=_decisions(number, reason),
    )


def _region(region: str, number: int) -> RegionRecord:
    busy = BUSY[region][number]
    intensity = float(INTENSITY[region][number])
    return RegionRecord(region, ZONES[region], intensity, 20 + intensity / 8, busy, 128, busy // 4, max(0, busy - 112))


def _candidates(number: int) -> tuple[CandidateRecord, ...]:
    return (
        CandidateRecord("fifo", "A", 41_250.0 + number, 18.4, 0.0, 0, 59.65),
        CandidateRecord("time-shift", "B", 30_910.0 + number, 16.9, 15_120.0, 0, 47.81),
        CandidateRecord("spatiotemporal", "C", 12_480.0 + number, 15.2, 7_560.0, 0, 27.68),
        CandidateRecord("wait-awhile", "D", 28_300.0 + number, 16.1, 30_240.0, 2, 64.4),
    )


def _tools(number: int) -> tuple[ToolRecord, ...]:
    calls = [
        ToolRecord("get_forecast", {"region": "frankfurt", "hours": 6}, "ok", {"g_per_kwh": [412, 398, 371, 344, 318]}),
        ToolRecord("what_if", {"plan": "spatiotemporal"}, "ok", {"carbon_kg": 12.48, "late": 0, "mean_wait_h": 2.1}),
    ]
    if number == 2:
        call = {"job_id": "ledger-02", "region": "stockholm", "start": "2022-03-07T02:00:00Z"}
        calls.append(ToolRecord("place_job", call, "denied", {"rule": RULE}))
    return tuple(calls)


def _model(number: int) -> ModelRecord:
    text = "" if number == 4 else f'{{"choice": "{"A" if number == 5 else "C"}", "reason": "cleanest, nothing late"}}'
    failure = "no answer within 20 s" if number == 4 else ""
    return ModelRecord(
        "local", "rank", "3", "9f2c41d0b7aa5e13", 812 + number, 640, 0 if failure else 64, 1.2, text, failure=failure
    )


def _decisions(number: int, reason: str) -> tuple[DecisionRow, ...]:
    now = number * EPOCH_S

    def row(job: str, region: str, carbon_g: float, verdict: str = "ok") -> DecisionRow:
        action, start_s = ("place", now) if region == "stockholm" else ("defer", now + 5 * EPOCH_S)
        return DecisionRow(number, now, job, action, region, start_s, "spatiotemporal", carbon_g, reason, verdict)

    made = [row(f"render-{number}{i}", "stockholm", 96.0 + i) for i in range(4)]
    made.append(row(f"train-{number:02}", "frankfurt", 2210.0))
    if number == 2:
        made.append(row("ledger-02", "stockholm", 310.0, RULE))
    return tuple(made)
