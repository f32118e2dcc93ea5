"""What really happened to one order: its calls in time order, before the vendor's quirks (those are in wire.py).

Times are epoch milliseconds; 0 = never happened. As with the vendor, ring, answer and the end of the queue come in
whole seconds, the other times in milliseconds.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from nxcc.sandbox import cast
from nxcc.sandbox.cast import AICC, INBOUND, OUTBOUND, Agent, Campaign, Hangup

ZONE = ZoneInfo("Asia/Shanghai")
LAST_TRY = time(19, 30)  # nobody is dialled later in the day
LONGEST_TALK_S = 7200.0
CARRY_DAYS = 3  # a retry carried over comes on the next working day: Friday's on Monday

# Share of the day's orders that start in each hour, 8:00 to 20:00, with the lunch dip.
_HOURS = {8: 2, 9: 9, 10: 13, 11: 12, 12: 4, 13: 6, 14: 12, 15: 13, 16: 12, 17: 9, 18: 5, 19: 2}
_TRIES = (1, 2, 3, 4, 5, 6)
_TRIES_WEIGHTS = (14, 22, 28, 18, 11, 7)


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it was. `price` is None while the vendor has not priced it."""

    campaign: Campaign
    direction: int
    caller: str
    callee: str
    agent: Agent | None
    start_ms: int
    in_queue_ms: int
    out_queue_ms: int
    ring_ms: int
    answer_ms: int
    end_ms: int
    hangup: Hangup
    price: float | None
    dtmf: str | None = None
    intent: str | None = None
    voicemail: bool = False

    @property
    def answered(self) -> bool:
        return self.answer_ms > 0


def calls_of(campaign: Campaign, day: date, rng: random.Random) -> list[Call]:
    """The calls of an order that was placed on `day` (Asia/Shanghai), oldest first; [] when nobody ever called."""
    if rng.random() < 0.06:
        return []
    hour = rng.choices(list(_HOURS), list(_HOURS.values()))[0]
    moment = datetime.combine(day, time(hour), ZONE) + timedelta(seconds=rng.uniform(0, 3600))
    customer = cast.customer_number(rng)
    if campaign.direction == INBOUND:
        return list(_called_us(campaign, moment, customer, rng))
    return list(_we_called(campaign, moment, customer, rng))


def found_call(day: date, rng: random.Random) -> Call:
    """One plain answered outbound call at 10:00 of `day`."""
    moment = datetime.combine(day, time(10), ZONE) + timedelta(seconds=rng.uniform(0, 3600))
    return _dial(cast.CAMPAIGNS[0], moment, cast.customer_number(rng), rng, answers=True)


def _we_called(campaign: Campaign, moment: datetime, customer: str, rng: random.Random) -> Iterator[Call]:
    """Tries until somebody answers or patience ends; sometimes a second talk after the first."""
    chance = 0.55 if campaign.direction == AICC else rng.choice((0.2, 0.4, 0.55, 0.7))  # some customers rarely answer
    at: datetime | None = moment
    for _ in range(rng.choices(_TRIES, _TRIES_WEIGHTS)[0]):
        if at is None:
            return
        call = _dial(campaign, at, customer, rng, answers=rng.random() < chance)
        yield call
        ended = datetime.fromtimestamp(call.end_ms / 1000, ZONE)
        if call.answered:
            if campaign.direction == OUTBOUND and rng.random() < 0.08 and ended.time() < time(18):
                again = ended + timedelta(minutes=rng.uniform(4, 60))
                yield _dial(campaign, again, customer, rng, answers=rng.random() < 0.8)
            return
        at = _next_try(ended, moment.date(), rng)


def _next_try(ended: datetime, placed: date, rng: random.Random) -> datetime | None:
    """Some time later, or the next working day; None after that."""
    later = ended + timedelta(minutes=min(300.0, 8 + rng.lognormvariate(math.log(55), 0.8)))
    if later.date() == ended.date() and later.time() <= LAST_TRY:
        return later
    if ended.date() != placed:
        return None
    following = placed + timedelta(days=1)
    while following.weekday() >= 5:
        following += timedelta(days=1)
    return datetime.combine(following, time(9), ZONE) + timedelta(minutes=rng.uniform(2, 150))


def _called_us(campaign: Campaign, moment: datetime, customer: str, rng: random.Random) -> Iterator[Call]:
    """A customer calls the hotline, again when nobody came to the phone, and is sometimes called back."""
    at = moment
    for _ in range(3):
        call = _receive(campaign, at, customer, rng)
        yield call
        at = datetime.fromtimestamp(call.end_ms / 1000, ZONE) + timedelta(minutes=rng.uniform(2, 14))
        if call.answered:
            return
        if rng.random() > 0.5:
            break
    if rng.random() < 0.4:
        yield _dial(campaign, at + timedelta(minutes=rng.uniform(10, 90)), customer, rng, answers=rng.random() < 0.6)


def _dial(campaign: Campaign, at: datetime, customer: str, rng: random.Random, *, answers: bool) -> Call:
    """One call that we make: by an agent, or by the callbot, which may hand over to one."""
    bot = campaign.direction == AICC
    start_ms = _ms(at)
    ring_ms = _whole(start_ms + rng.uniform(1000, 3400))
    agent: Agent | None = None
    reasons: tuple[Hangup, ...] = cast.ENDED_RINGING
    answer_ms, end_ms = 0, ring_ms + round(rng.uniform(2, 45) * 1000)
    intent = dtmf = None
    if answers:
        answer_ms = ring_ms + 1000 * rng.randint(3, 32)
        talk_s = _talk_s(campaign.talk_median_s, rng)
        if bot:
            intent = rng.choices(cast.INTENTS, cast.INTENT_WEIGHTS)[0]
            dtmf = rng.choice(cast.BOT_KEYS) if rng.random() < 0.6 else None
            talk_s *= 3 if intent == cast.TRANSFERRED else 1
        agent = cast.pick_agent(rng) if not bot or intent == cast.TRANSFERRED else None
        end_ms = answer_ms + round(talk_s * 1000)
        reasons = cast.ENDED_BOT if bot and agent is None else cast.ENDED_TALK
    line = rng.choice(cast.TRUNKS) if bot else rng.choice(cast.HOTLINE)
    return Call(
        campaign, AICC if bot else OUTBOUND, line, customer, agent, start_ms, 0, 0, ring_ms, answer_ms, end_ms,
        cast.pick_hangup(rng, reasons), _price(campaign, answer_ms, end_ms, rng), dtmf, intent,
    )  # fmt: skip


def _receive(campaign: Campaign, at: datetime, customer: str, rng: random.Random) -> Call:
    """One call that comes in: queue, then an agent's phone rings, or the customer gives up."""
    start_ms = _ms(at)
    in_queue_ms = start_ms + rng.randint(15, 90)
    busy = 2.2 if at.hour in (10, 12, 15) else 1.0
    wait_s = min(600.0, rng.lognormvariate(math.log(13 * busy), 0.9))
    patience_s = min(900.0, 3 + rng.lognormvariate(math.log(62), 0.9))
    dtmf = rng.choice(cast.MENU_KEYS) if rng.random() < 0.45 else None
    answers = wait_s < patience_s
    out_queue_ms = _whole(in_queue_ms + 1000 + 1000 * min(wait_s, patience_s))
    rang_s = rng.randint(3, 14)
    ring_ms = max(_whole(start_ms), out_queue_ms - 1000 * rang_s)
    if answers:
        end_ms = out_queue_ms + round(_talk_s(campaign.talk_median_s, rng) * 1000)
        answer_ms, agent, hangup = out_queue_ms, cast.pick_agent(rng), cast.pick_hangup(rng, cast.ENDED_TALK)
        voicemail = False
    else:
        answer_ms, agent, hangup = 0, None, cast.pick_hangup(rng, cast.ENDED_IN_QUEUE)
        voicemail = hangup.code != 1103 and rng.random() < 0.5
        end_ms = out_queue_ms + (rng.randint(6000, 48000) if voicemail else rng.randint(80, 990))
        ring_ms = ring_ms if rng.random() < 0.7 else 0
    return Call(
        campaign, INBOUND, customer, rng.choice(cast.HOTLINE), agent, start_ms, in_queue_ms, out_queue_ms, ring_ms,
        answer_ms, end_ms, hangup, _price(campaign, answer_ms, end_ms, rng), dtmf, None, voicemail,
    )  # fmt: skip


def _talk_s(median_s: float, rng: random.Random) -> float:
    """A talk time with a long tail: a few below 10 s, a few above half an hour."""
    return min(LONGEST_TALK_S, max(1.2, rng.lognormvariate(math.log(median_s), 1.15)))


def _price(campaign: Campaign, answer_ms: int, end_ms: int, rng: random.Random) -> float | None:
    """By started minutes; some unanswered calls are charged too; None = not priced yet."""
    if rng.random() < 0.025:
        return None
    if not answer_ms:
        charged = rng.random() < (0.35 if campaign.direction == INBOUND else 0.14)
        return campaign.price_per_minute if charged else 0.0
    return round(campaign.price_per_minute * math.ceil((end_ms - answer_ms) / 60000), 4)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _whole(ms: float) -> int:
    return int(ms // 1000) * 1000


def day_of(ms: int) -> date:
    """The day of a moment (epoch ms) in Asia/Shanghai."""
    return datetime.fromtimestamp(ms / 1000, ZONE).date()


def midnight_ms(day: date) -> int:
    """When `day` begins in Asia/Shanghai."""
    return _ms(datetime.combine(day, time(0), ZONE))
