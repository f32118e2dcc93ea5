"""What the server tells over its websocket: a client that sends any cookie, and what reaches a real browser."""

from __future__ import annotations

from collections.abc import Mapping

import requests
from playwright.sync_api import Page
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect


def told(address: str, path: str, cookies: Mapping[str, str], *, with_token: bool = True) -> bytes:
    """All that the server sends to somebody with these cookies who opens this address, up to the end of the script.

    Without the token that guards against other sites, Streamlit does not look at the cookies.
    """
    token = requests.get(f"{address}/_stcore/health", timeout=10).cookies["_streamlit_xsrf"]
    cookie = "; ".join(f"{name}={value}" for name, value in {**cookies, "_streamlit_xsrf": token}.items())
    page, _, query = path.lstrip("/").partition("?")
    said = BackMsg()
    said.rerun_script.query_string = query
    said.rerun_script.page_name = page
    heard = []
    with connect(
        f"ws{address.removeprefix('http')}/_stcore/stream",
        origin=address,  # type: ignore[arg-type]
        subprotocols=["streamlit", token] if with_token else ["streamlit"],  # type: ignore[list-item]
        additional_headers={"Cookie": cookie},
        max_size=None,
    ) as socket:
        socket.send(said.SerializeToString())
        while True:
            frame = socket.recv(timeout=20)
            assert isinstance(frame, bytes)
            heard.append(frame)
            message = ForwardMsg()
            message.ParseFromString(frame)
            if message.WhichOneof("type") == "script_finished":
                return b"".join(heard)


class Ear:
    """All that reaches a page over its websocket from now on."""

    def __init__(self, page: Page) -> None:
        self._heard: list[bytes] = []
        page.on("websocket", lambda socket: socket.on("framereceived", self._hear))

    def _hear(self, frame: bytes | str) -> None:
        self._heard.append(frame if isinstance(frame, bytes) else frame.encode())

    def heard(self) -> bytes:
        """Since the last time that this was asked."""
        heard, self._heard = self._heard, []
        return b"".join(heard)
