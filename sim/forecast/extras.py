"""Models whose library is not installed by default."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sim.errors import InputError


def need(library: str, extra: str) -> Any:
    """Return a library. Raises InputError that names the extra, if it is not installed."""
    try:
        return import_module(library)
    except ImportError:
        raise InputError(f"this model needs {library}: pip install 'llm-cws[{extra}]'") from None
