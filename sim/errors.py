"""What can go wrong, and whose fault it is.

    CwsError
    ├── InputError      the words or the input are wrong        -> exit code 2
    └── FaultFound      the work ran and found a fault          -> exit code 1
    IllegalAction       a scheduler asked for what cannot be    -> the caller may mend it
    RuleDenied          an operator's rule forbids it           -> the rule is named

Anything else is our own bug and ends the run with a traceback.
"""

from __future__ import annotations


class CwsError(Exception):
    """Base of the errors that are shown to the user as one line."""


class InputError(CwsError):
    """The command line, a file or a service is wrong: says which, what was found, what was expected."""


class FaultFound(CwsError):
    """The command did its work and found a fault (an audit that differs, a check that fails)."""


class IllegalAction(Exception):
    """An action that the world cannot carry out: unknown job, past start, no such region."""


class RuleDenied(Exception):
    """An action that an operator's rule forbids. `rule` is the rule in canonical English."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule
