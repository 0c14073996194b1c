"""The graph of one epoch with a pause: it is interrupted where a person must be asked, and kept in SQLite till then.

    observe -> propose -> decide -> check -> act -> gather -> ask -> record
       ^                                                       |
       +------------------- answered --------------------------+

Up to `ask` all is as without a pause. If something was asked and has no answer, `ask` interrupts: what the epoch did to
the world is given up, and so is the world. Who goes on builds the world again up to this epoch, with the answers known,
and resumes the graph: the epoch is made anew, as it would have been, had the answers been there at once.
"""

from __future__ import annotations

import itertools
import math
import sqlite3
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, interrupt

from agent.approving.folder import CHECKPOINTS, Waits
from agent.epoch import Epoch
from agent.graph import NODES, State, compiled
from agent.record import ModelRecord
from sim.approvals import Approvals


class Pausable(State, total=False):
    """The state of an epoch that may pause: what was asked in vain, and what the model has answered so far."""

    asks: list[dict[str, Any]]
    heard: list[dict[str, Any]]


def interruptible(saver: SqliteSaver, approvals: Approvals) -> CompiledStateGraph[Any, Epoch, Any, Any]:
    """Return the graph that stops where these approvals have no answer."""
    graph = StateGraph(Pausable, context_schema=Epoch)
    for node in NODES:
        graph.add_node(node.__name__, node)
    pause = _Pause(approvals)
    graph.add_node("gather", pause.gather)
    graph.add_node("ask", pause.ask)
    *before, last = (node.__name__ for node in NODES)
    for first, then in itertools.pairwise([START, *before, "gather", "ask"]):
        graph.add_edge(first, then)
    graph.add_edge(last, END)
    return graph.compile(checkpointer=saver)


@dataclass(frozen=True)
class _Pause:
    """The two nodes after `act`: what has no answer is written down, and then the graph stops for it."""

    approvals: Approvals

    def gather(self, state: Pausable, runtime: Runtime[Epoch]) -> Pausable:
        """Note what has no answer, and what the model said: it need not be asked again."""
        heard = [asdict(call) for call in runtime.context.model]
        return {"asks": [asdict(ask) for ask in self.approvals.unanswered], "heard": heard}

    def ask(self, state: Pausable) -> Command[Literal["observe", "record"]]:
        """Stop if anything has no answer; once resumed, begin the epoch anew."""
        if not state["asks"]:
            return Command(goto="record")
        interrupt(state["asks"])
        return Command(goto="observe", update={"asks": []})


class Pausing:
    """Invokes the graph epoch by epoch, and keeps the checkpoints of the last: where it ended, or was interrupted."""

    def __init__(self, folder: Path, approvals: Approvals, decided_s: float = -math.inf) -> None:
        """Open the checkpoints of a run folder.

        Args:
            folder: The run folder.
            approvals: What people are asked, and what they say.
            decided_s: Epochs until then were decided before, and are only made again: they cannot pause.
        """
        self._decided_s = decided_s
        self._connection = sqlite3.connect(folder / CHECKPOINTS, check_same_thread=False)
        self._saver = SqliteSaver(self._connection)
        self.approvals = approvals
        self._graph = interruptible(self._saver, approvals)

    def heard(self) -> list[ModelRecord]:
        """Return what the model answered in the epoch that was under way when the run last stopped."""
        newest = next(self._saver.list(None, limit=1), None)
        if newest is None or float(newest.config["configurable"]["thread_id"]) <= self._decided_s:
            return []
        return [ModelRecord(**one) for one in newest.checkpoint["channel_values"].get("heard", ())]

    def invoke(self, state: dict[str, Any], *, context: Epoch) -> None:
        """Decide an epoch, or go on with one that was interrupted.

        Raises:
            Waits: If something was asked before or is asked in it, and has no answer.
        """
        self.stop_if_asked()
        if context.view.now_s <= self._decided_s:
            compiled().invoke({}, context=context)
        else:
            self._invoke(state, context)
        self.stop_if_asked()

    def _invoke(self, state: dict[str, Any], context: Epoch) -> None:
        config: RunnableConfig = {"configurable": {"thread_id": repr(context.view.now_s)}}
        if self._graph.get_state(config).interrupts:
            given: Any = Command(resume=[one["yes"] for one in self.approvals.record()])
        else:
            self._forget()
            given = state
        self._graph.invoke(given, config, context=context, durability="exit")

    def stop_if_asked(self) -> None:
        """Raise Waits if anything was asked and has no answer."""
        if asks := self.approvals.unanswered:
            raise Waits(asks)

    def close(self) -> None:
        """Release the file."""
        self._connection.close()

    def _forget(self) -> None:
        """Drop the checkpoints of epochs that are over."""
        for thread in {one.config["configurable"]["thread_id"] for one in self._saver.list(None)}:
            self._saver.delete_thread(thread)
