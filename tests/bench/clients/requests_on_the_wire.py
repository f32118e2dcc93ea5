"""Whole requests as bytes, signed before the clock starts: what the floor sends. Signatures are good for 60 s."""

from __future__ import annotations

from urllib.parse import urlsplit

from tests.bench.clients.signing import URL, signed

ADDRESS = urlsplit(URL)


def on_the_wire(order_id: str) -> bytes:
    """One request, head and body."""
    body, headers = signed(order_id)
    headers |= {"Host": ADDRESS.netloc, "Content-Length": str(len(body))}
    lines = [f"POST {ADDRESS.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + body
