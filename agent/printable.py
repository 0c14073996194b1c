"""Text of users on its way to a terminal: what a terminal would obey, or nobody would see, is spelled out."""

from __future__ import annotations

import logging


def printable(text: str, *, lines: bool = False) -> str:
    """Return the text with every unprintable character spelled out; with `lines`, line breaks stay.

    Example:
        >>> printable("job \\x1b[2J")
        'job \\\\x1b[2J'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or (lines and c == "\n") else _spelled(c) for c in text)


def _spelled(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


class PrintableFormatter(logging.Formatter):
    """Writes a message on one line, printable; tracebacks stay as they are."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the message."""
        return printable(super().formatMessage(record))
