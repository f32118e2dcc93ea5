"""Programs that are measured, each in a process of its own, and the sandbox that answers them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

PYTHON = (sys.executable, "-m")


@dataclass(frozen=True)
class Run:
    """What a program said on each line, and seconds and CPU seconds from its start to its exit."""

    lines: list[dict[str, float]]
    whole_s: float
    whole_cpu_s: float

    @property
    def said(self) -> dict[str, float]:
        """Its last line."""
        return self.lines[-1]


def timed(module: str, *arguments: str, stdin: str = "", settings: dict[str, str] | None = None) -> Run:
    """Runs a Python module to its end."""
    before, started = os.times(), time.perf_counter()
    done = subprocess.run(
        [*PYTHON, module, *arguments],
        input=stdin,
        env=os.environ | (settings or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    after, whole_s = os.times(), time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{module} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    whole_cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    return Run([json.loads(line) for line in done.stdout.splitlines()], whole_s, whole_cpu_s)


def middle(runs: Sequence[Run], figure: Callable[[Run], float]) -> float:
    """The median of a figure."""
    return median(figure(run) for run in runs)


@contextmanager
def sandbox(**options: float) -> Iterator[dict[str, str]]:
    """A sandbox in a process of its own (`delay_ms=20` is its option --delay-ms), as settings that connect to it."""
    command = [*PYTHON, "nxcc", "sandbox", "--port", "0"]
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = [process.stdout.readline().strip() for _ in range(4)]
        try:
            yield dict(line.split("=", 1) for line in lines)
        finally:
            process.terminate()
            process.stdout.read()
