import subprocess
import sys

import pytest

from agent.llm import embedded, select
from agent.llm.embedded import EmbeddedModel, Threads, default_threads
from agent.llm.select import open_model, open_reader, probe
from agent.llm.weights import find_adapter
from sim.errors import InputError


def test_none_is_no_model():
    assert open_model("none") is None
    assert probe("none") == {
        "spec": "none",
        "version": None,
        "ok": True,
        "seconds": None,
        "tokens_per_s": None,
        "error": None,
    }


@pytest.mark.parametrize("spec", ["", "gpt-x", "openai", "openai:", "vllm:", "local:tuned", "None"])
def test_an_unknown_spec_names_the_known_forms(spec):
    with pytest.raises(InputError) as error:
        open_model(spec)
    known = "`local`, `local:base`, `openai:MODEL`, `vllm`, `vllm:DIR` or `none`"
    assert str(error.value) == f"--llm {spec!r}: expected {known}"


def test_a_probe_reports_what_is_missing(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("OPENAI_BASE_URL", "https://models.example/v1")
    report = probe("openai:m")
    assert not report["ok"]
    assert report["error"] == "OPENAI_API_KEY is not set, and models.example is not this machine"


def test_threads_from_the_environment(monkeypatch):
    monkeypatch.setenv("CWS_LLM_THREADS", "2,4")
    assert default_threads() == Threads(decode=2, batch=4)
    monkeypatch.delenv("CWS_LLM_THREADS")
    assert default_threads().decode == 1


@pytest.mark.parametrize("text", ["2", "a,b", "0,2", "1,2,3", ""])
def test_threads_that_are_none(monkeypatch, text):
    monkeypatch.setenv("CWS_LLM_THREADS", text)
    with pytest.raises(InputError, match="expected two whole numbers from 1 on, such as 1,2"):
        default_threads()


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (ModuleNotFoundError("No module named 'xllamacpp'"), "use `--llm openai:MODEL` or `--llm none`"),
        (ImportError("libgomp.so.1: cannot open shared object file"), "apt-get install libgomp1"),
    ],
)
def test_a_missing_runtime_says_what_to_do(monkeypatch, tmp_path, error, remedy):
    def fail(name):
        raise error

    monkeypatch.setattr(embedded, "verify", lambda: tmp_path)
    monkeypatch.setattr(embedded.importlib, "import_module", fail)
    with pytest.raises(InputError, match=remedy):
        EmbeddedModel()


def test_missing_weights_say_what_to_do(monkeypatch):
    monkeypatch.setattr("agent.llm.weights.find", lambda weights: None)
    with pytest.raises(InputError, match="cws llm pull"):
        open_model("local")


@pytest.mark.parametrize("ships", [True, False])
def test_only_the_local_reader_has_the_adapter_and_only_if_one_ships(monkeypatch, tmp_path, ships):
    opened = {}

    class Embedded:
        tuned, version = False, ""

        def __init__(self, spec, adapter=None):
            self.spec = spec
            opened[spec] = adapter

        def start(self):
            pass

    file = tmp_path / "adapter.gguf"
    monkeypatch.setattr(select, "EmbeddedModel", Embedded)
    monkeypatch.setattr(select, "find_adapter", lambda: file if ships else None)
    for spec in ("local", "local:base"):
        open_reader(spec)
    assert opened == {"local": file if ships else None, "local:base": None}
    open_model("local")
    assert opened["local"] is None


def test_the_adapter_is_found_where_it_ships(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.resources.files", lambda package: tmp_path)
    assert find_adapter() is None
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "adapter.gguf").touch()
    assert find_adapter() == tmp_path / "adapter" / "adapter.gguf"


def test_choosing_a_model_loads_no_runtime():
    heavy = "{'openai', 'xllamacpp'} & set(sys.modules)"
    code = f"import sys, agent.llm.select, agent.llm.embedded; sys.exit(str({heavy}) if {heavy} else 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
