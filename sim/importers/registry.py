"""All formats that can be imported, by name."""

from __future__ import annotations

import difflib

from sim.errors import InputError
from sim.importers import (
    alibaba2018,
    alibaba_gpu2023,
    azure_llm,
    azure_vm,
    electricity_maps,
    gaia,
    generation_mix,
    google,
    iso_mix,
    open_meteo,
    sgip_moer,
    swf,
    uk_carbon_intensity,
    watttime,
    wfcommons,
)
from sim.importers.base import Format

_MODULES = (
    electricity_maps, watttime, sgip_moer, uk_carbon_intensity, generation_mix, iso_mix, open_meteo,
    gaia, alibaba2018, alibaba_gpu2023, azure_vm, swf, google, wfcommons, azure_llm,
)  # fmt: skip
FORMATS: dict[str, Format] = {one.name: one for module in _MODULES for one in module.FORMATS}


def importer(name: str) -> Format:
    """Return the format of this name, or raise InputError with the nearest names."""
    if name not in FORMATS:
        near = difflib.get_close_matches(name, FORMATS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ";"
        raise InputError(f"no format {name!r}{hint} known are {', '.join(FORMATS)}")
    return FORMATS[name]
