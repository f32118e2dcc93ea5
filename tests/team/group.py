"""A team on one machine: workers and apps as processes of their own, a database and a lake that they share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from nxcc.desk import Desk, open_desk
from nxcc.sandbox import Sandbox
from nxcc.settings import Settings
from nxcc.team.place import Team
from tests.browser.server import account as browser_account

PROJECT = Path(__file__).parents[2]


class Group:
    """Its workers, by number. `path` is for what each of them has to itself."""

    def __init__(self, path: Path, team: Team, account: Sandbox | Mapping[str, str], **settings: object) -> None:
        self.path, self.team = path, team
        said = browser_account(account) if isinstance(account, Sandbox) else account
        self._settings: dict[str, object] = {
            **{name.lower().removeprefix("nxcc_"): value for name, value in said.items()},
            "database_url": team.database_url,
            "lake_path": team.lake_path,
            "rate_per_second": 0,
        } | settings
        self.workers: list[subprocess.Popen[bytes]] = []

    def environment(self, name: str, **settings: object) -> dict[str, str]:
        """What a process of this name is started with."""
        given = self._settings | {"data_dir": self.path / name} | settings
        clean = {name: value for name, value in os.environ.items() if not name.startswith("NXCC_")}
        return clean | {f"NXCC_{name.upper()}": str(value) for name, value in given.items()}

    def start_worker(self, **settings: object) -> int:
        """One more worker; returns its number."""
        name = f"worker-{len(self.workers)}"
        with (self.path / f"{name}.log").open("ab") as log:
            self.workers.append(
                subprocess.Popen(
                    [sys.executable, "-m", "nxcc", "worker"],
                    cwd=PROJECT,
                    env=self.environment(name, **settings),
                    stdout=log,
                    stderr=log,
                )
            )
        return len(self.workers) - 1

    def kill(self, number: int) -> None:
        """kill -9."""
        self.workers[number].send_signal(signal.SIGKILL)
        self.workers[number].wait()

    def desk(self, name: str = "app", **settings: object) -> Desk:
        """A desk in this process, as an app has it."""
        given = self._settings | {"data_dir": self.path / name} | settings
        return open_desk(Settings(**given), with_jobs=True, kind="app")  # type: ignore[arg-type]

    def said(self) -> str:
        """All that the workers have written."""
        return "\n".join(path.read_text() for path in sorted(self.path.glob("worker-*.log")))

    def close(self) -> None:
        """Ends the workers."""
        for worker in self.workers:
            if worker.poll() is None:
                worker.terminate()
        for worker in self.workers:
            try:
                worker.wait(20)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
