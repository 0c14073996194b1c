"""Azure's LLM inference traces of 2023 and 2024 (github.com/Azure/AzurePublicDataset): a row a request."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from sim.importers.base import Format, Imported, Options, Report
from sim.importers.csvfile import counts, read_csv
from sim.importers.jobs_table import from_first
from sim.importers.series import TS, moments


def read_azure_llm(paths: Sequence[Path], options: Options) -> Imported:
    """Return the requests of a service, in order; option `service` names it. Stamps without a zone are UTC."""
    source = ", ".join(str(path) for path in paths)
    table = read_csv(paths, ["TIMESTAMP", "ContextTokens", "GeneratedTokens"])
    stamps = moments(table["TIMESTAMP"].to_pylist(), source, offset_s=0.0)
    made = pa.table(
        {
            "ts": pa.array(stamps, type=TS),
            "submit_s": from_first(np.array([stamp.timestamp() for stamp in stamps])),
            "service": pa.array([options.get("service", "llm")] * len(stamps), type=pa.string()),
            "prompt_tokens": counts(table, "ContextTokens", source, pa.int64()),
            "output_tokens": counts(table, "GeneratedTokens", source, pa.int64()),
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
