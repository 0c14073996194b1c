"""Tools that look and change nothing."""

from __future__ import annotations

from tools.read.capacity import CAPACITY
from tools.read.jobs import JOBS
from tools.read.signals import SIGNALS
from tools.read.what_if import WHAT_IF
from tools.spec import Registry

READ = Registry({**SIGNALS, **CAPACITY, **JOBS, **WHAT_IF})

__all__ = ["READ"]
