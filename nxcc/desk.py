"""Puts the parts together: settings -> client, archive, lookup; the sandbox where no credentials are set."""

from __future__ import annotations

import gc
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from nxcc import data_folder
from nxcc.account import Credentials
from nxcc.api.client import Client
from nxcc.archive import Archive, Explored, Freshness, Lake
from nxcc.data_folder import Held
from nxcc.errors import ArchiveError, NxccError
from nxcc.lookup import Lookup
from nxcc.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nxcc.aliases import Aliases
    from nxcc.audit import Audit
    from nxcc.errands import Errands
    from nxcc.jobs import Jobs, Store
    from nxcc.sandbox import Sandbox
    from nxcc.schedules import Timekeeper
    from nxcc.sign_outs import SignOuts
    from nxcc.team.at_work import TeamAtWork
    from nxcc.team.members import Kind
    from nxcc.team.place import Team
    from nxcc.views import Views

SANDBOX_PORT = 8766  # taken when it is free, so that recordings of yesterday's answers still play


@dataclass(frozen=True, slots=True)
class Desk:
    """One installation at work. A process opens one and shares it.

    `sandbox` is None when the vendor's API answers; `jobs` and what follows are there when they were asked for.
    """

    settings: Settings
    credentials: Credentials
    client: Client
    archive: Archive
    explored: Explored
    lookup: Lookup
    sandbox: Sandbox | None
    jobs: Jobs | None
    views: Views | None = None
    audit: Audit | None = None
    sign_outs: SignOuts | None = None
    held: Held | None = None  # nobody replaces what is in the data folder
    aliases: Aliases | None = None
    team: TeamAtWork | None = None  # None when all is in the data folder
    timekeeper: Timekeeper | None = None  # it begins nothing before it is told to

    def close(self) -> None:
        """Ends the jobs' threads (the jobs go on at the next start), lets the archive's file go, ends the sandbox."""
        if self.timekeeper:
            self.timekeeper.end()
        if self.team:
            self.team.stop()
        if self.jobs:
            self.jobs.end()
        for small in (self.views, self.audit, self.sign_outs, self.aliases):
            if small:
                small.close()
        self.archive.close()
        if self.team:
            self.team.close()
        if self.sandbox:
            self.sandbox.stop()
        if self.held:
            self.held.end()


def open_desk(settings: Settings, *, with_jobs: bool = False, kind: Kind = "command line") -> Desk:
    """Opens archive and client, and starts the sandbox when no credentials are set; `with_jobs` the table of jobs too.

    The sandbox's answers have a file of their own, so made-up calls never mix with real ones. In a team, `kind` is what
    this process is to the others. The first time, what the process has in memory is taken for lasting.
    Raises `ArchiveError`, `SandboxError`, `JobsError`, `AwayError` (the team's database does not answer), or
    `ConfigurationError` for an address or a proxy that cannot be used.
    """
    held = data_folder.use(settings.data_dir)
    try:
        desk = replace(_open_desk(settings, with_jobs, kind), held=held)
    except BaseException:
        held.end()
        raise
    if not gc.get_freeze_count():
        gc.freeze()  # what is imported stays: to look through it for garbage stops all threads for 40 to 60 ms
    return desk


def _open_desk(settings: Settings, with_jobs: bool, kind: Kind) -> Desk:
    sandbox, credentials = None, settings.credentials
    if credentials is None:
        sandbox = _start_sandbox()
        credentials = _of_sandbox(sandbox)
    account = f"{_gateway(credentials)}|{credentials.tenant_id}"
    team = None
    try:
        team = _join(settings, kind)
        client = Client(
            credentials,
            rate_per_second=settings.rate_per_second,
            concurrency=settings.concurrency,
            timeout_s=settings.timeout_s,
            attempts=settings.attempts,
            pace=team.pace(account, settings.rate_per_second) if team else None,
        )
        where = Lake(settings.team, _name(settings), settings.data_dir) if settings.team else ledger_of(settings)[0]
        archive = Archive(where, _gateway(credentials), credentials.tenant_id)
    except NxccError:
        if team:
            team.close()
        if sandbox:
            sandbox.stop()
        raise
    freshness = Freshness(timedelta(seconds=settings.fresh_found_s), timedelta(seconds=settings.fresh_no_calls_s))
    now: Callable[[], datetime] = team.database.now if team else lambda: datetime.now(UTC)
    lookup = Lookup(client, archive, freshness, claims=team.claims(account) if team else None, now=now)
    desk = Desk(settings, credentials, client, archive, Explored(archive), lookup, sandbox, None, team=team)
    if not with_jobs:
        return desk
    try:
        from nxcc.aliases import Aliases  # here, because a look up on the command line does without
        from nxcc.audit import Audit
        from nxcc.jobs import Jobs
        from nxcc.sign_outs import SignOuts
        from nxcc.views import Views

        store = open_store(settings)
        desk = replace(
            desk,
            jobs=Jobs(store, lookup, folders_of(settings), now=now, lead=team.lead(lookup) if team else None),
            views=Views(store.place, store.owner),
            audit=Audit(store.place, store.owner),
            sign_outs=SignOuts(store.place),
            aliases=Aliases(store.place, store.owner),
        )
        return replace(desk, timekeeper=_timekeeper(desk, store, now))
    except BaseException:
        desk.close()
        raise


def _timekeeper(desk: Desk, store: Store, now: Callable[[], datetime]) -> Timekeeper | None:
    from nxcc import access
    from nxcc.notices import Notices
    from nxcc.schedules import Maker, Schedule, Schedules, Timekeeper, measure

    settings, jobs, audit = desk.settings, desk.jobs, desk.audit
    if jobs is None or audit is None:
        return None

    def begun(schedule: Schedule, job_id: str) -> None:
        audit.note(access.here("schedules"), "started", f"schedule, {schedule.what.kind.replace('_', ' ')}", job=job_id)

    figures = measure(
        jobs,
        desk.explored,
        currency=settings.currency,
        short_s=settings.short_talk_s,
        in_time_s=settings.service_level_s,
    )
    return Timekeeper(
        Schedules(store.place, store.owner),
        Maker(jobs, desk.archive),
        figures,
        notices=Notices(settings.notice_url.get_secret_value()) if settings.notice_url else None,
        now=now,
        begun=begun,
        link=lambda job_id: f"{settings.public_url}/bulk?job={job_id}" if settings.public_url else "",
    )


def _join(settings: Settings, kind: Kind) -> TeamAtWork | None:
    if settings.team is None:
        return None
    try:
        from nxcc.team.at_work import join
    except ImportError as error:
        raise ArchiveError(
            f"A team's installation needs packages that are not installed ({error.name}).",
            cure="pip install -r requirements-team.txt",
        ) from error
    return join(settings.team, kind)


def open_archive(settings: Settings) -> Archive:
    """A team's archive alone, as of one who only looks. Raises `ArchiveError`; `ValueError` when there is no team."""
    if settings.team is None:
        raise ValueError("an archive in a data folder belongs to whoever opens it first")
    _, gateway, tenant_id = ledger_of(settings)
    return Archive(Lake(settings.team, _name(settings), settings.data_dir), gateway, tenant_id)


def has_catalog(settings: Settings) -> bool:
    """Whether a team's archive was ever opened. Raises `NxccError`."""
    from nxcc import small_tables  # here, as below

    return settings.team is not None and small_tables.has_schema(settings.team, _name(settings))


def folders_of(settings: Settings) -> Path:
    """Where the folders of jobs and uploads lie."""
    return (settings.team.folder if settings.team else settings.data_dir) / "jobs"


def open_store(settings: Settings) -> Store:
    """The table of jobs alone, which may be open in several processes. Raises `JobsError`."""
    from nxcc.jobs import Store

    return Store(tables_of(settings), owner_of(settings))


def tables_of(settings: Settings) -> Path | Team:
    """Where the small tables are."""
    return settings.team or settings.data_dir / data_folder.TABLES


def open_errands(settings: Settings, *, of_anybody: bool = False) -> Errands:
    """What a command line asks of the app that runs with the same settings, or `of_anybody`: of the app that works on
    the data folder, whatever account it asks with. Raises `NxccError`."""
    from nxcc import errands  # here, as above

    owner = errands.ANYBODY if of_anybody else owner_of(settings)
    return errands.Errands(settings.team or settings.data_dir / errands.FILE, owner)


def ledger_of(settings: Settings) -> tuple[Path, str, int]:
    """The archive's file, and whose answers in it are ours: gateway and team; "" and 0 in the sandbox's: all are."""
    path = settings.data_dir / f"{_name(settings)}.duckdb"
    credentials = settings.credentials
    return (path, _gateway(credentials), credentials.tenant_id) if credentials else (path, "", 0)


def owner_of(settings: Settings) -> str:
    """Archive, gateway and team, by which rows in the small tables are kept apart."""
    if credentials := settings.credentials:
        return f"{_name(settings)}|{_gateway(credentials)}|{credentials.tenant_id}"
    return _name(settings)


def _name(settings: Settings) -> str:
    return "archive" if settings.credentials else "sandbox"


def _gateway(credentials: Credentials) -> str:
    return urlsplit(credentials.base_url).hostname or ""


def _of_sandbox(sandbox: Sandbox) -> Credentials:
    said = sandbox.credentials
    return Credentials(sandbox.base_url, said.access_key, said.access_secret, said.tenant_id)


def _start_sandbox() -> Sandbox:
    from nxcc.errors import SandboxError
    from nxcc.sandbox import Sandbox

    try:
        return Sandbox(port=SANDBOX_PORT).start()
    except SandboxError:
        return Sandbox().start()
