"""The JSON schemas that constrain what a model writes: lean, closed, and with no nulls."""

from __future__ import annotations

from typing import Any

from agent.policy.rules import Part

# what costs tokens in a grammar and constrains nothing
NOISE = ("title", "description", "default", "discriminator")


def schema_of(form: type[Part]) -> dict[str, Any]:
    """Return the schema of a form, its fields in their order: optional ones may be left out, and none is null.

    The root is a plain object: some backends take no `anyOf` there, and small models like to write nulls. So what
    depends on several fields is left to the form's own validation.
    """
    schema: dict[str, Any] = _lean(form.model_json_schema())
    return schema


def _lean(node: Any) -> Any:
    if isinstance(node, list):
        return [_lean(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _lean(value) for key, value in node.items() if key not in NOISE}
    return _not_null(kept)


def _not_null(node: dict[str, Any]) -> dict[str, Any]:
    choices = [choice for choice in node.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) != 1:
        return node
    return {**{key: value for key, value in node.items() if key != "anyOf"}, **choices[0]}
