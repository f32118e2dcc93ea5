"""The account that requests are signed for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Algorithm = Literal["md5", "sha256"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """One account at one gateway. `repr` shows neither key nor secret."""

    base_url: str
    access_key: str
    access_secret: str
    tenant_id: int
    algorithm: Algorithm = "md5"

    def __repr__(self) -> str:
        return f"Credentials(base_url={self.base_url!r}, tenant_id={self.tenant_id})"

    def redact(self, text: str) -> str:
        """`text` without this account's key and secret."""
        for secret in (self.access_secret, self.access_key):
            text = text.replace(secret, "***")
        return text
