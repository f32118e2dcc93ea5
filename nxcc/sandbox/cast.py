"""Who and what the sandbox's call centre is made of: campaigns, agents, words, numbers.

All phone numbers come from ranges that regulators reserve for fiction (UK 07700 900xxx and 020 7946 0xxx,
US 555-01xx), all SIP hosts from the address ranges for documentation.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

INBOUND, OUTBOUND, AICC = 0, 1, 2
BY_AGENT, BY_USER, BY_UNKNOWN = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Campaign:
    """A line of work: its calls share a direction, a queue, a price and the style of their order ids."""

    name: str
    queue: str
    style: str  # of the order ids, see ids.py
    direction: int
    weight: float  # share of the orders
    talk_median_s: float
    price_per_minute: float
    chinese: float = 0.0  # share of texts in Chinese


@dataclass(frozen=True, slots=True)
class Agent:
    account: str
    nickname: str
    weight: float  # how many of the calls come to this agent, against the others


@dataclass(frozen=True, slots=True)
class Hangup:
    """Why a call ended. Only 1001 and 1103 are documented; the other codes are this sandbox's own."""

    code: int
    english: str
    chinese: str
    party: int  # who really ended it
    weight: float


CAMPAIGNS = (
    Campaign("Delivery confirmation", "Delivery", "SO", OUTBOUND, 0.27, 70, 0.021),
    Campaign("Renewal offers", "Sales EN", "CRM-", OUTBOUND, 0.19, 150, 0.024),
    Campaign("Service hotline", "Hotline", "NUMBER", INBOUND, 0.25, 130, 0.035, chinese=0.25),
    Campaign("客户满意度回访", "中文组", "HF", OUTBOUND, 0.12, 95, 0.019, chinese=0.95),
    Campaign("VIP 回访", "VIP", "回访", OUTBOUND, 0.02, 200, 0.019, chinese=1.0),
    Campaign("Payment reminder", "Callbot", "BOT-", AICC, 0.15, 32, 0.012, chinese=0.6),
)
OLD_CRM = Campaign("Old CRM", "Hotline", "OLD", OUTBOUND, 0.0, 110, 0.021)

AGENTS = (
    Agent("NX094450006931", "Amy Lin", 1.3),
    Agent("NX094450006932", "陈静", 1.2),
    Agent("NX094450006933", "Daniel Koh", 1.1),
    Agent("NX094450006934", "王磊", 1.0),
    Agent("NX094450006935", "Priya Nair", 1.0),
    Agent("NX094450006936", "李婷", 0.9),
    Agent("NX094450006937", "Marcus Tan", 0.8),
    Agent("NX094450006938", "Sofia Reyes", 0.8),
    Agent("NX094450006939", "周敏", 0.6),
    Agent("NX094450006940", "Kenji Wong", 0.3),
)

ENDED_TALK = (
    Hangup(1001, "Agent hang-up", "坐席挂机", BY_AGENT, 0.38),
    Hangup(1002, "User hang-up", "用户挂机", BY_USER, 0.58),
    Hangup(1007, "Call dropped by the network", "网络中断", BY_UNKNOWN, 0.04),
)
ENDED_BOT = (
    Hangup(1010, "Callbot finished", "机器人挂机", BY_UNKNOWN, 0.55),
    Hangup(1002, "User hang-up", "用户挂机", BY_USER, 0.45),
)
ENDED_IN_QUEUE = (
    Hangup(1103, "User abandoned while in queue", "用户排队中放弃", BY_USER, 0.8),
    Hangup(1104, "Queue timeout", "排队超时", BY_UNKNOWN, 0.14),
    Hangup(1105, "No agent online", "无在线坐席", BY_UNKNOWN, 0.06),
)
ENDED_RINGING = (
    Hangup(1201, "No answer", "无人接听", BY_UNKNOWN, 0.52),
    Hangup(1202, "User busy", "用户忙", BY_USER, 0.16),
    Hangup(1204, "Rejected by user", "用户拒接", BY_USER, 0.12),
    Hangup(1205, "Powered off", "关机", BY_UNKNOWN, 0.1),
    Hangup(1203, "Number does not exist", "空号", BY_UNKNOWN, 0.05),
    Hangup(1206, "Agent cancelled while ringing", "坐席取消呼叫", BY_AGENT, 0.05),
)

TRANSFERRED = "转人工-成功"
INTENTS = (TRANSFERRED, "转人工-失败", "已确认", "Confirmed", "Call back later", "拒绝", "无法识别")
INTENT_WEIGHTS = (0.3, 0.07, 0.22, 0.16, 0.12, 0.08, 0.05)
BOT_KEYS = ("1", "2", "1,3", "9", "1,1,2", "2,9")
MENU_KEYS = ("1", "2", "3", "1,2", "0", "2,0")

HOTLINE = ("442079460018", "442079460055", "442079460107")
TRUNKS = ("NX09445G000025@203.0.113.10:5060", "NX09445G000026@198.51.100.24:5060")


def customer_number(rng: random.Random) -> str:
    """A customer's phone number, digits only with the country code, from a range reserved for fiction."""
    if rng.random() < 0.6:
        return f"447700900{rng.randrange(1000):03d}"
    return f"1{rng.choice((202, 212, 305, 312, 415, 617, 702, 808))}55501{rng.randrange(100):02d}"


def pick_agent(rng: random.Random) -> Agent:
    """One of the agents, the busy ones more often."""
    return rng.choices(AGENTS, [agent.weight for agent in AGENTS])[0]


def pick_hangup(rng: random.Random, reasons: tuple[Hangup, ...]) -> Hangup:
    """One of the reasons by its weight."""
    return rng.choices(reasons, [reason.weight for reason in reasons])[0]
