"""The server's logs: ours, Streamlit's and uvicorn's in one format, on stderr."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import streamlit as st
import streamlit.logger
from streamlit import config

from nxcc import logs
from nxcc.settings import for_logs

_SERVERS = ("streamlit", "uvicorn", "websockets")
_ACCESS = "uvicorn.access"


def begin() -> None:
    """Once the server is up: uvicorn sets its own loggers up before."""
    wanted = for_logs()
    logs.begin(wanted.format, wanted.level or "info")
    logs.hide(*wanted.secrets)
    if st.secrets.load_if_toml_exists():
        logs.hide(*_secrets_in(st.secrets.get("auth", {})))
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in _SERVERS:
            _join(logging.getLogger(name))
    config.set_option("logger.enableRich", False)  # with it, uncaught exceptions are printed whole, past every logger
    streamlit.logger.setup_formatter = _join  # of the loggers that Streamlit makes later


def _join(logger: logging.Logger) -> None:
    if logger.name == _ACCESS:  # addresses hold order ids, and the code of a sign-in
        logger.handlers.clear()
        logger.propagate = False
    else:
        logs.join(logger)


def _secrets_in(table: Mapping[str, Any]) -> Iterator[str]:
    """Values of sign-in's settings that are secrets, those of several providers as well."""
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _secrets_in(value)
        elif isinstance(value, str) and "secret" in name:
            yield value
