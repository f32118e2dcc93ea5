"""Puts the parts together: settings -> client, archive, lookup; the sandbox where no credentials are set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from nxcc.account import Credentials
from nxcc.api.client import Client
from nxcc.archive import Archive, Freshness
from nxcc.errors import NxccError
from nxcc.lookup import Lookup
from nxcc.settings import Settings

if TYPE_CHECKING:
    from nxcc.sandbox import Sandbox

SANDBOX_PORT = 8766  # taken when it is free, so that recordings of yesterday's answers still play


@dataclass(frozen=True, slots=True)
class Desk:
    """One installation at work. A process opens one and shares it; `sandbox` is None when the vendor's API answers."""

    settings: Settings
    credentials: Credentials
    client: Client
    archive: Archive
    lookup: Lookup
    sandbox: Sandbox | None

    def close(self) -> None:
        """Lets the archive's file go and ends the sandbox."""
        self.archive.close()
        if self.sandbox:
            self.sandbox.stop()


def open_desk(settings: Settings) -> Desk:
    """Opens archive and client, and starts the sandbox when no credentials are set.

    The sandbox's answers have a file of their own, so made-up calls never mix with real ones.
    Raises `ArchiveError`, `SandboxError`, or `ConfigurationError` for an address or a proxy that cannot be used.
    """
    sandbox = None
    credentials = settings.credentials
    name = "archive.duckdb"
    if credentials is None:
        sandbox = _start_sandbox()
        said = sandbox.credentials
        credentials = Credentials(sandbox.base_url, said.access_key, said.access_secret, said.tenant_id)
        name = "sandbox.duckdb"
    try:
        client = Client(
            credentials,
            rate_per_second=settings.rate_per_second,
            concurrency=settings.concurrency,
            timeout_s=settings.timeout_s,
            attempts=settings.attempts,
        )
        gateway = urlsplit(credentials.base_url).hostname or ""
        archive = Archive(settings.data_dir / name, gateway, credentials.tenant_id)
    except NxccError:
        if sandbox:
            sandbox.stop()
        raise
    freshness = Freshness(timedelta(seconds=settings.fresh_found_s), timedelta(seconds=settings.fresh_no_calls_s))
    return Desk(settings, credentials, client, archive, Lookup(client, archive, freshness), sandbox)


def _start_sandbox() -> Sandbox:
    from nxcc.errors import SandboxError
    from nxcc.sandbox import Sandbox

    try:
        return Sandbox(port=SANDBOX_PORT).start()
    except SandboxError:
        return Sandbox().start()
