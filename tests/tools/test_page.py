"""docs/tools.md is what the tools' models give."""

from __future__ import annotations

from pathlib import Path

from tools import TOOLS
from tools.docs import page

PAGE = Path(__file__).parents[2] / "docs" / "tools.md"


def test_the_page_of_tools_is_what_their_models_give():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tools.docs > docs/tools.md"


def test_every_field_of_every_request_is_on_the_page_with_its_bounds_and_unit():
    whole = page()
    for name, tool in TOOLS.items():
        section = whole.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert all(f"- `{field}` (" in section for field in tool.request.model_fields)
    assert "- `hours` (whole number 1 to 96; `24` if not given): How many hours ahead." in whole
    assert "- `carbon_g` (number, g)" in whole
    assert "  - `start_s` (number at least 0, s): Start" in whole, "the parts of a plan are below it"
