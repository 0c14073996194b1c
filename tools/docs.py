"""docs/tools.md from the tools' own models: `python -m tools.docs > docs/tools.md`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_type_hints

from pydantic import BaseModel

from tools import TOOLS
from tools.spec import Tool

HEAD = """# Tools

What an agent can do, whoever it is. Each tool has a typed request (unknown fields are refused), a declared effect, and
three outcomes: `ok`, `invalid` (the message says how to mend the request), `denied` (an operator's rule is named).
Anything else is a bug of ours and ends the run. The OpenAI function schemas and this page are generated from the same
models (`python -m tools.docs > docs/tools.md`). A model sees results between `<data>` and `</data>`.

Effects: `read` changes nothing; `mutate` acts on jobs; `tell` reaches the operator and acts on no job. In tools mode
acts are a draft, carried out only if the plan is committed; what is told or asked reaches the operator in any case.

Tools hold a View (nothing later than now) and a backend, never the engine, the trace, or true durations. One backend
protocol (`tools/backends/protocol.py`) stands between them and a cluster; the simulator is behind it.

| tool | effect | does |
|---|---|---|
"""
UNITS = {
    "g_per_kwh": "gCO2eq/kWh",
    "usd_per_mwh": "USD/MWh",
    "memory_gb": "GB",
    "gb": "GB",
    "kwh": "kWh",
    "kw": "kW",
    "usd": "USD",
    "g": "g",
    "g_by_run": "g",
    "h": "h",
    "s": "s",
    "w": "W",
}
"""The unit that the end of a name says, the longest first."""
WORDS = {"number": "number", "integer": "whole number", "string": "text", "boolean": "true or false", "null": "null"}


def page() -> str:
    """Return the whole page, Markdown."""
    rows = [f"| `{tool.name}` | {tool.effect} | {_first_sentence(tool.description)} |" for tool in TOOLS.values()]
    return HEAD + "\n".join(rows) + "\n" + "".join(map(_section, TOOLS.values()))


def _section(tool: Tool) -> str:
    result: type[BaseModel] = get_type_hints(tool.handler)["return"]
    takes = list(_fields(tool.request.model_json_schema()))
    gives = list(_fields(result.model_json_schema(mode="serialization")))
    head = ["", f"## {tool.name}", "", tool.description, "", *(["Takes:", "", *takes] if takes else ["Takes nothing."])]
    return "\n".join([*head, "", f"Gives: {_one_line(result.__doc__)}", "", *gives]) + "\n"


def _fields(schema: dict[str, Any]) -> Iterator[str]:
    """Yield a line for each field of a model; those of parts are indented below it."""
    yield from _lines(schema, schema.get("$defs", {}), "")


def _lines(schema: dict[str, Any], parts: dict[str, Any], indent: str) -> Iterator[str]:
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        default = "" if name in required or "default" not in field else f"; {_said(field['default'])} if not given"
        unit = f", {found}" if (found := _unit(name)) else ""
        what = f": {field['description']}" if "description" in field else ""
        yield f"{indent}- `{name}` ({_type(field, parts)}{unit}{default}){what}"
        if part := _part(field, parts):
            yield from _lines(part, parts, indent + "  ")


def _part(field: dict[str, Any], parts: dict[str, Any]) -> dict[str, Any] | None:
    """Return the model that a field holds, or holds a list of, if it does."""
    for one in (field, field.get("items", {}), *field.get("anyOf", ())):
        if "$ref" in one:
            found: dict[str, Any] = parts[one["$ref"].rpartition("/")[2]]
            return found
    return None


def _type(field: dict[str, Any], parts: dict[str, Any]) -> str:
    """Return a JSON schema's type and bounds in words."""
    if "anyOf" in field:
        return " or ".join(_type(one, parts) for one in field["anyOf"])
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    if "$ref" in field:
        return "object"
    if field["type"] == "array":
        count = _bounds(field.get("minItems"), field.get("maxItems"))
        return f"list of {count}{' ' if count else ''}{_type(field['items'], parts)}s"
    word = WORDS[field["type"]]
    if length := _bounds(field.get("minLength"), field.get("maxLength")):
        return f"{word} of {length} characters"
    if "exclusiveMinimum" in field:
        return f"{word} above {field['exclusiveMinimum']:g}"
    return f"{word} {_bounds(field.get('minimum'), field.get('maximum'))}".rstrip()


def _bounds(least: float | None, most: float | None) -> str:
    """Return bounds in words; nothing where there are none."""
    if least is None:
        return "" if most is None else f"at most {most}"
    return f"at least {least}" if most is None else f"{least} to {most}"


def _unit(name: str) -> str:
    return next((unit for end, unit in UNITS.items() if name == end or name.endswith(f"_{end}")), "")


def _said(value: object) -> str:
    return "null" if value is None else f"`{str(value).lower()}`" if value != "" else "empty"


def _first_sentence(text: str) -> str:
    return text.partition(". ")[0].rstrip(".")


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


if __name__ == "__main__":
    print(page(), end="")
