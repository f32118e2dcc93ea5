"""What is told of a run: which notices it gets, with which words and figures."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from nxcc import kpis, masking, records, totals, wording
from nxcc.archive import Explored, Look, Tallied
from nxcc.filters import Filters
from nxcc.jobs import Job, Jobs
from nxcc.kpis import Kpi, Terms
from nxcc.notices import Notice
from nxcc.schedules.schedule import Kind, Limit, Run, Schedule, days_of
from nxcc.wording import Money

# Figures that a limit can be set for: of the calls of a period, or of a job's own orders.
OF_PERIOD = ("answer_rate", "abandonment", "service_level", "asa", "short_calls", "unanswered_cost", "cost", "calls")
OF_ORDERS = ("orders_reached", "answer_rate", "attempts_to_first_answer", "unanswered_cost", "cost")
LIMITS: dict[Kind, tuple[str, ...]] = {"import": OF_PERIOD, "ask_again": OF_ORDERS, "repeat": OF_ORDERS}

Measure = Callable[[Schedule, Run, Job, Limit], Kpi]


def measure(jobs: Jobs, explored: Explored, *, currency: str, short_s: float, in_time_s: float) -> Measure:
    """What computes the figure of a limit: for an import over the calls in the archive that began in its days, else
    over the job's own orders. It raises `ArchiveError`."""

    def of_run(schedule: Schedule, run: Run, job: Job, limit: Limit) -> Kpi:
        if schedule.what.kind == "import":
            look = Look(ZoneInfo(schedule.when.zone), short_s, in_time_s)
            explored.refresh()
            tallied = Tallied(explored, Filters(period=days_of(schedule, run)), look)
            added, money = tallied.totals(), Money.of(tallied.costs(), currency)
        else:
            found = jobs.listed(job).figures()
            orders, calls = found.orders.to_pandas(), records.frame(found.calls)
            added = totals.of_frames(orders, calls, short_s=short_s, in_time_s=in_time_s)
            money = Money.of(calls["cost"].drop_duplicates(), currency)
        return kpis.kpi(limit.kpi, added, Terms(money, short_s, in_time_s))

    return of_run


def came_of(job: Job) -> str:
    """What came of a job, in a sentence of counts."""
    parts = [f"{n:,} {word.replace('_', ' ')}" for word, n in job.words.items() if n and not job.is_import]
    parts += [_many(job.calls, "call"), _many(job.requests, "request")]
    return f"{', '.join(parts)}."


def halted(job: Job) -> str:
    """That a job halted; why, its own page says: that may hold an order id."""
    return f"Its job halted{f' (code {job.code})' if job.code else ''}."


def limit_in_words(limit: Limit, currency: str = "") -> str:
    """`Answer rate below 40 %`."""
    definition = kpis.DEFINITIONS[limit.kpi]
    said = kpis.write(definition.unit, limit.value, Money(currency, 2), counted=definition.how == "count")
    return f"{definition.label} {limit.side} {said}"


def finished(schedule: Schedule, job: Job, link: str) -> Notice:
    """A run came to its end."""
    return Notice("finished", schedule.name, f"finished. {came_of(job)}", job.id, counts(job), link=link)


def stopped(schedule: Schedule, job: Job, link: str) -> Notice:
    """A run's job halted."""
    return Notice("halted", schedule.name, f"{halted(job)} {job.cure}".strip(), job.id, counts(job), link=link)


def failed(schedule: Schedule, what: str, cure: str) -> Notice:
    """A run has no job."""
    return Notice("failed", schedule.name, masking.text(f"could not begin. {what} {cure}".strip()))


def past(schedule: Schedule, job: Job, limit: Limit, found: Kpi, link: str) -> Notice:
    """A figure is past its limit."""
    said = f"{found.label} is {found.text} ({found.basis}): {limit_in_words(limit)}."
    return Notice(
        "threshold", schedule.name, said, job.id, counts(job),
        kpi=limit.kpi, value=found.value, threshold=limit.value, link=link,
    )  # fmt: skip


def counts(job: Job) -> dict[str, int]:
    """A job's counts, by name."""
    found = {} if job.is_import else dict(job.words)
    return {str(word): n for word, n in found.items()} | {"calls": job.calls, "requests": job.requests}


def _many(n: int, thing: str) -> str:
    return f"{wording.count(n)} {thing}{'' if n == 1 else 's'}"
