"""Makes an app break on purpose, with secrets in the words of the exception: `?crash=page` breaks the Jobs page,
`?crash=around` what stands around every page, `?crash=thread` a thread.

Python imports this file at its start where its folder is in PYTHONPATH; `NXCC_CRASH_WORDS` is what the exception says.
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import os
import sys
import threading
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

_BREAKS = {"pages.jobs": ("render", "page"), "nxcc.ui.shell": ("sidebar", "around")}


def boom() -> None:
    """An exception that came out of another one; both say too much."""
    words = os.environ["NXCC_CRASH_WORDS"]
    try:
        raise LookupError(words)
    except LookupError as error:
        raise RuntimeError({"accessKey": words, "why": words}) from error


def _breaking(draw: Callable[..., Any], where: str) -> Callable[..., Any]:
    @functools.wraps(draw)
    def drawn(*arguments: Any) -> Any:
        import streamlit as st

        crash = st.query_params.get("crash", "")
        if crash == "thread" and where == "page":
            thread = threading.Thread(target=boom)
            thread.start()
            thread.join()
        elif crash == where:
            boom()
        return draw(*arguments)

    return drawn


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        spec = importlib.machinery.PathFinder.find_spec(name, path, target) if name in _BREAKS else None
        if spec is None or spec.loader is None:
            return None
        function, where = _BREAKS[name]
        run = spec.loader.exec_module

        def execute(module: ModuleType) -> None:
            run(module)
            setattr(module, function, _breaking(getattr(module, function), where))

        spec.loader.exec_module = execute  # type: ignore[method-assign]
        return spec


if "NXCC_CRASH_WORDS" in os.environ:
    sys.meta_path.insert(0, _Finder())
