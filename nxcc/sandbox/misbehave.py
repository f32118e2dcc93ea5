"""What no HTTP answer can express: silence, a trickle, a reset, an early end.

Works on the connection's own transport, which `server.Connection` puts into the ASGI state.
"""

from __future__ import annotations

import asyncio
import socket
import struct

from starlette.types import Receive, Scope, Send

from nxcc.sandbox.reply import Misbehaviour

SILENCE_S = 60.0
TRICKLE_S = 1.0
_DECLARED = 1000  # bytes that are promised and never all sent
_BEGINNING = b'{"reqId":"00000000000000000000000000000000","code":0,"msg":"Success","data":[{"callId":"'


async def misbehave(how: Misbehaviour, scope: Scope, receive: Receive, send: Send) -> None:
    """Treat the client badly; returns when the connection is gone."""
    transport: asyncio.Transport = scope["state"]["transport"]
    match how:
        case Misbehaviour.RESET:
            connection = transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close sends RST
            transport.abort()
        case Misbehaviour.TRUNCATED:
            await _begin(send)
            await send({"type": "http.response.body", "body": _BEGINNING, "more_body": True})
            transport.close()
        case Misbehaviour.SLOW:
            await _begin(send)
            for i in range(_DECLARED - 1):
                byte = _BEGINNING[i : i + 1] or b"0"
                await send({"type": "http.response.body", "body": byte, "more_body": True})
                if await _gone(receive, TRICKLE_S):
                    return
            transport.close()
        case Misbehaviour.TIMEOUT:
            if await _gone(receive, SILENCE_S):
                return
            transport.abort()
    await _gone(receive, 5.0)


async def _begin(send: Send) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % _DECLARED)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def _gone(receive: Receive, within_s: float) -> bool:
    """Whether the connection ends within the time."""
    try:
        async with asyncio.timeout(within_s):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True
