"""How an installation stands at this moment: what the Status page shows beside the checks."""

from __future__ import annotations

import math
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from nxcc import __version__, checks
from nxcc.archive import Standing, standing
from nxcc.checks import Check
from nxcc.desk import Desk
from nxcc.jobs import AT_WORK, State
from nxcc.settings import PREFIX, Settings, Source, masked_key, shown, sources

# What the program stands on; the rest is in requirements.txt.
_PACKAGES = ("streamlit", "duckdb", "pandas", "pyarrow", "plotly", "sqlalchemy", "uvicorn", "authlib")


@dataclass(frozen=True, slots=True)
class Facts:
    """Figures of one moment. Rates are requests a second; `limit` is the one in force now, None = none.

    `looked_up` and `from_archive` count ids since `since`; `answer_s` is how long the newest answer has been there.
    """

    gateway: str
    tenant_id: int
    key: str
    archive: Standing
    answer_s: float | None
    looked_up: int
    from_archive: int
    since: datetime
    per_second: int
    limit: float | None
    set_limit: float | None
    requests: int
    jobs: dict[State, int]

    @property
    def hit_share(self) -> float | None:
        """Of the ids looked up, how many the archive answered; None before there are any."""
        return self.from_archive / self.looked_up if self.looked_up else None

    @property
    def at_work(self) -> int:
        """Jobs that run or wait to run."""
        return sum(self.jobs.get(state, 0) for state in AT_WORK)


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting as it may be shown, with where it comes from and what it means."""

    name: str
    value: str
    source: Source
    meaning: str


def facts(desk: Desk, stands: Standing | None = None, now: datetime | None = None) -> Facts:
    """The figures now; counting the archive takes longest, so how it `stands` may be known from a moment before.

    Raises `ArchiveError` or `JobsError`.
    """
    now = now or datetime.now(UTC)
    client, hits = desk.client, desk.lookup.hits
    stands = stands or standing(desk.archive)
    newest = stands.newest_at
    rate = client.pace.per_second
    return Facts(
        gateway=desk.credentials.base_url,
        tenant_id=desk.credentials.tenant_id,
        key=masked_key(desk.credentials.access_key),
        archive=stands,
        answer_s=None if newest is None else max(0.0, (now - newest).total_seconds()),
        looked_up=hits.looked_up,
        from_archive=hits.from_archive,
        since=hits.since,
        per_second=client.pace.lately,
        limit=None if math.isinf(rate) else rate,
        set_limit=desk.settings.rate_per_second or None,
        requests=client.requests,
        jobs=desk.jobs.store.count_by_state() if desk.jobs else {},
    )


def looked_over(desk: Desk) -> list[Check]:
    """The checks that ask the API nothing, from inside the app, which holds the archive."""
    found = checks.safely("settings", lambda: [checks.of_settings(desk.settings)])
    found += checks.safely("disk", lambda: [checks.of_disk(desk.settings.data_dir)])
    if team := desk.settings.team:
        found += checks.safely("lake", lambda: [checks.of_disk(team.folder, "lake")])
        found += checks.safely("team", lambda: [checks.of_team(team)])
    found += checks.safely("archive", lambda: [checks.of_standing(standing(desk.archive))])
    if jobs := desk.jobs:
        found += checks.safely("jobs", lambda: [checks.of_jobs(jobs.store)])
    return found


def asked(desk: Desk) -> list[Check]:
    """One signed request to what this app asks, the sandbox too; and its clock."""
    return checks.safely("api", lambda: checks.of_api(desk.credentials, desk.settings.timeout_s))


def settings(used: Settings) -> list[Setting]:
    """Every setting; what was never set stands last. Raises `SettingsError` when the file cannot be read any more."""
    origin = sources()
    rows = [
        Setting(PREFIX + name.upper(), shown(used, name), origin[name], field.description or "")
        for name, field in Settings.model_fields.items()
    ]
    return sorted(rows, key=lambda row: row.source == "default")


def versions() -> dict[str, str]:
    """Of this program and of what it stands on."""
    found = {"nxcc": __version__, "Python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # one that is only needed for sign-in, say
            found[package] = "not installed"
    return found
