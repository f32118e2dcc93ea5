"""What an operator polls: settings, API, clock, disk, archive, jobs; each ok, a warning or failed, with its cure.

Nothing is changed by looking: no folder made, no archive brought forward, no answer kept.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from nxcc import logs
from nxcc.account import Credentials
from nxcc.api.client import Client
from nxcc.archive import Standing, standing, standing_of_file
from nxcc.desk import has_catalog, ledger_of, open_archive, open_errands, open_store
from nxcc.errands import NobodyAnswers
from nxcc.errors import ApiError, ArchiveBusy, ConfigurationError, NxccError, SettingsError, TransientError
from nxcc.jobs import Store
from nxcc.settings import PREFIX, Settings, load, shown, sources
from nxcc.team.place import Team

State = Literal["ok", "warn", "fail"]
Name = Literal["settings", "api", "clock", "disk", "lake", "team", "archive", "jobs"]
_FOLDERS: dict[Name, tuple[str, str]] = {
    "disk": ("data folder", "NXCC_DATA_DIR"),
    "lake": ("lake", "NXCC_LAKE_PATH"),
}

# No customer gives an order this id. So the answer is "no calls": it costs one request, brings nobody's data, and says
# that the gateway is there, that key, secret and team are right, and what time it is there. It is not kept: the
# archive is for what people asked.
ASKED = "nxcc-check-of-credentials"
CLOCK_NOTED_S, CLOCK_WRONG_S = 5.0, 50.0  # a signature is good for 60 s
LITTLE_BYTES, TOO_LITTLE_BYTES = 1_000_000_000, 50_000_000
LONGEST_S = 10.0
APP_WITHIN_S = 30.0
STANDING = "standing"  # the errand that asks the app how its archive stands
_WRONG_ORDER = 41000
_SET_CLOCK = "Set this machine's clock by a time server."

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `value` holds plain JSON, never a secret."""

    name: Name
    state: State
    what: str
    cure: str = ""
    value: dict[str, Any] = field(default_factory=dict)


def run(*, offline: bool = False) -> list[Check]:
    """Everything, by a process of its own. `offline` leaves out what asks the API."""
    try:
        settings = load()
    except SettingsError as error:
        return [Check("settings", "fail", f"{error.what} Nothing else was looked at.", error.cure)]
    found = [of_settings(settings)]
    if not offline:
        found += safely("api", lambda: of_api(settings.credentials, settings.timeout_s))
    found += safely("disk", lambda: [of_disk(settings.data_dir)])
    if team := settings.team:
        found += safely("lake", lambda: [of_disk(team.folder, "lake")])
        found += safely("team", lambda: [of_team(team)])
    found += safely("archive", lambda: [of_archive(settings)])
    found += safely("jobs", lambda: [of_jobs_table(settings)])
    return found


def worst(checks: Iterable[Check]) -> State:
    """The state of them all."""
    states = {check.state for check in checks}
    return "fail" if "fail" in states else "warn" if "warn" in states else "ok"


def safely(name: Name, look: Callable[[], list[Check]]) -> list[Check]:
    """What a look brings; a failed check when it cannot be had."""
    try:
        return look()
    except NxccError as error:
        return [Check(name, "fail", error.what, error.cure)]
    except Exception as error:  # noqa: BLE001 - an operator is told by this alone that something is wrong
        logs.broke(log, f"the check of {name}", error)
        said = f"Something happened that the check was not made for ({type(error).__name__})."
        return [Check(name, "fail", said, "Report it with what the log says.")]


def of_settings(settings: Settings) -> Check:
    """Each setting with where it comes from."""
    origin = sources()
    said = {name: _shown(settings, name) for name in Settings.model_fields}
    counted = ", ".join(
        f"{n} from {'the ' if source == 'environment' else ''}{source}"
        for source in ("environment", "secrets.toml")
        if (n := sum(found == source for found in origin.values()))
    )
    where = urlsplit(settings.base_url).netloc
    who = f"team {settings.tenant_id} at {where}" if settings.credentials else "the sandbox"
    return Check(
        "settings",
        "ok",
        f"All can be used, for {who}; {counted or 'all are defaults'}.",
        value={PREFIX + name.upper(): {"value": said[name], "source": origin[name]} for name in said},
    )


def of_api(credentials: Credentials | None, timeout_s: float) -> list[Check]:
    """One signed request: whether the gateway is there and lets us in, and what its clock says."""
    if credentials is None:
        return [Check("api", "ok", "No credentials are set: the sandbox answers.", value={"sandbox": True})]
    client = Client(credentials, rate_per_second=0, concurrency=1, timeout_s=min(timeout_s, LONGEST_S), attempts=1)
    value: dict[str, Any] = {"gateway": credentials.base_url, "tenant_id": credentials.tenant_id}
    began = time.monotonic()
    state, what, cure = _answer(client, value)
    value["latency_ms"] = round(1000 * (time.monotonic() - began))
    return [Check("api", state, what, cure, value), of_clock(client.clock_difference_s)]


def of_clock(difference_s: float | None) -> Check:
    """`difference_s` is the gateway's clock minus ours, None when it has not told."""
    if difference_s is None:
        return Check("clock", "warn", "Not known: the gateway has not told its time.", "See what is said of the API.")
    off_s = abs(difference_s)
    value = {"difference_s": round(difference_s, 1)}
    if off_s <= CLOCK_NOTED_S:
        return Check("clock", "ok", "As the gateway's, to a few seconds.", value=value)
    side = "behind" if difference_s > 0 else "ahead of"
    what = f"This machine's clock is {off_s:.0f} s {side} the gateway's."
    if off_s <= CLOCK_WRONG_S:
        return Check("clock", "warn", f"{what} A signature is good for 60 s.", _SET_CLOCK, value)
    return Check("clock", "fail", f"{what} Requests are refused from 60 s on.", _SET_CLOCK, value)


def of_disk(folder: Path, name: Name = "disk") -> Check:
    """Whether the data folder, or a team's lake, can be written, and how much room there is."""
    word, setting = _FOLDERS[name]
    there = next(path for path in (folder, *folder.parents) if path.exists())
    usage = shutil.disk_usage(there)
    value = {"folder": str(folder), "free_bytes": usage.free, "total_bytes": usage.total, "writable": False}
    if not _writable(there):
        cure = f"Check who owns the folder and what its disk is mounted as, or set {setting} to another one."
        return Check(name, "fail", f"The {word} {folder} cannot be written.", cure, value)
    value["writable"] = True
    free = f"{usage.free / 1e9:,.1f} GB are free"
    if usage.free < TOO_LITTLE_BYTES:
        return Check(name, "fail", f"The disk is full: {free}.", "Free some space: answers cannot be kept.", value)
    if usage.free < LITTLE_BYTES:
        return Check(name, "warn", f"The disk is nearly full: {free}.", "Free some space.", value)
    if there != folder:
        return Check(name, "ok", f"The {word} is not there yet and will be made; {free}.", value=value)
    return Check(name, "ok", f"The {word} can be written; {free}.", value=value)


def of_team(team: Team) -> Check:
    """Whether the database answers, and who is at work. Raises `NxccError`."""
    from nxcc.team.database import Database  # here: only a team has what it needs
    from nxcc.team.members import alive

    database = Database(team)
    try:
        members = alive(database.connect())
    finally:
        database.close()
    kinds = Counter(member.kind for member in members)
    value = {"database": team.host, "lake": team.lake_path, "at_work": dict(kinds)}
    said = ", ".join(f"{n:,} {kind}{'' if n == 1 else 's'}" for kind, n in sorted(kinds.items())) or "nobody"
    if not kinds["worker"]:
        cure = "Start one: python -m nxcc worker. Bulk lookups wait until then."
        return Check("team", "warn", f"The database answers; at work: {said}. No worker is.", cure, value)
    return Check("team", "ok", f"The database answers; at work: {said}.", value=value)


def of_archive(settings: Settings) -> Check:
    """Out of the file, or of a team's lake; or from the app, which holds the file as long as it runs."""
    if settings.team:
        if not has_catalog(settings):
            return Check("archive", "ok", "There is none yet: nothing was asked so far.", value={"held_by": ""})
        archive = open_archive(settings)
        try:
            return of_standing(standing(archive))
        finally:
            archive.close()
    path, gateway, tenant_id = ledger_of(settings)
    if not path.exists():
        return Check("archive", "ok", "There is none yet: nothing was asked so far.", value={"held_by": ""})
    try:
        return of_standing(standing_of_file(path, gateway, tenant_id))
    except ArchiveBusy as busy:
        return _of_app(settings, busy)


def of_standing(standing: Standing, *, held_by: str = "") -> Check:
    """The check of an archive that could be read."""
    newest = standing.newest_at
    age_s = None if newest is None else round((datetime.now(UTC) - newest).total_seconds())
    value = asdict(standing) | {"newest_at": newest and newest.isoformat(timespec="seconds"), "age_s": age_s}
    del value["newest_s"]
    what = f"{standing.calls:,} calls out of {standing.lookups:,} lookups, {standing.bytes / 1e6:,.1f} MB."
    held = " The app has it open, as it should." if held_by else ""
    return Check("archive", "ok", f"It can be read: {what}{held}", value=value | {"held_by": held_by})


def of_jobs_table(settings: Settings) -> Check:
    """The jobs as their table says, whether or not the app runs."""
    if settings.team is None and not (settings.data_dir / "jobs.sqlite").exists():
        return Check("jobs", "ok", "There are none yet.", value={"states": {}})
    store = open_store(settings)
    try:
        return of_jobs(store)
    finally:
        store.close()


def of_jobs(store: Store) -> Check:
    """How many are in which state. Raises `JobsError`."""
    states = {str(state): n for state, n in store.count_by_state().items()}
    halted = [{"id": job.id, "code": job.code} for job in store.all() if job.state == "halted"]
    runner = store.runner(datetime.now(UTC))
    value = {"states": states, "halted": halted, "runner_pid": runner}
    said = ", ".join(f"{n:,} {state}" for state, n in states.items()) or "None so far"
    if halted:
        cure = "Open them on the Jobs page: each says what halted it. Resume it after the cure."
        return Check("jobs", "warn", f"{said}.", cure, value)
    waiting = states.get("queued", 0) + states.get("running", 0)
    if waiting and runner is None:
        return Check("jobs", "warn", f"{said}, and the app does not run.", "Start the app: they go on.", value)
    return Check("jobs", "ok", f"{said}; nothing is halted.", value=value)


def _answer(client: Client, value: dict[str, Any]) -> tuple[State, str, str]:
    try:
        reply = client.ask_once(ASKED)
    except ApiError as error:
        said = error.evidence
        value |= {"http_status": said.http_status, "code": said.code, "req_id": said.req_id}
        if said.code == _WRONG_ORDER:  # it looked at the order id: everything before that was right
            return "ok", "The gateway answers and lets us in.", ""
        if isinstance(error, TransientError) and error.rate_limited:
            return "warn", f"The gateway is there. {error.what}", error.cure
        if isinstance(error, ConfigurationError | TransientError):
            return "fail", error.what, error.cure
        return "warn", f"The gateway answers, but not as it should: {error.what}", error.cure
    value |= {"http_status": 200, "code": 0, "req_id": reply.req_id}
    return "ok", "The gateway answers and lets us in.", ""


def _of_app(settings: Settings, busy: ArchiveBusy) -> Check:
    errands = open_errands(settings)
    try:
        told = errands.wait(errands.ask(STANDING, {}), APP_WITHIN_S)
    except NobodyAnswers:
        cure = "A command line that looks something up holds it for as long as it runs; else look at that process."
        return Check("archive", "warn", f"{busy.what} It does not answer.", cure, {"held_by": "another process"})
    finally:
        errands.close()
    return of_standing(Standing(**told), held_by="app")


def _writable(folder: Path) -> bool:
    if not os.access(folder, os.W_OK | os.X_OK):
        return False
    try:
        with tempfile.TemporaryFile(dir=folder) as file:  # without a name: nothing is left of it
            file.write(b"x")
            file.flush()
    except OSError:
        return False
    return True


def _shown(settings: Settings, name: str) -> str:
    """As on the Status page, but for people: a monitor needs no addresses."""
    value = getattr(settings, name)
    if isinstance(value, tuple):
        return f"{len(value)} entries" if value else ""
    return shown(settings, name)
