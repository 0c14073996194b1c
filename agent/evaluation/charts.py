"""The charts of a report, as Plotly figures without colours of paper and ink: the page gives those, light or dark."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs
from plotly.subplots import make_subplots
from plotly.utils import PlotlyJSONEncoder

from agent.evaluation.runs import Load
from agent.evaluation.statistics import Comparison, Estimate
from sim.units import FloatArray

BLUE, ORANGE, TEAL, PINK, GREY = "#3b8fd6", "#e08214", "#1fa187", "#c8629f", "#8a8a8a"
"""Legible on white and on near black, and told apart by colour-blind eyes."""
CLEAR = "rgba(138,138,138,0.12)"
BOTH_WAYS, UP = [[0, ORANGE], [0.5, CLEAR], [1, TEAL]], [[0, CLEAR], [1, TEAL]]
ROW_PX = 24
LINE_PX = 13


def library() -> str:
    """Return Plotly's own script, for a page that loads nothing."""
    return str(get_plotlyjs())


def as_json(figure: go.Figure) -> str:
    """Return a figure as JSON."""
    return json.dumps(figure.to_plotly_json(), cls=PlotlyJSONEncoder)


def _laid_out(figure: go.Figure, height: int, **layout: object) -> go.Figure:
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": 8, "r": 8, "t": 24, "b": 40},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif", "size": 12},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
        **layout,
    )
    figure.update_xaxes(automargin=True, zeroline=False)
    figure.update_yaxes(automargin=True, zeroline=False)
    return figure


def intervals(comparisons: Sequence[Comparison], of: str, title: str) -> go.Figure:
    """Return savings with their intervals, a row a contender, best at the top; `of` is an attribute with estimates."""
    shown = [(one.contender, found) for one in comparisons if (found := getattr(one, of))]
    names, found = [name for name, _ in shown], [estimate for _, estimate in shown]
    figure = go.Figure(
        go.Scatter(
            x=[one.mean for one in found], y=names, mode="markers", marker={"size": 9, "color": BLUE},
            error_x=_errors(found), hovertemplate="%{y}: %{x:.2f} %<extra></extra>",
        )
    )  # fmt: skip
    figure.add_vline(x=0, line={"color": GREY, "dash": "dot", "width": 1})
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(title=title)
    return _laid_out(figure, 90 + ROW_PX * len(names))


def _errors(found: Sequence[Estimate]) -> dict[str, object]:
    """Return the arms of intervals; none where there is no interval."""
    up = [(one.high if one.high is not None else one.mean) - one.mean for one in found]
    down = [one.mean - (one.low if one.low is not None else one.mean) for one in found]
    return {"type": "data", "symmetric": False, "array": up, "arrayminus": down, "color": BLUE, "thickness": 2}


def carbon_against_wait(comparisons: Sequence[Comparison]) -> go.Figure:
    """Return each contender's saving over its mean wait, and the line of those that none beats in both."""
    shown = [one for one in comparisons if one.saved and one.means["wait_s_mean"] is not None]
    waits, saved = [one.means["wait_s_mean"] or 0.0 for one in shown], [one.saved.mean for one in shown if one.saved]
    best = frontier(waits, saved)
    figure = go.Figure()
    figure.add_scatter(
        x=[waits[i] for i in best], y=[saved[i] for i in best], mode="lines", name="none is better in both",
        line={"color": ORANGE, "shape": "hv"}, hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=waits, y=saved, mode="markers", name="contenders", marker={"size": 10, "color": BLUE},
        text=[one.contender for one in shown], showlegend=False,
        hovertemplate="%{text}<br>saved %{y:.2f} %, waits %{x:.2f} h<extra></extra>",
    )  # fmt: skip
    for wait, y, one, lines in zip(waits, saved, shown, _lines_down(waits, saved), strict=True):
        figure.add_annotation(
            x=wait, y=y, text=one.contender, showarrow=False, xanchor="left", xshift=8, yshift=-LINE_PX * lines
        )
    figure.update_xaxes(title="mean wait, hours", range=[0, 1.35 * max([*waits, 0.1])])
    figure.update_yaxes(title="carbon saved, %")
    return _laid_out(figure, 420)


def _lines_down(waits: Sequence[float], saved: Sequence[float]) -> list[int]:
    """Return by how many lines each label is moved down, so that those of neighbours do not lie on one another."""
    x, y = (np.asarray(values) / max(float(np.ptp(values)), 1e-9) for values in (waits, saved))
    lines: list[int] = []
    for i in range(len(x)):
        near = [k for k in range(i) if abs(x[i] - x[k]) < 0.15 and abs(y[i] - y[k]) < 0.04]
        lines.append(1 + max((lines[k] for k in near), default=-1))
    return lines


def frontier(waits: Sequence[float], saved: Sequence[float]) -> list[int]:
    """Return who waits less or saves more than every other (the Pareto front), by wait.

    Example:
        >>> frontier([0.0, 1.0, 2.0], [0.0, 10.0, 5.0])
        [0, 1]
    """
    found: list[int] = []
    for i in sorted(range(len(waits)), key=lambda i: (waits[i], -saved[i])):
        if not found or saved[i] > saved[found[-1]]:
            found.append(i)
    return found


def load_over_intensity(named: Mapping[str, Sequence[Load]]) -> go.Figure:
    """Return a panel a region: its intensity, and the busy CPUs under each run that is named."""
    first = next(iter(named.values()))
    figure = make_subplots(
        rows=len(first),
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.25 / max(len(first), 1) / 1.5,
        specs=[[{"secondary_y": True}] for _ in first],
        subplot_titles=[load.region for load in first],
    )
    for row, load in enumerate(first, start=1):
        line = go.Scatter(
            x=load.hours, y=np.round(load.intensity, 1), name="intensity, g/kWh (right)",
            line={"color": GREY, "width": 1}, legendgroup="intensity", showlegend=row == 1,
        )  # fmt: skip
        figure.add_trace(line, row=row, col=1, secondary_y=True)
    for (name, found), colour in zip(named.items(), (BLUE, ORANGE), strict=False):
        for row, load in enumerate(found, start=1):
            line = go.Scatter(
                x=load.hours, y=np.round(load.busy_cpus, 2), name=f"busy CPUs, {name}", legendgroup=name,
                showlegend=row == 1, line={"color": colour, "width": 1.5, "shape": "hv"},
            )  # fmt: skip
            figure.add_trace(line, row=row, col=1, secondary_y=False)
    figure.update_yaxes(rangemode="tozero", secondary_y=False)
    figure.update_xaxes(title="hours since the start", row=len(first), col=1)
    _laid_out(figure, 150 + 130 * len(first), hovermode="x unified")
    figure.update_layout(margin={"t": 70}, legend={"y": 1 + 20 / (150 + 130 * len(first))})  # above the first title
    return figure


def by_hour(kilograms: Mapping[str, FloatArray], title: str) -> go.Figure:
    """Return kilograms by region and hour of its local day as a map of colours, clear at zero."""
    values = np.array([kilograms[region] for region in kilograms])
    most = float(np.abs(values).max()) if values.size else 1.0
    least = -most if (values < 0).any() else 0
    figure = go.Figure(
        go.Heatmap(
            z=np.round(values, 3), x=list(range(24)), y=list(kilograms), zmin=least, zmax=most,
            colorscale=BOTH_WAYS if least else UP,
            colorbar={"title": "kg", "thickness": 10},
            hovertemplate="%{y}, %{x}:00: %{z} kg<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(title=title, dtick=3)
    figure.update_yaxes(autorange="reversed")
    return _laid_out(figure, 110 + ROW_PX * max(len(kilograms), 3))


def bars(names: Sequence[str], series: Mapping[str, Sequence[float | None]], title: str) -> go.Figure:
    """Return horizontal bars, a group a name and a colour a series."""
    figure = go.Figure()
    for (label, values), colour in zip(series.items(), (BLUE, ORANGE, PINK), strict=False):
        figure.add_bar(y=list(names), x=list(values), name=label, orientation="h", marker={"color": colour})
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(title=title, rangemode="tozero")
    if not any(value for values in series.values() for value in values):
        figure.update_xaxes(range=[0, 1])  # nothing to show: an axis around zero would have negative shares
    return _laid_out(figure, 100 + ROW_PX * len(names) * max(1, len(series) * 2 // 3), barmode="group")
