"""On a real Ray cluster of two nodes, in a network namespace of its own: the same bytes as in a pool."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from sim.errors import InputError
from tests.agent.evaluation.suites import write_suite
from tests.agent.evaluation.test_evaluate import ROOT, run

RAY = importlib.util.find_spec("ray") is not None
CLUSTER = """
set -euo pipefail
ip link set lo up
export RAY_AUTH_MODE=disabled RAY_USAGE_STATS_ENABLED=0 PYTHONPATH={root}
ray() {{ {python} -m ray.scripts.scripts "$@" > {log} 2>&1 || {{ cat {log} >&2; exit 1; }}; }}
ray start --head --node-ip-address=127.0.0.1 --port=6399 --num-cpus=1 --include-dashboard=false \\
    --object-store-memory=80000000 --temp-dir={temp}
ray start --address=127.0.0.1:6399 --node-ip-address=127.0.0.2 --num-cpus=1 --object-store-memory=80000000
{python} -m cli evaluate {suite} --out {out} --ray 127.0.0.1:6399 --json
{python} -c 'import ray; ray.init("127.0.0.1:6399", log_to_driver=False); print(len(ray.nodes()), "nodes")'
"""


def has_namespaces() -> bool:
    """Whether this user may make a network namespace."""
    words = ["unshare", "-n", "--pid", "--fork", "--kill-child", "--mount-proc", "ip", "link"]
    return (
        bool(shutil.which("unshare") and shutil.which("ip"))
        and not subprocess.run(words, check=False, capture_output=True).returncode
    )


@pytest.mark.skipif(not RAY, reason="the extra `ray` is not installed")
@pytest.mark.skipif(RAY and not has_namespaces(), reason="network namespaces are not allowed here")
def test_two_nodes_give_the_same_bytes_as_this_process(tmp_path: Path):
    suite = write_suite(tmp_path / "suite")
    alone = run(suite, tmp_path / "alone")
    with TemporaryDirectory(prefix="ray-") as short:  # the path of a socket is at most 107 bytes long
        script = CLUSTER.format(
            root=ROOT, python=sys.executable, suite=suite, out=tmp_path / "ray", log=tmp_path / "log", temp=short
        )
        words = ["unshare", "-n", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", script]
        done = subprocess.run(words, check=False, cwd=ROOT, capture_output=True, text=True, timeout=300, env=os.environ)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.rstrip().endswith("2 nodes")
    assert (tmp_path / "ray/results.parquet").read_bytes() == (alone.folder / "results.parquet").read_bytes()


@pytest.mark.skipif(RAY, reason="the extra `ray` is installed")
def test_without_the_extra_the_command_says_how_to_get_it(tmp_path: Path):
    from agent.evaluation.ray import on_ray

    with pytest.raises(InputError, match=r"install llm-cws\[ray\]"):
        next(on_ray([], None, None, address="auto"))  # type: ignore[arg-type]
