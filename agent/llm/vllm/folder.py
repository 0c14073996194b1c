"""Folders of Hugging Face files, which vLLM loads; the embedded model's is written from its GGUF file: no download."""

from __future__ import annotations

import importlib.resources
import json
import logging
import tempfile
from pathlib import Path

from agent.llm.cached import cache_folder
from agent.llm.weights import BASE, sha256_of, verify
from sim.errors import InputError

log = logging.getLogger(__name__)


def embedded_folder() -> Path:
    """Return the folder of the embedded model's weights, tokenizer and chat template; made if it is not there.

    It lies where answers are kept (`cache_folder`), under the hashes of what it is made of, and takes 270 MB: the
    4-bit weights are written as 16-bit floats, which hold them to 0.05 %. The chat template is the model's own, with
    tools added.

    Raises:
        InputError: If the GGUF file or a package that reads it is missing.
    """
    source, template = verify(), _template()
    folder = cache_folder() / f"hf-{BASE.sha256[:12]}-{sha256_of(template)[:6]}"
    if not folder.exists():
        log.warning("writing the embedded model in the form that vLLM loads, once: %s", folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as unfinished:
            _write(source, template, Path(unfinished) / "model")
            try:
                (Path(unfinished) / "model").rename(folder)
            except OSError:
                if not folder.exists():  # else another process was quicker
                    raise
    return folder


def adapter_folder() -> Path | None:
    """Return the folder of the adapter that ships, as peft and vLLM take it; None if none does."""
    folder = Path(str(importlib.resources.files("agent.llm"))) / "adapter"
    return folder if (folder / "adapter_model.safetensors").is_file() else None


def weights_in(folder: Path) -> Path:
    """Return the whole path of a folder of Hugging Face weights. Raises InputError if it is none."""
    if not (folder / "config.json").is_file():
        raise InputError(f"{folder}: expected a folder of Hugging Face weights, found no config.json there")
    return folder.resolve()


def template_of(folder: Path) -> str:
    """Return the chat template of a folder; empty if it has none."""
    alone, settings = folder / "chat_template.jinja", folder / "tokenizer_config.json"
    if alone.is_file():
        return alone.read_text(encoding="utf-8")
    content = json.loads(settings.read_text(encoding="utf-8")) if settings.is_file() else {}
    return str(content.get("chat_template", ""))  # in some models a list of them


def _template() -> Path:
    return Path(str(importlib.resources.files("agent.llm"))) / "vllm" / "tools.jinja"


def _write(source: Path, template: Path, folder: Path) -> None:
    try:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

        name = {"gguf_file": source.name}
        tokenizer = AutoTokenizer.from_pretrained(str(source.parent), **name)
        model = AutoModelForCausalLM.from_pretrained(
            str(source.parent), **name, dtype=torch.float16, quantization_config=GgufConfig(dequantize=True)
        )
    except ImportError as error:
        raise InputError(f"the embedded model's weights cannot be read for vLLM: {error}; `pip install gguf`") from None
    tokenizer.chat_template = template.read_text(encoding="utf-8")
    tokenizer.save_pretrained(str(folder))
    model.save_pretrained(str(folder))
