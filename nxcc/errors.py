"""What can go wrong, each with its cure.

Every error a person may meet is an `NxccError`: a sentence that says what happened, and one that says what to do.
A subclass exists only where a caller acts differently. Messages never hold a key, a secret, a signature or a number.
"""

from __future__ import annotations

from dataclasses import dataclass


class NxccError(Exception):
    """Something a person should read: `what` happened and its `cure`."""

    def __init__(self, what: str, *, cure: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.what} {self.cure}".strip()


class SettingsError(NxccError):
    """A setting is missing or has a value that cannot be used; `name` is the setting's (`NXCC_...`)."""

    def __init__(self, what: str, *, cure: str = "", name: str = "") -> None:
        super().__init__(what, cure=cure)
        self.name = name


class ArchiveError(NxccError):
    """The archive cannot be opened, read or written."""


class ArchiveBusy(ArchiveError):
    """Another process has the archive open: perhaps the app, which could do the work."""


class AwayError(NxccError):
    """What a team's processes share does not answer at the moment; work goes on by itself when it does."""


class ArchiveAway(ArchiveError, AwayError):
    """The database of a team's archive does not answer."""


class SandboxError(NxccError):
    """The local stand-in for the vendor's API cannot start."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the API said when a request failed; every part may be missing."""

    code: int | None = None  # the business code of the answer
    message: str = ""  # the vendor's own words, cleaned and cut
    req_id: str = ""
    http_status: int | None = None


class ApiError(NxccError):
    """A request brought no answer that can be trusted; this order id fails, the others go on."""

    def __init__(self, what: str, *, cure: str = "", evidence: Evidence | None = None) -> None:
        super().__init__(what, cure=cure)
        self.evidence = evidence or Evidence()
        self.attempts = 0  # how many requests were sent for it; the client fills this in


class TransientError(ApiError):
    """May pass by itself: asked again with backoff, at the earliest after `retry_after_s` seconds."""

    def __init__(
        self,
        what: str,
        *,
        cure: str = "",
        evidence: Evidence | None = None,
        retry_after_s: float | None = None,
        rate_limited: bool = False,
    ) -> None:
        super().__init__(what, cure=cure, evidence=evidence)
        self.retry_after_s = retry_after_s
        self.rate_limited = rate_limited


class ConfigurationError(ApiError):
    """Every request would fail the same way (key, signature, clock, address): the whole run stops until it is cured.

    `order_id` is the one that was asked when it came; the lookup fills it in.
    """

    order_id = ""


class Cancelled(NxccError):
    """The run was stopped before this order id was asked."""

    def __init__(self) -> None:
        super().__init__("Stopped before it was asked.")
