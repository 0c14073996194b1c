"""Play the hand-made run in the console: `python -m tests.play_records`."""

from __future__ import annotations

from tests.records import EPOCH_S, EPOCHS, START, records
from tui import Console

if __name__ == "__main__":
    Console(iter(records()), title="hand-made run", start=START, epochs=EPOCHS, epoch_s=EPOCH_S, live=False).run()
