"""The operator console: watch a live run, or play a recorded one, epoch by epoch.

It knows nothing of how decisions are made: it pulls `EpochRecord`s from an iterator and formats them.
One thread of its own pulls, one epoch at a time; the screen is never held up by the agent.
"""

from __future__ import annotations

import contextlib
import contextvars
import math
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from typing import Any, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.coordinate import Coordinate
from textual.message import Message
from textual.reactive import reactive
from textual.screen import ModalScreen, Screen
from textual.timer import Timer
from textual.widgets import DataTable, Footer, Static

from agent.approving.desk import Desk
from agent.case import Case, finish_agent
from agent.printable import printable
from agent.record import EpochRecord
from agent.record_text import (
    ASKS,
    CANDIDATES,
    DARK,
    DECISIONS,
    LIGHT,
    REGIONS,
    Ink,
    Row,
    ask_cells,
    candidate_cells,
    clock,
    decision_cells,
    line,
    region_cells,
    rows_of,
    spark,
    tally,
    trace,
    trend,
    why,
    widths,
)
from agent.run import AgentRun
from agent.store import FILE, Store
from sim.approvals import Approvals, Ask
from sim.errors import FaultFound
from sim.units import HOUR_S

SPEEDS = (1.0, 2.0, 5.0, 10.0, math.inf)  # epochs a second
TREND_S = 48 * HOUR_S
MOST_ROWS = 500  # a DataTable of many thousand rows is slow
WIDE = 110  # columns from which the panels stand side by side

HELP = """\
space       pause, run           n, right  one epoch more, if paused
+  -        faster, slower       f         follow the newest, or stop
enter       open a decision      escape    close it
r  d        regions, decisions   a         what waits for a yes
q           quit
ctrl+p      every command by name, and the themes

Regions     Carbon intensity, gCO2eq/kWh, now and over 48 h: heights
            within the region's own range, colours on one scale for
            all. Busy CPUs; jobs running and waiting there; price.
Queue       Jobs that have no start yet, and what the newest epoch
            did with its jobs.
Decisions   Newest first; jobs decided alike in an epoch share a row.
Candidates  The plans weighed in the selected decision's epoch, with
            what-if figures on the forecast; which one the model
            proposed, and which one was committed.
"""
COMMANDS = (  # of the palette: name, what it does, action
    ("Run", "Go on pulling epochs", "run"),
    ("Pause", "Finish the epoch in flight, then wait", "pause"),
    ("Step", "Pull one epoch more, when paused", "step"),
    ("Faster", "More epochs a second", "speed(1)"),
    ("Slower", "Fewer epochs a second", "speed(-1)"),
    ("Open decision", "The trace of the selected decision", "open"),
    ("Regions", "Focus the regions", "focus('regions')"),
    ("Decisions", "Focus the decisions", "focus('decisions')"),
    ("Approvals", "What waits for a person's yes, to answer", "approvals"),
    ("Follow newest", "Keep the newest decision selected, or stop doing so", "follow"),
    ("Console help", "The keys, and what each panel shows", "help"),
)


def fill(table: DataTable[Text], rows: Sequence[Sequence[Text]]) -> None:
    """Put these rows into a small table; one that keeps its shape keeps its scroll position too."""
    if table.row_count != len(rows):
        table.clear()
        table.add_rows(rows)
        return
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            table.update_cell_at(Coordinate(at, column), cell)


class Arrived(Message):
    """The feed gave an epoch."""

    def __init__(self, record: EpochRecord) -> None:
        super().__init__()
        self.record = record


class Ended(Message):
    """The feed is over, or failed: then `error` says how, on one line."""

    def __init__(self, error: str = "") -> None:
        super().__init__()
        self.error = error


def pull(feed: Iterator[EpochRecord]) -> Arrived | Ended:
    """Run the feed for one epoch and return what came of it, whatever that is."""
    try:
        return Arrived(next(feed))
    except StopIteration:
        return Ended()
    except Exception as error:  # noqa: BLE001 - any fault of a run is shown on the console, and ends it
        return Ended(" ".join(f"{type(error).__name__}: {error}".split()))


class Page(ModalScreen[None]):
    """A scrolling page of text over the console: the trace of a decision, the help."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close"),
        Binding("q", "app.quit", "Quit"),
    ]

    def __init__(self, title: str, text: Text) -> None:
        super().__init__()
        self._title = title
        self._text = text

    def compose(self) -> ComposeResult:
        """Lay out the page."""
        with VerticalScroll(id="page") as page:
            page.border_title = self._title
            yield Static(self._text)
        yield Footer(show_command_palette=False)


class Asking(ModalScreen[None]):
    """What waits for a person's yes, over the console: one placement a row, with the rule that asks."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n", "answer(False)", "No"),
        Binding("escape", "dismiss", "Close"),
        Binding("q", "app.quit", "Quit"),
    ]

    def __init__(self, approvals: Approvals, start: datetime, *, live: bool) -> None:
        super().__init__()
        self._approvals, self._start, self._live = approvals, start, live
        self._shown: list[Ask] = []

    def compose(self) -> ComposeResult:
        """Lay out the table, and below it the whole of the selected row's rule."""
        self._table: DataTable[Text] = DataTable(id="asks", cursor_type="row", cell_padding=0)
        self._rule = Static(id="rule", markup=False)
        with Vertical(id="asking") as box:
            box.border_title = f"Waiting for a yes: the run {'goes on' if self._live else 'stands still'} meanwhile"
            yield self._table
            yield self._rule
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Fill the table."""
        wide = self.app.size.width >= WIDE
        for column, width in zip(ASKS, widths(ASKS, self.app.size.width * 94 // 100 - 5, wide=wide), strict=True):
            self._table.add_column(Text(column.name, justify="right" if column.right else "left"), width=width)
        self.show()

    def show(self) -> None:
        """Show what waits now; the cursor stays on its placement as long as that waits."""
        waiting = self._approvals.waiting
        if waiting == self._shown and waiting:
            return
        selected = self._selected()
        self._shown = waiting
        self._table.clear()
        form = "%a %d %H:%M"
        self._table.add_rows(ask_cells(one, self._start, form) for one in waiting)
        if selected in waiting:
            self._table.move_cursor(row=waiting.index(selected))
        self._show_rule()

    def _selected(self) -> Ask | None:
        row = self._table.cursor_row
        return self._shown[row] if 0 <= row < len(self._shown) else None

    def _show_rule(self) -> None:
        one = self._selected()
        self._rule.update(Text(printable(one.rule) if one else "Nothing waits for an answer."))

    def on_data_table_row_highlighted(self) -> None:
        """Show the rule of the row under the cursor."""
        self._show_rule()

    def action_answer(self, yes: bool) -> None:
        """Say yes or no to the selected placement; it is tried again at the next decision about the job."""
        if one := self._selected():
            self._approvals.answer(one.job_id, one.region, one.rule, yes=yes)
            self.show()


class Grid(DataTable[Text]):
    """A table that tells when it was given another size."""

    class Resized(Message):
        """The table's columns may have to change."""

    def on_resize(self) -> None:
        """Tell the console."""
        self.post_message(self.Resized())


class Decisions(Grid):
    """The decisions table: Enter opens."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select_cursor", "Open")]


class Console(App[None]):
    """Shows the epochs of a run as `feed` gives them, at the operator's pace.

    Args:
        feed: Each `next` runs, or reads, one epoch; it is called from one thread, one epoch at a time.
            Its end is the end of the run; an exception is shown on one line, and nothing more is pulled.
        title: What the run is called.
        start: The scenario's start, with a time zone.
        epochs: How many epochs the run has, numbered from 0.
        epoch_s: Seconds of an epoch.
        live: Whether the epochs are computed now or were recorded.
        approvals: What the run asks people, and where their answers go; None where nobody can answer.
        started_paused: Show the first epoch, then wait for the operator.
    """

    CSS = """
    #bar { height: 1; background: $panel; padding: 0 1; }
    #title { width: 1fr; text-style: bold; padding-right: 1; }
    #status { width: auto; }
    #error { display: none; height: 1; background: $error; color: $background; padding: 0 1; }
    #error.-shown { display: block; }
    DataTable { background: transparent; overflow-x: hidden; }
    * { scrollbar-size: 1 1; scrollbar-color: $foreground 30%; scrollbar-background: $foreground 5%; }
    #regions, #decisions, #candidates, #queue, #why { border: round $foreground 25%; border-title-color: $foreground;
        border-title-style: bold; border-subtitle-color: $foreground 70%; }
    #regions:focus, #decisions:focus, #candidates:focus { border: round $accent; }
    #top, #bottom { height: auto; }
    #regions { height: auto; max-height: 12; width: 1fr; }
    #queue { width: 34; height: 100%; padding: 0 1; }
    #decisions { height: 1fr; min-height: 5; }
    #candidates { width: 76; height: 10; }
    #why { width: 1fr; height: 10; padding: 0 1; }
    .-narrow #top { layout: vertical; }
    .-narrow #regions { max-height: 8; width: 100%; }
    .-narrow #queue { width: 100%; height: 1; border: none; }
    .-narrow #candidates { width: 100%; height: 7; }
    .-narrow #why { display: none; }
    .-short #regions { max-height: 8; }
    .-short #candidates, .-short #why { height: 7; }
    Page { align: center middle; }
    #page { width: 94%; height: 90%; border: round $accent; padding: 0 1; background: $surface; }
    Asking { align: center middle; }
    #asking { width: 94%; height: 60%; border: round $accent; padding: 0 1; background: $surface; }
    #asks { height: 1fr; }
    #rule { height: auto; max-height: 5; }
    """
    AUTO_FOCUS = "#decisions"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012 - as App declares it
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012 - as App declares it
    SPEED: ClassVar = Binding.Group("Speed", compact=True)
    FOCUS: ClassVar = Binding.Group("Panel", compact=True)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "pause", "Pause"),
        Binding("space", "run", "Run"),
        Binding("n", "step", "Step"),
        Binding("right", "step", show=False, priority=True),
        Binding("plus,equals_sign", "speed(1)", "Faster", key_display="+", group=SPEED),
        Binding("minus", "speed(-1)", "Slower", key_display="-", group=SPEED),
        Binding("r", "focus('regions')", "Regions", group=FOCUS),
        Binding("d", "focus('decisions')", "Decisions", group=FOCUS),
        Binding("f", "follow", "Follow"),
        Binding("a", "approvals", "Approvals"),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("q", "quit", "Quit"),
        Binding("ctrl+c", "quit", show=False, priority=True),
    ]

    state = reactive("running", init=False)  # running, paused, finished, failed
    speed = reactive(0, init=False)  # a position in SPEEDS
    following = reactive(True, init=False)

    def __init__(
        self,
        feed: Iterator[EpochRecord],
        *,
        title: str,
        start: datetime,
        epochs: int,
        epoch_s: float,
        live: bool,
        approvals: Approvals | None = None,
        started_paused: bool = False,
    ) -> None:
        super().__init__()
        self._approvals, self._offered = approvals, False  # whether their key is offered
        self.title = title
        self.fault = ""  # how the feed failed
        self._feed, self._start, self._epochs, self._live = feed, start, epochs, live
        self._window = max(1, min(epochs, int(TREND_S / epoch_s)))
        self._now: EpochRecord | None = None
        self._trends: dict[str, dict[int, float]] = {}  # by region, "" for the queue; then by epoch
        self._rows: dict[str, Row] = {}  # by row key, oldest first
        self._numbers = count()
        self._pinned: str | None = None  # the selected row, so far as the program put the cursor there
        self._requests: SimpleQueue[bool] = SimpleQueue()
        self._asked_s = -math.inf
        self._in_flight = False
        self._owed = 1 if started_paused else 0  # epochs to pull although paused
        self._timer: Timer | None = None
        self._laid: list[int] = []  # the widths for which the tables are laid out
        self.set_reactive(Console.state, "paused" if started_paused else "running")

    def compose(self) -> ComposeResult:
        """Lay out the panels."""
        self._status, self._error = Static(id="status"), Static(id="error", markup=False)
        self._queue, self._account = Static(id="queue"), Static(id="account")
        self._why = VerticalScroll(self._account, id="why", can_focus=False)
        self._regions = Grid(id="regions", cursor_type="none", cell_padding=0)
        self._decisions = Decisions(id="decisions", cursor_type="row", cell_padding=0)
        self._candidates = Grid(id="candidates", cursor_type="none", cell_padding=0)
        self._tables = (self._regions, REGIONS), (self._decisions, DECISIONS), (self._candidates, CANDIDATES)
        for panel in (self._regions, self._queue, self._decisions, self._candidates, self._why):
            panel.border_title = str(panel.id).capitalize()
        self.watch_following(self.following)
        with Horizontal(id="bar"):
            yield Static(line(self.title), id="title")
            yield self._status
        yield self._error
        with Horizontal(id="top"):
            yield self._regions
            yield self._queue
        yield self._decisions
        with Horizontal(id="bottom"):
            yield self._candidates
            yield self._why
        yield Footer(show_command_palette=False)

    # --- pulling: one thread, one epoch in flight ---

    def on_mount(self) -> None:
        """Start the thread that pulls, and ask for the first epoch."""
        self._lay()
        self.theme_changed_signal.subscribe(self, lambda _: self.call_after_refresh(self._lay))
        self.set_interval(1.0, self._show_status)
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self._pull,), name="feed", daemon=True).start()
        self._proceed()

    def on_unmount(self) -> None:
        """Let the thread end; one that is busy with an epoch does not hold up the exit (it is a daemon)."""
        self._requests.put(False)

    def _pull(self) -> None:
        while self._requests.get():
            answer = pull(self._feed)
            with contextlib.suppress(RuntimeError):  # the operator quit meanwhile: the loop is closed
                self.post_message(answer)

    def _proceed(self) -> None:
        """Ask for the next epoch if one is wanted now, or set a timer for when it will be."""
        if self._timer:
            self._timer.stop()
        if self._in_flight or self.state not in ("running", "paused"):
            return
        wait_s = self._asked_s + 1.0 / SPEEDS[self.speed] - time.monotonic()
        if self._owed or (self.state == "running" and wait_s <= 0):
            self._owed = max(self._owed - 1, 0)
            self._asked_s, self._in_flight = time.monotonic(), True
            self._requests.put(True)
        elif self.state == "running":
            self._timer = self.set_timer(wait_s, self._proceed)

    def on_arrived(self, message: Arrived) -> None:
        """Show the epoch, and go on."""
        self._in_flight = False
        record = self._now = message.record
        values = {region.region: region.intensity for region in record.regions}
        for name, value in (values | {"": record.pending + record.deferred}).items():
            self._trends.setdefault(name, {})[record.epoch] = value
        self._add(rows_of(record))
        self._show()
        if isinstance(self.screen, Asking):
            self.screen.show()
        if self._offered != (waits := self._waiting > 0):
            self._offered = waits
            self.refresh_bindings()
        self._proceed()

    def on_ended(self, message: Ended) -> None:
        """Stop pulling; say why if it is a fault."""
        self._in_flight = False
        self.state = "failed" if message.error else "finished"
        self.fault = message.error
        self._error.update(line(message.error))
        self._error.set_class(bool(message.error), "-shown")

    # --- showing ---

    @property
    def _ink(self) -> Ink:
        return DARK if self.current_theme.dark else LIGHT

    @property
    def _form(self) -> str:
        return "%a %d %H:%M" if self.size.width >= WIDE else "%a %H:%M"

    def on_grid_resized(self) -> None:
        """Lay the tables out again if their widths changed."""
        if self._laid != [table.outer_size.width for table, _ in self._tables]:
            self._lay()

    def _lay(self) -> None:
        """Make the tables anew: their columns depend on the width, their colours on the theme."""
        wide = self.size.width >= WIDE
        self._laid = [table.outer_size.width for table, _ in self._tables]
        for table, columns in self._tables:
            table.clear(columns=True)  # 3 cells of the outer width are border and scrollbar
            for column, width in zip(columns, widths(columns, table.outer_size.width - 3, wide=wide), strict=True):
                head = Text(column.name, justify="right" if column.right else "left")
                table.add_column(head, width=width, key=column.name)
        selected, rows = self._pinned, self._rows
        self._rows, self._pinned = {}, None
        self._add(list(reversed(rows.values())), list(reversed(rows)))
        if selected is not None and not self.following:
            self._point(selected)
        self._show()

    def _add(self, rows: Sequence[Row], keys: Sequence[str] | None = None) -> None:
        """Put rows, newest first, on top of the decisions; the selected one stays selected unless we follow."""
        table, selected = self._decisions, self._pinned
        keys = keys or [str(next(self._numbers)) for _ in rows]
        for key, row in zip(reversed(keys), reversed(rows), strict=True):
            table.add_row(*decision_cells(row, self._start, self._form, self._ink), key=key)
            self._rows[key] = row
        for key in list(self._rows)[:-MOST_ROWS]:
            table.remove_row(key)
            del self._rows[key]
        backwards = count()
        table.sort(key=lambda _: -next(backwards))  # rows come in order of addition: this turns them round
        if self._rows:
            kept = selected if selected in self._rows and not self.following else next(reversed(self._rows))
            self._point(kept)

    def _point(self, key: str) -> None:
        self._pinned = key
        self._decisions.move_cursor(row=self._decisions.get_row_index(key))

    def _show(self) -> None:
        """Bring every panel but the decisions up to date."""
        self._show_status()
        record = self._now
        if record is None:
            return
        ink = self._ink
        room, bar = (self._regions.ordered_columns[place].width for place in (3, 4))
        regions = record.regions
        fill(self._regions, [region_cells(one, self._trend(one.region, room - 4), bar - 6, ink) for one in regions])
        narrow = self.size.width < WIDE
        blocks = spark(self._trend("", 12 if narrow else 30), least_span=4.0)
        gap = "  " if narrow else "\n"
        total, deferred = record.pending + record.deferred, f" pending, {record.deferred} of them deferred"
        done = tally(record.decisions)
        self._queue.update(Text.assemble((str(total), "bold"), deferred, gap, (blocks, ink.calm), gap, done))
        self._show_selected()

    def _trend(self, name: str, room: int) -> list[float | None]:
        return trend(self._trends[name], window=self._window, room=room)

    def _show_selected(self) -> None:
        """Show the plans of the selected decision's epoch, and how it was decided."""
        row = self._rows.get(self._pinned or "")
        record = row.record if row else self._now
        if record is None:
            return
        fill(self._candidates, [candidate_cells(one, record, self._ink) for one in record.candidates])
        when = clock(self._start, record.now_s, self._form)
        self._candidates.border_title = f"Candidates, epoch {record.epoch + 1}, {when}"
        self._candidates.border_subtitle = f"decided by {record.decided_by}" if self.size.width < WIDE else ""
        self._why.border_title = f"How epoch {record.epoch + 1} was decided"
        self._account.update(why(record, self._ink))

    def _show_status(self) -> None:
        """Write the right end of the top bar."""
        record, busy_s = self._now, time.monotonic() - self._asked_s
        mark = {"running": "▶", "paused": "‖", "finished": "■", "failed": "✗"}[self.state]
        speed = SPEEDS[self.speed]
        pace = "max" if speed == math.inf else f"{speed:.0f}x"
        if self._in_flight and busy_s >= 1:
            pace = f"computing {busy_s:.0f} s"
        parts = [
            f"{clock(self._start, record.now_s, '%a %Y-%m-%d %H:%M')} UTC" if record else "starting",
            f"epoch {record.epoch + 1 if record else 0}/{self._epochs}",
            "live" if self._live else "recorded",
            f"{mark} {self.state}",
        ]
        if self.state in ("running", "paused"):
            parts.append(pace)
        if waiting := self._waiting:
            parts[2] = f"{waiting} to approve"  # what asks is live, or stopped for it
        self._status.update(Text("  ".join(parts), no_wrap=True))

    @property
    def _waiting(self) -> int:
        """How many placements wait for a yes that can still matter: to a recorded run that stopped for it, all do."""
        over = self._live and self.state in ("finished", "failed")
        return len(self._approvals.waiting) if self._approvals and not over else 0

    def _changed(self) -> None:
        self._show_status()
        self.refresh_bindings()
        self._proceed()

    def watch_state(self) -> None:
        """Show the new state and go on accordingly."""
        self._changed()

    def watch_speed(self) -> None:
        """Show the new speed and go on accordingly."""
        self._changed()

    def watch_following(self, following: bool) -> None:
        """Say whether the newest decision stays selected."""
        self._decisions.border_subtitle = "following the newest" if following else "f follows the newest"

    # --- what the operator does ---

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only the keys that do something now."""
        over = self.state in ("finished", "failed")
        on_page = len(self.screen_stack) > 1
        offered = {
            "pause": self.state == "running",
            "run": self.state == "paused",
            "step": self.state == "paused" and not on_page,
            "speed": not over,
            "approvals": self._waiting > 0 and not on_page,
        }
        return offered.get(action, True)

    def action_pause(self) -> None:
        """Finish the epoch in flight, then wait."""
        self.state, self._owed = "paused", 0

    def action_run(self) -> None:
        """Go on."""
        self.state = "running"

    def action_step(self) -> None:
        """Pull one epoch more."""
        self._owed += 1
        self._proceed()

    def action_speed(self, by: int) -> None:
        """Go faster or slower."""
        self.speed = min(max(self.speed + by, 0), len(SPEEDS) - 1)

    def action_follow(self) -> None:
        """Keep the newest decision selected, or stop doing so."""
        self.following = not self.following
        if self.following and self._rows:
            self._point(next(reversed(self._rows)))
            self._show_selected()

    def action_open(self) -> None:
        """Open the trace of the selected decision."""
        row = self._rows.get(self._pinned or "")
        if row and len(self.screen_stack) == 1:
            title = f"Epoch {row.record.epoch + 1}, {clock(self._start, row.record.now_s, '%a %Y-%m-%d %H:%M')} UTC"
            self.push_screen(Page(title, trace(row, self._start, self._ink, width=self.size.width * 94 // 100 - 6)))

    def action_approvals(self) -> None:
        """Open what waits for a yes."""
        if self._approvals and len(self.screen_stack) == 1:
            self.push_screen(Asking(self._approvals, self._start, live=self._live), lambda _: self._changed())

    def action_help(self) -> None:
        """Show the keys, and what each panel shows."""
        self.push_screen(Page("Help", Text(HELP)))

    def on_data_table_row_selected(self) -> None:
        """Enter or a click on a decision opens it."""
        self.action_open()

    def on_data_table_row_highlighted(self) -> None:
        """Tell the operator's moves from ours: a move of theirs stops following."""
        if not self._rows:
            return
        key = self._decisions.coordinate_to_cell_key(self._decisions.cursor_coordinate).row_key.value
        if key != self._pinned:
            self.following, self._pinned = False, key
            self._show_selected()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Put what the keys do into the command palette, by name."""
        yield from super().get_system_commands(screen)
        for name, does, action in COMMANDS:
            yield SystemCommand(name, does, partial(self.run_action, action))


def recorded(run_dir: Path, *, paused: bool = False) -> Console:
    """Return a console that plays the trajectory in a run folder.

    Raises:
        InputError: If there is none, or it is damaged.
    """
    store = Store.open(run_dir / FILE)
    run = store.run()
    start = datetime.fromisoformat(run.start)
    title = f"{run.title}, {run.mode}, {run.llm}"
    return Console(
        store.epochs(),
        title=title,
        start=start,
        epochs=run.epochs,
        epoch_s=run.epoch_s,
        live=False,
        approvals=Desk.of(run_dir),
        started_paused=paused,
    )


def live(run: AgentRun, case: Case, *, out: Path | None = None, paused: bool = False) -> Console:
    """Return a console that runs the agent; a run that reaches its end is accounted for, in `out` if given."""

    def feed() -> Iterator[EpochRecord]:
        yield from run
        finish_agent(run, case, out)

    world, model = case.world, run.agent.model
    return Console(
        feed(),
        title=f"{case.scenario.name}, {run.agent.mode}, {model.spec if model else 'no model'}",
        start=world.start,
        epochs=int(world.horizon_s // world.epoch_s),
        epoch_s=world.epoch_s,
        live=True,
        approvals=run.run.approvals,
        started_paused=paused,
    )


def show(console: Console) -> None:
    """Run the console until the operator quits; a run that failed has said so there, and is raised here too.

    Raises:
        FaultFound: If the feed failed.
    """
    console.run()
    if console.fault:
        raise FaultFound(console.fault)


def main() -> None:
    """Run `cws console` with this process's arguments."""
    from cli import main as cws_main

    cws_main(["console", *sys.argv[1:]])


if __name__ == "__main__":
    main()
