"""Settings that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A shared machine is slow now and then: an example that takes long is no fault. CI tries the same examples each time.
settings.register_profile("shared", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("shared")


@pytest.fixture(autouse=True)
def no_cache_of_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep answers of models in a folder of the test's own."""
    monkeypatch.setenv("CWS_CACHE_DIR", str(tmp_path / "cache"))
