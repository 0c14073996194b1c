"""A true picture of the console: `python -m bench.console_picture RUN_DIR OUT.svg EPOCHS` draws a recorded run."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path

from agent.record import EpochRecord
from agent.store import FILE, Store
from tui import Console

SIZE = (120, 36)


def picture(
    records: Sequence[EpochRecord],
    *,
    title: str,
    start: datetime,
    epochs: int,
    epoch_s: float,
    keys: Sequence[str] = (),
    size: tuple[int, int] = SIZE,
) -> str:
    """Return the console as SVG after it has shown all these epochs, and then been pressed these keys."""

    async def draw() -> str:
        feed = iter(records)
        app = Console(feed, title=title, start=start, epochs=epochs, epoch_s=epoch_s, live=False, started_paused=True)
        async with app.run_test(size=size) as pilot:
            await pilot.press(*["n"] * (len(records) - 1))
            while feed.__length_hint__():  # type: ignore[attr-defined]  # one thread pulls them, at its own pace
                await pilot.pause(0.05)
            await pilot.press(*keys)
            await pilot.pause(0.5)
            svg = app.export_screenshot()
            return svg.replace("<svg ", '<svg xml:space="preserve" ', 1)  # else some renderers trim blanks

    return asyncio.run(draw())


def main() -> None:
    """Draw a recorded run after some of its epochs."""
    run_dir, out, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    store = Store.open(run_dir / FILE)
    run = store.run()
    records = list(islice(store.epochs(), count))
    start = datetime.fromisoformat(run.start)
    title = f"{run.title}, {run.mode}, {run.llm}"
    out.write_text(picture(records, title=title, start=start, epochs=run.epochs, epoch_s=run.epoch_s))


if __name__ == "__main__":
    main()
