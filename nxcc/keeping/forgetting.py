"""An order or a phone number, taken out of every place."""

from __future__ import annotations

from nxcc import traces
from nxcc.access import Viewer
from nxcc.desk import Desk
from nxcc.errors import NxccError
from nxcc.keeping.figures import Removed
from nxcc.keeping.places import built_files, ledgers, lists, note, tables, wipe
from nxcc.traces import Trace, TraceError

_ASIDE = "replaced-*"  # folders that a restore has put aside


def forget_order(desk: Desk, order_id: str, who: Viewer, *, dry: bool = False) -> Removed:
    """An order: its lookups and calls, and every cell that holds its id.

    It is noted in the audit before it is done. Raises `TraceError` for no id, `ArchiveError`, `JobsError` or another
    `NxccError` when something cannot be read or written: then run it again.
    """
    return _forget(desk, traces.order(order_id), who, dry=dry)


def forget_number(desk: Desk, number: str, who: Viewer, *, national: bool = False, dry: bool = False) -> Removed:
    """A phone number: every call from it, to it, or that holds it anywhere; cells, saved views, addresses, names.

    `national`: also where it stands without its country code. Raises as `forget_order`, and `TraceError` for what is
    too short and is no call's whole caller or callee.
    """
    return _forget(desk, traces.number(number, national=national), who, dry=dry)


def _forget(desk: Desk, trace: Trace, who: Viewer, *, dry: bool) -> Removed:
    would = _forget_now(desk, trace, dry=True)
    if dry:
        return would
    _nothing_brings_it_back(desk)
    note(desk, who, "forgot", "a phone number" if trace.kind == "number" else "an order", would)
    return _forget_now(desk, trace, dry=False)


def _nothing_brings_it_back(desk: Desk) -> None:
    """Workers of a team do not know what is being forgotten, and might ask for it again."""
    at_work = desk.jobs.store.at_work() if desk.team and desk.jobs else []
    if at_work:
        raise NxccError(
            f"Workers of the team run {len(at_work):,} job{'' if len(at_work) == 1 else 's'}, "
            "which might bring it back.",
            cure="Pause what runs on the Jobs page, then forget, then resume.",
        )


def _forget_now(desk: Desk, trace: Trace, *, dry: bool) -> Removed:
    removed = Removed(dry=dry)
    with tables(desk) as (jobs, rows):
        if not dry:
            jobs.leave_out(trace)
        built_files(jobs, removed)
        ledgers(desk, trace, removed)
        if trace.kind == "number" and trace.only_whole:
            if not removed.calls:
                raise TraceError(
                    f"This is too short for a phone number ({traces.SHORTEST} digits are the least), and no call has "
                    "it as its caller or callee.",
                    cure="Give the whole number, with its country code.",
                )
        else:
            lists(jobs, rows, trace, removed)
            removed.texts += rows.reword(trace.without, dry=dry)
            if desk.timekeeper:
                removed.texts += desk.timekeeper.schedules.reword(trace.without, dry=dry)
            for small in (desk.views, desk.aliases):
                removed.texts += small.forget(trace.holds, dry=dry) if small else 0
            removed.left += [
                f"The folder {path.name}, which a restore put aside, was not looked into: delete it."
                for path in sorted(desk.settings.data_dir.glob(_ASIDE))
            ]
        if not dry:
            built_files(jobs, removed)  # what was made meanwhile
            jobs.count_anew()
            wipe(rows, removed)
    return removed
