"""What a tool is: a typed request, a declared effect, and three outcomes.

    ok        it was done, or answered
    invalid   the request makes no sense here; the message says how to mend it
    denied    an operator's rule forbids it; the rule is named

Anything else that happens in a tool is our own bug: it is not caught here and ends the run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from sim.errors import IllegalAction, InputError, RuleDenied
from sim.timetable import Timetable
from sim.view import View
from tools.backends.protocol import Actions

Effect = Literal["read", "mutate", "tell"]
"""`read` changes nothing, `mutate` acts on jobs, `tell` reaches the operator and acts on no job."""
Status = Literal["ok", "invalid", "denied"]


class Request(BaseModel):
    """The arguments of a tool. Its docstring is what the model reads; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Fixable(Exception):
    """A request that the caller can mend; the message says how."""


@dataclass(frozen=True)
class Outcome:
    """What came of a call. `result` is plain JSON; with `invalid` and `denied` it holds a `message`."""

    status: Status
    result: dict[str, Any]

    @property
    def message(self) -> str:
        """Why it was invalid or denied; empty if ok."""
        return "" if self.status == "ok" else str(self.result.get("message", ""))


@dataclass
class Session:
    """What the tools of one epoch work with: what may be known, and who carries actions out."""

    view: View
    backend: Actions

    def timetable(self) -> Timetable:
        """Return a fresh timetable of this view: what is booked on it binds nobody."""
        return Timetable(self.view)


Handler = Callable[[Any, Session], BaseModel]


@dataclass(frozen=True)
class Tool:
    """A registered tool."""

    name: str
    request: type[Request]
    effect: Effect
    handler: Handler

    @property
    def description(self) -> str:
        """The request's docstring on one line: what the model reads."""
        return " ".join((self.request.__doc__ or "").split())

    def openai_schema(self) -> dict[str, Any]:
        """Return the function schema of the OpenAI chat API, generated from the request model."""
        parameters = self.request.model_json_schema()
        parameters.pop("title", None)
        parameters.pop("description", None)
        return {
            "type": "function",
            "function": {"name": self.name, "description": self.description, "parameters": parameters},
        }


class Registry(dict[str, Tool]):
    """Tools by name."""

    def tool(self, request: type[Request], *, effect: Effect) -> Callable[[Handler], Handler]:
        """Register the decorated function under its own name."""

        def register(handler: Handler) -> Handler:
            self[handler.__name__] = Tool(handler.__name__, request, effect, handler)
            return handler

        return register

    def without(self, names: Collection[str]) -> Registry:
        """Return the other tools. Raises InputError if there is none of a name."""
        if unknown := sorted(set(names) - set(self)):
            raise InputError(f"no tool {unknown[0]!r} to leave out; tools are {', '.join(sorted(self))}")
        return Registry({name: tool for name, tool in self.items() if name not in names})

    def call(self, name: str, arguments: Mapping[str, Any] | str, session: Session) -> Outcome:
        """Validate the arguments (a mapping, or JSON text as a model writes it), run the tool, return its outcome."""
        if name not in self:
            return Outcome("invalid", {"message": f"no tool {name!r}; tools are {', '.join(sorted(self))}"})
        tool = self[name]
        try:
            content = json.loads(arguments) if isinstance(arguments, str) else dict(arguments)
            request = tool.request.model_validate(content)
        except ValidationError as error:
            return Outcome("invalid", {"message": f"arguments of {name}: {_complaints(error)}"})
        except (ValueError, RecursionError) as error:  # no JSON, a number of too many digits, or nested without end
            return Outcome("invalid", {"message": f"arguments of {name} are not JSON: {error}"})
        try:
            return Outcome("ok", tool.handler(request, session).model_dump(mode="json"))
        except (Fixable, IllegalAction) as error:
            return Outcome("invalid", {"message": str(error)})
        except RuleDenied as denied:
            return Outcome("denied", {"message": f"a rule forbids it: {denied.rule}", "rule": denied.rule})


def _complaints(error: ValidationError) -> str:
    """Return each of Pydantic's complaints: field and what was expected."""
    details = error.errors(include_url=False)
    return "; ".join(f"{'.'.join(map(str, d['loc'])) or '(whole)'}: {d['msg']}" for d in details)
