"""The console, driven by keys on a pilot: what the operator sees is what the feed said."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rich.text import Text
from textual.pilot import Pilot
from textual.widgets import DataTable, Footer, Static
from textual.widgets._footer import FooterKey

from agent import case, prompts
from agent.approving.folder import Waits, answers_in, waiting_in
from agent.approving.run import Beginning
from agent.epoch import Agent
from agent.policy.guard import Guard
from agent.policy.rules import PolicySet
from agent.record import EpochRecord
from agent.run import AgentRun
from sim.approvals import Approvals
from sim.model import Job
from sim.scenario import ObjectiveSpec
from tests.agent.approving.test_stop_and_go import ASK_GB, begun, case_of
from tests.records import EPOCH_S, EPOCHS, RULE, START, records
from tests.worlds import mock_job, mock_region, mock_world
from tui import MOST_ROWS, Asking, Console, Page, recorded

Play = Callable[[Pilot[None], Console], Awaitable[None]]


def play(
    script: Play,
    feed: Iterator[EpochRecord] | None = None,
    *,
    size: tuple[int, int] = (120, 36),
    paused: bool = True,
    approvals: Approvals | None = None,
) -> None:
    """Run a console on a feed, and the script beside it."""

    async def run() -> None:
        app = Console(
            iter(records()) if feed is None else feed,
            title="hand-made run",
            start=START,
            epochs=EPOCHS,
            epoch_s=EPOCH_S,
            live=True,
            approvals=approvals,
            started_paused=paused,
        )
        async with app.run_test(size=size) as pilot:
            await script(pilot, app)

    asyncio.run(run())


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    """Wait until it holds, at most five seconds."""
    ends = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < ends, "it never came to hold"
        await pilot.pause(0.01)
    await pilot.pause()


def said(app: Console, selector: str) -> str:
    """Return the text of a Static on the main screen."""
    return str(app.screen_stack[0].query_one(selector, Static).render())


def table(app: Console, name: str) -> DataTable[Text]:
    return app.screen_stack[0].query_one(f"#{name}", DataTable)


def rows(app: Console, name: str) -> list[str]:
    """Return a table's rows as they read, cells parted by two blanks."""
    shown = table(app, name)
    return ["  ".join(str(cell).strip() for cell in shown.get_row_at(at)) for at in range(shown.row_count)]


def at_epoch(app: Console, number: int) -> Callable[[], bool]:
    return lambda: f"epoch {number}/{EPOCHS}" in said(app, "#status")


def keys(app: Console) -> list[str]:
    return [str(key.render()) for key in app.screen.query_one(Footer).query(FooterKey)]


def test_started_paused_it_shows_the_first_epoch_and_waits() -> None:
    async def script(pilot: Pilot[None], app: Console) -> None:
        await until(pilot, at_epoch(app, 1))
        await pilot.pause(0.1)
        assert said(app, "#status") == "Mon 2022-03-07 00:00 UTC  epoch 1/8  live  ‖ paused  1x"
        assert rows(app, "regions")[0].startswith("stockholm  SE-SE3  31")
        assert "37 pending, 32 of them deferred" in said(app, "#queue")
        assert "4 placed, 1 deferred" in said(app, "#queue")
        assert rows(app, "decisions")[0].startswith(
            "Mon 07 00:00  4 jobs  place  stockholm  Mon 07 00:00  ok  4 to stockholm"
        )
        assert rows(app, "candidates")[2] == "C spatiotemporal  12.480  15.20  2.1  0  27.680  both"

    play(script)


def test_keys_step_pause_and_change_the_speed() -> None:
    async def script(pilot: Pilot[None], app: Console) -> None:
        await until(pilot, at_epoch(app, 1))
        await pilot.press("n", "right")
        await until(pilot, at_epoch(app, 3))
        await pilot.press("minus", *["+"] * 4)
        assert said(app, "#status").endswith("paused  max")
        await pilot.press("-", "-", "-")
        assert said(app, "#status").endswith("paused  2x")
        await pilot.press("space")
        await until(pilot, lambda: not at_epoch(app, 3)())
        await pilot.press("space")
        await until(pilot, lambda: "paused" in said(app, "#status"))
        seen = said(app, "#status")
        await pilot.pause(0.6)
        assert said(app, "#status") == seen
        await pilot.press("+", "+", "+", "space")
        await until(pilot, lambda: app.state == "finished")
        assert "epoch 8/8  live  ■ finished" in said(app, "#status")

    play(script)


def test_the_footer_offers_only_what_can_be_done_now() -> None:
    async def script(pilot: Pilot[None], app: Console) -> None:
        await until(pilot, lambda: any("Run" in key for key in keys(app)))
        offered = " ".join(keys(app))
        assert "Pause" not in offered
        assert all(word in offered for word in ("Open", "Step", "Follow", "Help", "Quit"))
        await pilot.press("space")
        await until(pilot, lambda: any("Pause" in key for key in keys(app)))
        assert "Step" not in " ".join(keys(app))
        await pilot.press("r")
        await until(pilot, lambda: "Open" not in " ".join(keys(app)))
        await pilot.press("d")
        await until(pilot, lambda: "Open" in " ".join(keys(app)))

    play(script)


def test_enter_opens_the_trace_of_a_decision_and_escape_closes_it() -> None:
    async def script(pilot: Pilot[None], app: Console) -> None:
        await until(pilot, at_epoch(app, 1))
        await pilot.press("n", "n")
        await until(pilot, at_epoch(app, 3))
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: isinstance(app.screen, Page))
        text = str(app.screen.query_one(Static).render())
        assert "Decision: place ledger-02" in text
        assert f"guard      {RULE}" in text
        assert "3. place_job by agent: denied" in text
        assert '"region": "stockholm"' in text
        assert "local, 814 tokens in (640 cached), 64 out, 1.2 s" in text
        assert "proposed   C spatiotemporal" in text
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Page))

    play(script)


def test_a_trace_can_be_read_while_the_run_goes_on() -> None:
    async def script(pilot: Pilot[None], app: Console) -> None:
        await until(pilot, at_epoch(app, 1))
        await pilot.press("+", "+", "+", "+", "enter", "space")
        assert isinstance(app.screen, Page)
        app.action_run()
        await until(pilot, lambda: app.state == "finished")
        assert "Mon 2022-03-07 00:00" in str(app.screen.query_one("#page").border_title)
        assert len(rows(app, "decisions")) == 2 * EPOCHS + 1

    play(script)


def test_the_selection_stays_on_its_decision_until_told_to_follow() -> None:
    async def script(pilot: Pilot[None], app: Console) -> None:
        await until(pilot, at_epoch(app, 1))
        await pilot.press("n")
        await until(pilot, at_epoch(app, 2))
        assert table(app, "decisions").cursor_row == 0
        await pilot.press("down", "n")
        await until(pilot, at_epoch(app, 3))
        assert not app.following
        chosen = table(app, "decisions").cursor_row
        assert "train-01" in rows(app, "decisions")[chosen]
        assert "epoch 2" in str(table(app, "candidates").border_title)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "train-01" in rows(app, "decisions")[table(app, "decisions").cursor_row]
        await pilot.press("f")
        assert table(app, "decisions").cursor_row == 0
        assert "epoch 3" in str(table(app, "candidates").border_title)

    play(script)


def test_an_overruled_proposal_and_a_failed_model_are_told() -> None:
    async def script(pilot: Pilot[None], app: Console) -> None:
        await until(pilot, at_epoch(app, 1))
        await pilot.press(*["n"] * 4)
        await until(pilot, at_epoch(app, 5))
        assert "decided by fallback" in said(app, "#account")
        assert "no answer within 20 s" in said(app, "#account")
        await pilot.press("n")
        await until(pilot, at_epoch(app, 6))
        assert "decided by never-worse\nA fifo proposed, C spatiotemporal committed" in said(app, "#account")
        assert [row.split("  ")[-1] for row in rows(app, "candidates")] == ["proposed", "", "committed", ""]

    play(script)


def test_a_failing_feed_is_told_on_one_line_and_pulled_no_more() -> None:
    pulled = []

    def feed() -> Iterator[EpochRecord]:
        yield records()[0]
        pulled.append(1)
        raise RuntimeError("the backend\nis [gone]")

    async def script(pilot: Pilot[None], app: Console) -> None:
        await pilot.press("+", "+", "+", "+")
        await until(pilot, lambda: app.state == "failed")
        assert said(app, "#error") == "RuntimeError: the backend is [gone]"
        assert app.query_one("#error").region.height == 1
        await pilot.press("space", "n")
        await pilot.pause(0.1)
        assert pulled == [1]
        assert len(rows(app, "decisions")) == 2

    play(script, feed(), paused=False)


def test_it_quits_at_once_while_an_epoch_is_in_flight() -> None:
    entered, release = threading.Event(), threading.Event()

    def feed() -> Iterator[EpochRecord]:
        entered.set()
        release.wait()
        yield records()[0]

    async def script(pilot: Pilot[None], app: Console) -> None:
        await until(pilot, entered.is_set)
        await pilot.press("q")

    began = time.monotonic()
    try:
        play(script, feed(), paused=False)
        assert time.monotonic() - began < 3
    finally:
        release.set()
    thread = next((one for one in threading.enumerate() if one.name == "feed"), None)
    if thread:
        thread.join(2)
        assert not thread.is_alive()


def test_a_slow_epoch_holds_up_no_key() -> None:
    release = threading.Event()

    def feed() -> Iterator[EpochRecord]:
        yield records()[0]
        release.wait(5)
        yield records()[1]

    async def script(pilot: Pilot[None], app: Console) -> None:
        await until(pilot, at_epoch(app, 1))
        await pilot.press("n", "question_mark")
        await until(pilot, lambda: isinstance(app.screen, Page))
        await pilot.press("escape")
        release.set()
        await until(pilot, at_epoch(app, 2))

    play(script, feed())


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
def test_every_panel_fits_the_terminal(size: tuple[int, int]) -> None:
    async def script(pilot: Pilot[None], app: Console) -> None:
        await until(pilot, at_epoch(app, 1))
        await pilot.press("n", "n", "n", "n", "n")
        await until(pilot, at_epoch(app, 6))
        width, height = size
        for name in ("#regions", "#queue", "#decisions", "#candidates", "Footer"):
            region = app.query_one(name).region
            assert region.right <= width, name
            assert region.bottom <= height, name
            assert region.height >= 1, name
        for name in ("regions", "decisions", "candidates"):
            shown = table(app, name)
            assert shown.virtual_size.width <= shown.size.width, name
        assert table(app, "decisions").size.height >= 5
        status, title = app.query_one("#status").region, app.query_one("#title").region
        assert status.right <= width - 1
        assert title.width >= 10
        last = list(app.query(FooterKey))[-1]
        assert last.region.right <= width

    play(script, size=size)


def test_the_decisions_table_keeps_only_the_newest() -> None:
    def feed() -> Iterator[EpochRecord]:
        first = records()[0]
        for number in range(3):
            decided = tuple(
                replace(first.decisions[0], job_id=f"e{number}-{j}", start_s=float(j)) for j in range(MOST_ROWS // 2)
            )
            yield replace(first, epoch=number, decisions=decided)

    async def script(pilot: Pilot[None], app: Console) -> None:
        await pilot.press("+", "+", "+", "+")
        await until(pilot, lambda: app.state == "finished")
        shown = rows(app, "decisions")
        assert len(shown) == MOST_ROWS
        assert "e2-0 " in shown[0]
        assert f"e1-{MOST_ROWS // 2 - 1} " in shown[-1]

    play(script, feed(), paused=False)


def test_the_palette_names_what_the_keys_do_and_a_light_theme_changes_the_ink() -> None:
    async def script(pilot: Pilot[None], app: Console) -> None:
        await until(pilot, at_epoch(app, 1))
        commands = {command.title: command.callback for command in app.get_system_commands(app.screen)}
        assert {"Run", "Pause", "Step", "Faster", "Open decision", "Follow newest", "Quit", "Theme"} <= set(commands)
        await app.run_action("step")
        await until(pilot, at_epoch(app, 2))
        before = table(app, "regions").get_row_at(0)[2].style
        app.theme = "textual-light"
        await until(pilot, lambda: table(app, "regions").get_row_at(0)[2].style != before)
        assert len(rows(app, "decisions")) == 4

    play(script)


# -- approvals -----------------------------------------------------------------------------------

ASK = "Ask before jobs run away."


def asking(*jobs: Job) -> AgentRun:
    """Return a run of the agent, without a model, in a world whose only region needs a yes."""
    world = mock_world(jobs, [[100.0]], regions=[mock_region("away")])
    rules = PolicySet.model_validate({"rules": [{"kind": "approval", "regions": ["away"], "source": ASK}]})
    agent = Agent(None, "rank", ObjectiveSpec(), {name: prompts.load(name) for name in case.PROMPTS})
    return AgentRun(world, agent, Guard(rules, world.regions, world.start, world.epoch_s))


def test_a_person_says_yes_in_the_console_and_the_job_starts() -> None:
    run = asking(mock_job("a", home="away", cpus=4), mock_job("b", home="away", cpus=4))

    async def script(pilot: Pilot[None], app: Console) -> None:
        await until(pilot, at_epoch(app, 1))
        assert "  2 to approve  " in said(app, "#status")
        assert any("Approvals" in key for key in keys(app))
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, Asking))
        asks = app.screen.query_one("#asks", DataTable)
        first = [str(cell).strip() for cell in asks.get_row_at(0)]
        assert first[:5] == ["Mon 07 00:00", "a", "away", "0.040", "0.02"]
        assert ASK in str(app.screen.query_one("#rule", Static).render())
        await pilot.press("y")
        await until(pilot, lambda: asks.row_count == 1)
        await pilot.press("n")
        await until(pilot, lambda: asks.row_count == 0)
        assert "Nothing waits" in str(app.screen.query_one("#rule", Static).render())
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Asking))
        assert "to approve" not in said(app, "#status")
        assert not any("Approvals" in key for key in keys(app))
        await pilot.press("n")
        await until(pilot, at_epoch(app, 2))
        assert any("  a  place  away  Mon 07 01:00  ok" in row for row in rows(app, "decisions"))

    play(script, iter(run), approvals=run.run.approvals)
    list(run)
    assert [(one["job_id"], one["yes"]) for one in run.run.approvals.record()] == [("a", True), ("b", False)]
    assert {(piece.job, piece.start_s) for piece in run.run.history.pieces} == {(0, 3600.0)}


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
def test_what_is_asked_later_appears_on_the_open_page_and_fits_it(size: tuple[int, int]) -> None:
    evil = "[bold red]job[/] \x1b[2J [@click=app.quit]x[/]"
    run = asking(mock_job("a", home="away", cpus=4), mock_job(evil, 1.0, home="away", cpus=4))

    async def script(pilot: Pilot[None], app: Console) -> None:
        await until(pilot, at_epoch(app, 1))
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, Asking))
        asks = app.screen.query_one("#asks", DataTable)
        assert asks.row_count == 1
        app.action_step()
        await until(pilot, lambda: asks.row_count == 2)
        assert str(asks.get_row_at(1)[1]) == "[bold red]job[/] \\x1b[2J [@click=app.quit]x[/]"
        assert asks.virtual_size.width <= asks.size.width
        assert not any("\x1b[2J" in segment.text for line in asks.render_lines(asks.size.region) for segment in line)
        assert str(app.screen.query_one(Footer).query(FooterKey).first().render()).strip() == "y Yes"

    play(script, iter(run), size=size, approvals=run.run.approvals)


def test_a_recorded_run_asks_nothing() -> None:
    async def script(pilot: Pilot[None], app: Console) -> None:
        await until(pilot, at_epoch(app, 1))
        await pilot.press("a")
        await pilot.pause()
        assert not isinstance(app.screen, Asking)

    play(script)


def test_a_run_that_stopped_for_a_person_is_answered_in_the_console(tmp_path: Path) -> None:
    """The trajectory has been played to its end: what waits is answered all the same, and the answer is kept."""
    case = case_of(ASK_GB, count=4)
    with pytest.raises(Waits) as stopped:
        Beginning(case, begun(), None, None, tmp_path).begin().pull(lambda record: None)

    async def script(pilot: Pilot[None], app: Console) -> None:
        await until(pilot, lambda: app.state == "finished")
        assert f"  {len(stopped.value.asks)} to approve  " in said(app, "#status")
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, Asking))
        assert "stands still" in str(app.screen.query_one("#asking").border_title)
        await pilot.press("y")
        await until(pilot, lambda: len(waiting_in(tmp_path)) == len(stopped.value.asks) - 1)

    async def run() -> None:
        app = recorded(tmp_path)
        async with app.run_test(size=(120, 36)) as pilot:
            await script(pilot, app)

    asyncio.run(run())
    assert list(answers_in(tmp_path).values()) == [True]


def test_names_that_are_markup_or_escapes_are_shown_as_they_are_spelled() -> None:
    first = records()[0]
    evil = "[bold]x[/bold]\x1b[2J"
    spelled = "[bold]x[/bold]\\x1b[2J"
    feed = [replace(first, decisions=(replace(first.decisions[0], job_id=evil, reason=evil),), reason=evil)]

    async def script(pilot: Pilot[None], app: Console) -> None:
        await until(pilot, at_epoch(app, 1))
        assert spelled in rows(app, "decisions")[0]
        assert spelled in said(app, "#account")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Page))
        assert spelled in str(app.screen.query_one(Static).render())
        assert "\x1b" not in app.export_screenshot()

    play(script, iter(feed))
