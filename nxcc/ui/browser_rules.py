"""What a browser may do with our answers: headers that go with each of them, whatever stands before the server."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from pathlib import Path

from streamlit import file_util

_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@lru_cache(maxsize=1)
def headers() -> tuple[tuple[str, str], ...]:
    """Name and value of each header, lower case."""
    return (
        ("content-security-policy", _policy()),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),  # addresses hold order ids; our own pages say where a sign-in came from
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    )


def _policy() -> str:
    """Scripts only from files of this server, so that no text out of a record could become one."""
    return "; ".join(
        (
            "default-src 'self'",
            " ".join(("script-src 'self'", *_inline_scripts())),
            "style-src 'self' 'unsafe-inline'",  # Streamlit's look is made of styles in the page
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "media-src 'self' blob: http: https:",  # recordings, from wherever the vendor keeps them
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def _inline_scripts() -> list[str]:
    """Streamlit's page has a script of one line in itself: it may run as it is, no other."""
    page = Path(file_util.get_static_dir(), "index.html").read_text(encoding="utf-8")
    return [
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in _INLINE.findall(page)
    ]
