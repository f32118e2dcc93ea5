"""One frozen `Settings`, read once: environment `NXCC_*` over `[nxcc]` in `.streamlit/secrets.toml` over defaults."""

from nxcc.settings.model import ACCEPTS, PREFIX, PROJECT, Settings
from nxcc.settings.reading import ForLogs, Source, for_logs, load, sources
from nxcc.settings.showing import masked_key, shown

__all__ = [
    "ACCEPTS",
    "PREFIX",
    "PROJECT",
    "ForLogs",
    "Settings",
    "Source",
    "for_logs",
    "load",
    "masked_key",
    "shown",
    "sources",
]
