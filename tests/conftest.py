"""Settings that all tests share."""

from __future__ import annotations

import os

from hypothesis import settings

# A shared machine is slow now and then: an example that takes long is no fault. CI tries the same examples each time.
settings.register_profile("shared", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("shared")
