"""Who can sign in at the provider: made-up people, and what is said of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HOUR_S = 3_600.0
MANY_GROUPS = [hashlib.sha256(bytes([n])).hexdigest() for n in range(120)]  # more than one cookie holds


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody and their claims. `lasts_s` is how long their token holds from now on; below 0 it has expired already
    (clients allow for two minutes). `tenant` issues it; `known_key` is False when a key signs it that nobody has
    published."""

    sub: str
    claims: Mapping[str, Any] = field(default_factory=dict)
    lasts_s: float = HOUR_S
    tenant: str = "desk"
    known_key: bool = True


def _at(sub: str, email: str, **more: Any) -> Person:
    options = {name: more.pop(name) for name in ("lasts_s", "tenant", "known_key") if name in more}
    return Person(sub, {"email": email, "email_verified": True, "name": sub.title(), **more}, **options)


PEOPLE = {
    person.sub: person
    for person in (
        _at("vera", "vera@example.com"),  # by her domain
        _at("anna", "anna@example.com"),
        _at("leo", "leo@example.com"),
        _at("ada", "ada@example.com"),
        _at("upper", "  Leo@EXAMPLE.com "),  # leo's address as some providers write it
        _at("stranger", "stranger@elsewhere.example"),
        _at("evil", "vera@evil-example.com"),  # a domain that ends alike
        _at("below", "vera@sub.example.com"),
        _at("two", "vera@example.com@elsewhere.example"),
        _at("unverified", "leo@example.com", email_verified=False),
        _at("unverified-text", "leo@example.com", email_verified="false"),
        _at("grouped", "grouped@elsewhere.example", groups=["post", "desk-leads"]),
        _at("groups-text", "text@elsewhere.example", groups="desk-leads"),
        _at("group-alike", "alike@elsewhere.example", groups=["desk-leads-2", "desk"]),
        _at("many", "many@elsewhere.example", groups=[*MANY_GROUPS, "desk-leads"]),
        Person("nameless", {"groups": ["desk-leads"]}),  # no address at all
        _at("markup", "x@elsewhere.example", name="<img src=x>", groups=["**[a](//b)**"]),
        _at("brief", "leo@example.com", lasts_s=6),
        _at("expired", "leo@example.com", lasts_s=-30),
        _at("tenant", "leo@example.com", tenant="other"),
        _at("forger", "leo@example.com", known_key=False),
    )
}
