"""Who may be in the archive: any number of readers and writers together, or one alone who replaces its file."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Gate:
    """Whoever wants to be alone waits for those who are in, and those who come later wait for it. A thread may come in
    several times, also while it is alone."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._inside = 0
        self._alone: int | None = None  # the thread that is alone, or waits for it
        self._mine = threading.local()

    @property
    def inside(self) -> bool:
        """Whether this thread is in, with others or alone."""
        return bool(getattr(self._mine, "deep", 0)) or self._alone == threading.get_ident()

    @contextmanager
    def together(self) -> Iterator[None]:
        """With others; not while somebody is alone."""
        deep = getattr(self._mine, "deep", 0)
        me = threading.get_ident()
        with self._change:
            self._change.wait_for(lambda: deep or self._alone in (None, me))
            self._inside += 1
        self._mine.deep = deep + 1
        try:
            yield
        finally:
            self._mine.deep = deep
            with self._change:
                self._inside -= 1
                self._change.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Without others. Not for a thread that is in together with them: it would wait for itself."""
        if getattr(self._mine, "deep", 0):
            raise RuntimeError("to be alone, leave first")
        with self._change:
            self._change.wait_for(lambda: self._alone is None)
            self._alone = threading.get_ident()
            self._change.wait_for(lambda: not self._inside)
        try:
            yield
        finally:
            with self._change:
                self._alone = None
                self._change.notify_all()
