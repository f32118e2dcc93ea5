"""The tiles of a story, and the phases that they and the timeline stand on."""

from __future__ import annotations

from typing import Any

import pytest

from nxcc import story
from nxcc.wording import Money

from ..conftest import sample
from .calls import after, calls, missed, talked
from .test_sentences import PICTURE


def shown(*sent: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {one.name: (one.text, one.basis) for one in story.figures(calls(*sent), Money("USD", 4))}


def test_figures__the_picture_of_the_design() -> None:
    assert shown(*PICTURE) == {
        "attempts": ("4", "n 4 calls"),
        "time_to_answer": ("40 h 21 m", "n 4 calls, from the first"),
        "talk": ("3 m 32 s", "n 1 answered call"),
        "waiting": ("2 m 04 s", "n 4 calls"),  # 31 + 38 (ringing within) + 31 + 24
        "cost": ("0.0925 USD", "n 4 · 0.0126 unanswered"),
    }


MISSING = [
    ("attempts", [missed()], ("–", "n 1 call, none answered")),
    ("attempts", [talked(), missed(startTime=0)], ("–", "n 2 calls, undated")),
    ("attempts", [talked(startTime=0)], ("1", "n 1 call")),
    ("attempts", [talked(), talked(startTime=0)], ("1", "n 2 calls")),
    ("time_to_answer", [talked(), missed(startTime=0)], ("–", "n 2 calls, no start time")),
    ("time_to_answer", [talked(answerTime=0)], ("–", "n 1 call, no answer time")),
    ("time_to_answer", [talked(answerTime=after(hours=-1))], ("–", "n 1 call, times contradict")),
    ("talk", [missed()], ("–", "n 0 answered calls")),
    ("talk", [talked(), talked(after(hours=1), callDuration="?")], ("3 m 32 s", "n 1 of 2 answered calls")),
    ("waiting", [missed(ringDuration=None)], ("–", "n 0 of 1 call")),
    ("waiting", [missed(ringDuration=0)], ("0 s", "n 1 call")),
    ("waiting", [missed(queueDuration=9000, ringTime=0), missed()], ("31 s", "n 1 of 2 calls")),
    ("cost", [missed(totalCustomerPrice=None)], ("–", "n 0 of 1 call")),
    ("cost", [missed(totalCustomerPrice=None), talked()], ("0.0799 USD", "n 1 of 2 · 0.0000 unanswered")),
]


@pytest.mark.parametrize(("name", "sent", "said"), MISSING)
def test_figures__never_a_guess(name: str, sent: list[dict[str, Any]], said: tuple[str, str]) -> None:
    assert shown(*sent)[name] == said


def test_figures__have_a_definition_each() -> None:
    assert all(len(one.formula) > 30 for one in story.figures([], Money()))


def test_waited__ringing_within_the_queue_counts_once() -> None:
    """In both of the vendor's examples the phone rings while the customer waits."""
    answered, abandoned = calls(*sample("queryByOrderId-success")["data"])
    assert story.waited_s(answered) == pytest.approx(7.0)  # rang 7 s, from before the queue until its end
    assert story.waited_s(abandoned) == pytest.approx(6.0, abs=0.01)


PHASES = [
    (talked(), [("ring", 24.0, 0.0), ("talk", 212.0, 24.0)]),
    (talked(ringTime=after(seconds=-0.5)), [("ring", 24.0, -0.5), ("talk", 212.0, 24.0)]),  # whole seconds, cut
    (talked(ringTime=0), [("ring", 24.0, None), ("talk", 212.0, 24.0)]),
    (talked(answerTime=after(hours=-1)), [("ring", 24.0, 0.0), ("talk", 212.0, None)]),
    (talked(answerTime=after(days=40)), [("ring", 24.0, 0.0), ("talk", 212.0, None)]),
    (talked(startTime=0), [("ring", 24.0, 0.0), ("talk", 212.0, 24.0)]),  # its clock begins with what is known
    (missed(startTime=0, ringTime=0, endTime=0), [("ring", 31.0, None)]),
    (
        missed(direction=0, inQueueTime=after(seconds=1), outQueueTime=after(seconds=32)),
        [("queue", 31.0, 1.0), ("ring", 31.0, 0.0)],
    ),
    (missed(inQueueTime=after(seconds=9), outQueueTime=after(seconds=2)), [("ring", 31.0, 0.0)]),
    (missed(queueDuration=5000, outQueueTime=after(seconds=5)), [("queue", 5.0, 0.0), ("ring", 31.0, 0.0)]),
    ({}, []),
]


@pytest.mark.parametrize(("sent", "phases"), PHASES)
def test_phases__by_the_calls_own_times(sent: dict[str, Any], phases: list[tuple[str, float, float | None]]) -> None:
    (call,) = calls(sent)
    assert [(phase.kind, phase.seconds, phase.begins_s) for phase in story.phases_of(call)] == phases


def test_contradictory__a_part_outside_its_call() -> None:
    fine, before, later = calls(talked(), talked(answerTime=after(hours=-1)), talked(answerTime=after(days=40)))
    assert [story.contradictory(call) for call in (fine, before, later)] == [False, True, True]
