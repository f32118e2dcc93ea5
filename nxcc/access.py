"""Who may do what: roles, what each may do, and which role the claims of a sign-in give. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any


class Role(IntEnum):
    """Each may do what those below it may."""

    VIEWER = 1
    ANALYST = 2
    LEAD = 3
    ADMIN = 4

    @property
    def word(self) -> str:
        """As it is said: `viewer`."""
        return self.name.lower()


class May(StrEnum):
    """What can be done, in words that follow "your role may not"."""

    READ = "read the archive"
    ASK = "ask the API"
    NUMBERS = "see whole phone numbers"
    RECORDINGS = "play recordings"
    DELETE = "delete"
    ADMINISTER = "administer"


_FROM: dict[May, Role] = {
    May.READ: Role.VIEWER,
    May.ASK: Role.ANALYST,
    May.NUMBERS: Role.LEAD,
    May.RECORDINGS: Role.LEAD,
    May.DELETE: Role.LEAD,
    May.ADMINISTER: Role.ADMIN,
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whoever looks at a page: `who` as the audit names them, and their role."""

    who: str
    role: Role
    signed_in: bool = True

    def may(self, what: May) -> bool:
        """Whether the role reaches that far."""
        return self.role >= _FROM[what]


def least(what: May) -> Role:
    """The lowest role that may."""
    return _FROM[what]


def here(who: str) -> Viewer:
    """Without sign-in whoever reaches the app may do everything: it is served to its own machine only."""
    return Viewer(who, Role.ADMIN, signed_in=False)


def role_of(claims: Mapping[str, Any], lists: Mapping[Role, Iterable[str]]) -> Role | None:
    """The highest role whose list has an entry for these claims; None = not on any list.

    Entries are `ann@example.com`, `@example.com` (that domain, not those below it) or `claim=value`, where the claim
    is a text or a list of texts. Letters of addresses may be of either case. An address that the provider says it has
    not verified counts for nothing.
    """
    for role in sorted(lists, reverse=True):
        if any(_fits(claims, entry) for entry in lists[role]):
            return role
    return None


def who(claims: Mapping[str, Any]) -> str:
    """How the audit names them: the address, else the provider's id for them."""
    return _address(claims) or str(claims.get("sub") or "")


def _fits(claims: Mapping[str, Any], entry: str) -> bool:
    claim, equals, value = entry.partition("=")
    if equals:
        said = claims.get(claim.strip())
        return value.strip() in ([said] if isinstance(said, str) else said if isinstance(said, list) else [])
    address = _address(claims)
    wanted = entry.strip().casefold()
    if wanted.startswith("@"):
        return bool(address) and "@" + address.rpartition("@")[2] == wanted
    return bool(address) and address == wanted


def _address(claims: Mapping[str, Any]) -> str:
    address = claims.get("email")
    if not isinstance(address, str) or address.count("@") != 1 or claims.get("email_verified") in (False, "false"):
        return ""
    return address.strip().casefold()


def is_entry(text: str) -> bool:
    """Whether a list may hold this: an address, a domain, or a claim with its value."""
    claim, equals, value = text.partition("=")
    if equals:
        return bool(claim.strip() and value.strip())
    return text.count("@") == 1 and not text.endswith("@") and not any(c.isspace() for c in text)
