"""The outcome of an order in a sentence, and never a guess in it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nxcc import story
from nxcc.outcome import Outcome, Word
from nxcc.story.sentences import after as said_after
from nxcc.story.sentences import ordinal
from nxcc.wording import JOINER, Money

from .calls import NOW, SHANGHAI, after, calls, missed, talked

QUEUED = {"direction": 0, "inQueueTime": after(hours=20), "outQueueTime": after(hours=20, seconds=38)}
PICTURE = (  # that of the design
    missed(),
    missed(after(hours=20), "User abandoned while in queue", hangupCode=1103, **QUEUED),
    missed(after(hours=24), "User busy"),
    talked(after(hours=40, minutes=21), 212),
)


def told(*sent: dict[str, Any], outcome: Outcome | None = None) -> story.Story:
    found = calls(*sent)
    return story.tell(outcome or Outcome("A", "found", calls=len(found)), found, SHANGHAI, NOW)


def test_tell__the_picture_of_the_design() -> None:
    found = told(*PICTURE)
    assert found.headline == "Reached on the fourth call, 1 day 16 h after the first, and talked for 3 m 32 s"
    assert found.detail == (
        "Nobody picked up on 18 Nov; the customer gave up in the queue and the line was busy on 19 Nov. "
        "**Mei Lin** answered on 20 Nov at 12:33:55; the **customer** hung up."
    )
    assert found.reached


HEADLINES = [
    ([talked(talk_s=5)], "Reached on the first call and talked for 5 s"),
    ([talked(), missed(after(hours=1))], "Reached on the first call and talked for 3 m 32 s"),
    (
        [missed(), talked(after(minutes=2))],
        "Reached on the second call, 2 m 24 s after the first, and talked for 3 m 32 s",
    ),
    ([talked(), talked(after(hours=1))], "Reached on the first call and talked for 7 m 04 s in 2 calls"),
    ([talked(callDuration=None)], "Reached on the first call and how long they talked is not recorded"),
    (
        [talked(), talked(after(hours=1), callDuration=None)],
        "Reached on the first call and talked for at least 3 m 32 s in 2 calls",
    ),
    ([talked(answerTime=0)], "Reached on the first call and talked for 3 m 32 s"),
    ([missed(), talked(after(minutes=2), answerTime=0)], "Reached on the second call and talked for 3 m 32 s"),
    (
        [missed(), talked(after(hours=1), answerTime=after(hours=-1))],
        "Reached on the second call and talked for 3 m 32 s",
    ),
    ([talked(startTime=0)], "Reached on the first call and talked for 3 m 32 s"),
    (
        [missed(startTime=0), talked()],
        "Reached in one of 2 calls; their missing times leave open which was first, and talked for 3 m 32 s",
    ),
    ([missed()], "Not reached: one call, not answered"),
    ([missed(), missed(after(hours=1))], "Never reached in 2 calls, the last one 1 h 00 m after the first"),
    ([missed(), missed(startTime=0)], "Never reached in 2 calls"),
]


@pytest.mark.parametrize(("sent", "headline"), HEADLINES)
def test_tell__the_headline(sent: list[dict[str, Any]], headline: str) -> None:
    assert told(*sent).headline == headline


DETAILS = [
    ([missed(), missed(after(hours=1))], "Nobody picked up in 2 calls on 18 Nov."),
    ([missed(), missed(after(hours=20))], "Nobody picked up on 18 Nov and on 19 Nov."),
    ([missed(startTime=0)], "Nobody picked up on a day that is not recorded."),
    ([missed(after(days=-500))], "Nobody picked up on 06 Jul 2025."),
    ([missed(reason="Powered off")], "It ended with “Powered off” on 18 Nov."),
    ([missed(reason="")], "It ended without an answer on 18 Nov."),
    ([missed(reason="Queue timeout", **QUEUED)], "The call ended in the queue on 18 Nov."),
    ([missed(reason="<b>[x](http://evil)")], rf"It ended with “\<b\>\[x\]\(http\:{JOINER}\/\/evil\)” on 18 Nov."),
    ([talked(direction=1)], "**Mei Lin** got through on 18 Nov at 20:12:55; the **customer** hung up."),
    (
        [talked(agentNickName=None, direction=2)],
        "The callbot answered on 18 Nov at 20:12:55; the **customer** hung up.",
    ),
    ([talked(agentNickName=None)], "Somebody answered on 18 Nov at 20:12:55; the **customer** hung up."),
    (
        [talked(answerTime=0, hangupReason="Network", hangupCode=1)],
        "**Mei Lin** answered at a time that is not recorded; it ended with “Network”.",
    ),
    (
        [talked(), missed(after(hours=1)), talked(after(hours=2))],
        "**Mei Lin** answered on 18 Nov at 20:12:55; the **customer** hung up. "
        "2 more calls followed, 1 of them answered.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "detail"), DETAILS)
def test_tell__what_came_before(sent: list[dict[str, Any]], detail: str) -> None:
    assert told(*sent).detail == detail


def test_tell__many_calls_are_counted_not_listed() -> None:
    sent = [missed(after(hours=13 * n), ("No answer", "User busy")[n % 4 == 3]) for n in range(60)]
    assert told(*sent).detail == (
        "Between 18 Nov and 20 Dec nobody picked up in 45 calls, the line was busy in 15 calls."
    )


def test_tell__a_result_of_another_answer_is_of_no_matter() -> None:
    """The first answered call counts even when calls come out of order."""
    assert told(PICTURE[3], PICTURE[0], PICTURE[2], PICTURE[1]).headline == told(*PICTURE).headline


OUTCOMES: list[tuple[Outcome, str, str]] = [
    (Outcome("A", "no_calls", asked_at=NOW), "No calls", "Asked on 24 Nov at 12:00:00."),
    (Outcome("A", "failed", "HTTP 500.", may_pass=True), "no answer came", "It may pass: ask again."),
    (Outcome("A", "failed", "Wrong", code=41000, req_id="A1"), "Asked, but", "is 41000. Its request id is A1."),
    (Outcome("A", "failed"), "Asked, but", "Why is not recorded."),
    (Outcome("A", "invalid", "too_long: longer than 128 characters"), "never sent", "longer than 128 characters"),
    (Outcome("A", "pending"), "Never asked so far", "opening this page sent none"),
]  # fmt: skip


@pytest.mark.parametrize(("outcome", "headline", "detail"), OUTCOMES)
def test_tell__every_outcome_has_its_sentence(outcome: Outcome, headline: str, detail: str) -> None:
    found = told(outcome=outcome)
    assert headline in found.headline
    assert detail in found.detail.replace("\\", "")
    assert found.reached is (False if outcome.word == "no_calls" else None)


@pytest.mark.parametrize(
    ("n", "word"), [(1, "first"), (10, "tenth"), (11, "11th"), (12, "12th"), (21, "21st"), (22, "22nd"), (103, "103rd")]
)
def test_ordinal(n: int, word: str) -> None:
    assert ordinal(n) == word


@pytest.mark.parametrize(
    ("seconds", "said"), [(44.6, "45 s"), (3600, "1 h 00 m"), (86_400, "1 day"), (2 * 86_400 + 7200, "2 days 2 h")]
)
def test_after(seconds: float, said: str) -> None:
    assert said_after(seconds) == said


KEYS = ["startTime", "ringTime", "answerTime", "endTime", "inQueueTime", "outQueueTime"]
ANY = st.none() | st.integers(-(10**14), 10**14) | st.text(max_size=6) | st.booleans() | st.floats(allow_nan=False)
TIMES = st.none() | st.just(0) | st.integers(after(days=-3), after(days=3)) | st.integers(0, 4_102_444_799_999)
RECORDS = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(KEYS, TIMES | ANY)
    | dict.fromkeys(("callDuration", "ringDuration", "queueDuration", "totalCustomerPrice", "hangupCode"), ANY)
    | dict.fromkeys(("hangupReason", "agentName", "agentNickName", "direction", "answered", "hangupBy", "new"), ANY)
    | {"recordUrl": ANY, "callId": ANY, "orderId": ANY},
)


@given(st.lists(RECORDS, max_size=8), st.sampled_from(["found", "no_calls", "failed", "invalid", "pending"]))
def test_anything__has_a_sentence_and_figures(sent: list[dict[str, Any]], word: Word) -> None:
    found = calls(*sent)
    said = story.tell(Outcome("A", word, "why"), found, SHANGHAI, NOW)
    assert re.fullmatch(r"[A-Z].+[^.]", said.headline)
    assert "nan" not in said.headline + said.detail
    for figure in story.figures(found, Money("HKD", 3)):
        assert figure.text
        assert figure.value is None or figure.value >= 0 or figure.name == "cost"
    for call in found:
        assert all(phase.seconds > 0 for phase in story.phases_of(call))
        assert all(story.in_this_call(flag, call, SHANGHAI) for flag in call["flags"])
