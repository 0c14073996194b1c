"""`cws llm`: fetch, serve, test and tune language models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agent.commands.shared import Llm, group, print_json
from sim.errors import FaultFound, InputError

llm_app = group("Fetch, serve, test and tune language models.")


@llm_app.command("pull")
def llm_pull() -> None:
    """Fetch the embedded model and check its hash."""
    from agent.llm.weights import pull

    typer.echo(f"embedded model: {pull()}")


@llm_app.command("check")
def llm_check(llm: Llm = "local") -> None:
    """One small call to a model; exit 1 if it does not answer."""
    from agent.llm.select import probe

    answer = probe(llm)
    print_json(answer)
    if not answer["ok"]:
        raise FaultFound(str(answer["error"]))


@llm_app.command("serve")
def llm_serve(
    more: Annotated[
        list[str] | None, typer.Argument(metavar="-- WORDS", help="Options of vLLM's own, as they are.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option("--model", help="A folder of Hugging Face weights; the embedded model if not given.")
    ] = None,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Of 127.0.0.1.")] = 8123,
    name: Annotated[str | None, typer.Option("--name", help="What clients call the model.")] = None,
    adapter: Annotated[
        bool,
        typer.Option("--adapter/--no-adapter", help="Serve the adapter that reads texts beside the embedded model."),
    ] = True,
    api_key: Annotated[
        str | None, typer.Option("--api-key", envvar="VLLM_API_KEY", help="Answer only to who sends this key.")
    ] = None,
    tool_parser: Annotated[
        str, typer.Option("--tool-parser", help="vLLM's parser of the model's tool calls.")
    ] = "hermes",
) -> None:
    """Start a vLLM server on this machine, with JSON schemas, tools, a prefix cache and the adapter; Ctrl-C ends it."""
    from agent.llm.vllm.server import serve, serving

    server = serving(model, name, port, adapter=adapter, api_key=api_key, tool_parser=tool_parser, more=more or ())
    raise typer.Exit(serve(server, lambda: typer.echo("\n".join(server.told()))))


@llm_app.command("tune")
def llm_tune(
    out: Annotated[Path, typer.Option(help="Folder of the run: adapter.gguf, its checkpoints and its log.")],
    hours: Annotated[
        float, typer.Option(min=0.01, help="Wall hours to train for, those before a resume included.")
    ] = 2,
    seed: Annotated[int, typer.Option(min=0, help="Of the pairs it learns from.")] = 0,
    threads: Annotated[int, typer.Option(min=1, help="Threads of PyTorch.")] = 2,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the folder's checkpoint.")] = False,
    start: Annotated[
        Path | None,
        typer.Option("--start", help="A trained adapter_model.safetensors to go on from, with another seed."),
    ] = None,
) -> None:
    """Fine-tune the embedded model to read policies and job descriptions (needs the extra `train`)."""
    try:
        from agent.training.tune import Settings, tune
    except ModuleNotFoundError as error:
        raise InputError(
            f"fine-tuning needs {error.name}: `pip install torch` (the CPU build), then `pip install 'llm-cws[train]'`"
        ) from None
    typer.echo(f"adapter: {tune(Settings(out, hours, seed=seed, threads=threads, start=start), resume=resume)}")
