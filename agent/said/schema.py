"""The JSON schema of a model's answer about one sentence."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, TypeAdapter, model_validator

from agent.policy.rules import Part, Rule

MAX_RULES = 8
MAX_REASON = 300
# what costs tokens in a prompt or a grammar and constrains nothing
NOISE = ("title", "description", "default", "discriminator")


class Answer(Part):
    """What a sentence says: rules, or why no rule can say it."""

    rules: Annotated[tuple[Rule, ...], Field(min_length=1, max_length=MAX_RULES)] | None = None
    unenforceable: Annotated[str, Field(min_length=1, max_length=MAX_REASON)] | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.rules is None) == (self.unenforceable is None):
            raise ValueError("an answer has either rules or unenforceable")
        return self


def answer_schema() -> dict[str, Any]:
    """Return the schema of an answer, without `source`: that is the sentence, and code knows it.

    The root is a plain object and optional fields may only be left out, not null: some backends take no
    `anyOf` at the root, and small models like to write nulls. The caller validates again.
    """
    rule = lean(TypeAdapter(Rule).json_schema())
    definitions = rule.pop("$defs")
    rules = {"type": "array", "minItems": 1, "maxItems": MAX_RULES, "items": rule}
    reason = {"type": "string", "minLength": 1, "maxLength": MAX_REASON}
    return {
        "type": "object",
        "properties": {"rules": rules, "unenforceable": reason},
        "additionalProperties": False,
        "$defs": definitions,
    }


def lean(node: Any) -> Any:
    """Return a JSON schema without what costs tokens, without `source`, and with no null among choices."""
    if isinstance(node, list):
        return [lean(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: lean(value) for key, value in node.items() if key not in NOISE}
    if "properties" in kept:
        kept["properties"].pop("source", None)
        kept["required"] = [name for name in kept.get("required", ()) if name != "source"]
    if "oneOf" in kept:
        kept["anyOf"] = kept.pop("oneOf")
    return _not_null(kept)


def _not_null(node: dict[str, Any]) -> dict[str, Any]:
    choices = [choice for choice in node.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) != 1:
        return node
    return {**{key: value for key, value in node.items() if key != "anyOf"}, **choices[0]}
