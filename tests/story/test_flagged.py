"""What each quality flag says of the call that carries it."""

from __future__ import annotations

from typing import Any

import pytest

from nxcc import story
from nxcc.flags import FLAGS

from .calls import SHANGHAI, after, calls, missed, talked

SAID = [
    (
        "queue_unit",
        missed(queueDuration=38_214, inQueueTime=after(), outQueueTime=after(seconds=38.214)),
        "queueDuration says 38,214, its times say 38.2 s. We use the times.",
    ),
    ("hangup_party", talked(hangupBy=0), "hangupBy says agent, code and reason say customer. We show both, "),
    ("answered_without_time", talked(answerTime=0), "The record says answered, but not when"),
    (
        "time_order",
        talked(endTime=after(seconds=10)),
        "endTime is 20:12:41, before answerTime at 20:12:55. We show both as they came.",
    ),
    ("time_order", missed(endTime=after(days=-1)), "endTime is 17 Nov 2026 20:12:31, before startTime at 18 Nov 2026"),
    ("duration_mismatch", talked(callDuration=95), "callDuration says 95 s, answer to end is 212.0 s."),
    ("agent_missing", talked(agentNickName=""), FLAGS["agent_missing"]),
    ("order_blank", talked(), FLAGS["order_blank"]),
    ("bad_link", talked(recordUrl="javascript:alert(1)"), "recordUrl: no plain http or https address"),
    ("unknown_field", talked(trunkId="hk", tags=[]), "Not documented: trunkId, tags. Kept in the raw record."),
    ("bad_type", talked(callDuration=-5, direction={}), 'direction says {}, callDuration says -5. Left empty here'),
]  # fmt: skip


@pytest.mark.parametrize(("flag", "sent", "said"), SAID)
def test_in_this_call(flag: str, sent: dict[str, Any], said: str) -> None:
    (call,) = calls(sent)
    assert flag in call["flags"]
    assert story.in_this_call(flag, call, SHANGHAI).startswith(said)


def test_every_flag_is_told() -> None:
    assert {flag for flag, _, _ in SAID} == set(FLAGS)
