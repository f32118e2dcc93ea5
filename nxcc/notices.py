"""What is told to somebody who does not look: a JSON POST to the address that the operator has configured.

Slack and what speaks like it show `text`; the other fields are for programs. No phone number and no order id is in it.
The address may hold a token: it is never logged, nor in an error.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import urlsplit

import requests
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from nxcc import logs, masking, wording
from nxcc.errors import NxccError

Event = Literal["finished", "halted", "threshold", "failed"]

TRIES = 3
TIMEOUT_S = 10.0
FIRST_WAIT_S = 1.0
_PERHAPS_A_TOKEN = 12  # characters; what is shorter may stand in any line
_CURE = "Check NXCC_NOTICE_URL."

log = logging.getLogger(__name__)


class NoticeError(NxccError):
    """A notice did not arrive."""


class _MayPass(NoticeError):
    """It may arrive when it is sent again."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One event of a schedule. `said` is what happened, after its name; `counts` are of the job; a figure has its value
    and the limit that it is past. `link` leads to the job, where the app's own address is known."""

    event: Event
    schedule: str
    said: str
    job: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    kpi: str = ""
    value: float | None = None
    threshold: float | None = None
    link: str = ""

    def body(self) -> dict[str, Any]:
        """As it is sent."""
        name = masking.text(wording.plain(self.schedule))
        text = f"nxcc: {_slack(name)}: {_slack(self.said)}"
        said = {
            "text": f"{text} {self.link}".strip(),
            "event": self.event,
            "schedule": name,
            "job": self.job,
            "counts": dict(self.counts),
            "kpi": self.kpi or None,
            "value": self.value,
            "threshold": self.threshold,
            "link": self.link or None,
        }
        return {key: value for key, value in said.items() if value is not None}


class Notices:
    """Sends to one address (http or https), past the environment's proxies. Thread-safe.

    `wait` is given the seconds between two tries.
    """

    def __init__(
        self, address: str, *, timeout_s: float = TIMEOUT_S, wait: Callable[[float], object] | None = None
    ) -> None:
        self._address, self._timeout_s = address, timeout_s
        self._wait = wait or threading.Event().wait
        parts = urlsplit(address)
        logs.hide(address, *(part for part in (parts.path, parts.query) if len(part) >= _PERHAPS_A_TOKEN))

    def send(self, notice: Notice) -> None:
        """Sends it, some times if need be. Raises `NoticeError`: it did not arrive, or nobody knows."""
        tries = Retrying(
            stop=stop_after_attempt(TRIES),
            wait=wait_exponential(FIRST_WAIT_S),
            retry=retry_if_exception_type(_MayPass),
            sleep=self._pause,
            reraise=True,
        )
        tries(self._send_once, notice.body())
        log.info("a notice was sent: %s", notice.event, extra={"job": notice.job})

    def _pause(self, seconds: float) -> None:
        self._wait(seconds)

    def _send_once(self, body: dict[str, Any]) -> None:
        try:
            status = self._post(body)
        except requests.Timeout:
            failed: NoticeError = _MayPass(f"No answer within {self._timeout_s:g} s.")
        except requests.ConnectionError:
            failed = _MayPass("Nobody answers at the configured address.")
        except (requests.RequestException, ValueError, OSError) as error:
            failed = NoticeError(f"It cannot be sent ({type(error).__name__}).", cure=_CURE)
        else:
            if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
                return
            passes = status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
            said = f"The configured address answers HTTP {status}."
            failed = _MayPass(said) if passes else NoticeError(said, cure=_CURE)
        raise failed  # here, because what was raised there holds the address

    def _post(self, body: dict[str, Any]) -> int:
        with requests.Session() as session:
            session.trust_env = False
            with session.post(
                self._address, json=body, timeout=self._timeout_s, allow_redirects=False, stream=True
            ) as answer:
                return answer.status_code


def _slack(text: str) -> str:
    """Text in which Slack finds no sign of its own."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
