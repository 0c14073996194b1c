"""What a model can be asked to read."""

from typing import Literal

Task = Literal["rules", "hints"]
