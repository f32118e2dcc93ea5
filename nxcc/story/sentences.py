"""The outcome of one order in a sentence, and what came before it in a second one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from nxcc import wording
from nxcc.outcome import Outcome
from nxcc.story.calls import Call, answered, reach

MOST_CLAUSES = 5
_MOST_WORDS = 4  # different endings that are told
_LONGEST_REASON = 40
_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


@dataclass(frozen=True, slots=True)
class Story:
    """`headline` holds no foreign text; `detail` is markdown in which foreign text is escaped, and may be empty.

    `reached` is None where no trusted answer says it.
    """

    headline: str
    detail: str
    reached: bool | None = None


def tell(outcome: Outcome, calls: Sequence[Call], zone: ZoneInfo, now: datetime) -> Story:
    """The story of an order; `calls` (`in_order`) are those of its outcome, times are told in the zone."""
    if outcome.word == "found" and calls:
        return _reached(calls, zone, now) if answered(calls) else _not_reached(calls, zone, now)
    if outcome.word in ("found", "no_calls"):
        at = f" on {_moment(outcome.asked_at, zone, now)}" if outcome.asked_at else ""
        asked = f"Asked{at}. A call that is made later shows up when it is asked again."
        return Story("No calls: the API knows of none for this order", asked, reached=False)
    if outcome.word == "failed":
        return Story("Asked, but no answer came that can be trusted", _why_failed(outcome))
    if outcome.word == "invalid":
        return Story("This cannot be an order id, so it is never sent", _sentence(_foreign(outcome.reason)))
    return Story(
        "Never asked so far",
        "The archive holds no answer for this order. Asking sends one request to the API; opening this page sent none.",
    )


def after(seconds: float) -> str:
    """A stretch of time as it is said: `1 day 16 h`, `3 h 20 m`, `45 s`."""
    days, rest = divmod(round(seconds), 86_400)
    if not days:
        return wording.duration(rest)
    hours = rest // 3600
    return f"{days} day{'' if days == 1 else 's'}" + (f" {hours} h" if hours else "")


def ordinal(n: int) -> str:
    """`fourth`, `21st`."""
    if n < len(_ORDINALS):
        return _ORDINALS[n]
    ending = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n:,}{ending}"


def _reached(calls: Sequence[Call], zone: ZoneInfo, now: datetime) -> Story:
    found = reach(calls)
    first = found.call or calls[0]
    if found.attempts is None:
        head = f"Reached in one of {len(calls):,} calls; their missing times leave open which was first"
    elif found.attempts == 1:
        head = "Reached on the first call"
    else:
        later = f", {after(found.seconds)} after the first" if found.seconds is not None else ""
        head = f"Reached on the {ordinal(found.attempts)} call{later}"
    place = calls.index(first)
    detail = [_endings(calls[:place], zone, now), _answer(first, zone, now), _rest(calls[place + 1 :])]
    return Story(f"{head}{_talk(calls, head)}", " ".join(part for part in detail if part), reached=True)


def _talk(calls: Sequence[Call], head: str) -> str:
    talked = answered(calls)
    known = [call["talk_s"] for call in talked if call["talk_s"] is not None]
    comma = "," if "," in head or ";" in head else ""
    if not known:
        return f"{comma} and how long they talked is not recorded"
    least = "" if len(known) == len(talked) else "at least "
    calls_ = f" in {len(talked):,} calls" if len(talked) > 1 else ""
    return f"{comma} and talked for {least}{wording.duration(sum(known))}{calls_}"


def _answer(call: Call, zone: ZoneInfo, now: datetime) -> str:
    """`**Mei Lin** answered on 20 Nov at 12:33:51; the **customer** hung up.`"""
    agent = call["agent_nick"] or call["agent"]
    who = f"**{_foreign(agent)}**" if agent else "The callbot" if call["direction"] == "aicc" else "Somebody"
    verb = "answered" if call["direction"] == "inbound" or not agent else "got through"
    if call["answered_at"]:
        local = call["answered_at"].astimezone(zone)
        when = f" on {_day(local.date(), zone, now)} at {local:%H:%M:%S}"
    else:
        when = " at a time that is not recorded"
    return f"{who} {verb}{when}{_hung_up(call)}."


def _hung_up(call: Call) -> str:
    if call["hangup_party"] in ("customer", "agent"):
        return f"; the **{call['hangup_party']}** hung up"
    reason = call["hangup_reason"]
    return f"; it ended with “{_foreign(wording.cut(reason, _LONGEST_REASON))}”" if reason else ""


def _rest(calls: Sequence[Call]) -> str:
    if not calls:
        return ""
    n, talked = len(calls), len(answered(calls))
    more = f"{n:,} more call{'' if n == 1 else 's'} followed"
    if n == 1:
        return f"{more}{', answered too' if talked else ', not answered'}."
    part = "all" if talked == n else f"{talked:,} of them" if talked else "none"
    return f"{more}, {part} answered."


def _not_reached(calls: Sequence[Call], zone: ZoneInfo, now: datetime) -> Story:
    if len(calls) == 1:
        return Story("Not reached: one call, not answered", _endings(calls, zone, now), reached=False)
    starts = [call["started_at"] for call in calls]
    apart = after((starts[-1] - starts[0]).total_seconds()) if None not in starts else ""
    over = f", the last one {apart} after the first" if apart else ""
    return Story(f"Never reached in {len(calls):,} calls{over}", _endings(calls, zone, now), reached=False)


def _endings(calls: Sequence[Call], zone: ZoneInfo, now: datetime) -> str:
    """How calls that were not answered ended, day by day; only counted when that would be long."""
    if not calls:
        return ""
    told: dict[date | None, Counter[str]] = {}
    for call in calls:
        day = call["started_at"].astimezone(zone).date() if call["started_at"] else None
        told.setdefault(day, Counter())[_ending(call)] += 1
    if sum(map(len, told.values())) <= MOST_CLAUSES:
        return _sentence("; ".join(_by_day(told, zone, now)))
    whole: Counter[str] = sum(told.values(), Counter())
    ranked = whole.most_common()
    said = [_times(ending, n) for ending, n in ranked[:_MOST_WORDS]]
    if rest := sum(n for _, n in ranked[_MOST_WORDS:]):
        said.append(f"{rest:,} more ended otherwise")
    known = [day for day in told if day]
    when = f"Between {_day(known[0], zone, now)} and {_day(known[-1], zone, now)} " if len(known) > 1 else ""
    return _sentence(f"{when}{', '.join(said)}")


def _by_day(told: dict[date | None, Counter[str]], zone: ZoneInfo, now: datetime) -> list[str]:
    """A clause a day; days on which the same happened share one."""
    clauses: dict[str, list[str]] = {}
    for day, counts in told.items():
        once = all(n == 1 for n in counts.values())
        said = _and(counts)
        clauses.setdefault(said if once else f"{said} {_on(day, zone, now)}", []).append(
            _on(day, zone, now) if once else ""
        )
    return [f"{said} {' and '.join(days)}".rstrip() for said, days in clauses.items()]


def _ending(call: Call) -> str:
    if call["result"] == "no_answer":
        return "nobody picked up"
    if call["result"] == "busy":
        return "the line was busy"
    if call["result"] == "abandoned":
        gave_up = call["hangup_party"] == "customer"
        return "the customer gave up in the queue" if gave_up else "the call ended in the queue"
    reason = call["hangup_reason"]
    if not reason:
        return "it ended without an answer"
    return f"it ended with “{_foreign(wording.cut(wording.plain(reason), _LONGEST_REASON))}”"


def _and(counts: Counter[str]) -> str:
    said = [_times(ending, n) for ending, n in counts.items()]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"


def _times(ending: str, n: int) -> str:
    return ending if n == 1 else f"{ending} in {n:,} calls"


def _on(day: date | None, zone: ZoneInfo, now: datetime) -> str:
    return f"on {_day(day, zone, now)}" if day else "on a day that is not recorded"


def _day(day: date, zone: ZoneInfo, now: datetime) -> str:
    return f"{day:%d %b}" if day.year == now.astimezone(zone).year else f"{day:%d %b} {day.year}"


def _moment(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    local = at.astimezone(zone)
    return f"{_day(local.date(), zone, now)} at {local:%H:%M:%S}"


def _why_failed(outcome: Outcome) -> str:
    said = _sentence(_foreign(outcome.reason)) if outcome.reason else "Why is not recorded."
    if outcome.code is not None:
        said += f" The API's code is {outcome.code}."
    if outcome.req_id:
        said += f" Its request id is {_foreign(outcome.req_id)}."
    cure = "It may pass: ask again." if outcome.may_pass else "A failure is never taken for “no calls”."
    return f"{said} {cure}"


def _sentence(text: str) -> str:
    ended = text if text.endswith((".", "!", "?", "。")) else f"{text}."
    return f"{ended[:1].upper()}{ended[1:]}"


def _foreign(text: str) -> str:
    return wording.in_markdown(text)
