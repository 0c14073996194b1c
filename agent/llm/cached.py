"""Answers kept on disk: what a model has read once it need not read again."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.llm.protocol import LanguageModel, Message, Schema, Turn

log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Return where answers are kept: CWS_CACHE_DIR, else `llm-cws` in XDG_CACHE_HOME, else in ~/.cache."""
    named = os.environ.get("CWS_CACHE_DIR")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "llm-cws"


class Cached:
    """A model whose answers are kept, one file each, under the hash of all that they depend on.

    That is the model's version, the messages (the prompt, the names, the text), the schema and the limit of tokens.
    A file that is damaged, or that cannot be written, only costs another call. Calls with tools are not kept.

    Args:
        model: Who answers what is not kept yet.
        folder: Where the answers are; it is made when the first one is written.
    """

    def __init__(self, model: LanguageModel, folder: Path) -> None:
        self.spec, self.version, self.tuned = model.spec, model.version, model.tuned
        self.model = model
        self._folder = folder

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        deadline_s: float,
        schema: Schema | None = None,
        tools: Sequence[Schema] = (),
    ) -> Turn:
        """Return the kept answer, at no usage, or else the model's. See `LanguageModel.complete`."""

        def ask() -> Turn:
            return self.model.complete(
                messages, max_tokens=max_tokens, deadline_s=deadline_s, schema=schema, tools=tools
            )

        if tools:
            return ask()
        key = _sha256([self.version, list(messages), schema, max_tokens])
        path = self._folder / key[:2] / f"{key}.json"
        kept = _load(path, key)
        if kept is not None:
            return Turn(kept)
        turn = ask()
        about = {"model": self.version, "text": messages[-1]["content"]}
        _keep(path, {**about, "answer": turn.text, "key": key, "sha256": _sha256(turn.text)})
        return turn


def _sha256(content: Any) -> str:
    # not sorted: a schema's order is that in which fields are written
    text = json.dumps(content, default=dict)
    return hashlib.sha256(text.encode()).hexdigest()


def _load(path: Path, key: str) -> str | None:
    """Return the answer in a file; None if there is none, or what is there is not whole."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        log.warning("%s: a kept answer cannot be read, and is asked for anew: %s", path, error)
        return None
    answer = content.get("answer") if isinstance(content, dict) else None
    if not isinstance(answer, str) or (content.get("key"), content.get("sha256")) != (key, _sha256(answer)):
        log.warning("%s: a kept answer is damaged, and is asked for anew", path)
        return None
    return answer


def _keep(path: Path, content: Mapping[str, str]) -> None:
    """Write a file by way of another: whoever reads meanwhile finds the old one or the new one, never half of one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".tmp", encoding="utf-8", delete=False) as file:
            json.dump(content, file, indent=2, ensure_ascii=False)
        Path(file.name).replace(path)
    except OSError as error:
        log.warning("%s: an answer cannot be kept: %s", path, error)
