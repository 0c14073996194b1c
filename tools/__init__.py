"""What an agent can do: typed tools, and the backends that carry them out."""

from tools.act import ACT
from tools.read import READ
from tools.spec import Outcome, Registry, Session

TOOLS = Registry({**READ, **ACT})

__all__ = ["ACT", "READ", "TOOLS", "Outcome", "Registry", "Session"]
