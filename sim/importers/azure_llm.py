"""Azure's LLM inference traces of 2023 (github.com/Azure/AzurePublicDataset): a row a request, with its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path

import numpy as np
import pyarrow as pa

from sim.importers.base import Format, Imported, Options, Report
from sim.importers.csvfile import TS, moments, numbers, read_csv, whole


def read_azure_llm(paths: Sequence[Path], options: Options) -> Imported:
    """Return the requests of a service, in order; option `service` names it. The stamps are taken to be UTC."""
    source = ", ".join(str(path) for path in paths)
    table = read_csv(paths, ["TIMESTAMP", "ContextTokens", "GeneratedTokens"])
    texts = [
        None if text is None else text[:26] for text in table["TIMESTAMP"].to_pylist()
    ]  # 100 ns: one digit too many
    stamps = moments(texts, source, offset_s=0.0)
    seconds = np.array([stamp.astimezone(UTC).timestamp() for stamp in stamps])
    made = pa.table(
        {
            "ts": pa.array(stamps, type=TS),
            "submit_s": seconds - seconds.min(initial=np.inf),
            "service": pa.array([options.get("service", "llm")] * len(stamps), type=pa.string()),
            "prompt_tokens": whole(numbers(table, "ContextTokens", source, least=0.0), pa.int64()),
            "output_tokens": whole(numbers(table, "GeneratedTokens", source, least=0.0), pa.int64()),
        }
    ).sort_by("ts")
    return Imported("requests", made, Report(len(table), len(made)))


FORMATS = (
    Format(
        "azure-llm", "requests", "github.com/Azure/AzurePublicDataset, AzureLLMInferenceTrace", read_azure_llm,
        {"service": "the name of the service; llm if not given"},
    ),
)  # fmt: skip
"""What this module reads."""
