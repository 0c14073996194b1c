"""The labels of what a job needs, and labels that ask for nothing."""

from __future__ import annotations

NAMES = {
    "deadline": "[deadline|due|finish by|done by|latest end|end by|needed by]",
    "earliest": "[earliest|earliest start|start after|not before|start not before|begin after]",
    "within": "[max wait|max delay|start within|wait at most|maximum delay|latest start]",
    "only": "[only|region|regions|allowed regions|only in|run in|site|where]",
    "deny": "[not in|exclude|excluded|avoid|never in|forbidden|no-go|deny]",
    "pause": "[pause|pausing|interruptible|preemptible|suspend|suspendable|can be paused]",
    "priority": "[prio|priority|priority|Priority|PRIO]",
    "takes": "[time|runtime|run time|duration|takes|estimate|est.|walltime|length|hours needed]",
    "cpus": "[cores|CPUs|cpus|vCPUs|cpu|CPU cores|ncpus]",
    "gpus": "[GPUs|gpus|gpu|GPU|# of GPUs|ngpus]",
    "memory": "[mem|memory|RAM|ram|Memory]",
}
OTHERS = ("[ticket|run|seed|version|branch|cost centre|project|try|build]: {n}", "[owner|contact|by|user]: {who}", "[code|lang]: [Python|Rust|C++]", "[output|logs]: bucket {n}", "[team]: {team}")  # fmt: skip
"""Lines that ask for nothing."""
