from __future__ import annotations

from typing import Any

import pytest

from agent.said.hints import SaidHints
from agent.said.rules import SaidAnswer, SaidRule
from agent.said.schema import schema_of


def nodes(schema: Any) -> list[dict[str, Any]]:
    children = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    found = [node for child in children for node in nodes(child)]
    return [schema, *found] if isinstance(schema, dict) else found


@pytest.mark.parametrize("form", [SaidAnswer, SaidHints])
def test_every_list_and_string_is_bounded_and_nothing_is_null(form: type):
    """An unbounded list runs until the tokens run out; `format` and `not` are ignored by some backends."""
    for node in nodes(schema_of(form)):
        if node.get("type") == "array":
            assert node["maxItems"] <= 16
        if node.get("type") == "string":
            assert {"maxLength", "enum", "const"} & set(node)
        if node.get("type") == "integer":
            assert {"minimum", "maximum"} <= set(node)
        if node.get("type") == "object":
            assert node["additionalProperties"] is False
        assert not {"format", "not", "oneOf", "anyOf"} & set(node)
        assert node.get("type") != "null"


def test_fields_are_in_the_order_that_models_are_trained_to_write():
    fields = [field.alias or name for name, field in SaidRule.model_fields.items()]
    assert list(schema_of(SaidAnswer)["$defs"]["SaidRule"]["properties"]) == fields
