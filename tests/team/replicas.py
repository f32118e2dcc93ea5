"""Two apps of a team behind nginx, set up as `deploy/nginx-team.conf` has it, and a browser at each of them."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import bulk
from tests.browser.chromium import ARGUMENTS, executable
from tests.browser.person import somebody
from tests.browser.server import PROJECT, served, trouble

from .group import Group

_SERVER = """
{user} worker_processes 1; daemon off; pid {path}/nginx.pid; error_log {path}/nginx.log crit;
events {{}}
http {{
    access_log off; proxy_max_temp_file_size 0; proxy_request_buffering off;
    client_body_temp_path {path}/body; proxy_temp_path {path}/proxy;
    fastcgi_temp_path {path}/f; uwsgi_temp_path {path}/u; scgi_temp_path {path}/s;
    map $http_upgrade $nxcc_connection {{ default upgrade; '' ''; }}
    {team}
    server {{
        listen 127.0.0.1:{port};
        add_header Set-Cookie $nxcc_stays;
        add_header X-App $nxcc_app always;
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $nxcc_connection;
        location / {{ proxy_pass http://$nxcc_app; proxy_read_timeout 1h; client_max_body_size 200m; }}
    }}
}}
"""


@dataclass
class Replicas:
    """A browser at each of two apps."""

    address: str
    pages: list[Page]

    def start(self, content: bytes) -> str:
        """Uploads a file at the first app, starts its job, and opens the job at the other; returns its id."""
        one, other = self.pages
        bulk.upload(one, self.address, "ids.csv", content)
        bulk.start(one)
        job = parse_qs(urlsplit(one.url).query)["job"][0]
        other.goto(f"{self.address}/bulk?job={job}")
        expect(bulk.progress(other)).to_contain_text("ids")
        return job

    def see_the_end(self, ids: int) -> None:
        """Both pages say that the job is done."""
        for page in self.pages:
            expect(bulk.progress(page)).to_contain_text(f"{ids:,} of {ids:,} ids", timeout=60_000)
            expect(bulk.progress(page)).to_contain_text("Done")


@contextmanager
def replicas(group: Group) -> Iterator[Replicas]:
    """Starts them. In the apps' logs nothing is wrong at the end."""
    with ExitStack() as stack:
        folders = [group.path / name for name in ("app-a", "app-b")]
        addresses = []
        for folder in folders:
            folder.mkdir()
            settings = {name: text for name, text in group.environment(folder.name).items() if name.startswith("NXCC_")}
            addresses.append(urlsplit(stack.enter_context(served(folder, settings)).address).netloc)
        address = stack.enter_context(_nginx(group.path, addresses))
        playwright = stack.enter_context(sync_playwright())
        chromium = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        stack.callback(chromium.close)
        yield Replicas(address, [_at(chromium, address, app) for app in ("nxcc_a", "nxcc_b")])
    for folder in folders:
        assert trouble(said := (folder / "server.log").read_text()) == [], said


def _at(chromium: Browser, address: str, app: str) -> Page:
    context = somebody(chromium)
    context.add_cookies([{"name": "nxcc_app", "value": app, "url": address}])
    page = context.new_page()
    answer = page.goto(address)
    assert answer
    assert answer.headers["x-app"] == app
    return page


@contextmanager
def _nginx(path: Path, apps: list[str]) -> Iterator[str]:
    team = (PROJECT / "deploy" / "nginx-team.conf").read_text().replace(" Secure;", "")
    for place, app in zip(("10.0.0.11:8501", "10.0.0.12:8501"), apps, strict=True):
        team = re.sub(rf"\b{re.escape(place)}\b", app, team)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    user = "user root;" if os.geteuid() == 0 else ""  # its worker reads what root wrote into a temporary folder
    (path / "nginx.conf").write_text(_SERVER.format(path=path, user=user, team=team, port=port))
    with subprocess.Popen(["nginx", "-c", str(path / "nginx.conf")], stderr=subprocess.DEVNULL) as server:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
