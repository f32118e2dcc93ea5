"""A private PostgreSQL: its binaries are the system's, its data in a temporary folder, its port a free one.

`python -m tests.postgres` installs the binaries where there are none (Debian's package, as root or by sudo without a
password). PostgreSQL refuses to run as root: then it runs as the system's user `postgres`.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

_DEBIAN = "/usr/lib/postgresql"
_FASTER = "-c fsync=off -c full_page_writes=off"  # the system does not crash, only PostgreSQL does
_USER = "nxcc"


def binaries() -> Path | None:
    """The folder of `initdb` and `pg_ctl`, of the newest release; None when there is none."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    newest_first = sorted(Path(_DEBIAN).glob("*/bin/initdb"), key=lambda path: -float(path.parts[-3]))
    return newest_first[0].parent if newest_first else None


@dataclass(frozen=True)
class Postgres:
    """A running server."""

    folder: Path
    port: int
    password: str

    def url(self, database: str) -> str:
        """The address of a database, with user and password."""
        return f"postgresql://{_USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def create(self, template: str = "template0") -> str:
        """A new database, empty or a copy of another one that nobody is in; returns its address."""
        name = f"nxcc_{secrets.token_hex(4)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Removes a database, whoever is in it."""
        self.run(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")

    def run(self, statement: str) -> None:
        """One statement, as the superuser."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def stop(self, mode: str = "immediate") -> None:
        """Ends it: `immediate` is as a crash, `fast` disconnects everybody."""
        _pg_ctl("stop", "-D", str(self.folder / "data"), "-m", mode, "-w")

    def start(self) -> None:
        """Starts it (again), on the same port, and waits until it answers."""
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= {_FASTER} "
            "-c max_connections=300 -c shared_buffers=64MB -c log_min_messages=fatal"
        )
        log = str(self.folder / "log")
        _pg_ctl("start", "-D", str(self.folder / "data"), "-l", log, "-o", options, "-w", "-t", "60")


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server for as long as this lasts."""
    found = binaries()
    if found is None:
        raise RuntimeError("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="nxcc-postgres-"))
    server = Postgres(folder, _free_port(), secrets.token_hex(8))
    try:
        word = folder / "password"
        word.write_text(server.password)
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            for path in (folder, word):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        _as_owner(
            str(found / "initdb"), "-D", str(folder / "data"), "-U", _USER, "-A", "scram-sha-256",
            f"--pwfile={word}", "-E", "UTF8", "--locale=C", "--no-sync",
        )  # fmt: skip
        server.start()
        yield server
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _pg_ctl(*arguments: str) -> None:
    found = binaries()
    assert found
    _as_owner(str(found / "pg_ctl"), *arguments)


def _as_owner(*command: str) -> None:
    user = "postgres" if os.geteuid() == 0 else None
    # The server keeps what it inherits: a pipe would never end.
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(
            command, check=False, user=user, group=user, cwd="/", stdout=said, stderr=subprocess.STDOUT
        )
        if done.returncode:
            said.seek(0)
            raise RuntimeError(f"{command[0]} failed: {said.read().decode(errors='replace')}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def install() -> None:
    """Debian's package; on other systems it is left to their owner, and the tests that need it say so."""
    if not shutil.which("apt-get"):
        return
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    for step in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "postgresql"]):
        if subprocess.run([*sudo, "apt-get", *step], check=False, stdout=subprocess.DEVNULL).returncode:
            return


if __name__ == "__main__":
    if binaries() is None:
        print("No PostgreSQL is installed; installing one for the tests of a team's installation.")
        install()
