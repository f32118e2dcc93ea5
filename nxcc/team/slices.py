"""Slices of jobs, handed from the process that leads a job to the team's workers by Procrastinate.

A slice is a few hundred order ids and the window of answers that count. Asking it twice asks nothing twice: the archive
and the claims know what was answered, and what is being asked. So a slice may be lost, repeated or cut short at any
point; the job's truth is its row and the archive.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import procrastinate
import psycopg

from nxcc import logs
from nxcc.archive import Window
from nxcc.errors import ApiError, ConfigurationError, Evidence, NxccError
from nxcc.lookup import Lookup
from nxcc.team.database import Database, TeamAway

AT_ONCE = 2  # slices in a worker: while one ends, the other keeps it busy; more would leave none to others
BEAT_EVERY_S = 2.0
STALLED_AFTER_S = 8.0  # a worker that was not heard of for this long has died
TEND_EVERY_S = 3.0
LOOK_EVERY_S = 1.0
LOOK_AT_END_S = 0.2
AGAIN_AFTER_S = 1.0
KEPT_S = 3_600
QUEUE = "slices"
_MOMENTS = ("found", "no_calls", "failed", "may_pass", "until", "own")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Slice:
    """Some order ids of a job, in one run through them."""

    job_id: str
    run: str
    number: int
    order_ids: list[str]
    window: Window


class Slices:
    """The slices of all jobs of one installation. Thread-safe. Every method raises `TeamAway`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL)  # its words hold order ids
        connector = procrastinate.PsycopgConnector(conninfo=database.conninfo, min_size=1, max_size=4, timeout=6.0)
        self._app = procrastinate.App(connector=connector)
        # It puts slices down in transactions of ours, and opens no connection of its own.
        self._putting = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())

    def begin(self, job_id: str, member: str, run: str) -> bool:
        """From now on only slices of this run count; False when another process leads the job."""

        def change(connection: psycopg.Connection) -> bool:
            connection.execute(
                f"DELETE FROM team_slice_ends WHERE ended_at < clock_timestamp() - interval '{KEPT_S} s'"
            )
            done = connection.execute(
                "UPDATE team_conductors SET run = %s WHERE job_id = %s AND member = %s", [run, job_id, member]
            )
            return done.rowcount > 0

        return self._database.run(change)

    def recall(self, job_id: str, run: str) -> None:
        """Workers stop what they ask for this run, and say so."""
        query = "UPDATE team_conductors SET run = NULL WHERE job_id = %s AND run = %s"
        self._database.run(lambda connection: connection.execute(query, [job_id, run]))

    def end(self, job_id: str, run: str) -> None:
        """As `recall`, and nobody listens any more."""
        self.recall(job_id, run)
        query = "DELETE FROM team_slice_ends WHERE run = %s"
        self._database.run(lambda connection: connection.execute(query, [run]))

    def hand_out(self, one: Slice) -> bool:
        """Puts a slice where a worker finds it."""
        said: dict[str, Any] = {
            "job_id": one.job_id,
            "run": one.run,
            "number": one.number,
            "order_ids": one.order_ids,
            "window": _moments(one.window),
        }

        def put(connection: psycopg.Connection) -> None:
            self._putting.configure_task("slice", queue=QUEUE, allow_unknown=True, connection=connection).defer(**said)

        self._database.run(put)
        return True

    def ended(self, run: str) -> dict[int, NxccError | None]:
        """The slices of this run that have ended since it was asked last, with what went wrong if anything did."""
        query = "DELETE FROM team_slice_ends WHERE run = %s RETURNING slice, error"
        rows = self._database.run(lambda connection: connection.execute(query, [run]).fetchall())
        return {number: _error(json.loads(said)) if said else None for number, said in rows}

    def under_way(self, run: str) -> int:
        """How many slices of this run wait for a worker or are with one."""
        query = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing') AND args->>'run' = %s"
        row = self._database.run(lambda connection: connection.execute(query, [run]).fetchone())
        return int(row[0]) if row else 0

    def wanted(self, runs: list[str]) -> set[str]:
        """Of these runs, those that their conductors still want."""
        query = "SELECT run FROM team_conductors WHERE run = ANY(%s)"
        rows = self._database.run(lambda connection: connection.execute(query, [runs]).fetchall())
        return {row[0] for row in rows}

    def note_end(self, run: str, number: int, error: NxccError | None, patience_s: float) -> None:
        """A slice has ended: its answers are kept."""
        said = json.dumps(_said(error)) if error else ""
        query = """INSERT INTO team_slice_ends (run, slice, error) VALUES (%s, %s, %s)
            ON CONFLICT (run, slice) DO UPDATE SET error = excluded.error"""
        self._database.until_back(lambda connection: connection.execute(query, [run, number, said]), patience_s)

    def serve(self, lookup: Lookup, ending: threading.Event) -> None:
        """Asks slices until the process ends; for a thread of its own. Whatever breaks, it begins again."""
        asker = _Asker(self, lookup, ending)
        threading.Thread(target=asker.watch, name="nxcc-slices", daemon=True).start()
        self._app.task(name="slice", queue=QUEUE, retry=True)(asker.ask)
        while not ending.is_set():
            try:
                asyncio.run(self._serve(ending))
            except (procrastinate.exceptions.ProcrastinateException, psycopg.Error, OSError) as error:
                log.warning("no slices are taken for the moment: %s", type(error).__name__)
            ending.wait(AGAIN_AFTER_S)

    async def _serve(self, ending: threading.Event) -> None:
        async with self._app.open_async():
            work = asyncio.create_task(
                self._app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=AT_ONCE,
                    fetch_job_polling_interval=1.0,
                    update_heartbeat_interval=BEAT_EVERY_S,
                    stalled_worker_timeout=STALLED_AFTER_S,
                    delete_jobs="always",
                    install_signal_handlers=False,
                )
            )
            tend = asyncio.create_task(self._tend())
            end = asyncio.create_task(_until(ending))
            try:
                await asyncio.wait((work, tend, end), return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (work, tend, end):
                    task.cancel()
                await asyncio.gather(work, tend, end, return_exceptions=True)
        for task in (work, tend):
            if not task.cancelled() and (error := task.exception()):
                raise error

    async def _tend(self) -> None:
        """Slices of workers that have died go to others."""
        while True:
            await asyncio.sleep(TEND_EVERY_S)
            for job in await self._app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_S):
                log.info("a slice of a worker that has died is handed out again")
                await self._app.job_manager.retry_job(job)


async def _until(ending: threading.Event) -> None:
    while not ending.is_set():
        await asyncio.sleep(LOOK_AT_END_S)


class _Interrupted(Exception):
    """This process ends: the slice is somebody else's to ask."""


class _Asker:
    """What a worker does with slices."""

    def __init__(self, slices: Slices, lookup: Lookup, ending: threading.Event) -> None:
        self._slices, self._lookup, self._ending = slices, lookup, ending
        self._under_way: dict[tuple[str, int], threading.Event] = {}
        self._lock = threading.Lock()

    def ask(self, job_id: str, run: str, number: int, order_ids: list[str], window: Mapping[str, str | None]) -> None:
        """One slice."""
        with logs.about(job=job_id):
            stop = threading.Event()
            with self._lock:
                self._under_way[run, number] = stop
            try:
                wanted = run in self._slices.wanted([run])
                error = self._ask(order_ids, _window(window), stop) if wanted else None
            finally:
                with self._lock:
                    del self._under_way[run, number]
            if self._ending.is_set():
                raise _Interrupted
            self._slices.note_end(run, number, error, KEPT_S)

    def _ask(self, order_ids: list[str], window: Window, stop: threading.Event) -> NxccError | None:
        try:
            for _ in self._lookup.run(order_ids, window=window, stop=stop):
                pass
        except NxccError as error:
            return error
        except Exception as error:  # noqa: BLE001 - the last place where it can become a sentence
            logs.broke(log, "a slice", error)
            return NxccError(
                f"Something happened that the worker was not made for ({type(error).__name__}).",
                cure="Resume the job. If it stays, report it with the worker's log.",
            )
        return None

    def watch(self) -> None:
        """Stops slices that nobody wants any more, and all when this process ends."""
        while not self._ending.wait(LOOK_EVERY_S):
            runs = self._runs()
            try:
                wanted = self._slices.wanted(list(runs)) if runs else set()
            except TeamAway:
                continue  # they go on: what they bring is kept when it is back
            self._stop(runs - wanted)
        self._stop(self._runs())

    def _runs(self) -> set[str]:
        with self._lock:
            return {run for run, _ in self._under_way}

    def _stop(self, runs: set[str]) -> None:
        with self._lock:
            for (run, _), stop in self._under_way.items():
                if run in runs:
                    stop.set()


def _moments(window: Window) -> dict[str, str | None]:
    values = {name: getattr(window, name) for name in _MOMENTS}
    return {name: at.isoformat() if at else None for name, at in values.items()}


def _window(said: Mapping[str, str | None]) -> Window:
    values: dict[str, Any] = {name: datetime.fromisoformat(at) if at else None for name, at in said.items()}
    return Window(**values)


def _said(error: NxccError) -> dict[str, Any]:
    evidence = error.evidence if isinstance(error, ApiError) else None
    return {
        "what": error.what,
        "cure": error.cure,
        "of_all": isinstance(error, ConfigurationError),
        "order_id": getattr(error, "order_id", ""),
        "code": evidence.code if evidence else None,
        "http_status": evidence.http_status if evidence else None,
    }


def _error(said: dict[str, Any]) -> NxccError:
    if not said["of_all"]:
        return NxccError(said["what"], cure=said["cure"])
    evidence = Evidence(said["code"], "", "", said["http_status"])
    error = ConfigurationError(said["what"], cure=said["cure"], evidence=evidence)
    error.order_id = said["order_id"]
    return error
