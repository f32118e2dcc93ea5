"""When the orders of a file were called: then their calls can be read by time, a hundred with one request."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import streamlit as st

from nxcc import intake, wording
from nxcc.access import May
from nxcc.archive.by_period import Counted
from nxcc.desk import Desk
from nxcc.errors import NxccError
from nxcc.filters import EARLIEST, Days, days_in_words
from nxcc.jobs import Folder, Job, Jobs, PeriodPrice, Plan
from nxcc.stretches import Stretch, days_of, of_days
from nxcc.ui import panels, sign_in, zone

FEWEST = 50  # requests that are worth thinking of another way
LATER_DAYS = 2  # an order may be called some days after it was made
_BY_TIME, _ONE_BY_ONE = "By time", "One by one"
_ERROR = "bulk_period_error"


@dataclass(frozen=True, slots=True)
class Way:
    """The calls that are to be read by time, with all requests that the job would make then; `exact`: no guess."""

    stretch: Stretch
    requests: int
    exact: bool


def draw(desk: Desk, jobs: Jobs, folder: Folder, plan: Plan, of: tuple[int, bool, bool]) -> Way | None:
    """Asks when, and shows both prices; the way that is chosen, None for one by one. `of` is what the plan is of: the
    column, whether shortened ids are sent, whether fresh answers are used."""
    if plan.requests < FEWEST:
        return None
    with st.container(border=True, key="bulk_period", gap="small"):
        st.markdown(
            "**When were these orders called?**",
            help="Calls can be read by time, up to a hundred with one request. Orders that are among them need no "
            "request of their own; the others are asked one by one.",
        )
        days = _days(jobs, folder)
        if days is None:
            return None
        stretch = of_days(*days, zone.current())
        key = f"bulk_price_{folder.id}_{hash((of, stretch))}"
        price: PeriodPrice | None = st.session_state.get(key)
        if price is None or price.pending != plan.requests:
            _offer(jobs, folder, stretch, key, use_fresh=of[2])
            return None
        return _choice(desk, plan, price, stretch, key)


def _days(jobs: Jobs, folder: Folder) -> Days | None:
    """The days that the analyst says, proposed by the file or by the archive."""
    proposed, whence = _proposed(jobs, folder, zone.current().key)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        said: object = st.date_input(
            "Called between",
            list(proposed or ()),
            min_value=EARLIEST,
            max_value=_today(),
            format="YYYY-MM-DD",
            key=f"bulk_period_days_{folder.id}",
            width=230,
            label_visibility="collapsed",
        )
        st.caption(whence or "Leave it empty to ask for each order by itself.", width="content")
    days: tuple[date, ...] = tuple(said) if isinstance(said, tuple) else ()
    return (days[0], days[1]) if len(days) == 2 else None


@st.cache_data(max_entries=20, show_spinner=False)
def _proposed_by_file(_folder: Folder, of: str) -> intake.Dates | None:  # noqa: ARG001 - the key
    return intake.dates_in(_folder.cells, _folder.read().columns)


def _proposed(jobs: Jobs, folder: Folder, zone_name: str) -> tuple[Days | None, str]:
    """Days, and where they come from; the same for as long as the upload is looked at."""
    key = f"bulk_period_proposed_{folder.id}_{zone_name}"
    if key not in st.session_state:
        st.session_state[key] = _find(jobs, folder)
    found: tuple[Days | None, str] = st.session_state[key]
    return found


def _find(jobs: Jobs, folder: Folder) -> tuple[Days | None, str]:
    today = _today()
    if dates := _proposed_by_file(folder, folder.id):
        if dates.first <= today:
            last = min(today, dates.last + timedelta(days=LATER_DAYS))
            name = wording.in_markdown(wording.cut(dates.column, 32))
            return (dates.first, last), f"Proposed from the column **{name}**, and {LATER_DAYS} days after it."
    elif known := jobs.called_between(folder):
        first, last_day = (at.astimezone(zone.current()).date() for at in known)
        return (first, min(today, last_day)), "Proposed from calls of these orders that the archive has."
    return None, ""


def _today() -> date:
    return datetime.now(UTC).astimezone(zone.current()).date()


def _offer(jobs: Jobs, folder: Folder, stretch: Stretch, key: str, *, use_fresh: bool) -> None:
    if error := st.session_state.pop(_ERROR, None):
        panels.problem(
            error, key="bulk_no_price", title="The price by time cannot be told", kept="Nothing was started."
        )

    def work_out() -> None:
        try:
            sign_in.must(May.ASK)  # a look is some requests
            st.session_state[key] = jobs.price_by_period(folder, stretch, use_fresh=use_fresh, stop=threading.Event())
        except NxccError as error:
            st.session_state[_ERROR] = error

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("Compare the prices", key="bulk_period_price", icon=":material/balance:", on_click=work_out)
        st.caption("Looks at a few pages of these days: about a dozen requests.", width="content")


def _choice(desk: Desk, plan: Plan, price: PeriodPrice, stretch: Stretch, key: str) -> Way | None:
    """Both prices; the cheaper one is taken unless another is chosen."""
    rate = desk.client.likely_rate()
    ways = {
        _BY_TIME: f"{_pages(price)}{_time(price.requests, rate)}",
        _ONE_BY_ONE: f"{plan.requests:,} requests{_time(plan.requests, rate)}",
    }
    by_time = price.is_cheaper and not price.many_blank
    chosen = st.radio(
        "Way",
        list(ways),
        index=0 if by_time else 1,
        captions=list(ways.values()),
        format_func=lambda way: f"**{way}**" + (" (cheaper)" if (way == _BY_TIME) == price.is_cheaper else ""),
        key=f"bulk_way_{key}",
        label_visibility="collapsed",
        horizontal=True,
        width="stretch",
    )
    notes = [
        f"About {price.calls:,} calls in this time." if not price.exact else f"{price.calls:,} calls in this time."
    ]
    if price.spent:
        notes.append(f"{price.spent} request{' was' if price.spent == 1 else 's were'} made to find out.")
    if price.blank_share:
        notes.append(f"{wording.share(price.blank_share)} of them do not say their order, and cannot be told apart.")
    st.caption(" ".join(notes))
    if price.many_blank:
        st.markdown(
            ":orange[:material/warning:] **So many calls do not say their order that one by one is the safe way:** an "
            "order would be answered with those of its calls that do."
        )
    return Way(stretch, price.requests, price.exact) if chosen == _BY_TIME else None


@st.cache_data(max_entries=50, show_spinner=False)
def _came_of_it(_jobs: Jobs, _job: Job, of: tuple[str, object]) -> tuple[int, Counted] | None:  # noqa: ARG001 - the key
    return _jobs.told_by_period(_job)


def came_of_it(jobs: Jobs, job: Job) -> None:
    """Of a job that has ended: what reading by time brought."""
    told = _came_of_it(jobs, job, (job.id, job.counted_at))
    if told is None or job.period is None:
        return
    answered, read = told
    days = days_in_words(days_of(job.period.stretch, zone.current()))
    said = [f"Read by time: {days}, {read.calls:,} calls", f"{answered:,} orders answered out of them"]
    if singly := job.found + job.no_calls + job.failed - answered:
        said.append(f"{singly:,} by themselves")
    if read.blank:
        said.append(f"{read.blank:,} calls do not say their order")
    st.caption(f":material/date_range: {' · '.join(said)} · {job.requests:,} requests", width="content")


def _pages(price: PeriodPrice) -> str:
    about = "" if price.exact else "about "
    if not price.pages:
        return f"these days have been read; {about}{price.singles:,} request{'' if price.singles == 1 else 's'}"
    pages = f"{price.pages:,} page{'' if price.pages == 1 else 's'}"
    return f"{pages} and {about}{price.singles:,} request{'' if price.singles == 1 else 's'}"


def _time(requests: int, rate: float | None) -> str:
    return f", {wording.duration(requests / rate)}" if rate and requests else ""
